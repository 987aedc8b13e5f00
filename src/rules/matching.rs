//! Whether labels match the matchers of a silence at a neighbour, as Alertmanager means it: an absent label has the empty
//! value, an expression is for the whole. It may be as large as Alertmanager takes it; those of dogwatch's own silences,
//! which are asked at every fact, are bounded where they are read (`domain::matcher`).

use crate::domain::sent::LabelMatcher;
use crate::domain::{Labels, counted};
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

/// How far back a preview looks (RULES: snooze, silence).
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Alerts that a preview names; more are counted.
const NAMED: usize = 8;

/// Matchers, ready to be asked.
pub(super) struct Matchers<'m>(Vec<(&'m LabelMatcher, Option<Regex>)>);

impl<'m> Matchers<'m> {
    /// Makes the expressions ready, or says which is none.
    pub(super) fn new(matchers: &'m [LabelMatcher]) -> Result<Self, String> {
        let ready = |matcher: &'m LabelMatcher| {
            let regex = matcher.is_regex.then(|| Regex::new(&format!("^(?:{})$", matcher.value))).transpose();
            regex.map(|regex| (matcher, regex)).map_err(|_| format!("{matcher}: this is no regular expression"))
        };
        matchers.iter().map(ready).collect::<Result<_, _>>().map(Self)
    }

    /// Whether these labels match all of them.
    pub(super) fn hold(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(matcher, regex)| {
            let value = labels.get(&matcher.name).map_or("", String::as_str);
            let is_equal = regex.as_ref().map_or(value == matcher.value, |regex| regex.is_match(value));
            is_equal == matcher.is_equal
        })
    }
}

/// What a silence hides now, and what it would have hidden in the last seven days as far as dogwatch remembers.
pub(super) fn preview(world: &World, source: &crate::domain::SourceId, matchers: &[LabelMatcher], now: Timestamp) -> Vec<String> {
    let Ok(matchers) = Matchers::new(matchers) else { return Vec::new() };
    let firing = world.alerts.values().filter(|alert| alert.source == *source && matchers.hold(&alert.notice.labels));
    let firing: Vec<_> = firing.map(|alert| format!("hides now ({}): {}", alert.notice.severity, alert.notice.summary)).collect();
    let mut lines = match firing.len() {
        0 => vec!["hides nothing that fires now".to_owned()],
        many if many > NAMED => {
            let mut lines: Vec<_> = firing.into_iter().take(NAMED).collect();
            lines.push(format!("hides {} more that fire now", many - NAMED));
            lines
        }
        _ => firing,
    };
    let since = now.checked_sub(LOOK_BACK).unwrap_or(now);
    let past = world.incidents.values().flat_map(|incident| incident.alerts.values());
    let past = past.filter(|alert| alert.source == *source && alert.since >= since && matchers.hold(&alert.notice.labels)).count();
    let past = counted(past, "alert");
    lines.push(format!("would have hidden {past} of the last 7 days, of those that dogwatch still has at hand"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_match_as_alertmanager_means_it() {
        let labels: Labels = [("service".to_owned(), "shop".to_owned()), ("host".to_owned(), "web1".to_owned())].into();
        for (text, wanted) in [
            ("service=shop", true),
            ("service=sho", false),
            ("service!=shop", false),
            ("host=~web.", true),
            ("host=~web", false),
            ("host!~db.*", true),
            ("team=", true),
            ("team!=", false),
        ] {
            let matcher = [LabelMatcher::parse(text).unwrap()];
            assert_eq!(Matchers::new(&matcher).unwrap().hold(&labels), wanted, "{text}");
        }
        assert!(Matchers::new(&[LabelMatcher::parse("a=~(").unwrap()]).is_err());
    }
}
