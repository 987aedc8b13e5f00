//! Arguments of what is tried on request: a look at a probe's target, a test message on a channel.

use super::Care;
use clap::Args;

/// Arguments of `probe`.
#[derive(Debug, Args)]
pub struct Probe {
    /// The probe
    pub probe: String,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `channels`.
#[derive(Debug, Args)]
pub struct Channels {
    /// Send a real test message on this channel and wait for what becomes of it; exit 0 when it was taken, else 1
    #[arg(long, value_name = "NAME")]
    pub test: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}
