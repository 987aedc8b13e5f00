//! Arguments of what a person says of an incident, and of a mark on everyone's timeline.

use super::Care;
use crate::domain::IncidentId;
use clap::Args;

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
