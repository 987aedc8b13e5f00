//! What every command that changes something takes.

use clap::Args;

/// Who and why, on everything that changes something.
#[derive(Debug, Clone, Args)]
pub struct Care {
    /// Only say what it would touch
    #[arg(long)]
    pub dry_run: bool,
    /// Chosen by a script: the same key is carried out once, however often it is sent
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}
