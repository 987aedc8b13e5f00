//! The queue's verbs as commands: one for each incident that they are done to, made of the dialog's fields.

use super::{Dialog, intent::names};
use crate::console::Target;
use crate::domain::{Command, Fingerprint, IncidentId, Matcher, SilenceId};
use jiff::{SignedDuration, Timestamp};

/// A verb of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueVerb {
    /// The impact is over.
    Mitigate,
    /// Take that back.
    Unmitigate,
    /// Put off.
    Snooze,
    /// Take back into the queue.
    Unsnooze,
    /// "It is mine."
    Claim,
    /// Take that back.
    Unclaim,
    /// Hand over to another person.
    Give,
    /// Make part of another incident.
    Merge,
    /// Make an incident of an alert.
    Split,
    /// Tell nobody of what has these labels.
    Silence,
    /// Let a silence end at another time.
    Extend(SilenceId),
    /// End a silence.
    Unsilence(SilenceId),
}

impl QueueVerb {
    /// The verb for a title.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mitigate => "mitigate",
            Self::Unmitigate => "take back the mitigation of",
            Self::Snooze => "snooze",
            Self::Unsnooze => "take back the snooze of",
            Self::Claim => "claim",
            Self::Unclaim => "give up",
            Self::Give => "hand over",
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Silence => "silence",
            Self::Extend(_) => "extend silence",
            Self::Unsilence(_) => "end silence",
        }
    }

    /// The commands that the dialog's fields make, each with what it is about.
    pub fn commands(self, on: &[IncidentId], dialog: &Dialog, now: Timestamp) -> Result<Vec<(Option<Target>, Command)>, String> {
        let text = |name: &str| dialog.value(name).unwrap_or_default().trim().to_owned();
        let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let until = || ends(&text(names::UNTIL), now);
        match self {
            Self::Silence => {
                let matchers = matchers(&text(names::MATCHERS))?;
                return Ok(vec![(None, Command::Silence { matchers, until: until()?, reason: text(names::REASON) })]);
            }
            Self::Extend(silence) => return Ok(vec![(None, Command::ExtendSilence { silence, until: until()? })]),
            Self::Unsilence(silence) => return Ok(vec![(None, Command::Unsilence { silence })]),
            _ => {}
        }
        let one = |incident: IncidentId| {
            Ok::<_, String>(match self {
                Self::Mitigate => Command::Mitigate { incident, note: some(names::NOTE) },
                Self::Unmitigate => Command::Unmitigate { incident },
                Self::Snooze => Command::Snooze { incident, until: until()?, reason: some(names::REASON) },
                Self::Unsnooze => Command::Unsnooze { incident },
                Self::Claim => Command::Claim { incident },
                Self::Unclaim => Command::Unclaim { incident },
                Self::Give => Command::HandOver { incident, to: text(names::TO), note: some(names::NOTE) },
                Self::Merge => Command::Merge { incident, into: into(&text(names::INTO))? },
                _ => Command::Split { incident, alerts: vec![alert(&text(names::ALERT))?] },
            })
        };
        // What all the others become part of is not merged into itself.
        let kept = if self == Self::Merge { Some(into(&text(names::INTO))?) } else { None };
        let on = on.iter().filter(|id| Some(**id) != kept);
        on.map(|id| Ok((Some(Target::Incident(*id)), one(*id)?))).collect()
    }
}

/// The end that a duration means.
pub(super) fn ends(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let span: SignedDuration = text.parse().map_err(|_| format!("`{text}` is not a duration such as 1h or 30m"))?;
    if !span.is_positive() {
        return Err("it must end later than now".into());
    }
    now.checked_add(span).map_err(|_| format!("`{text}` is too long"))
}

/// The incident that a choice such as `10  site is down` begins with.
fn into(text: &str) -> Result<IncidentId, String> {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.parse().map_err(|_| format!("`{word}` is not an incident's number"))
}

/// The alert that a choice begins with.
fn alert(text: &str) -> Result<Fingerprint, String> {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.parse().map_err(|_| format!("`{word}` is not an alert"))
}

/// Matchers with blanks between them.
fn matchers(text: &str) -> Result<Vec<Matcher>, String> {
    let read =
        |word: &String| word.parse().map_err(|_| format!("`{word}` is not a matcher such as flow=nightly-orders or service=~\"shop.*\""));
    words(text).iter().map(read).collect()
}

/// The words between blanks; a blank within quotes belongs to its word.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quoted, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                words.push(std::mem::take(&mut word));
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::matchers;

    #[test]
    fn matchers_are_parted_at_blanks_outside_of_quotes() {
        let read = matchers("service=\"the shop\"  flow=~\"night.*\" team!=ops").unwrap();
        let read: Vec<_> = read.iter().map(ToString::to_string).collect();
        assert_eq!(read, ["service=\"the shop\"", "flow=~\"night.*\"", "team!=\"ops\""]);
        assert!(matchers("service").is_err());
        assert_eq!(matchers("  ").unwrap().len(), 0);
    }
}
