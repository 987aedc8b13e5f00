//! What lies over an incident without being its state: silences, maintenance windows, the life of an acknowledgement.

use super::matcher::{Matcher, all_match};
use super::{InvalidId, Labels, span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A silence's number, counted from 1 within a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SilenceId(pub u32);

impl fmt::Display for SilenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for SilenceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self).map_err(|_| InvalidId { text: text.to_owned(), wanted: "a silence's number such as 3" })
    }
}

/// How long an acknowledgement lives without a sign of life by its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckLife {
    /// It ends after this. Default 30 minutes (RULES: ack). Zero: never.
    #[serde(with = "span")]
    pub expires: Duration,
    /// So long before that the person is asked. Default 5 minutes.
    #[serde(with = "span")]
    pub ask: Duration,
}

impl Default for AckLife {
    fn default() -> Self {
        Self { expires: Duration::from_mins(30), ask: Duration::from_mins(5) }
    }
}

/// A stretch of time in which trouble is expected, as the workspace defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    /// Its name.
    pub name: String,
    /// All of these fit the labels; empty where flows or probes are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matchers: Vec<Matcher>,
    /// Flows, with `*` for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<String>,
    /// Probes, with `*` for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<String>,
    /// When.
    pub when: MaintenanceTime,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// When a window is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceTime {
    /// Once.
    Once {
        /// Its start.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// Whenever a schedule fires.
    Recurring {
        /// Cron lines.
        schedules: Vec<String>,
        /// How long each time.
        #[serde(with = "span")]
        lasts: Duration,
        /// The zone of the schedules.
        zone: String,
    },
}

impl MaintenanceWindow {
    /// Whether it covers what these labels describe: its matchers fit, or it names the flow or the probe.
    pub fn covers(&self, labels: &Labels) -> bool {
        let named =
            |label: &str, patterns: &[String]| labels.get(label).is_some_and(|value| patterns.iter().any(|pattern| fits(pattern, value)));
        !self.matchers.is_empty() && all_match(&self.matchers, labels) || named("flow", &self.flows) || named("probe", &self.probes)
    }

    /// What it covers, in words.
    pub fn scope(&self) -> String {
        let matchers: Vec<String> = self.matchers.iter().map(ToString::to_string).collect();
        let matchers = (!matchers.is_empty()).then(|| matchers.join(" "));
        let named = |word: &str, names: &[String]| (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")));
        let parts = [matchers, named("flows", &self.flows), named("probes", &self.probes)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// Whether a name fits a pattern in which `*` stands for any text.
pub fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(place) => left = &left[place + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

/// What keeps an alert from being told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MutedBy {
    /// A silence.
    Silence(SilenceId),
    /// A maintenance window, by its name.
    Maintenance(String),
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, fit) in [
            ("nightly-orders", "nightly-orders", true),
            ("nightly-*", "nightly-orders", true),
            ("*-orders", "nightly-orders", true),
            ("n*-o*s", "nightly-orders", true),
            ("*", "", true),
            ("nightly", "nightly-orders", false),
            ("n*x*s", "nightly-orders", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
