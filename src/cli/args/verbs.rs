//! Arguments of the operator's verbs on flows, runs and steps.

use super::Care;
use crate::domain::RunId;
use crate::domain::run::MissedChoice;
use clap::{Args, ValueEnum};

/// Arguments of `hold`.
#[derive(Debug, Args)]
pub struct Hold {
    /// A flow, or a run such as nightly-orders/17
    #[arg(value_name = "FLOW|RUN")]
    pub object: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// It ends by itself after this, as 8h or 30m
    #[arg(long = "for", value_name = "DURATION")]
    pub span: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `release`.
#[derive(Debug, Args)]
pub struct Release {
    /// A flow, or a run such as nightly-orders/17
    #[arg(value_name = "FLOW|RUN")]
    pub object: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `ice`.
#[derive(Debug, Args)]
pub struct Ice {
    /// The flow
    pub flow: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// It ends by itself after this, as 8h or 30m
    #[arg(long = "for", value_name = "DURATION")]
    pub span: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `thaw`.
#[derive(Debug, Args)]
pub struct Thaw {
    /// The flow
    pub flow: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `noop`.
#[derive(Debug, Args)]
pub struct Noop {
    /// The flow
    pub flow: String,
    /// Why
    #[arg(long, required_unless_present = "undo")]
    pub reason: Option<String>,
    /// Take it back
    #[arg(long, conflicts_with = "reason")]
    pub undo: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `force`.
#[derive(Debug, Args)]
pub struct Force {
    /// The run
    pub run: RunId,
    /// Only this step, whatever became of those that it needs
    pub step: Option<String>,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `skip`, `ok` and `fail`.
#[derive(Debug, Args)]
pub struct Decide {
    /// The run
    pub run: RunId,
    /// The step
    pub step: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `prioritize`.
#[derive(Debug, Args)]
pub struct Prioritize {
    /// The run
    pub run: RunId,
    /// From 0 to 100, higher first; 50 where nobody said
    #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
    pub priority: u8,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub struct Approve {
    /// The run, or the request for a second person as `approvals` lists it
    pub object: String,
    /// The step of the run that asks
    pub step: Option<String>,
    /// A word for the record
    #[arg(long)]
    pub note: Option<String>,
    /// Only print exactly what the request lets run
    #[arg(long, conflicts_with = "step")]
    pub show: bool,
    /// Print it with every character spelled out, and approve it; needed where some are not what they seem
    #[arg(long, conflicts_with = "step")]
    pub expanded: bool,
    /// Say no, and why
    #[arg(long, value_name = "REASON", conflicts_with_all = ["step", "show", "expanded"])]
    pub decline: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `catchup`.
#[derive(Debug, Args)]
pub struct Catchup {
    /// The flow
    pub flow: String,
    /// Which of its missed occurrences run now
    #[arg(long, value_enum)]
    pub choose: Choice,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Which missed occurrences run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// All, the oldest first
    All,
    /// The youngest
    Latest,
    /// None
    None,
}

impl From<Choice> for MissedChoice {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::All => Self::All,
            Choice::Latest => Self::Latest,
            Choice::None => Self::None,
        }
    }
}

/// Arguments of `misses`.
#[derive(Debug, Args)]
pub struct Misses {
    /// Put the list away
    #[arg(long)]
    pub dismiss: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}
