//! Action items within post-mortems: `- [ ] what (owner: ana, due: 2026-12-01)`.

use crate::domain::IncidentId;
use jiff::civil::Date;
use serde::Serialize;

/// What somebody promised to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionItem {
    /// What.
    pub text: String,
    /// Who; absent where nobody is named.
    pub owner: Option<String>,
    /// Until when.
    pub due: Option<Date>,
    /// Whether it is ticked.
    pub done: bool,
    /// The incident that it came from.
    pub incident: Option<IncidentId>,
    /// The file, relative to the workspace.
    pub path: String,
    /// The line in it, from 1.
    pub line: usize,
}

impl ActionItem {
    /// Whether it should have been done before this day.
    pub fn is_overdue(&self, today: Date) -> bool {
        !self.done && self.due.is_some_and(|due| due < today)
    }

    /// Where it stands in a list: what is open before what is done, the earliest due first, then those without a day.
    pub fn urgency(&self) -> (bool, bool, Option<Date>, Option<IncidentId>, usize) {
        (self.done, self.due.is_none(), self.due, self.incident, self.line)
    }
}

/// What a `!todo` line of a timeline asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise<'a> {
    /// What.
    pub what: &'a str,
    /// Who, where the line says so.
    pub owner: Option<&'a str>,
    /// Until when, where the line says so.
    pub due: Option<Date>,
}

/// Reads `!todo [@owner] what`, with who and when also at its end: `(owner: ana, due: 2026-12-01)`, `@ana`, `due 2026-12-01`.
pub fn promise(line: &str) -> Option<Promise<'_>> {
    let rest = line.trim().strip_prefix("!todo").filter(|rest| rest.starts_with([' ', '\t', ':']))?;
    let rest = rest.trim_start_matches([' ', '\t', ':']);
    let mut promise = match rest.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
        Some((owner, what)) if !what.trim().is_empty() => Promise { what: what.trim(), owner: Some(owner), due: None },
        _ => Promise { what: rest, owner: None, due: None },
    };
    while promise.take_end() {}
    (!promise.what.is_empty()).then_some(promise)
}

/// A text without its end, and who and when that end says.
type End<'a> = (&'a str, Option<&'a str>, Option<Date>);

impl<'a> Promise<'a> {
    /// Takes who or when from the end of the text; `false` where neither stands there, or nothing would be left.
    fn take_end(&mut self) -> bool {
        let end = self.in_brackets().or_else(|| self.named()).or_else(|| self.dated());
        let Some((what, owner, due)) = end else { return false };
        let what = what.trim_end_matches([' ', '\t', ',']);
        if what.is_empty() {
            return false;
        }
        *self = Self { what, owner: self.owner.or(owner), due: self.due.or(due) };
        true
    }

    /// `(owner: ana, due: 2026-12-01)`, in either order or one of them; brackets that say anything else are text.
    fn in_brackets(&self) -> Option<End<'a>> {
        let (what, notes) = self.what.strip_suffix(')')?.rsplit_once('(')?;
        let (mut owner, mut due) = (None, None);
        for note in notes.split(',') {
            match note.split_once(':').map(|(name, value)| (name.trim(), value.trim()))? {
                ("owner", name) if !name.is_empty() => owner = Some(name.trim_start_matches('@')),
                ("due", day) => due = Some(day.parse().ok()?),
                _ => return None,
            }
        }
        Some((what, owner, due))
    }

    /// `@ana`
    fn named(&self) -> Option<End<'a>> {
        let (what, name) = self.what.rsplit_once(char::is_whitespace)?;
        let owner = name.strip_prefix('@').filter(|owner| !owner.is_empty())?;
        Some((what, Some(owner), None))
    }

    /// `due 2026-12-01`
    fn dated(&self) -> Option<End<'a>> {
        let (rest, day) = self.what.rsplit_once(char::is_whitespace)?;
        let due = day.parse().ok()?;
        let what = rest.trim_end().strip_suffix("due").filter(|what| what.ends_with(char::is_whitespace))?;
        Some((what, None, Some(due)))
    }
}

/// The action items of a text, in its order; boxes within fenced code are none.
pub fn items(path: &str, incident: Option<IncidentId>, text: &str) -> Vec<ActionItem> {
    let mut fence: Option<&str> = None;
    let mut found = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let bare = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| bare.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => {
                if let Some(item) = item(bare) {
                    found.push(ActionItem { path: path.to_owned(), incident, line: place + 1, ..item });
                }
            }
            _ => {}
        }
    }
    found
}

