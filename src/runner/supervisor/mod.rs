//! The process that must outlive the daemon: one step, its output, its end. Face of `dogwatch supervise`.
//!
//! It is started in the attempt's folder with the lock as standard input, the listening control socket as standard
//! output, and the step's environment as its own. Only std and system calls: no runtime, no thread, little memory.

mod control;
mod ending;
mod files;
mod output;
mod step;

use super::processes;
use super::record::{Ended, ExitRecord, ORDER, SURVIVORS_NAMED, Said, Started, SupervisorOrder};
use crate::clock;
use crate::domain::AttemptEnd;
use crate::json;
use control::Control;
use files::Prepared;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use step::Step;

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
    // Whoever started the daemon may have left descriptors open to its children; the step must have none of them.
    close_fds::set_fds_cloexec(3, &[]);
    let children = hear_signals()?;
    // Fails only for the leader of a group, which a daemon's child is not.
    rustix::process::setsid()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    rustix::thread::set_name(c"dogwatch-step")?;
    let order: SupervisorOrder =
        json::read_bytes(&fs::read(ORDER).map_err(|error| io::Error::new(error.kind(), format!("{ORDER}: {error}")))?)?;
    let mut control = Control::from_stdout()?;
    let prepared = files::prepare(&order);
    if let Err(error) = &prepared {
        // Nothing has begun, and perhaps nothing can be written either: the daemon hears it, the log has it.
        let end = AttemptEnd::SpawnError(format!("attempt folder: {error}"));
        control.say(&Said::Ended(Ended { end, ended_at: clock::now(), output_bytes: 0, survivors: Vec::new() }));
    }
    let Prepared { draft, output, mut began } = prepared?;

    let (started, ended) = match Step::spawn(&order, &output) {
        Ok(step) => {
            began.step(&order, step.identity());
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
    files::record(&draft, &ExitRecord { version: 1, attempt: order.order.attempt.clone(), started, ended })
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
        // In this order: what a process leaves behind is the subreaper's before its own end can be seen.
        let has_ended = step.has_ended()?;
        let beside = step.children_beside();
        if has_ended {
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
