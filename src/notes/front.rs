//! The head of a note's file: TOML between two lines of `---`, so that the file says what it is about without dogwatch.

pub use crate::domain::note::State;

use crate::domain::note::NoteKind;
use crate::domain::{FlowId, IncidentId, ProbeId, Subject};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The head of a note's file. Keys that it does not know stay in the file: the head is written once and never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    /// The file's id, the beginning of its name.
    pub id: String,
    /// What it is.
    pub kind: NoteKind,
    /// The incident that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The flow that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// The probe that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeId>,
    /// One line.
    pub title: String,
    /// When it was made.
    pub created: Timestamp,
    /// Who wrote it.
    #[serde(default)]
    pub authors: Vec<String>,
    /// How far it is.
    #[serde(default)]
    pub state: State,
}

impl Front {
    /// The head of a new note.
    pub fn new(kind: NoteKind, subject: &Subject, title: &str, created: Timestamp, author: &str) -> Self {
        let mut front = Self {
            id: super::naming::id(kind, subject, created),
            kind,
            incident: None,
            flow: None,
            probe: None,
            title: super::telling::one_line(title),
            created,
            authors: vec![author.to_owned()],
            state: State::Draft,
        };
        match subject {
            Subject::Incident(incident) => front.incident = Some(*incident),
            Subject::Flow(flow) => front.flow = Some(flow.clone()),
            Subject::Probe(probe) => front.probe = Some(probe.clone()),
            Subject::Workspace => {}
        }
        front
    }

    /// What the note is about.
    pub fn subject(&self) -> Subject {
        match (self.incident, &self.flow, &self.probe) {
            (Some(incident), _, _) => Subject::Incident(incident),
            (_, Some(flow), _) => Subject::Flow(flow.clone()),
            (_, _, Some(probe)) => Subject::Probe(probe.clone()),
            _ => Subject::Workspace,
        }
    }

    /// The head as it stands in the file, with both lines of `---`.
    pub fn render(&self) -> String {
        // Plain data with text keys always has a TOML form; an empty head would only hide what the note is about.
        format!("---\n{}---\n", toml::to_string(self).unwrap_or_default())
    }
}

/// The head of a file's text and where the text below it begins, in bytes. `None` where there is none or it is wrong.
pub fn parse(text: &str) -> Option<(Front, usize)> {
    let whole = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rest = whole.strip_prefix("---").and_then(|rest| rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')))?;
    let head = text.len() - rest.len();
    let mut at = head;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((toml::from_str(text.get(head..at)?).ok()?, at + line.len()));
        }
        at += line.len();
    }
    None
}

/// The text with another state in its head and nothing else changed; `None` where it has no head with one.
pub fn with_state(text: &str, state: State) -> Option<String> {
    let (_, body) = parse(text)?;
    let (head, rest) = text.split_at_checked(body)?;
    let mut found = false;
    let mut changed = String::with_capacity(text.len() + 8);
    for line in head.split_inclusive('\n') {
        let is_state = line.split_once('=').is_some_and(|(key, _)| key.trim() == "state");
        if is_state && !found {
            found = true;
            let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
            for part in ["state = \"", state.word(), "\"", end] {
                changed.push_str(part);
            }
        } else {
            changed.push_str(line);
        }
    }
    found.then(|| changed + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front() -> Front {
        let created = "2026-11-21T02:41:00Z".parse().unwrap();
        Front::new(NoteKind::PostMortem, &Subject::Incident(IncidentId(41)), "Checkout\nis \"down\"", created, "ana")
    }

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let text = format!("{}\nbody", front().render());
        let (read, body) = parse(&text).unwrap();
        assert_eq!(read, front());
        assert_eq!(&text[body..], "\nbody");
        assert!(text.contains("kind = \"post_mortem\"") && text.contains("state = \"draft\""), "{text}");
        assert_eq!(read.subject(), Subject::Incident(IncidentId(41)));
    }

    #[test]
    fn windows_line_ends_and_a_byte_order_mark_are_read() {
        let text = format!("\u{feff}{}x", front().render().replace('\n', "\r\n"));
        let (read, body) = parse(&text).unwrap();
        assert_eq!((read.id.as_str(), &text[body..]), ("postmortem-41", "x"));
    }

    #[test]
    fn a_state_is_changed_and_nothing_else() {
        let text = format!("{}own = 1\n---\nstate = \"draft\" stays\n", front().render().trim_end_matches("---\n"));
        let changed = with_state(&text, State::InReview).unwrap();
        assert_eq!(changed, text.replacen("state = \"draft\"", "state = \"in review\"", 1));
        assert_eq!(parse(&changed).unwrap().0.state, State::InReview);
        assert_eq!(with_state("# no head\n", State::Draft), None);
    }

    #[test]
    fn what_is_no_head_is_text() {
        for text in ["", "---", "---\n", "--- \nid", "---\nid = 3\n---\n", "# a\n---\n", "---\nid = \"a\"\n"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
