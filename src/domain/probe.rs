//! What a probe is, what one look found, and how the target does.

use super::{Labels, ProbeId, RunbookId, Severity, span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A probe as its file defines it; a neighbour's probe has the same shape with the target `Outside`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeDefinition {
    /// The probe's name.
    pub id: ProbeId,
    /// Where it was defined, relative to the workspace, for messages.
    #[serde(default)]
    pub file: String,
    /// What is looked at.
    pub target: Target,
    /// The rhythm. Default 60 s.
    #[serde(with = "span")]
    pub every: Duration,
    /// A look that takes longer has failed. Default 10 s, never longer than `every`.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// What a good answer is.
    #[serde(default)]
    pub expect: Expectation,
    /// Bad results in a row until it is down. Default 3.
    pub down_after: u32,
    /// Good results in a row until it is up again. Default 2.
    pub up_after: u32,
    /// How bad it is when it is down.
    pub severity: Severity,
    /// The runbook that its file names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<RunbookId>,
    /// Labels that its alerts carry beside their own.
    #[serde(default)]
    pub labels: Labels,
    /// Whether a connection may be used again; default no, so that DNS, connect and TLS are part of the answer.
    #[serde(default)]
    pub keep_alive: bool,
    /// How much of the time its target is meant to be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
}

impl ProbeDefinition {
    /// A probe of this name and target, with the defaults of RULES.
    pub fn new(id: &str, target: Target) -> Self {
        Self {
            id: ProbeId::new(id),
            file: String::new(),
            target,
            every: Duration::from_mins(1),
            timeout: Duration::from_secs(10),
            expect: Expectation::default(),
            down_after: 3,
            up_after: 2,
            severity: Severity::High,
            runbook: None,
            labels: Labels::new(),
            keep_alive: false,
            objective: None,
        }
    }
}

/// How much of the time a target is meant to be there, over a window that moves along: `99.9% over 30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// The share of good looks, in millionths: 999,000 is 99.9 %.
    pub millionths: u32,
    /// The window.
    #[serde(with = "span")]
    pub window: Duration,
}

impl Objective {
    /// The share of looks that may be bad.
    pub fn allowed(&self) -> f64 {
        1.0 - f64::from(self.millionths) / 1_000_000.0
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = format!("{}.{:04}", self.millionths / 10_000, self.millionths % 10_000);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        let hours = self.window.as_secs() / 3_600;
        let window = if hours.is_multiple_of(24) { format!("{}d", hours / 24) } else { format!("{hours}h") };
        write!(f, "{percent}% over {window}")
    }
}

impl FromStr for Objective {
    type Err = String;

    /// Reads `99.9% over 30d`: 50 % to below 100 %, over whole hours from 1 h to 400 days, as long as hours are kept.
    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || format!("`{text}` is no objective, such as `99.9% over 30d`");
        let (share, window) = text.split_once(" over ").ok_or_else(shape)?;
        let share = share.trim().strip_suffix('%').ok_or_else(shape)?.trim();
        let (whole, part) = share.split_once('.').unwrap_or((share, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.is_empty() || whole.len() > 3 || part.len() > 4 {
            return Err(shape());
        }
        let millionths: u32 = format!("{whole}{part:0<4}").parse().map_err(|_| shape())?;
        if !(500_000..1_000_000).contains(&millionths) {
            return Err(format!("`{share}%` is no objective: it is at least 50% and less than 100%"));
        }
        let (count, unit) = window.trim().split_at(window.trim().len().saturating_sub(1));
        let hours = match (count.parse::<u64>(), unit) {
            (Ok(hours), "h") => hours,
            (Ok(days), "d") => days.saturating_mul(24),
            (Ok(weeks), "w") => weeks.saturating_mul(168),
            _ => return Err(format!("`{}` is no window: it is whole hours, days or weeks, such as `30d`", window.trim())),
        };
        if !(1..=400 * 24).contains(&hours) {
            return Err("the window of an objective is from 1h to 400d".into());
        }
        Ok(Self { millionths, window: Duration::from_secs(hours * 3_600) })
    }
}

/// How pressing it is that an error budget is burnt; what is worse is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Worth a ticket: within days.
    Ticket,
    /// Worth a page: within hours.
    Page,
    /// The target is down: all of the time counts.
    Down,
}

