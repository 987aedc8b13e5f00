//! Arguments about runbooks and checklists.

use super::Care;
use super::pair::pair;
use crate::domain::IncidentId;
use clap::Args;

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
