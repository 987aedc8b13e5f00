//! Alerts from outside and silences at a neighbour: what scripts, the intake and Alertmanager say and are asked.

use super::channel::SecretRef;
use super::{Fingerprint, IncidentId, Labels, Severity, SourceId, span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// Bytes that the value of a label may have.
pub const LABEL_VALUE_MAX: usize = 1_024;
/// Bytes that the name of a label may have.
pub const LABEL_NAME_MAX: usize = 128;
/// Labels that an alert may have.
pub const LABELS_MAX: usize = 64;
/// Bytes that summary and link may have, each.
pub const ALERT_TEXT_MAX: usize = 2_048;
/// Alerts that fire at the same time, of all sources together; what is sent in beyond them is dropped and counted.
pub const ALERTS_MAX: usize = 50_000;
/// Silences at one neighbour that dogwatch keeps and lists at the same time.
pub const SILENCES_MAX: usize = 500;

/// An alert that a script or a neighbour sends in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentAlert {
    /// Its identity, `alertname` included: alerts with equal labels are one alert.
    pub labels: Labels,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub summary: String,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// It ends by itself when it was not sent again for this long.
    #[serde(default, with = "span::option", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// The configured neighbour that it comes from; absent for dogwatch's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
}

/// How often an alert that fires was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// The alert.
    pub alert: Fingerprint,
    /// How often.
    pub count: u32,
}

/// How alerts come in over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeDefinition {
    /// Address and port, on the loopback.
    pub listen: String,
    /// Where the token is that senders must show.
    pub token: SecretRef,
}

impl IntakeDefinition {
    /// Variables of the daemon's environment that hold its secrets.
    pub fn secret_variables(&self) -> BTreeSet<String> {
        variable(&self.token)
    }
}

fn variable(secret: &SecretRef) -> BTreeSet<String> {
    if let SecretRef::Env(name) = secret { BTreeSet::from([name.clone()]) } else { BTreeSet::new() }
}

/// What the intake did not take, since it last said so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeCounts {
    /// Requests without the right token.
    pub unauthorized: u64,
    /// Requests that are no alerts: garbage, too long, too late.
    pub malformed: u64,
    /// Alerts that were refused or came while too many were under way.
    pub dropped: u64,
}

impl IntakeCounts {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            unauthorized: self.unauthorized.saturating_add(other.unauthorized),
            malformed: self.malformed.saturating_add(other.malformed),
            dropped: self.dropped.saturating_add(other.dropped),
        }
    }
}

/// A neighbour as `dogwatch.toml` defines it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDefinition {
    /// Its name: the environment that its alerts come from.
    pub id: SourceId,
    /// What it is.
    pub kind: SourceKind,
    /// Where it answers, without credentials.
    pub url: String,
    /// Who dogwatch is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// PEM certificates to trust beside the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// How often it is read. Default 15 s.
    #[serde(with = "span")]
    pub every: Duration,
    /// How long one call may take. Default 10 s.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// How long the silence of an acknowledgement is made at a time. Default 15 min.
    #[serde(with = "span")]
    pub silence_for: Duration,
}

impl SourceDefinition {
    /// Variables of the daemon's environment that hold its secrets.
    pub fn secret_variables(&self) -> BTreeSet<String> {
        match &self.credentials {
            Some(Credentials::Basic { password: secret, .. } | Credentials::Bearer(secret)) => variable(secret),
            None => BTreeSet::new(),
        }
    }

    /// Scheme, host and port of its address.
    pub fn origin(&self) -> String {
        super::channel::origin(&self.url)
    }
}

/// Kinds of neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Prometheus' Alertmanager, API v2.
    Alertmanager,
}

impl SourceKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
        }
    }
}

/// Who dogwatch is at a neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// A user with a password.
    Basic {
        /// The user.
        username: String,
        /// Where the password is.
        password: SecretRef,
    },
    /// Where a bearer token is.
    Bearer(SecretRef),
}

