//! A written post-mortem + a fresh draft → the written one with its untouched blocks renewed. What a person wrote stays
//! byte for byte.
//!
//! dogwatch marks what it generated, with the digest of exactly that text:
//!
//! ```text
//! <!-- dogwatch:begin timeline 1f6c0a4b5d2e7788 -->
//! …
//! <!-- dogwatch:end timeline -->
//! ```
//!
//! * A block whose text still has its digest is replaced by the fresh block of that name.
//! * A block that a person edited is theirs and stays as it is; the caller is told its name, so that the editor can say
//!   so. The fresh one is not put beside it: a timeline that someone shortened on purpose would come back at every
//!   redraft. Who wants the fresh one empties the block: an empty block is filled again.
//! * A block that was deleted with its markers stays deleted, and everything outside of blocks is never looked at.

use std::collections::BTreeMap;

/// The longest block name.
const NAME_MAX: usize = 40;

/// What came of a redraft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redraft {
    /// The whole text.
    pub text: String,
    /// Blocks that were renewed with other text.
    pub renewed: Vec<String>,
    /// Blocks that a person edited and that a fresh draft would write differently; they stayed.
    pub kept: Vec<String>,
}

/// A block of generated text with its markers. The body ends with a line end.
pub fn block(name: &str, body: &str) -> String {
    let end = if body.ends_with('\n') || body.is_empty() { "" } else { "\n" };
    let body = format!("{body}{end}");
    format!("<!-- dogwatch:begin {name} {} -->\n{body}<!-- dogwatch:end {name} -->\n", digest(&body))
}

/// Renews the untouched blocks of a text from a fresh draft.
pub fn redraft(existing: &str, fresh: &str) -> Redraft {
    let drafted: BTreeMap<&str, &str> = pieces(fresh).into_iter().filter_map(Piece::named).collect();
    let mut result = Redraft { text: String::with_capacity(existing.len()), renewed: Vec::new(), kept: Vec::new() };
    for piece in pieces(existing) {
        match piece {
            Piece::Text(text) => result.text.push_str(text),
            Piece::Block(found) => match drafted.get(found.name) {
                Some(body) if same(body, found.body) => result.text.push_str(found.whole),
                Some(body) if found.is_untouched() => {
                    result.text.push_str(&block(found.name, body));
                    result.renewed.push(found.name.to_owned());
                }
                Some(_) => {
                    result.text.push_str(found.whole);
                    result.kept.push(found.name.to_owned());
                }
                None => result.text.push_str(found.whole),
            },
        }
    }
    result
}

/// A stretch of a text.
enum Piece<'a> {
    /// A person's.
    Text(&'a str),
    /// Between markers.
    Block(Block<'a>),
}

impl<'a> Piece<'a> {
    fn named(self) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Block(block) => Some((block.name, block.body)),
            Self::Text(_) => None,
        }
    }
}

struct Block<'a> {
    name: &'a str,
    digest: &'a str,
    body: &'a str,
    whole: &'a str,
}

impl Block<'_> {
    /// Whether no person has a word in it.
    fn is_untouched(&self) -> bool {
        self.body.trim().is_empty() || digest(self.body) == self.digest
    }
}

/// Cuts a text into blocks and what is around them. A beginning without its end is text like any other.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut open: Option<(usize, usize, &str, &str)> = None; // where it began, where its body begins, its name and digest
    let (mut told, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        if let Some((name, digest)) = begin(line) {
            open = Some((at, next, name, digest));
        } else if let (Some(ended), Some((from, body, name, digest))) = (end(line), open)
            && ended == name
        {
            if let (Some(before), Some(body), Some(whole)) = (text.get(told..from), text.get(body..at), text.get(from..next)) {
                pieces.push(Piece::Text(before));
                pieces.push(Piece::Block(Block { name, digest, body, whole }));
                told = next;
            }
            open = None;
        }
        at = next;
    }
    pieces.push(Piece::Text(text.get(told..).unwrap_or_default()));
    pieces
}

