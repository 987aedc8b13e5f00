//! Titles → file names: short ASCII that is beneath the notes folder whatever the title is, and unique by what it is about.

use crate::domain::Subject;
use crate::domain::note::NoteKind;
use jiff::Timestamp;
use std::path::{Component, Path, PathBuf};
use thiserror::Error;

/// The folder of notes within a workspace.
pub const FOLDER: &str = "notes";
/// The folder of handovers within it.
pub const HANDOVERS: &str = "notes/handovers";
/// The longest part of a file name that comes from a title, in bytes.
const TITLE_MAX: usize = 60;
/// The longest part of a file name that comes from a flow's or a probe's name, in bytes.
const SUBJECT_MAX: usize = 80;

/// A path that is not a note of this workspace.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{path}` is not a note: notes are plain names that end in .md, in the folder notes/")]
pub struct NotANote {
    /// What was given.
    pub path: String,
}

/// The part of a file name that comes from a text: lower-case ASCII letters, digits and single dashes, at most `max`
/// bytes, never at its ends a dash. Accented Latin letters lose their accent, composed or not; all else is a dash.
pub fn slug(text: &str, max: usize) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if ('\u{300}'..='\u{36f}').contains(&letter) {
            continue; // a combining accent: the decomposed form of a letter gives what the composed one gives
        }
        let plain = plain(letter);
        if plain.is_empty() {
            if !slug.ends_with('-') && !slug.is_empty() {
                slug.push('-');
            }
        } else {
            slug.push_str(plain.as_str());
        }
        if slug.len() >= max {
            break;
        }
    }
    slug.truncate(max);
    slug.trim_end_matches('-').to_owned()
}

/// A letter without its accent, in lower case; empty for what has no plain form.
fn plain(letter: char) -> String {
    let folded = match letter {
        'A'..='Z' | 'a'..='z' | '0'..='9' => return letter.to_ascii_lowercase().to_string(),
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' | 'Ǎ' | 'ǎ' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ď'..='đ' | 'Ð' | 'ð' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ĝ'..='ģ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĵ' | 'ĵ' => "j",
        'Ķ' | 'ķ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ň' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' | 'Ơ' | 'ơ' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' | 'Ș' | 'ș' => "s",
        'ß' => "ss",
        'Ţ'..='ŧ' | 'Ț' | 'ț' => "t",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' | 'Ư' | 'ư' => "u",
        'Ŵ' | 'ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ź'..='ž' => "z",
        _ => "",
    };
    folded.to_owned()
}

/// What a note's `id` is: `incident-41`, `postmortem-41`, `flow-nightly-orders`, `note-20261121-024100`. Two subjects
/// never have the same one: a name that its slug does not show in full carries a digest.
pub fn id(kind: NoteKind, subject: &Subject, created: Timestamp) -> String {
    let named = |what: &str, name: &str| {
        let short = slug(name, SUBJECT_MAX);
        if short == name {
            format!("{what}-{short}")
        } else {
            let digest = blake3::hash(name.as_bytes()).to_hex();
            let digest = digest.get(..8).unwrap_or_default();
            format!("{what}-{short}{}{digest}", if short.is_empty() { "" } else { "-" })
        }
    };
    match (kind, subject) {
        (NoteKind::PostMortem, Subject::Incident(incident)) => format!("postmortem-{incident}"),
        (NoteKind::Note, Subject::Incident(incident)) => format!("incident-{incident}"),
        (NoteKind::PostMortem, Subject::Flow(flow)) => named("postmortem-flow", flow.as_str()),
        (NoteKind::Note, Subject::Flow(flow)) => named("flow", flow.as_str()),
        (NoteKind::PostMortem, Subject::Probe(probe)) => named("postmortem-probe", probe.as_str()),
        (NoteKind::Note, Subject::Probe(probe)) => named("probe", probe.as_str()),
        (NoteKind::PostMortem, Subject::Workspace) => format!("postmortem-{}", created.strftime("%Y%m%d-%H%M%S")),
        (NoteKind::Note, Subject::Workspace) => format!("note-{}", created.strftime("%Y%m%d-%H%M%S")),
        (NoteKind::Handover, _) => format!("handover-{}", created.strftime("%Y%m%d-%H%M")),
    }
}

/// The folder of the note with this id, relative to the workspace.
pub fn folder(id: &str) -> &'static str {
    if id.starts_with("handover-") { HANDOVERS } else { FOLDER }
}

