//! The loop: wait for anything, take in everything that waits, draw once.

use super::app::{App, Options};
use super::link::{Link, News};
use super::msg::{Msg, Out, Outcome};
use super::paint_out::Drawn;
use super::session::Tone;
use super::terminal::{Terminal, TerminalError};
use super::watchdog;
use crate::clock;
use crossterm::event::EventStream;
use futures_util::{FutureExt as _, StreamExt as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Frames that only news asks for come at most so often; what a key asks for is drawn at once.
const FRAME: Duration = Duration::from_millis(50);
/// A frame that took longer was held up by the terminal: what it has not shown yet stands between a key and its answer.
const HELD_UP: Duration = Duration::from_millis(40);
/// The longest pause that such a terminal gets: what the kernel keeps for it, 8 KiB, goes through 64 kbit/s in this time.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How long a terminal that has held up a frame counts as slow.
const SLOW_FOR: Duration = Duration::from_mins(5);
/// Bytes of a frame on a slow terminal: a quarter of a second of 64 kbit/s. What is on its way when a key is pressed is no more.
const SLOW_FRAME: usize = 2 << 10;
/// Frames that only news asks for come at most so often on a slow terminal, so that it is done with the one before.
const SLOW_PAUSE: Duration = Duration::from_millis(400);
/// Messages that are taken in before a frame is drawn at the latest.
const DRAINED_MAX: usize = 4096;
/// Bytes that are put on a clipboard; more is refused by many terminals.
const CLIPBOARD_MAX: usize = 64 << 10;

/// Runs the console until the person leaves, a signal comes or the terminal is lost. The caller has installed
/// [`super::crash`]'s hook before anything else, and turns [`Outcome::Signal`] into the exit code 128 + signal.
pub async fn run(options: Options, link: Link) -> Result<Outcome, TerminalError> {
    let title = "dogwatch";
    let term = options.term.clone();
    let mut signals = Signals::new()?;
    let terminal = Terminal::take(term.as_deref(), options.mouse, title)?;
    let lost = Arc::new(Notify::new());
    watchdog::start(lost.clone())?;
    let app = App::new(options, clock::now());
    let mut console = Console { app, slow: None, terminal, link, events: Some(EventStream::new()), lost };
    console.go(&mut signals).await.map_err(TerminalError::from)
}

struct Console {
    app: App,
    /// Until when the terminal counts as slow.
    slow: Option<Instant>,
    terminal: Terminal,
    link: Link,
    /// Absent while another program has the terminal.
    events: Option<EventStream>,
    lost: Arc<Notify>,
}

/// What woke the loop.
enum Woke {
    Msg(Msg),
    Signal(i32),
    Stopped,
    Lost,
    Linkless,
    Frame,
}

struct Signals {
    ending: [(Signal, i32); 4],
    stop: Signal,
    go_on: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let one = |kind: SignalKind| Ok::<_, io::Error>((signal(kind)?, kind.as_raw_value()));
        let ending = [one(SignalKind::terminate())?, one(SignalKind::interrupt())?, one(SignalKind::hangup())?, one(SignalKind::quit())?];
        let stop = signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?;
        let go_on = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        Ok(Self { ending, stop, go_on })
    }

    async fn next(&mut self) -> Woke {
        let [term, int, hup, quit] = &mut self.ending;
        tokio::select! {
            _ = term.0.recv() => Woke::Signal(term.1),
            _ = int.0.recv() => Woke::Signal(int.1),
            _ = hup.0.recv() => Woke::Signal(hup.1),
            _ = quit.0.recv() => Woke::Signal(quit.1),
            _ = self.stop.recv() => Woke::Stopped,
        }
    }

    /// Forgets what came while another program had the terminal.
    fn forget(&mut self) {
        let [_, int, _, quit] = &mut self.ending;
        for signal in [&mut int.0, &mut quit.0, &mut self.stop] {
            while signal.recv().now_or_never().flatten().is_some() {}
        }
    }
}

/// How long news waits after a frame that took so long: a slow link shows what is on its way first, so that the answer to a
/// key finds it empty.
fn pause_after(took: Duration) -> Duration {
    if took < HELD_UP { FRAME } else { (took * 4).clamp(FRAME, PAUSE_MAX) }
}