fn begin(line: &str) -> Option<(&str, &str)> {
    let (name, digest) = line.trim_end().strip_prefix("<!-- dogwatch:begin ")?.strip_suffix(" -->")?.split_once(' ')?;
    (is_name(name) && digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((name, digest))
}

fn end(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix("<!-- dogwatch:end ")?.strip_suffix(" -->").filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// Whether two bodies are the same text; an editor may have changed the line ends.
fn same(a: &str, b: &str) -> bool {
    a == b || plain(a) == plain(b)
}

fn plain(body: &str) -> String {
    body.replace("\r\n", "\n")
}

/// The first 16 hex digits of BLAKE3 over a body with plain line ends.
fn digest(body: &str) -> String {
    blake3::hash(plain(body).as_bytes()).to_hex().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_untouched_block_is_renewed_and_an_edited_one_stays() {
        let old =
            format!("# Mine\n{}between\n{}after", block("impact", "1 min\n"), block("timeline", "a\n").replace("a\n", "a, shortened\n"));
        let fresh = format!("{}{}", block("impact", "2 min\n"), block("timeline", "a\nb\n"));
        let result = redraft(&old, &fresh);
        assert_eq!(result.text, old.replace(&block("impact", "1 min\n"), &block("impact", "2 min\n")));
        assert_eq!((result.renewed, result.kept), (vec!["impact".to_owned()], vec!["timeline".to_owned()]));
    }

    #[test]
    fn an_emptied_block_is_filled_and_a_deleted_one_stays_away() {
        let emptied = block("impact", "1 min\n").replace("1 min\n", "\n");
        let fresh = format!("{}{}", block("impact", "2 min\n"), block("timeline", "a\n"));
        assert_eq!(redraft(&emptied, &fresh).text, block("impact", "2 min\n"));
    }

    #[test]
    fn changed_line_ends_are_no_edit() {
        let windows = block("impact", "1\n2\n").replace('\n', "\r\n");
        assert_eq!(redraft(&windows, &block("impact", "3\n")).text, block("impact", "3\n"));
        assert_eq!(redraft(&windows, &block("impact", "1\n2\n")).text, windows);
    }

    /// What a person may type, bits of markers included.
    fn words() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zé #|>*-]{0,12}\r?\n",
            Just("<!-- dogwatch:begin impact 0123456789abcdef -->\n".to_owned()),
            Just("<!-- dogwatch:end timeline -->\n".to_owned()),
            Just("<!-- dogwatch:begin Nothing -->\n".to_owned()),
            any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn human_text_survives_any_redraft(
            human in proptest::collection::vec("[a-zé #|>*\r-]{0,30}\n", 4),
            edit in "[a-z]{1,10}\n",
            old in proptest::collection::vec("[a-z\n]{0,20}", 3),
            new in proptest::collection::vec("[a-z\n]{0,20}", 3),
        ) {
            let edited = block("timeline", &old[1]).replace("<!-- dogwatch:end", &format!("{edit}<!-- dogwatch:end"));
            let text = |impact: &str, actions: &str| {
                format!("{}{}{}{edited}{}{}{}", human[0], block("impact", impact), human[1], human[2], block("actions", actions), human[3])
            };
            let fresh = format!("{}{}{}", block("impact", &new[0]), block("timeline", &new[1]), block("actions", &new[2]));
            let result = redraft(&text(&old[0], &old[2]), &fresh);
            prop_assert_eq!(&result.text, &text(&new[0], &new[2]));
            // A second redraft from the same facts changes nothing.
            prop_assert_eq!(&redraft(&result.text, &fresh).text, &result.text);
        }

        #[test]
        fn text_that_dogwatch_did_not_generate_is_never_touched(soup in proptest::collection::vec(words(), 0..12)) {
            let soup = soup.concat().replace("-->\n<!-- dogwatch:end", "-->\nx\n<!-- dogwatch:end");
            let empty = |piece: &Piece<'_>| matches!(piece, Piece::Block(block) if block.body.trim().is_empty());
            prop_assume!(!pieces(&soup).iter().any(empty));
            let fresh = format!("{}{}", block("impact", "new\n"), block("timeline", "new\n"));
            prop_assert_eq!(redraft(&soup, &fresh).text, soup);
        }
    }
}
