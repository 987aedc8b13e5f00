//! Masks secrets in what is kept and handed on: what looks like one, and what is one by the workspace's word.

use crate::domain::channel::SecretRef;
use crate::domain::evidence::MaskOrder;
use regex::bytes::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::io::Read as _;
use std::path::Path;

/// What stands for a secret.
const MASK: &[u8] = b"***";
/// Values shorter than this are no secrets; masking them would make words unreadable.
const SHORTEST: usize = 4;
/// Bytes that a secret's file may have.
const SECRET_MAX: u64 = 64 << 10;
/// The most memory that one compiled pattern may take, in bytes.
const COMPILED_MAX: usize = 1 << 20;

/// How secrets usually look in logs; the first group is what is masked.
const USUAL: [&str; 6] = [
    // password=…, "api_key": "…", token: …
    r#"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)["']?\s*[=:]\s*["']?([^\s"'&,;]{3,})"#,
    // Authorization: Basic …, Proxy-Authorization: Bearer …
    r#"(?i)authorization["']?\s*[=:]\s*["']?(?:basic|bearer|digest|token)\s+([^\s"',]+)"#,
    r"(?i)\bbearer\s+([A-Za-z0-9._~+/-]{8,}=*)",
    // https://user:password@host
    r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:([^@\s/]+)@",
    // Keys of cloud providers and forges that tell by their beginning what they are
    r"\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abpr]-[A-Za-z0-9-]{10,})\b",
    // Three parts of base64 are a signed token
    r"\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})",
];

/// Knows what must not be told.
#[derive(Debug)]
pub struct Mask {
    patterns: Vec<Regex>,
    values: Values,
}

/// Values of named secrets; never printed.
struct Values(Vec<Vec<u8>>);

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Mask {
    /// Masks as the workspace says. A secret that only a program can tell is not fetched for this: nothing is run.
    pub fn new(order: &MaskOrder, workspace: &Path) -> Self {
        let usual = USUAL.iter().copied().filter(|_| !order.only_own);
        let patterns = usual.chain(order.patterns.iter().map(String::as_str)).filter_map(|pattern| compile(pattern).ok()).collect();
        let mut values: Vec<Vec<u8>> =
            order.secrets.iter().filter_map(|secret| value(secret, workspace)).filter(|value| value.len() >= SHORTEST).collect();
        // The longest first: one may be a part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { patterns, values: Values(values) }
    }

    /// The same bytes without secrets, and how many places were masked.
    pub fn mask(&self, bytes: &[u8]) -> (Vec<u8>, u64) {
        let mut masked = Vec::with_capacity(bytes.len());
        let (mut places, mut in_key) = (0, false);
        // Where the lines of base64 begin that end what was written last.
        let mut block = None;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, end) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |text| (text, b"\n"));
            let begins = is_key(text, b"-----BEGIN ");
            if is_key(text, b"-----END ") {
                // Its beginning may have been left out.
                if let Some(start) = block.filter(|_| !in_key) {
                    masked.truncate(start);
                    masked.extend_from_slice(MASK);
                    masked.push(b'\n');
                    places += 1;
                }
                in_key = false;
                masked.extend_from_slice(line);
            } else if in_key && !begins {
                masked.extend_from_slice(MASK);
                masked.extend_from_slice(end);
                places += 1;
            } else {
                let is_block = text.len() >= 40 && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r".contains(byte));
                block = if is_block { block.or(Some(masked.len())) } else { None };
                let (text, found) = self.line(text);
                masked.extend_from_slice(&text);
                masked.extend_from_slice(end);
                places += found;
                in_key = begins;
            }
        }
        (masked, places)
    }

    /// A text without secrets, and how many places were masked.
    pub fn text(&self, text: &str) -> (String, u64) {
        let (masked, places) = self.mask(text.as_bytes());
        (String::from_utf8_lossy(&masked).into_owned(), places)
    }

    fn line<'l>(&self, line: &'l [u8]) -> (Cow<'l, [u8]>, u64) {
        let (mut text, mut places) = (Cow::Borrowed(line), 0);
        for value in &self.values.0 {
            let found: Vec<_> = memchr::memmem::find_iter(&text, value).map(|at| at..at + value.len()).collect();
            places += replace(&mut text, &found);
        }
        for pattern in &self.patterns {
            let groups = pattern.captures_iter(&text).filter_map(|found| found.get(1).or_else(|| found.get(0)));
            let found: Vec<_> = groups.filter(|group| !group.is_empty() && group.as_bytes() != MASK).map(|group| group.range()).collect();
            places += replace(&mut text, &found);
        }
        (text, places)
    }
}

