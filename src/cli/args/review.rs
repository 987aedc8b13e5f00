//! Arguments of what comes after an incident: figures, action items, search, review, handover.

use super::Care;
use crate::domain::IncidentId;
use crate::domain::note::State;
use crate::rules::figures::By;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `figures`.
#[derive(Debug, Args)]
pub struct Figures {
    /// From this time on: an age such as 30d or 90d, a local date, an instant
    #[arg(long, default_value = "30d")]
    pub since: String,
    /// What incidents are counted by
    #[arg(long, value_enum, default_value_t = Grouping::Service)]
    pub by: Grouping,
    /// CSV for a spreadsheet; what is not known is empty
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// What incidents are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Grouping {
    /// What they were about
    Service,
    /// How bad they became
    Severity,
    /// When they were opened
    Week,
}

impl From<Grouping> for By {
    fn from(grouping: Grouping) -> Self {
        match grouping {
            Grouping::Service => Self::Service,
            Grouping::Severity => Self::Severity,
            Grouping::Week => Self::Week,
        }
    }
}

/// Arguments of `actions`.
#[derive(Debug, Args)]
pub struct Actions {
    /// Only those that are not done
    #[arg(long)]
    pub open: bool,
}

/// Arguments of `search`.
#[derive(Debug, Args)]
pub struct Search {
    /// The words; several need no quotes
    #[arg(required = true)]
    pub text: Vec<String>,
}

/// Arguments of `review`.
#[derive(Debug, Args)]
pub struct Review {
    /// The incident [default: the ended incidents that still have something to decide]
    pub incident: Option<IncidentId>,
    /// Take a proposal: runbook or probe, whose file is written; automate, retry or noise, which are left for you to do
    #[arg(long, value_name = "WHAT", requires = "incident", conflicts_with = "dismiss")]
    pub accept: Option<String>,
    /// Put a proposal away
    #[arg(long, value_name = "WHAT", requires = "incident")]
    pub dismiss: Option<String>,
    /// For a probe: what it looks at, https://… or host:port
    #[arg(long, requires = "accept")]
    pub address: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `handover`.
#[derive(Debug, Args)]
pub struct Handover {
    /// Save it in notes/handovers/, or bring the generated parts of the file up to date
    #[arg(long)]
    pub write: bool,
}

/// Arguments of `postmortem`.
#[derive(Debug, Args)]
pub struct Postmortem {
    /// The incident
    pub incident: IncidentId,
    /// Print it instead of saving it
    #[arg(long, conflicts_with_all = ["to", "export"])]
    pub print: bool,
    /// How far it is from now on
    #[arg(long, value_enum, value_name = "STATE", conflicts_with = "export")]
    pub to: Option<WriteUpState>,
    /// Write a copy of the saved post-mortem to a new file, for others
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Name roles instead of people
    #[arg(long)]
    pub roles: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// How far a write-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WriteUpState {
    /// Being written
    Draft,
    /// Others read it
    #[value(alias = "review")]
    InReview,
    /// Agreed on
    Reviewed,
}

impl From<WriteUpState> for State {
    fn from(state: WriteUpState) -> Self {
        match state {
            WriteUpState::Draft => Self::Draft,
            WriteUpState::InReview => Self::InReview,
            WriteUpState::Reviewed => Self::Reviewed,
        }
    }
}
