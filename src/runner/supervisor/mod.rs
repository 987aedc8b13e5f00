//! The process that must outlive the daemon: one step, its output, its end. Face of `dogwatch supervise`.
//!
//! It is started in the attempt's folder with the lock as standard input, the listening control socket as standard
//! output, and the step's environment as its own. Only std and system calls: no runtime, no thread, little memory.

mod control;
mod ending;
mod output;
mod step;

use super::processes;
use super::record::{
    BEGAN, Began, EXIT, EXIT_DRAFT, Ended, ExitRecord, Identity, ORDER, OUTPUT, SURVIVORS_NAMED, Said, Started, SupervisorOrder, line,
};
use crate::clock;
use crate::domain::AttemptEnd;
use control::Control;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use step::Step;

/// Room kept on disk for the exit record, so that a full disk loses no result.
const RECORD_RESERVE: u64 = 4096;
/// How long the exit record is tried again, once a second, where it cannot be written.
const RECORD_TRIES: u32 = 600;
/// How long processes beside the ended step may take to end by themselves before they are named as left behind.
const SETTLE: Duration = Duration::from_millis(200);

/// Runs one attempt to its end. The exit code says only whether the record was written.
pub fn main() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dogwatch supervise: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The whole life: own session, claim, step, end, record.
fn supervise() -> io::Result<()> {
    let children = hear_signals()?;
    // Fails only for the leader of a group, which a daemon's child is not.
    rustix::process::setsid()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    rustix::thread::set_name(c"dogwatch-step")?;
    let order: SupervisorOrder = serde_json::from_slice(&fs::read(ORDER)?)?;
    let mut control = Control::from_stdout()?;
    let prepared = prepare(&order);
    if let Err(error) = &prepared {
        // Nothing has begun, and perhaps nothing can be written either: the daemon hears it, the log has it.
        let end = AttemptEnd::SpawnError(format!("attempt folder: {error}"));
        control.say(&Said::Ended(Ended { end, ended_at: clock::now(), output_bytes: 0, survivors: Vec::new() }));
    }
    let Prepared { draft, output, mut began } = prepared?;

    let (started, ended) = match Step::spawn(&order, &output) {
        Ok(step) => {
            began.step(&order, step.identity())?;
            let started = Started { pid: step.pid(), started_at: step.started_at };
            control.say(&Said::Started(started.clone()));
            let (end, survivors) = watch(step, &order, &output, &mut control, &children)?;
            (Some(started), Ended { end, ended_at: clock::now(), output_bytes: output.metadata()?.len(), survivors })
        }
        Err(words) => {
            let end = AttemptEnd::SpawnError(words);
            (None, Ended { end, ended_at: clock::now(), output_bytes: 0, survivors: Vec::new() })
        }
    };
    // The daemon hears it at once and writes its own entry while the record is synced; whichever is first is the truth.
    control.say(&Said::Ended(ended.clone()));
    control.accept();
    record(&draft, &ExitRecord { version: 1, attempt: order.order.attempt.clone(), started, ended })
}

/// Wakes on the end of a child, and outlives the polite signals so that it can record what they did to the step.
/// Handlers, not ignoring: the step's exec turns every handler back into the default.
fn hear_signals() -> io::Result<UnixStream> {
    use signal_hook::consts::{SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(SIGCHLD, writer)?;
    let heard = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM] {
        signal_hook::flag::register(signal, Arc::clone(&heard))?;
    }
    Ok(reader)
}

/// The file that says that the step may have begun.
struct BeganFile {
    file: File,
    supervisor: Identity,
}

/// The files of an attempt that is about to begin.
struct Prepared {
    draft: File,
    output: File,
    began: BeganFile,
}

/// Makes the files; `began` comes last, because from then on the step may have begun.
fn prepare(order: &SupervisorOrder) -> io::Result<Prepared> {
    let draft = reserve()?;
    let output = OpenOptions::new().append(true).create(true).mode(0o600).open(OUTPUT)?;
    Ok(Prepared { draft, output, began: begin(order)? })
}

/// Creates `began`; fails where another supervisor was here before.
fn begin(order: &SupervisorOrder) -> io::Result<BeganFile> {
    let me = processes::read(std::process::id()).ok_or_else(|| io::Error::other("cannot read /proc/self/stat; is /proc mounted?"))?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(BEGAN)?;
    file.write_all(&line(&Began { boot_id: order.boot_id.clone(), supervisor: me.identity, step: None }))?;
    Ok(BeganFile { file, supervisor: me.identity })
}

impl BeganFile {
    /// Adds the step, so that it is found again should the supervisor be killed.
    fn step(&mut self, order: &SupervisorOrder, step: Option<Identity>) -> io::Result<()> {
        self.file.write_all(&line(&Began { boot_id: order.boot_id.clone(), supervisor: self.supervisor, step })).or_else(|error| {
            // A full disk must not stop a step that runs: its processes carry the mark as well.
            eprintln!("dogwatch supervise: {BEGAN}: {error}");
            Ok(())
        })
    }
}