/// One line; `None` where it has no box.
fn item(line: &str) -> Option<ActionItem> {
    let rest = ["- ", "* ", "+ "].into_iter().find_map(|bullet| line.strip_prefix(bullet))?;
    let (done, rest) = match rest.trim_start() {
        rest if rest.starts_with("[ ]") => (false, rest.get(3..)?),
        rest if rest.starts_with("[x]") || rest.starts_with("[X]") => (true, rest.get(3..)?),
        _ => return None,
    };
    let rest = unescaped(rest.trim());
    let mut item = ActionItem { text: rest.clone(), owner: None, due: None, done, incident: None, path: String::new(), line: 0 };
    // The last brackets of the line, where they say who or when.
    let notes = rest.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    if let Some((text, notes)) = notes.filter(|(_, notes)| notes.contains("owner:") || notes.contains("due:")) {
        text.trim_end().clone_into(&mut item.text);
        for note in notes.split(',') {
            match note.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
                Some(("owner", owner)) if !owner.is_empty() && !owner.starts_with("nobody") => {
                    item.owner = Some(owner.trim_start_matches('@').to_owned());
                }
                Some(("due", due)) => item.due = due.parse().ok(),
                _ => {}
            }
        }
    }
    (!item.text.is_empty()).then_some(item)
}

/// A text of Markdown without the backslashes that keep mark-up away.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\\' && letters.peek().is_some_and(char::is_ascii_punctuation) {
            continue;
        }
        plain.push(letter);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_an_owner_and_a_day() {
        let text = "# x\n- [ ] check the file (owner: ana, due: 2026-12-01)\n  * [x] tell the shop (owner: leo, #7)\n- [ ] write a runbook (owner: nobody yet)\n\
                    - [ ] keep (these) brackets\n- no box\n- [ ]\n```\n- [ ] an example (owner: x)\n```\n- [ ] later (due: soon)\n";
        let found = items("notes/p.md", Some(IncidentId(4)), text);
        let told: Vec<_> = found.iter().map(|item| (item.line, item.text.as_str(), item.owner.as_deref(), item.due, item.done)).collect();
        assert_eq!(
            told,
            [
                (2, "check the file", Some("ana"), Some("2026-12-01".parse().unwrap()), false),
                (3, "tell the shop", Some("leo"), None, true),
                (4, "write a runbook", None, None, false),
                (5, "keep (these) brackets", None, None, false),
                (11, "later", None, None, false),
            ]
        );
        let today = "2026-12-02".parse().unwrap();
        assert_eq!(found.iter().filter(|item| item.is_overdue(today)).count(), 1);
    }

    #[test]
    fn a_line_to_do_says_who_and_when_at_its_beginning_or_its_end() {
        let day = "2026-12-24".parse().ok();
        for (line, wanted) in [
            ("!todo page support (owner: cloudsdk, due: 2026-12-24)", ("page support", Some("cloudsdk"), day)),
            ("!todo page support (due: 2026-12-24, owner: @cloudsdk)", ("page support", Some("cloudsdk"), day)),
            ("!todo page support (owner: cloudsdk)", ("page support", Some("cloudsdk"), None)),
            ("!todo page support (due: 2026-12-24)", ("page support", None, day)),
            ("!todo: page support @cloudsdk", ("page support", Some("cloudsdk"), None)),
            ("!todo page support, due 2026-12-24", ("page support", None, day)),
            ("!todo @leo page support due 2026-12-24", ("page support", Some("leo"), day)),
            ("!todo page support @ana due 2026-12-24", ("page support", Some("ana"), day)),
            ("!todo page support due 2026-12-24 (owner: ana)", ("page support", Some("ana"), day)),
            ("!todo keep (these) brackets (due: soon)", ("keep (these) brackets (due: soon)", None, None)),
            ("!todo residue 2026-12-24", ("residue 2026-12-24", None, None)),
            ("!todo (owner: ana)", ("(owner: ana)", None, None)),
        ] {
            let promise = promise(line).unwrap();
            assert_eq!((promise.what, promise.owner, promise.due), wanted, "{line}");
        }
        for line in ["!todo", "!todo ", "!todos x", "todo x"] {
            assert_eq!(promise(line), None, "{line}");
        }
    }

    #[test]
    fn what_dogwatch_escaped_reads_as_it_was_said() {
        let found = items("p", None, r"- [ ] load\_orders \<b> \[x\] (owner: ana\_b, #3)");
        assert_eq!((found[0].text.as_str(), found[0].owner.as_deref()), ("load_orders <b> [x]", Some("ana_b")));
    }
}
