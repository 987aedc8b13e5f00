//! Arguments of the queue's verbs: mitigate, snooze, claim, hand over, merge, split, and of silences.

use super::Care;
use crate::domain::{Fingerprint, IncidentId, Matcher, SilenceId};
use clap::Args;

/// Arguments of `mitigate`.
#[derive(Debug, Args)]
pub struct Mitigate {
    /// The incident
    pub incident: IncidentId,
    /// What was done
    #[arg(long)]
    pub note: Option<String>,
    /// Take it back: it has impact again
    #[arg(long, conflicts_with = "note")]
    pub undo: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `snooze`.
#[derive(Debug, Args)]
pub struct Snooze {
    /// The incident
    pub incident: IncidentId,
    /// It comes back after this, as 1h or 30m
    #[arg(long = "for", value_name = "DURATION")]
    pub span: String,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `unsnooze`.
#[derive(Debug, Args)]
pub struct Unsnooze {
    /// The incident
    pub incident: IncidentId,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `claim`.
#[derive(Debug, Args)]
pub struct Claim {
    /// The incident
    pub incident: IncidentId,
    /// Take it back: it is nobody's then
    #[arg(long)]
    pub undo: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `give`.
#[derive(Debug, Args)]
pub struct HandOver {
    /// The incident
    pub incident: IncidentId,
    /// To whom
    #[arg(long, value_name = "PERSON")]
    pub to: String,
    /// A word for them
    #[arg(long)]
    pub note: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The incident that becomes part of the other
    pub incident: IncidentId,
    /// The incident that goes on
    pub into: IncidentId,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `split`.
#[derive(Debug, Args)]
pub struct Split {
    /// The incident
    pub incident: IncidentId,
    /// The alerts that become an incident of their own, by their fingerprints
    #[arg(required = true, value_name = "ALERT")]
    pub alerts: Vec<Fingerprint>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `silence`.
#[derive(Debug, Args)]
pub struct Silence {
    /// What it fits: flow=nightly-orders, service=~"shop.*", team!=ops, env!~"dev|test"; all of them
    #[arg(required = true, value_name = "MATCHER")]
    pub matchers: Vec<Matcher>,
    /// It ends after this, as 1h or 30m
    #[arg(long = "for", value_name = "DURATION")]
    pub span: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `extend`.
#[derive(Debug, Args)]
pub struct Extend {
    /// The silence
    pub silence: SilenceId,
    /// It ends so long from now
    #[arg(long = "for", value_name = "DURATION")]
    pub span: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `unsilence`.
#[derive(Debug, Args)]
pub struct Unsilence {
    /// The silence
    pub silence: SilenceId,
    /// Care
    #[command(flatten)]
    pub care: Care,
}