/// Takes the room for the exit record while there is some.
fn reserve() -> io::Result<File> {
    let draft = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(EXIT_DRAFT)?;
    match rustix::fs::fallocate(&draft, rustix::fs::FallocateFlags::empty(), 0, RECORD_RESERVE) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => Ok(draft), // some file systems cannot reserve; the record is tried again there
        Err(error) => Err(error.into()),
    }
}

/// Waits for the step's end while it answers the daemon; ends the step where it is asked to or must.
fn watch(
    mut step: Step,
    order: &SupervisorOrder,
    output: &File,
    control: &mut Control,
    children: &UnixStream,
) -> io::Result<(AttemptEnd, Vec<String>)> {
    let began = Instant::now();
    let timeout = order.order.timeout.and_then(|timeout| began.checked_add(timeout));
    let mut meter = output::Meter::new(order.order.output_max, began);
    let mut ending = None;
    loop {
        let now = Instant::now();
        let beside = step.children_beside();
        if step.has_ended()? {
            let ending: Option<&mut ending::Ending> = ending.as_mut();
            match ending {
                None => break,
                Some(ending) if beside.is_empty() || ending.is_given_up(now) => break,
                Some(ending) => ending.tell_rest(&beside),
            }
        }
        control.accept();
        let is_kill_asked = control.read();
        let size = meter.look(output, now)?;
        if ending.is_none() {
            let cause = if is_kill_asked {
                Some(AttemptEnd::Killed)
            } else if timeout.is_some_and(|timeout| now >= timeout) {
                Some(AttemptEnd::Timeout)
            } else if meter.is_over(size) {
                Some(AttemptEnd::OutputLimit)
            } else {
                None
            };
            ending = cause.map(|cause| ending::Ending::begin(cause, &step, now, order.order.grace));
        }
        if let Some(ending) = &mut ending {
            ending.press(&step, &beside, now, meter.is_far_over(size));
            if ending.is_given_up(now) {
                break;
            }
        }
        let wake = [Some(meter.next()), timeout.filter(|_| ending.is_none()), ending.as_ref().map(ending::Ending::next)];
        rest(children, Some(&*control), wake.into_iter().flatten().min());
    }
    let Some(status) = step.reap() else {
        // Not even KILL ended it: it hangs in the kernel, or belongs to another user.
        let end = ending.map_or(AttemptEnd::Lost, |ending| ending.cause);
        return Ok((end, left_behind()));
    };
    let Some(ending) = ending else {
        settle(&step, children);
        return Ok((step::end_of(status), left_behind()));
    };
    Ok((ending.cause, left_behind()))
}

/// Gives what the step leaves behind a moment to end by itself: a `tee` that still drains, a shell's last child.
fn settle(step: &Step, children: &UnixStream) {
    let until = Instant::now() + SETTLE;
    while !step.children_beside().is_empty() && Instant::now() < until {
        rest(children, None, Some(until));
    }
}

/// Names of everything that still lives below this supervisor.
fn left_behind() -> Vec<String> {
    processes::descendants(std::process::id()).iter().take(SURVIVORS_NAMED).map(processes::Process::words).collect()
}

/// Sleeps until a child ends, somebody speaks, or the time comes.
fn rest(children: &UnixStream, control: Option<&Control>, until: Option<Instant>) {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    let mut fds: Vec<PollFd<'_>> = vec![PollFd::from_borrowed_fd(children.as_fd(), PollFlags::IN)];
    fds.extend(control.into_iter().flat_map(Control::fds).map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
    // An interruption is a wake like any other: the caller looks at everything again.
    let _ = poll(&mut fds, timeout.as_ref());
    let mut drained = [0; 64];
    while matches!((&mut &*children).read(&mut drained), Ok(read) if read == drained.len()) {}
}

/// Writes the exit record: draft, sync, rename, sync of the folder. A full disk is waited for, within bounds.
fn record(draft: &File, record: &ExitRecord) -> io::Result<()> {
    let bytes = line(record);
    let mut tries = 0;
    loop {
        let written = draft
            .write_all_at(&bytes, 0)
            .and_then(|()| draft.set_len(bytes.len() as u64))
            .and_then(|()| draft.sync_all())
            .and_then(|()| fs::rename(EXIT_DRAFT, EXIT))
            .and_then(|()| File::open(".")?.sync_all());
        match written {
            Err(error) if tries < RECORD_TRIES && fs::exists(".").unwrap_or(true) && error.kind() != io::ErrorKind::NotFound => {
                if tries == 0 {
                    eprintln!("dogwatch supervise: {EXIT}: {error}; trying again");
                }
                tries += 1;
                std::thread::sleep(Duration::from_secs(1));
            }
            other => return other,
        }
    }
}
