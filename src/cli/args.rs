//! The command line, declared once: help, completions and the man page are made from it.

mod appearance;
mod care;
mod daemon;
mod demo;
mod incidents;
mod oncall;
mod outside;
mod pair;
mod queue;
mod record;
mod review;
mod runbooks;
mod runs;
mod tries;
mod verbs;

pub use appearance::Look;
pub use care::Care;
pub use daemon::{Events, Serve, Verify};
pub use demo::{Afterwards, Demo, DemoFetch, DemoShop};
pub use incidents::{Ack, Mark, Note, Resolve, Unack};
pub use oncall::{OnCall, Override};
pub use outside::{Alert, Source, SourceVerb};
pub use queue::{Claim, Extend, HandOver, Merge, Mitigate, Silence, Snooze, Split, Unsilence, Unsnooze};
pub use record::{Evidence, IncidentShown, Pin, Strip};
pub use review::{Actions, Figures, Handover, Postmortem, Review, Search};
pub use runbooks::{Checklist, Runbook, Runbooks};
pub use runs::{Batch, Definition, Kill, Logs, Plan, Rerun, Run};
pub use tries::{Channels, Probe};
pub use verbs::{Approve, Catchup, Decide, Force, Hold, Ice, Misses, Noop, Prioritize, Release, Thaw};

use clap::{Parser, Subcommand};
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
