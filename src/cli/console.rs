//! Opens the console: finds or starts the daemon, and carries messages between the two.

use super::args::{Arguments, Look};
use super::failure::Failure;
use super::print::Printer;
use super::session::{Session, owner, reach};
use crate::console::app::Options;
use crate::console::link::{self, FarEnd, News};
use crate::console::welcome::{Choice, welcome};
use crate::console::{self, Outcome, crash, settings};
use crate::domain::Command;
use crate::wire::client::Client;
use crate::wire::message::Ask;
use crate::workspace::Place;
use clap::CommandFactory;
use directories::ProjectDirs;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The first wait before a lost daemon is looked for again; doubled up to [`PATIENCE`].
const EAGER: Duration = Duration::from_millis(200);
/// How often a new daemon is tried while the old one ends.
const RESTARTS: usize = 50;
/// The longest wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// `dogwatch` without a command.
pub fn open(session: &Session, look: &Look) -> Result<ExitCode, Failure> {
    open_until(session, look, None)
}

/// The same where leaving ends more than the console: the words say what.
pub fn open_until(session: &Session, look: &Look, leaving_ends: Option<String>) -> Result<ExitCode, Failure> {
    terminal_needed()?;
    if !session.has_workspace() {
        return no_workspace(session, look);
    }
    let place = session.place()?;
    crash::install(Some(place.state.clone()));
    let options = Options { leaving_ends, ..options(look, Some(place.state.clone()))? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::other)?;
    let outcome = runtime.block_on(async {
        let client = session.connect_to(&place).await?;
        let (link, far) = link::pair();
        let carrier = tokio::spawn(carry(session.clone(), place, client, far));
        let outcome = console::run(options, link).await.map_err(Failure::other);
        carrier.abort();
        outcome
    })?;
    // Threads that still search an output are not waited for.
    runtime.shutdown_background();
    Ok(code(&outcome))
}

/// The exit code, which shows the signal as a shell does.
fn code(outcome: &Outcome) -> ExitCode {
    match *outcome {
        Outcome::Left => ExitCode::SUCCESS,
        Outcome::Signal(number) => ExitCode::from(u8::try_from(128 + number).unwrap_or(1)),
        Outcome::TerminalLost => ExitCode::from(129), // 128 + HUP, however the loss was noticed
    }
}

/// The console draws on a terminal and reads keys from it; scripts have the commands.
fn terminal_needed() -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::usage("the console needs a terminal; scripts use the commands: `dogwatch help`, `dogwatch status --json`"));
    }
    Ok(())
}

/// No workspace here: the demo, a workspace, or the help.
fn no_workspace(session: &Session, look: &Look) -> Result<ExitCode, Failure> {
    crash::install(None);
    let here = std::env::current_dir().map_err(Failure::other)?;
    let options = options(look, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::other)?;
    let choice = runtime.block_on(welcome(options, &here)).map_err(Failure::other)?;
    drop(runtime);
    match choice {
        Choice::Demo => super::demo::run(session, &super::args::Demo::default(), look),
        Choice::Init => {
            super::workspace::init(Printer { json: false, quiet: false, colour: false }, Some(&here))?;
            open(&session.within(&here), look)
        }
        Choice::Help => {
            Arguments::command().print_long_help().map_err(Failure::from)?;
            Ok(ExitCode::SUCCESS)
        }
        Choice::Leave => Ok(ExitCode::SUCCESS),
    }
}

/// The person's settings and what the arguments say over them.
fn options(look: &Look, state: Option<PathBuf>) -> Result<Options, Failure> {
    let config = ProjectDirs::from("", "", "dogwatch").map(|dirs| dirs.config_dir().to_owned()).unwrap_or_default();
    let asked = settings::Asked {
        theme: look.theme.clone(),
        ascii: look.ascii,
        no_mouse: look.no_mouse,
        no_clipboard: look.no_clipboard,
        no_bell: look.no_bell,
    };
    settings::options(&config, state, &asked, &settings::Environment::read()).map_err(Failure::usage)
}

/// Carries messages both ways, and looks for the daemon again when the connection is lost.
async fn carry(session: Session, place: Place, client: Client, mut far: FarEnd) {
    let mut client = Some(client);
    let mut wait = EAGER;
    loop {
        if let Some(client) = client.take() {
            wait = EAGER;
            let Some(lost) = talk(client, &mut far).await else { return };
            if far.news.send(News::Lost { reason: lost.reason }).await.is_err() {
                return;
            }
            if lost.restart {
                restart(&session, &place, &far).await;
            }
        }
        // What was asked of a lost connection is asked again by the console, with the same key.
        while far.requests.try_recv().is_ok() {}
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(PATIENCE);
        let Ok(owner) = owner(&place) else { continue };
        client = reach(&place, owner).await.ok();
    }
}

/// Starts this version of the daemon, as the person asked; its words are told where it cannot.
async fn restart(session: &Session, place: &Place, far: &FarEnd) {
    // The old one lets go of the workspace a moment after its connections.
    for _ in 0..RESTARTS {
        let (starter, at) = (session.clone(), place.clone());
        let started = tokio::task::spawn_blocking(move || starter.start(&at)).await;
        if let Ok(Err(failure)) = started {
            // A console that has gone needs no words.
            let _ = far.news.send(News::Lost { reason: failure.to_string() }).await;
            return;
        }
        if let Ok(owner) = owner(place)
            && reach(place, owner).await.is_ok()
        {
            return;
        }
        tokio::time::sleep(EAGER).await;
    }
}

/// How a connection ended.
struct Lost {
    reason: String,
    /// Whether the person asked for the daemon's end, to have it started anew.
    restart: bool,
}

/// One connection, until it is lost or the console has gone.
async fn talk(mut client: Client, far: &mut FarEnd) -> Option<Lost> {
    let mut restart = false;
    let welcome = Box::new(client.welcome().clone());
    far.news.send(News::Connected(welcome)).await.ok()?;
    loop {
        tokio::select! {
            said = client.next() => match said {
                Ok(said) => far.news.send(News::Said(Box::new(said))).await.ok()?,
                Err(error) => return Some(Lost { reason: error.to_string(), restart }),
            },
            request = far.requests.recv() => {
                let request = request?;
                restart |= matches!(&request.ask, Ask::Command { command: Command::Stop, dry_run: false, .. });
                if let Err(error) = client.send(&request).await {
                    return Some(Lost { reason: error.to_string(), restart });
                }
            }
        }
    }
}
