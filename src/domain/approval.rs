//! The second word: what exactly is to run, bound to a digest that another person approves, and what the workspace asks
//! of runbook steps.

use super::runbook::ProcedureExpectation;
use super::{Author, Digest, Params, RunbookId, StepName, Subject, span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an approval may be waited for and used, where the workspace does not say: 15 min.
pub const EXPIRES: Duration = Duration::from_mins(15);
/// Steps of runbooks that run by themselves within an hour, over all runbooks, where the workspace does not say.
pub const AUTO_PER_HOUR: u32 = 6;

/// For which steps of runbooks a second person is asked, beside those that ask themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwoPeople {
    /// None.
    #[default]
    Never,
    /// The dangerous ones.
    Dangerous,
    /// All.
    Always,
}

/// What the workspace asks of steps of runbooks, and the machine on which it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureRules {
    /// Which steps need a second person.
    #[serde(default)]
    pub two_people: TwoPeople,
    /// After this an approval that was asked for or given is void.
    #[serde(with = "span")]
    pub approval_expires: Duration,
    /// Whether a step can be run without the second person, with a reason that everyone sees.
    #[serde(default)]
    pub break_glass: bool,
    /// Steps that may run by themselves within an hour, over all runbooks.
    pub auto_per_hour: u32,
    /// What this machine is known by, for as long as it is installed; approvals hold on it alone.
    #[serde(default)]
    pub machine: String,
}

impl Default for ProcedureRules {
    fn default() -> Self {
        let (approval_expires, auto_per_hour) = (EXPIRES, AUTO_PER_HOUR);
        Self { two_people: TwoPeople::Never, approval_expires, break_glass: false, auto_per_hour, machine: String::new() }
    }
}

/// What exactly is to run: the copy that is approved, and that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// The runbook.
    pub runbook: RunbookId,
    /// The whole digest of that runbook as its file had it, text and steps.
    pub revision: Digest,
    /// The step within it.
    pub step: StepName,
    /// What it is walked for.
    pub subject: Subject,
    /// What runs, as people read it.
    pub command: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Its parameters.
    pub params: Params,
    /// Every variable that is added to its environment.
    pub env: Params,
    /// It is ended after this.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// What its end must look like.
    pub expect: ProcedureExpectation,
    /// The host's name.
    pub host: String,
    /// What the machine is known by.
    pub machine: String,
    /// The kernel's id of the boot.
    pub boot_id: String,
    /// Who asks.
    pub by: Author,
    /// The number of the entry before: no two requests are alike.
    pub after: u64,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it is void.
    pub expires: Timestamp,
}

impl ApprovalRequest {
    /// What this request is known by: anything else than exactly this has another digest.
    pub fn digest(&self) -> Digest {
        Digest::new(super::id::seal_of(self))
    }
}

impl Digest {
    /// The first characters, as people type it.
    pub fn short(&self) -> &str {
        self.as_str().get(..12).unwrap_or(self.as_str())
    }
}
