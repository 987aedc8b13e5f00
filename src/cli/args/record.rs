//! Arguments of the commands on the record of an incident.

use super::Care;
use crate::domain::IncidentId;
use crate::notes::sorts::Shown;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `incident`.
#[derive(Debug, Args)]
pub struct IncidentShown {
    /// Its number
    pub incident: IncidentId,
    /// Only these lines of its timeline
    #[arg(long, value_enum, default_value_t = Only::All)]
    pub only: Only,
    /// Only lines of its timeline that hold this text
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// With the number of each line, as `pin` takes it
    #[arg(long)]
    pub numbers: bool,
    /// Its strip: what happened around the first failure, side by side
    #[arg(long)]
    pub strip: bool,
}

/// Which lines of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// All
    All,
    /// What people did, typed and ran
    People,
    /// What machines did
    Machine,
    /// Alerts, incidents and messages
    Alerts,
    /// What people wrote
    Notes,
    /// What people pinned
    Pinned,
}

impl From<Only> for Shown {
    fn from(only: Only) -> Self {
        match only {
            Only::All => Self::All,
            Only::People => Self::People,
            Only::Machine => Self::Machine,
            Only::Alerts => Self::Alerts,
            Only::Notes => Self::Notes,
            Only::Pinned => Self::Pinned,
        }
    }
}

/// Arguments of `pin`.
#[derive(Debug, Args)]
pub struct Pin {
    /// The incident
    pub incident: IncidentId,
    /// The number of the line, from `incident --numbers`
    pub line: u64,
    /// Take the pin out
    #[arg(long)]
    pub remove: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `strip`.
#[derive(Debug, Args)]
pub struct Strip {
    /// The incident
    pub incident: IncidentId,
    /// How much time, two thirds of it before the first failure; as much as the incident needs where it is absent
    #[arg(long, value_parser = minutes)]
    pub span: Option<i64>,
}

/// Arguments of `evidence`.
#[derive(Debug, Args)]
pub struct Evidence {
    /// The incident
    pub incident: IncidentId,
    /// Gather it now, and wait until it is there
    #[arg(long)]
    pub take: bool,
    /// Write all of it with the timeline and checksums into this archive
    #[arg(long, value_name = "FILE.tar.gz", conflicts_with_all = ["take", "show"])]
    pub export: Option<PathBuf>,
    /// Print this file of it, made safe for a terminal
    #[arg(long, value_name = "NAME", conflicts_with = "take")]
    pub show: Option<String>,
    /// Of this capsule [default: the last that holds it]
    #[arg(long, value_name = "NUMBER")]
    pub capsule: Option<u32>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

fn minutes(text: &str) -> Result<i64, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|_| format!("`{text}` is not a duration such as 1h or 90m"))?;
    match span.as_mins() {
        minutes @ 1..=527_040 => Ok(minutes),
        _ => Err("between one minute and a year".into()),
    }
}
