//! Arguments about runs: what is planned, starting one, running one again, ending one, and what it printed.

use super::Care;
use super::pair::pair;
use crate::domain::RunId;
use crate::domain::run::Scope;
use clap::{Args, ValueEnum};
use jiff::civil::Date;

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
    pub day: Option<Date>,
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