impl Console {
    async fn go(&mut self, signals: &mut Signals) -> io::Result<Outcome> {
        let mut pause = self.draw()?.0;
        let mut drawn = Instant::now();
        let mut waiting = false;
        let mut linked = true;
        loop {
            let frame = waiting.then(|| drawn + pause);
            let woke = self.wait(signals, frame, linked).await;
            let mut urgent = false;
            let mut outs = Vec::new();
            match woke {
                Woke::Signal(number) => return Ok(Outcome::Signal(number)),
                Woke::Lost => return Ok(Outcome::TerminalLost),
                Woke::Stopped => outs.push(Out::Suspend),
                Woke::Linkless => {
                    linked = false;
                    outs = self.app.handle(Msg::News(News::Lost { reason: "the connection was given up".into() }), clock::now());
                }
                Woke::Frame => urgent = true,
                Woke::Msg(msg) => {
                    urgent = !matches!(msg, Msg::News(_));
                    outs = self.app.handle(msg, clock::now());
                }
            }
            waiting = true;
            urgent |= self.drain(&mut outs).await;
            if let Some(outcome) = self.carry_out(outs, signals).await? {
                return Ok(outcome);
            }
            if urgent || drawn.elapsed() >= pause {
                let (until_next, all) = self.draw()?;
                drawn = Instant::now();
                pause = until_next;
                waiting = !all;
            }
        }
    }

