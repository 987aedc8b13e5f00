//! Arguments of the demo and of what it runs.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `demo`.
#[derive(Debug, Default, Args)]
pub struct Demo {
    /// Where the demo's workspace is unpacked [default: a new folder below the temporary one]
    pub dir: Option<PathBuf>,
    /// Set up and start everything, print where, and leave it running without opening the console
    #[arg(long)]
    pub headless: bool,
    /// What happens to the folder at the end
    #[arg(long, value_enum, default_value_t = Afterwards::Ask)]
    pub afterwards: Afterwards,
}

/// What happens to the demo's folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Afterwards {
    /// Ask
    #[default]
    Ask,
    /// Keep it
    Keep,
    /// Remove it
    Remove,
}

/// Arguments of `demo-shop`.
#[derive(Debug, Args)]
pub struct DemoShop {
    /// A file that is given the ports as well
    #[arg(long)]
    pub port_file: Option<PathBuf>,
}

/// Arguments of `demo-fetch`.
#[derive(Debug, Args)]
pub struct DemoFetch {
    /// Change something instead of only looking
    #[arg(long)]
    pub post: bool,
    /// The address
    pub url: String,
    /// The file
    pub file: PathBuf,
}