/// An alert as a neighbour shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideAlert {
    /// Its identity there.
    pub fingerprint: Fingerprint,
    /// Its labels there.
    pub labels: Labels,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub summary: String,
    /// Where to look at it.
    pub link: Option<String>,
    /// Ids of the silences that hide it there.
    pub silenced_by: Vec<String>,
    /// Whether something else hides it there: another alert, or a time of day.
    pub is_muted: bool,
}

/// Which labels a silence at a neighbour is for, in the neighbour's own form: an object with two flags. What dogwatch's own
/// silences and maintenance windows fit is a [`Matcher`](super::Matcher), which is stored as a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LabelMatcher {
    /// The label.
    pub name: String,
    /// The value, or the regular expression for the whole value.
    pub value: String,
    /// Whether it is a regular expression.
    pub is_regex: bool,
    /// Whether the value must match, or must not.
    pub is_equal: bool,
}

impl LabelMatcher {
    /// The matcher of exactly this value.
    pub fn exact(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), is_regex: false, is_equal: true }
    }

    /// Reads `a=b`, `a!=b`, `a=~b` or `a!~b`; quotes around the value are taken off.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no matcher such as service=shop, team!=web, host=~web.* or host!~db.*");
        let at = text.find(['=', '!']).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(at);
        let signs = [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
        let (value, is_regex, is_equal) =
            signs.into_iter().find_map(|(sign, regex, equal)| Some((rest.strip_prefix(sign)?, regex, equal))).ok_or_else(wrong)?;
        let name = name.trim();
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
        if name.is_empty() || name.len() > LABEL_NAME_MAX || value.len() > LABEL_VALUE_MAX {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned(), is_regex, is_equal })
    }
}

impl fmt::Display for LabelMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.is_equal, self.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        };
        write!(f, "{}{sign}{:?}", self.name, self.value)
    }
}

/// A silence as a neighbour shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideSilence {
    /// Its id there.
    pub id: String,
    /// Which labels it is for.
    pub matchers: Vec<LabelMatcher>,
    /// From when on.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// Who made it, as the neighbour says.
    pub by: String,
    /// Why.
    pub comment: String,
    /// Whether it is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_over: bool,
}

/// A silence that dogwatch makes at a neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceOrder {
    /// A mark within the comment, by which it is found again where an answer was lost.
    pub marker: String,
    /// The acknowledged alert that it is for; absent where a person asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Fingerprint>,
    /// The incident whose acknowledgement it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Which labels it is for.
    pub matchers: Vec<LabelMatcher>,
    /// Until when.
    pub ends: Timestamp,
    /// Who it is made for.
    pub by: String,
    /// Why, with the marker.
    pub comment: String,
    /// Its id there, where it was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What was seen at a neighbour beside its alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNote {
    /// Alerts that something else than dogwatch hides there, and that are left alone.
    pub hidden: u32,
    /// Alerts that could not be taken.
    pub left_out: u32,
    /// Why, of the first of them, and what was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// Something to be done at a neighbour.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceOrder {
    /// The neighbour.
    pub source: SourceId,
    /// The silence.
    pub silence: SilenceOrder,
    /// What.
    pub task: SourceTask,
}

/// What is done with a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceTask {
    /// Make it, or make it last longer.
    Stand,
    /// End it.
    End,
}

/// Why a neighbour did not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFault {
    /// In words, without any secret.
    pub words: String,
    /// It will not do it later either.
    pub refused: bool,
    /// It does not know the silence, or knows it as ended.
    pub gone: bool,
    /// The wait that it asked for.
    pub retry_after: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_is_read_as_it_is_written() {
        for text in ["service=\"shop\"", "team!=\"web\"", "host=~\"web.*\"", "host!~\"db.*\"", "a=\"b=c\"", "a=\"\""] {
            assert_eq!(LabelMatcher::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(LabelMatcher::parse("service=shop").unwrap(), LabelMatcher::exact("service", "shop"));
        for wrong in ["service", "=shop", "!shop", "a!b"] {
            assert!(LabelMatcher::parse(wrong).is_err(), "{wrong}");
        }
    }
}
