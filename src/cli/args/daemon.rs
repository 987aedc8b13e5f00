//! Arguments of the daemon and its journal: serve, events, verify.

use crate::domain::IncidentId;
use clap::Args;
use std::path::PathBuf;

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