/// How fast a probe burns its error budget, at the moment at which that was news.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Burning {
    /// How pressing it is.
    pub pace: Pace,
    /// The longer of the two windows over which it was measured; zero while the target is down.
    #[serde(with = "span")]
    pub over: Duration,
    /// How many times as fast as the objective allows: 1 uses the budget up in exactly the objective's window.
    pub rate: f64,
    /// When the budget is used up at this rate; absent where that is beyond the objective's window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<Timestamp>,
}

/// What a probe looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An HTTP or HTTPS address.
    Http {
        /// The address.
        url: String,
        /// The method. Default GET.
        method: String,
        /// Request headers; never credentials in clear, which are refused where they are read.
        #[serde(default)]
        headers: Labels,
        /// The body to send.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// A file of PEM certificates to trust beside the host's store.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca_file: Option<String>,
    },
    /// A TCP port that must accept a connection: `host:port`.
    Tcp {
        /// The address.
        address: String,
    },
    /// A neighbour's probe, told by that neighbour.
    Outside {
        /// What the neighbour says it looks at.
        description: String,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { url, method, .. } if method == "GET" => f.write_str(url),
            Self::Http { url, method, .. } => write!(f, "{method} {url}"),
            Self::Tcp { address } => write!(f, "tcp {address}"),
            Self::Outside { description } => f.write_str(description),
        }
    }
}

/// What a good answer is; everything that is absent is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// HTTP status codes; empty means 200 to 299.
    #[serde(default)]
    pub status: Vec<u16>,
    /// The body holds this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// The body matches this regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_matches: Option<String>,
    /// A slower answer is degraded.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "span::option")]
    pub below: Option<Duration>,
    /// A certificate that ends in fewer days is degraded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_days: Option<u32>,
}

/// What one look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As expected.
    Ok,
    /// It answers, but slower than asked or with a certificate that ends soon.
    Degraded,
    /// The target failed.
    Failed,
    /// The probe itself could not run; never counted as the target's failure.
    Error,
    /// It was not looked at.
    Skipped,
}

impl Verdict {
    /// The word for a row and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }
}

/// One reading, small enough to keep all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When the look began.
    pub at: Timestamp,
    /// What it found.
    pub verdict: Verdict,
    /// How long the answer took, in microseconds; for a failure, until it failed.
    pub latency_us: u32,
}

/// Looks of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourOfLooks {
    /// Its beginning, a full hour of UTC.
    pub at: Timestamp,
    /// Answers, as expected or degraded: the target was there.
    pub good: u32,
    /// Looks in which the target failed.
    pub bad: u32,
    /// Looks in which the probe itself could not run, and times at which it did not look.
    pub unknown: u32,
}

/// What is remembered of a probe, up to the moment at which it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooksRecalled {
    /// The probe.
    pub probe: ProbeId,
    /// Hours before the single looks, the oldest first.
    pub hours: Vec<HourOfLooks>,
    /// Single looks, the oldest first.
    pub samples: Vec<Sample>,
}

/// One look with its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// The reading.
    pub sample: Sample,
    /// Why it is not ok, in words: `connection refused`, `status 503, expected 200`.
    pub reason: String,
    /// When the certificate that was shown ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_ends: Option<Timestamp>,
}

/// How the target does, after thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing is known yet.
    Unknown,
    /// As expected.
    Up,
    /// Up, and `bad` of `of` bad results towards down.
    Soft {
        /// Bad results in a row.
        bad: u32,
        /// How many make it down.
        of: u32,
    },
    /// Answers, but not well enough.
    Degraded,
    /// Down; `good` of `of` good results towards up.
    Down {
        /// Good results in a row.
        good: u32,
        /// How many make it up.
        of: u32,
    },
}

impl Health {
    /// The word for a row and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Soft { .. } => "soft",
            Self::Degraded => "degraded",
            Self::Down { .. } => "down",
        }
    }

    /// Whether it is down, also while it recovers.
    pub fn is_down(self) -> bool {
        matches!(self, Self::Down { .. })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Soft { bad, of } => write!(f, "soft {bad} of {of}"),
            Self::Down { good, of } if *good > 0 => write!(f, "down, {good} of {of} good"),
            other => f.pad(other.word()),
        }
    }
}
