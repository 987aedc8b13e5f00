//! How a command ends when it does not do what was asked: words on standard error, and the exit code of the contract.

use crate::domain::Refusal;
use crate::wire::client::ClientError;
use crate::wire::frame::FrameError;
use std::fmt;
use std::process::ExitCode;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// Refused, or failed: exit code 1.
    Refused(Refusal),
    /// Something of the system's failed: exit code 1.
    Other(anyhow::Error),
    /// Wrong usage or wrong workspace, with all that is to say: exit code 2.
    Usage(String),
    /// The daemon cannot be reached: exit code 3.
    Unreachable(String),
    /// The daemon sent this person or program away, with its words: exit code 3.
    TurnedAway(String),
    /// A daemon already runs: exit code 4.
    AlreadyRunning(String),
    /// Whoever reads the output has gone; nobody is told.
    Pipe,
}

impl Failure {
    /// Wrong usage.
    pub fn usage(words: impl fmt::Display) -> Self {
        Self::Usage(words.to_string())
    }

    /// Something of the system's.
    pub fn other(error: impl Into<anyhow::Error>) -> Self {
        Self::Other(error.into())
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Refused(_) | Self::Other(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Unreachable(_) | Self::TurnedAway(_) => ExitCode::from(3),
            Self::AlreadyRunning(_) => ExitCode::from(crate::daemon::ALREADY_RUNNING),
            Self::Pipe => ExitCode::SUCCESS,
        }
    }

    /// Says it on standard error, made safe for a terminal.
    pub fn print(&self, _quiet: bool) {
        if !matches!(self, Self::Pipe) {
            for line in self.to_string().lines() {
                eprintln!("{}", crate::text::visible(line));
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "dogwatch: {refusal}"),
            Self::Other(error) => write!(f, "dogwatch: {error:#}"),
            Self::Unreachable(words) => {
                write!(f, "dogwatch: {words}\nhint: `dogwatch serve` runs it in the foreground and says what is wrong")
            }
            Self::TurnedAway(words) if words.contains("[access]") => {
                write!(f, "dogwatch: {words}\nhint: ask the owner to name you in [access] as one of viewers, operators or approvers")
            }
            Self::TurnedAway(words) | Self::Usage(words) | Self::AlreadyRunning(words) => write!(f, "dogwatch: {words}"),
            Self::Pipe => Ok(()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Frame(FrameError::Garbled(_) | FrameError::TooLong(_) | FrameError::TooSlow(_)) => Self::Other(error.into()),
            ClientError::Refused { reason } => Self::TurnedAway(reason),
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Pipe,
            _ => Self::Other(error.into()),
        }
    }
}
