//! The command line, declared once: help, completions and the man page are made from it.

mod oncall;
mod outside;
mod queue;
mod record;
mod review;
mod verbs;

pub use oncall::{OnCall, Override};
pub use outside::{Alert, Source, SourceVerb};
pub use queue::{Claim, Extend, HandOver, Merge, Mitigate, Silence, Snooze, Split, Unsilence, Unsnooze};
pub use record::{Evidence, IncidentShown, Pin, Strip};
pub use review::{Actions, Figures, Handover, Postmortem, Review, Search};
pub use verbs::{Approve, Catchup, Decide, Force, Hold, Ice, Misses, Noop, Prioritize, Release, Thaw};

use crate::domain::{IncidentId, RunId, run::Scope};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;

/// The terminal operations console for the engineer on call: job flows, probes, incidents and the runbook on one page.
///
/// Without a command it opens the console, and starts the daemon where none runs. Exit codes: 0 done, 1 refused or
/// failed, 2 wrong usage or wrong workspace, 3 the daemon cannot be reached, 4 (serve) a daemon already runs.
#[derive(Debug, Parser)]
#[command(name = "dogwatch", version, about, propagate_version = true, disable_help_subcommand = false)]
pub struct Arguments {
    /// The workspace's folder [default: dogwatch.toml here or in a folder above]
    #[arg(long, global = true, env = "DOGWATCH_WORKSPACE", value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// Where state and socket live [default: the user's XDG folders]
    #[arg(long, global = true, env = "DOGWATCH_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Fail with exit code 3 where no daemon runs, instead of starting one
    #[arg(long, global = true)]
    pub no_daemon: bool,
    /// One JSON document instead of a table
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing that is not asked for
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// How the console looks
    #[command(flatten)]
    pub look: Look,
    /// What to do; nothing opens the console
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// How the console looks.
#[derive(Debug, Clone, Args)]
pub struct Look {
    /// Only ASCII characters on the screen
    #[arg(long, global = true, env = "DOGWATCH_ASCII")]
    pub ascii: bool,
    /// A theme by name, or a file [default: dark or light, as the terminal is]
    #[arg(long, global = true, env = "DOGWATCH_THEME", value_name = "NAME")]
    pub theme: Option<String>,
    /// No mouse: the terminal's own selection works
    #[arg(long, global = true)]
    pub no_mouse: bool,
    /// Never write to the terminal's clipboard
    #[arg(long, global = true)]
    pub no_clipboard: bool,
    /// Never ring or notify in this terminal
    #[arg(long, global = true)]
    pub no_bell: bool,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// A live workspace with a real shop and a real failure, to try everything in two minutes
    Demo(Demo),
    /// The web shop of the demo
    #[command(hide = true)]
    DemoShop(DemoShop),
    /// Fetches a page of the demo's shop into a file
    #[command(hide = true)]
    DemoFetch(DemoFetch),
    /// Make a workspace: settings, an example flow, probe and calendar, the shipped runbooks
    Init {
        /// Where [default: here]
        dir: Option<PathBuf>,
    },
    /// Read everything and report all errors with their lines
    Check {
        /// The workspace [default: found as usual]
        dir: Option<PathBuf>,
    },
    /// What will run when, with calendars and DST
    Plan(Plan),
    /// A batch day: what was planned against what became of it
    Batch(Batch),
    /// Run the daemon in the foreground
    Serve(Serve),
    /// End the daemon; running batches go on
    Stop,
    /// One page for a shell prompt or a script
    Status,
    /// Read the workspace's files again
    Reload,
    /// Job flows
    Flows,
    /// Runs, the youngest first
    Runs {
        /// Only of this flow
        flow: Option<String>,
    },
    /// Pools: units, who holds them, who waits for them
    Pools,
    /// Start a run
    Run(Run),
    /// Run an earlier run again, as a new run
    Rerun(Rerun),
    /// End a run: TERM, grace, KILL
    Kill(Kill),
    /// Let no new run of a flow start, or no further step of a run
    Hold(Hold),
    /// End a hold
    Release(Release),
    /// Leave a flow out; what waits for it goes on
    Ice(Ice),
    /// End an ice; starts nothing
    Thaw(Thaw),
    /// Let the next run of a flow go through the motions and execute nothing
    Noop(Noop),
    /// Start a run, or one of its steps, although it would wait
    Force(Force),
    /// Leave a step out; what needs it goes on
    Skip(Decide),
    /// Declare a step a success
    Ok(Decide),
    /// Declare a step failed, or refuse an approval
    Fail(Decide),
    /// Say how much a run is preferred where slots are short
    Prioritize(Prioritize),
    /// Give the word that a step waits for, of a flow or of a runbook
    Approve(Approve),
    /// What waits for a second person
    Approvals,
    /// Choose what becomes of missed occurrences of a flow with missed = "ask"
    Catchup(Catchup),
    /// What the last outages missed, and what became of it
    Misses(Misses),
    /// Everything that is held, iced or waits for a person, what ends soon first
    Holds,
    /// Why a flow or a run does not start, or why it failed
    Why {
        /// A flow, or a run such as nightly-orders/17
        object: String,
    },
    /// What a step printed
    Logs(Logs),
    /// Probes
    Probes,
    /// Look at a target now
    Probe(Probe),
    /// The queue: open incidents
    Incidents {
        /// Also ended ones
        #[arg(long)]
        all: bool,
    },
    /// One incident with its timeline
    Incident(IncidentShown),
    /// Say that you work on an incident
    Ack(Ack),
    /// Take an acknowledgement back
    Unack(Unack),
    /// Declare an incident over
    Resolve(Resolve),
    /// Put a line into an incident's timeline
    Note(Note),
    /// Pin a line of an incident's timeline, or take the pin out
    Pin(Pin),
    /// What happened around an incident's first failure, side by side
    Strip(Strip),
    /// Evidence of an incident: list, gather, show, export as one archive
    Evidence(Evidence),
    /// Who is on call until when, and who is told next of each open incident
    Oncall(OnCall),
    /// Let somebody take a rota for a while, or end that
    Override(Override),
    /// Draft an incident's post-mortem, bring its generated parts up to date, or say how far it is
    Postmortem(Postmortem),
    /// What an ended incident says should change, to take or to put away
    Review(Review),
    /// Action items of all post-mortems
    Actions(Actions),
    /// Search notes, post-mortems, handovers, runbooks and past incidents
    Search(Search),
    /// What one shift tells the next
    Handover(Handover),
    /// Times to detect, acknowledge, mitigate, resolve; load, noise, error budgets
    Figures(Figures),
    /// Put a mark on everyone's timeline, such as a deployment
    Mark(Mark),
    /// Runbooks: all, those that fit an incident, or those that answer a question
    Runbooks(Runbooks),
    /// Send an alert in, or say that one is over
    Alert(Alert),
    /// Neighbours, and the intake for alerts
    Sources,
    /// A neighbour, and silences there
    Source(Source),
    /// Read a runbook, or run a step of it
    Runbook(Runbook),
    /// Checklists: when each is due, and how far it is
    Checklists,
    /// A checklist with its items; tick, verify, open
    Checklist(Checklist),
    /// How people are told, and whether that works
    Channels(Channels),
    /// What happened
    Events(Events),
    /// Check the journal's chain from the first entry to the last anchored one
    Verify(Verify),
    /// Completions for a shell
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// The manual page, as roff
    Man,
    /// The console's keys, as a table
    Keys,
    /// Say that an incident's impact is over
    Mitigate(Mitigate),
    /// Put an incident off until a time
    Snooze(Snooze),
    /// Take a put-off incident back into the queue now
    Unsnooze(Unsnooze),
    /// Say that an incident is yours
    Claim(Claim),
    /// Hand an incident over to another person
    Give(HandOver),
    /// Make an incident part of another
    Merge(Merge),
    /// Make an incident of its own from some alerts of another
    Split(Split),
    /// Tell nobody of alerts with these labels for a time
    Silence(Silence),
    /// Let a silence end at another time
    Extend(Extend),
    /// End a silence now
    Unsilence(Unsilence),
    /// Silences and maintenance windows
    Silences {
        /// Also silences that ended
        #[arg(long)]
        all: bool,
    },
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A file that holds lines of an anchor, such as a copy of the system's log; also several times
    #[arg(long = "anchor", value_name = "FILE")]
    pub anchors: Vec<PathBuf>,
    /// Go on with a damaged journal as it is; what was found is kept aside. No daemon may run
    #[arg(long, requires = "reason")]
    pub accept: bool,
    /// Why, for the record
    #[arg(long, requires = "accept", value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Arguments of `demo`.
#[derive(Debug, Default, Args)]
pub struct Demo {
    /// Where the demo's workspace is unpacked [default: a new folder below the temporary one]
    pub dir: Option<PathBuf>,
    /// Set up and start everything, print where, and leave it running without opening the console
    #[arg(long)]
    pub headless: bool,
    /// What happens to the folder at the end
    #[arg(long, value_enum, default_value_t = Afterwards::Ask)]
    pub afterwards: Afterwards,
}

/// What happens to the demo's folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Afterwards {
    /// Ask
    #[default]
    Ask,
    /// Keep it
    Keep,
    /// Remove it
    Remove,
}

/// Arguments of `demo-shop`.
#[derive(Debug, Args)]
pub struct DemoShop {
    /// A file that is given the ports as well
    #[arg(long)]
    pub port_file: Option<PathBuf>,
}

/// Arguments of `demo-fetch`.
#[derive(Debug, Args)]
pub struct DemoFetch {
    /// Change something instead of only looking
    #[arg(long)]
    pub post: bool,
    /// The address
    pub url: String,
    /// The file
    pub file: PathBuf,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// From this local time on, as 2026-03-29 or 2026-03-29T01:00 [default: now]
    #[arg(long)]
    pub from: Option<String>,
    /// Until this local time [default: a day later]
    #[arg(long)]
    pub to: Option<String>,
    /// Only of these flows
    pub flow: Vec<String>,
}

/// Arguments of `batch`.
#[derive(Debug, Args)]
pub struct Batch {
    /// The batch day, as 2026-03-29 [default: today's]
    #[arg(long)]
    pub day: Option<jiff::civil::Date>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// In a session of its own, as the console starts it
    #[arg(long, hide = true)]
    pub detached: bool,
    /// Print a systemd user unit for this workspace
    #[arg(long)]
    pub unit: bool,
}

/// Who and why, on everything that changes something.
#[derive(Debug, Clone, Args)]
pub struct Care {
    /// Only say what it would touch
    #[arg(long)]
    pub dry_run: bool,
    /// Chosen by a script: the same key is carried out once, however often it is sent
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The flow
    pub flow: String,
    /// A parameter, as region=us
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// The date that it processes [default: today in the flow's zone]
    #[arg(long)]
    pub date: Option<Date>,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// Wait for its end; exit 0 when it succeeded, else 1
    #[arg(long)]
    pub wait: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `rerun`.
#[derive(Debug, Args)]
pub struct Rerun {
    /// The run, such as nightly-orders/17
    pub run: RunId,
    /// failed, all, from:STEP, only:STEP or down:STEP
    #[arg(long, default_value = "failed")]
    pub scope: Scope,
    /// The definition that it ran with, or today's
    #[arg(long, value_enum, default_value_t = Definition::Ran)]
    pub definition: Definition,
    /// A parameter that differs from the earlier run's
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// Another date than the earlier run's
    #[arg(long)]
    pub date: Option<Date>,
    /// Why
    #[arg(long, required_unless_present = "dry_run", default_value = "", hide_default_value = true)]
    pub reason: String,
    /// Wait for its end; exit 0 when it succeeded, else 1
    #[arg(long)]
    pub wait: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Whose definition a rerun uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Definition {
    /// The one that the earlier run ran with
    Ran,
    /// The one that the file has now
    Today,
}

/// Arguments of `kill`.
#[derive(Debug, Args)]
pub struct Kill {
    /// The run
    pub run: RunId,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The run
    pub run: RunId,
    /// The step [default: the one that failed, else the one that runs, else the last]
    pub step: Option<String>,
    /// The attempt [default: the last]
    #[arg(long)]
    pub attempt: Option<u32>,
    /// Go on with what is printed until the attempt ends
    #[arg(short, long)]
    pub follow: bool,
    /// The bytes as they are; never to a terminal that you care for
    #[arg(long)]
    pub raw: bool,
}

/// Arguments of `probe`.
#[derive(Debug, Args)]
pub struct Probe {
    /// The probe
    pub probe: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `ack`.
#[derive(Debug, Args)]
pub struct Ack {
    /// The incident
    pub incident: IncidentId,
    /// A word for the timeline
    #[arg(long)]
    pub note: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `unack`.
#[derive(Debug, Args)]
pub struct Unack {
    /// The incident
    pub incident: IncidentId,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `resolve`.
#[derive(Debug, Args)]
pub struct Resolve {
    /// The incident
    pub incident: IncidentId,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `note`.
#[derive(Debug, Args)]
pub struct Note {
    /// The incident
    pub incident: IncidentId,
    /// The line; several words need no quotes
    #[arg(required = true)]
    pub text: Vec<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `mark`.
#[derive(Debug, Args)]
pub struct Mark {
    /// The line; several words need no quotes
    #[arg(required = true)]
    pub text: Vec<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `runbooks`.
#[derive(Debug, Default, Args)]
pub struct Runbooks {
    /// Those that fit this incident, the best first, with the reason
    #[arg(long = "for", value_name = "INCIDENT")]
    pub incident: Option<IncidentId>,
    /// Those whose text answers this, the best first
    #[arg(long, value_name = "TEXT", conflicts_with = "incident")]
    pub search: Option<String>,
}

/// Arguments of `checklist`.
#[derive(Debug, Args)]
pub struct Checklist {
    /// The checklist
    #[arg(value_name = "CHECKLIST")]
    pub name: String,
    /// Tick this item, by its number or name
    #[arg(long, value_name = "ITEM")]
    pub tick: Option<String>,
    /// Take the tick of this item back
    #[arg(long, value_name = "ITEM", conflicts_with = "tick")]
    pub untick: Option<String>,
    /// A word for the record
    #[arg(long)]
    pub note: Option<String>,
    /// Let the machine look again at what it can verify, and run its commands
    #[arg(long, conflicts_with_all = ["tick", "untick"])]
    pub verify: bool,
    /// Open it now, outside its schedule
    #[arg(long, conflicts_with_all = ["tick", "untick", "verify"])]
    pub open: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `runbook`.
#[derive(Debug, Args)]
pub struct Runbook {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub name: String,
    /// Run this step of it
    #[arg(long, value_name = "STEP")]
    pub run: Option<String>,
    /// For this incident
    #[arg(long)]
    pub incident: Option<IncidentId>,
    /// A parameter of the step
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// For a dangerous step: its name
    #[arg(long, value_name = "STEP")]
    pub confirm: Option<String>,
    /// Where the step needs two people: wait for the second, then run it
    #[arg(long, requires = "run")]
    pub wait: bool,
    /// Run it without the second person that it needs, and why; everyone is told
    #[arg(long, value_name = "REASON", requires = "run", conflicts_with = "wait")]
    pub break_glass: Option<String>,
    /// Who changed its file when, from git
    #[arg(long, conflicts_with = "run")]
    pub history: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `channels`.
#[derive(Debug, Args)]
pub struct Channels {
    /// Send a real test message on this channel and wait for what becomes of it; exit 0 when it was taken, else 1
    #[arg(long, value_name = "NAME")]
    pub test: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `events`.
#[derive(Debug, Args)]
pub struct Events {
    /// From this time on: a local time, an instant, or an age such as 2h
    #[arg(long)]
    pub since: Option<String>,
    /// Only of this incident
    #[arg(long)]
    pub incident: Option<IncidentId>,
    /// The last so many [default: 100 without --since]
    #[arg(short = 'n', long)]
    pub last: Option<u32>,
    /// Go on with what happens
    #[arg(short, long, conflicts_with = "incident")]
    pub follow: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not NAME=VALUE")),
    }
}
