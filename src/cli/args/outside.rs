//! Arguments of what comes from outside: alerts that are sent in, neighbours, and silences there.

use super::Care;
use clap::{Args, Subcommand, ValueEnum};

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// Worth a line
    Info,
    /// Worth a look today
    Warning,
    /// Worth a look now
    High,
    /// Worth waking someone
    Critical,
}

impl From<How> for crate::domain::Severity {
    fn from(how: How) -> Self {
        match how {
            How::Info => Self::Info,
            How::Warning => Self::Warning,
            How::High => Self::High,
            How::Critical => Self::Critical,
        }
    }
}

/// Arguments of `alert`.
#[derive(Debug, Args)]
pub struct Alert {
    /// What it is called, such as DiskFull; with its labels it is its identity
    pub name: String,
    /// A label, as service=shop
    #[arg(long, value_name = "K=V", value_parser = super::pair::pair)]
    pub label: Vec<(String, String)>,
    /// How bad it is
    #[arg(long, value_enum, default_value_t = How::Warning)]
    pub severity: How,
    /// One line [default: the name]
    #[arg(long)]
    pub summary: Option<String>,
    /// Where to look at it
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
    /// It is over
    #[arg(long, conflicts_with_all = ["summary", "link", "span"])]
    pub resolve: bool,
    /// It ends by itself when it is not sent again for this long, as 10m
    #[arg(long = "for", value_name = "DURATION")]
    pub span: Option<String>,
    /// Care
    #[command(flatten)]
    pub care: Care,
}

/// Arguments of `source`.
#[derive(Debug, Args)]
pub struct Source {
    /// The neighbour
    pub name: String,
    /// What to do; nothing shows it
    #[command(subcommand)]
    pub verb: Option<SourceVerb>,
}

/// What can be done with a neighbour.
#[derive(Debug, Subcommand)]
pub enum SourceVerb {
    /// Silences that stand there
    Silences,
    /// Make a silence there; --dry-run shows what it hides
    Silence {
        /// As service=shop, team!=web, host=~web.* or host!~db.*
        #[arg(required = true, value_name = "MATCHER")]
        matchers: Vec<String>,
        /// How long
        #[arg(long = "for", value_name = "DURATION")]
        span: String,
        /// Why
        #[arg(long, alias = "reason")]
        comment: String,
        /// Care
        #[command(flatten)]
        care: Care,
    },
    /// Let a silence there last longer
    Extend {
        /// Its id there
        id: String,
        /// How long from now on
        #[arg(long = "for", value_name = "DURATION")]
        span: String,
        /// Care
        #[command(flatten)]
        care: Care,
    },
    /// End a silence there
    Expire {
        /// Its id there
        id: String,
        /// Care
        #[command(flatten)]
        care: Care,
    },
}