/// Puts the mask in these places, which are in order and apart; answers how many they are.
fn replace(text: &mut Cow<'_, [u8]>, places: &[std::ops::Range<usize>]) -> u64 {
    if places.is_empty() {
        return 0;
    }
    let (mut masked, mut at) = (Vec::with_capacity(text.len()), 0);
    for place in places {
        masked.extend_from_slice(text.get(at..place.start).unwrap_or_default());
        masked.extend_from_slice(MASK);
        at = place.end;
    }
    masked.extend_from_slice(text.get(at..).unwrap_or_default());
    *text = Cow::Owned(masked);
    places.len() as u64
}

/// Compiles a pattern as it is used here; bytes that are no text do not hide a secret.
fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(!pattern.is_ascii()).size_limit(COMPILED_MAX).build()
}

fn is_key(line: &[u8], begins: &[u8]) -> bool {
    memchr::memmem::find(line, begins).is_some_and(|at| memchr::memmem::find(&line[at..], b"PRIVATE KEY").is_some())
}

fn value(secret: &SecretRef, workspace: &Path) -> Option<Vec<u8>> {
    let mut value = match secret {
        SecretRef::Env(name) => std::env::var_os(name)?.into_encoded_bytes(),
        SecretRef::File(path) => {
            let mut value = Vec::new();
            let file = super::open::open(&workspace.join(path)).ok()?;
            file.take(SECRET_MAX).read_to_end(&mut value).ok()?;
            value
        }
        SecretRef::Command(_) => return None,
    };
    while value.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
        value.pop();
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> (String, u64) {
        Mask::new(&MaskOrder::default(), Path::new("/")).text(text)
    }

    #[test]
    fn what_looks_like_a_secret_is_masked() {
        for (text, wanted) in [
            ("login user=ana password=hunter22 ok", "login user=ana password=*** ok"),
            (r#"{"api_key": "k-123456", "n": 1}"#, r#"{"api_key": "***", "n": 1}"#),
            ("GET /?token=abcdef&x=1", "GET /?token=***&x=1"),
            ("Authorization: Basic YW5hOmh1bnRlcg==", "Authorization: Basic ***"),
            ("dial postgres://etl:s3cret@db:5432/shop", "dial postgres://etl:***@db:5432/shop"),
            ("key AKIAABCDEFGHIJKLMNOP used", "key *** used"),
        ] {
            assert_eq!(masked(text), (wanted.to_owned(), 1), "{text}");
        }
        for text in ["password: ***", "the token bucket is empty", "secret santa", "no secrets at all"] {
            assert_eq!(masked(text), (text.to_owned(), 0), "{text}");
        }
    }

    #[test]
    fn keys_are_masked_whole_also_where_their_beginning_is_cut_off() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n".repeat(3);
        let whole = format!("a\n-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\nb\n");
        let (text, _) = masked(&whole);
        assert!(!text.contains("MIIE") && text.starts_with("a\n") && text.ends_with("b\n"), "{text}");
        let (text, _) = masked(&format!("{body}-----END PRIVATE KEY-----\nb\n"));
        assert!(!text.contains("MIIE") && text.ends_with("b\n"), "{text}");
    }

    #[test]
    fn named_values_and_own_patterns_are_masked_even_in_what_is_no_text() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "c4n4ry-value\n").unwrap();
        let order = MaskOrder {
            patterns: vec![r"card (\d{16})".into()],
            only_own: true,
            secrets: vec![SecretRef::File("secret".into()), SecretRef::File("missing".into()), SecretRef::Command(vec!["false".into()])],
        };
        let mask = Mask::new(&order, folder.path());
        let (bytes, places) = mask.mask(b"\xff\x00 c4n4ry-value card 1234567812345678 password=stays\n");
        assert_eq!((bytes.as_slice(), places), (&b"\xff\x00 *** card *** password=stays\n"[..], 2));
        assert!(!format!("{mask:?}").contains("c4n4ry"));
    }
}