/// The file of a note, relative to the workspace: `notes/incident-41-checkout-is-down.md`,
/// `notes/handovers/handover-20261121-1900.md`.
pub fn path(id: &str, title: &str) -> String {
    let folder = folder(id);
    // The title of a handover says no more than its id.
    let title = if folder == HANDOVERS { "" } else { title };
    match slug(title, TITLE_MAX) {
        title if title.is_empty() => format!("{folder}/{id}.md"),
        title => format!("{folder}/{id}-{title}.md"),
    }
}

/// Whether a file name is that of the note with this id, whatever its title was when it was made.
pub fn is_of(file_name: &str, id: &str) -> bool {
    let rest = file_name.strip_suffix(".md").and_then(|stem| stem.strip_prefix(id));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The file of a recorded path beneath the workspace's folder. Only `notes/NAME.md` and `notes/handovers/NAME.md` with a
/// plain name are taken: a path may come from the journal or the command line, where anyone can have written it.
pub fn beneath(workspace: &Path, relative: &str) -> Result<PathBuf, NotANote> {
    let refuse = || NotANote { path: relative.to_owned() };
    let parts = Path::new(relative).components().map(|part| match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    });
    let parts = parts.collect::<Option<Vec<&str>>>().ok_or_else(refuse)?;
    let (name, folder) = parts.split_last().ok_or_else(refuse)?;
    let folder = folder.join("/");
    let plain = name
        .strip_suffix(".md")
        .is_some_and(|stem| (1..=252).contains(&stem.len()) && !stem.starts_with('.') && !stem.chars().any(char::is_control));
    if !matches!(folder.as_str(), FOLDER | HANDOVERS) || !plain {
        return Err(refuse());
    }
    Ok(workspace.join(folder).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::IncidentId;

    fn file_of(title: &str) -> String {
        path(&id(NoteKind::Note, &Subject::Incident(IncidentId(41)), Timestamp::UNIX_EPOCH), title)
    }

    #[test]
    fn a_title_becomes_a_readable_name() {
        assert_eq!(file_of("Checkout is down"), "notes/incident-41-checkout-is-down.md");
        assert_eq!(id(NoteKind::PostMortem, &Subject::Incident(IncidentId(41)), Timestamp::UNIX_EPOCH), "postmortem-41");
    }

    #[test]
    fn no_title_leaves_the_folder_or_hides() {
        for title in ["../../.ssh/authorized_keys", "CON", ".hidden", "a/b", "", "\0", "\u{202e}evil", "日本", &"x".repeat(300)] {
            let file = file_of(title);
            assert!(beneath(Path::new("/w"), &file).is_ok(), "{title:?} gave {file}");
            let name = file.strip_prefix("notes/").unwrap();
            assert!(name.starts_with("incident-41") && name.len() <= 100, "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)), "{name}");
        }
    }

    #[test]
    fn composed_and_decomposed_twins_are_one_file() {
        assert_eq!(file_of("caf\u{e9} \u{c5}ngstr\u{f6}m"), file_of("cafe\u{301} A\u{30a}ngstro\u{308}m"));
    }

    #[test]
    fn recorded_paths_are_taken_only_beneath_notes() {
        for path in ["../x.md", "/etc/passwd", "notes/../x.md", "notes/a/b.md", "notes/.x.md", "notes", "flows/x.md", "notes/x.toml", ""] {
            assert_eq!(beneath(Path::new("/w"), path), Err(NotANote { path: path.into() }));
        }
        assert_eq!(beneath(Path::new("/w"), "notes/x.md"), Ok(PathBuf::from("/w/notes/x.md")));
        assert_eq!(beneath(Path::new("/w"), "notes/handovers/x.md"), Ok(PathBuf::from("/w/notes/handovers/x.md")));
    }

    #[test]
    fn different_subjects_have_different_ids() {
        let of = |flow: &str| id(NoteKind::Note, &Subject::Flow(flow.into()), Timestamp::UNIX_EPOCH);
        assert_eq!(of("nightly-orders"), "flow-nightly-orders");
        let twins = ["warehouse:load", "warehouse-load", "warehouse/load", "Warehouse-load", "warehouse.load", ":"];
        let ids: std::collections::BTreeSet<_> = twins.iter().map(|name| of(name)).collect();
        assert_eq!(ids.len(), twins.len());
    }

    #[test]
    fn a_note_is_found_by_its_id_under_an_older_title() {
        assert!(is_of("incident-41-old-title.md", "incident-41") && is_of("incident-41.md", "incident-41"));
        assert!(!is_of("incident-410-other.md", "incident-41") && !is_of("incident-41-x.md~", "incident-41"));
    }
}
