//! Arguments about who is on call.

use super::Care;
use clap::Args;

/// Arguments of `oncall`.
#[derive(Debug, Args)]
pub struct OnCall {
    /// At this local time, as 2026-03-29T01:00 [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Shifts that are shown of each rota
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    pub shifts: u8,
}

/// Arguments of `override`.
#[derive(Debug, Args)]
pub struct Override {
    /// The rota
    pub rota: String,
    /// Who takes it
    #[arg(long, value_name = "NAME", conflicts_with = "end")]
    pub person: Option<String>,
    /// From this local time on, as 2026-03-29T01:00 [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "end")]
    pub from: Option<String>,
    /// Until this local time
    #[arg(long, value_name = "TIME", conflicts_with = "end")]
    pub to: Option<String>,
    /// Until so much later, as 8h
    #[arg(long = "for", value_name = "DURATION", conflicts_with_all = ["to", "end"])]
    pub span: Option<String>,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// End the override that holds, or take back the next one
    #[arg(long)]
    pub end: bool,
    /// Care
    #[command(flatten)]
    pub care: Care,
}