    async fn wait(&mut self, signals: &mut Signals, frame: Option<Instant>, linked: bool) -> Woke {
        let tick = self.app.next_change().map(|at| {
            let left = Duration::try_from(at.duration_since(clock::now())).unwrap_or_default();
            Instant::now() + left.clamp(Duration::from_millis(250), Duration::from_hours(1))
        });
        let waker = self.app.session.waker.0.clone();
        let events = async {
            match &mut self.events {
                Some(events) => events.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            woke = signals.next() => woke,
            () = self.lost.notified() => Woke::Lost,
            event = events => match event {
                Some(Ok(event)) => Woke::Msg(Msg::Terminal(event)),
                Some(Err(_)) | None => Woke::Lost,
            },
            news = self.link.news.recv(), if linked => news.map_or(Woke::Linkless, |news| Woke::Msg(Msg::News(news))),
            () = waker.notified() => Woke::Msg(Msg::Woken),
            () = sleep_until(frame.unwrap_or_else(Instant::now)), if frame.is_some() => Woke::Frame,
            () = sleep_until(tick.unwrap_or_else(Instant::now)), if frame.is_none() && tick.is_some() => Woke::Msg(Msg::Tick),
        }
    }

    /// Takes in what else waits, so that a storm costs one frame. Answers whether a key was among it.
    async fn drain(&mut self, outs: &mut Vec<Out>) -> bool {
        let mut urgent = false;
        for _ in 0..DRAINED_MAX {
            // Polled with this task's own waker: the stream remembers the last one that it was given.
            let event = std::future::poll_fn(|context| {
                let polled = self.events.as_mut().map(|events| events.poll_next_unpin(context));
                Poll::Ready(if let Some(Poll::Ready(event)) = polled { event } else { None })
            });
            let event = event.await;
            let msg = match (event, self.link.news.try_recv()) {
                (Some(Ok(event)), Ok(news)) => {
                    urgent = true;
                    outs.extend(self.app.handle(Msg::Terminal(event), clock::now()));
                    Msg::News(news)
                }
                (Some(Ok(event)), Err(_)) => {
                    urgent = true;
                    Msg::Terminal(event)
                }
                (_, Ok(news)) => Msg::News(news),
                (_, Err(_)) => return urgent,
            };
            outs.extend(self.app.handle(msg, clock::now()));
        }
        urgent
    }

    async fn carry_out(&mut self, outs: Vec<Out>, signals: &mut Signals) -> io::Result<Option<Outcome>> {
        for out in outs {
            match out {
                Out::Ask(request) => {
                    if self.link.requests.try_send(request).is_err() {
                        self.app.session.toast(Tone::Bad, "the daemon is busy: this was not asked, try again");
                    }
                }
                Out::Copy(text) if text.len() > CLIPBOARD_MAX => {
                    self.app.session.toast(Tone::Bad, format!("{} KiB are too much for the clipboard", text.len() >> 10));
                }
                Out::Copy(text) => self.terminal.copy(&text)?,
                Out::Ring(text) => self.terminal.ring(&text, self.app.session.options.notice)?,
                Out::Suspend => self.suspend(signals).await?,
                Out::Edit(file) => self.edit(file, signals).await?,
                Out::Redraw => self.terminal.forget(),
                Out::Quit(outcome) => return Ok(Some(outcome)),
            }
        }
        Ok(None)
    }

    /// Draws a frame; gives how long news must wait for the next one, and whether this one showed everything.
    fn draw(&mut self) -> io::Result<(Duration, bool)> {
        let begun = Instant::now();
        let most = self.slow.filter(|until| *until > begun).map(|_| SLOW_FRAME);
        let app = &mut self.app;
        app.session.now = clock::now();
        let Drawn { all, writing } = self.terminal.draw(most, |buffer| app.draw(buffer))?;
        let now = Instant::now();
        if writing >= HELD_UP {
            self.slow = Some(now + SLOW_FOR);
        }
        let pause = pause_after(now - begun);
        Ok((if most.is_some() { pause.max(SLOW_PAUSE) } else { pause }, all))
    }

    /// Stops like any program on ctrl-z; goes on where the shell says so, at whatever size the terminal has then.
    async fn suspend(&mut self, signals: &mut Signals) -> io::Result<()> {
        if is_ignored(rustix::process::Signal::TSTP) {
            self.app.session.toast(Tone::Bad, "whoever started the console does not let it be suspended");
            return Ok(());
        }
        self.events = None;
        self.terminal.give();
        while signals.go_on.recv().now_or_never().flatten().is_some() {}
        // The whole group stops, so that a wrapper in front of us does too; we ourselves are caught by STOP.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        // Our own TSTP may reach the runtime late; it must not stop us a second time.
        let _ours = tokio::time::timeout(Duration::from_secs(1), signals.stop.recv()).await;
        // A stop takes a moment to reach every thread: nothing is touched before the word to go on has come.
        signals.go_on.recv().await;
        self.take_again(signals)?;
        let outs = self.app.handle(Msg::Resumed, clock::now());
        debug_assert!(outs.is_empty(), "nothing is asked on waking");
        Ok(())
    }

    fn take_again(&mut self, signals: &mut Signals) -> io::Result<()> {
        signals.forget();
        self.terminal.enter()?;
        self.events = Some(EventStream::new());
        Ok(())
    }

    /// Gives the terminal to the person's editor; what the daemon tells meanwhile is taken in.
    async fn edit(&mut self, file: PathBuf, signals: &mut Signals) -> io::Result<()> {
        self.events = None;
        self.terminal.give();
        let result = match editor(&self.app.session.options.editor, &file) {
            Ok(mut child) => loop {
                tokio::select! {
                    ended = child.wait() => break match ended {
                        Ok(status) if status.success() => Ok(()),
                        Ok(status) => Err(format!("the editor ended with {status}")),
                        Err(error) => Err(error.to_string()),
                    },
                    Some(news) = self.link.news.recv() => {
                        for out in self.app.handle(Msg::News(news), clock::now()) {
                            if let Out::Ask(request) = out
                                && self.link.requests.try_send(request).is_err()
                            {
                                self.app.session.toast(Tone::Bad, "the daemon is busy: a request was not sent");
                            }
                        }
                    }
                }
            },
            Err(error) => Err(format!("{error}: set EDITOR to a program that is there")),
        };
        self.take_again(signals)?;
        for out in self.app.handle(Msg::Edited { file, result }, clock::now()) {
            if let Out::Ask(request) = out
                && self.link.requests.try_send(request).is_err()
            {
                self.app.session.toast(Tone::Bad, "the daemon is busy: a request was not sent");
            }
        }
        Ok(())
    }
}

/// Starts the editor: its words are split at spaces, no shell is asked.
fn editor(editor: &str, file: &Path) -> io::Result<tokio::process::Child> {
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    tokio::process::Command::new(program)
        .args(words)
        .arg(file)
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))
}

/// Whether a signal was ignored by whoever started us; such a wish is respected.
fn is_ignored(signal: rustix::process::Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}
