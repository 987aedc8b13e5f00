//! From Alertmanager's words into dogwatch's.

use super::answer::{Alert, Matcher, Rows, Silence};
use crate::domain::sent::{ALERT_TEXT_MAX, LabelMatcher};
use crate::domain::{Fingerprint, Labels, OutsideAlert, OutsideSilence, Severity};
use crate::rules;

/// Annotations that hold the one line, the best first.
const SUMMARIES: [&str; 4] = ["summary", "message", "title", "description"];
/// States of an alert that this version knows.
const STATES: [&str; 3] = ["active", "suppressed", "unprocessed"];

/// All alerts of an answer; those that cannot be taken are counted.
pub fn alerts(read: Rows<Alert>) -> Rows<OutsideAlert> {
    let mut taken = Rows { rows: Vec::with_capacity(read.rows.len()), left_out: read.left_out, words: read.words };
    let mut odd: Option<String> = None;
    for alert in read.rows {
        let unknown = alert.status.as_ref().and_then(|status| status.state.as_deref()).filter(|state| !STATES.contains(state));
        if let Some(state) = unknown {
            let state: String = state.chars().take(32).collect();
            odd.get_or_insert_with(|| format!("the state `{state}` is not known here"));
        }
        match one(alert) {
            Ok(alert) => taken.rows.push(alert),
            Err(words) => taken.leave_out(words),
        }
    }
    taken.words = odd.into_iter().chain(taken.words).reduce(|one, other| format!("{one}; {other}"));
    taken
}

fn one(alert: Alert) -> Result<OutsideAlert, String> {
    // A label without a value is no label there.
    let labels: Labels = alert.labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    rules::check_labels(&labels)?;
    let fingerprint = Fingerprint::of(&labels);
    let status = alert.status.unwrap_or_default();
    let mut annotations = alert.annotations.unwrap_or_default();
    let summary = SUMMARIES.iter().find_map(|name| annotations.remove(*name)?.filter(|text| !text.trim().is_empty()));
    let muted = [&status.inhibited_by, &status.muted_by];
    Ok(OutsideAlert {
        fingerprint,
        severity: severity(labels.get("severity").map_or("", String::as_str)),
        summary: summary.map_or_else(|| named(&labels), |text| one_line(&text)),
        link: alert.generator_url.filter(|link| link.len() <= ALERT_TEXT_MAX && link.starts_with("http")),
        silenced_by: status.silenced_by.unwrap_or_default(),
        is_muted: muted.into_iter().flatten().any(|list| !list.is_empty()),
        labels,
    })
}

/// Alertmanager knows no severities; these are the words that its users have agreed on. Another word is worth a look today.
pub fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "critical" | "page" | "emergency" | "fatal" | "p1" | "sev1" => Severity::Critical,
        "high" | "error" | "major" | "p2" | "sev2" => Severity::High,
        "info" | "information" | "informational" | "none" | "debug" | "p4" | "sev4" => Severity::Info,
        _ => Severity::Warning,
    }
}

/// What an alert without words is called.
fn named(labels: &Labels) -> String {
    let name = labels.get("alertname").map_or("alert", String::as_str);
    let object = ["instance", "service", "job"].into_iter().find_map(|label| labels.get(label));
    one_line(&object.map_or_else(|| name.to_owned(), |object| format!("{name}: {object}")))
}

/// One line of a bounded length.
pub fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > ALERT_TEXT_MAX {
        let end = (0..=ALERT_TEXT_MAX - 3).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
        line.truncate(end);
        line.push('…');
    }
    line
}

/// All silences of an answer.
pub fn silences(read: Rows<Silence>) -> Rows<OutsideSilence> {
    let mut taken = Rows { rows: Vec::with_capacity(read.rows.len()), left_out: read.left_out, words: read.words };
    for silence in read.rows {
        let time = |text: Option<&String>| text.and_then(|text| text.parse().ok());
        let (Some(starts), Some(ends)) = (time(silence.starts_at.as_ref()), time(silence.ends_at.as_ref())) else {
            taken.leave_out("a silence without its times");
            continue;
        };
        let is_over = silence.is_over();
        let matchers = silence.matchers.unwrap_or_default().into_iter().map(matcher).collect();
        let (by, comment) = (one_line(&silence.created_by.unwrap_or_default()), one_line(&silence.comment.unwrap_or_default()));
        taken.rows.push(OutsideSilence { id: silence.id, matchers, starts, ends, by, comment, is_over });
    }
    taken
}

fn matcher(read: Matcher) -> LabelMatcher {
    LabelMatcher { name: read.name, value: read.value, is_regex: read.is_regex, is_equal: read.is_equal }
}

/// A matcher as Alertmanager takes it; `isEqual` is always said.
pub fn matcher_there(matcher: &LabelMatcher) -> Matcher {
    let LabelMatcher { name, value, is_regex, is_equal } = matcher.clone();
    Matcher { name, value, is_regex, is_equal }
}
