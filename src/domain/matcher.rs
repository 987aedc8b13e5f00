//! Matchers on labels, as Alertmanager writes them: `service="shop"`, `flow!=x`, `service=~"shop.*"`, `team!~"a|b"`.

use super::{InvalidId, Labels};
use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// Bytes that a matcher may have.
const MATCHER_MAX: usize = 1_024;

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`: the value is this.
    Equal,
    /// `!=`: the value is not this.
    NotEqual,
    /// `=~`: the whole value fits the regular expression.
    Fits,
    /// `!~`: it does not.
    FitsNot,
}

impl MatchOp {
    const ALL: [(&'static str, Self); 4] = [("=~", Self::Fits), ("!~", Self::FitsNot), ("!=", Self::NotEqual), ("=", Self::Equal)];

    /// The sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Fits => "=~",
            Self::FitsNot => "!~",
        }
    }
}

/// One condition on a label, of a silence or a maintenance window of dogwatch's own. An absent label counts as the empty
/// text, as in Alertmanager. Stored as the text that a person types; what is asked of a neighbour is a
/// [`LabelMatcher`](super::sent::LabelMatcher), which has the neighbour's form.
#[derive(Clone)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// How it is compared.
    pub op: MatchOp,
    /// With what.
    pub value: String,
    /// The expression, compiled when it is first asked for.
    compiled: OnceLock<Option<Regex>>,
}

impl Matcher {
    /// A matcher; whether its expression can be read is told by parsing.
    pub fn new(label: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Self {
        Self { label: label.into(), op, value: value.into(), compiled: OnceLock::new() }
    }

    /// Whether a label's value fits.
    fn takes(&self, value: &str) -> bool {
        match self.op {
            MatchOp::Equal => value == self.value,
            MatchOp::NotEqual => value != self.value,
            MatchOp::Fits => self.expression().is_some_and(|regex| regex.is_match(value)),
            MatchOp::FitsNot => self.expression().is_some_and(|regex| !regex.is_match(value)),
        }
    }

    /// Whether labels fit.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.takes(labels.get(self.label.as_str()).map_or("", String::as_str))
    }

    /// Whether it fits where the label is absent: alone it would hide nearly everything.
    pub fn takes_absence(&self) -> bool {
        self.takes("")
    }

    fn expression(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.value).ok()).as_ref()
    }
}

/// Anchored at both ends, as in Alertmanager.
fn compile(value: &str) -> Result<Regex, String> {
    let built = regex::RegexBuilder::new(&format!("^(?:{value})$")).size_limit(1 << 20).build();
    built.map_err(|error| error.to_string().lines().last().unwrap_or("it cannot be read").trim_start_matches("error: ").to_owned())
}

/// Whether all matchers fit.
pub fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.label, self.op, &self.value) == (&other.label, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}\"{}\"", self.label, self.op.sign(), self.value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Matcher {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = || InvalidId { text: text.to_owned(), wanted: "a matcher such as flow=nightly-orders or service=~\"shop.*\"" };
        let place = text.find(['=', '!']).ok_or_else(wrong)?;
        let (label, rest) = text.split_at(place);
        let (sign, op) = MatchOp::ALL.into_iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(wrong)?;
        let label = label.trim();
        let named = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if label.is_empty() || !named || label.starts_with(|c: char| c.is_ascii_digit()) || text.len() > MATCHER_MAX {
            return Err(wrong());
        }
        let matcher = Self::new(label, op, unquoted(rest[sign.len()..].trim()).ok_or_else(wrong)?);
        if matches!(op, MatchOp::Fits | MatchOp::FitsNot) && compile(&matcher.value).is_err() {
            return Err(InvalidId { text: text.to_owned(), wanted: "a matcher whose regular expression can be read" });
        }
        Ok(matcher)
    }
}

/// The text between quotes with `\"` and `\\` as themselves; without quotes as it stands.
fn unquoted(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('"') else { return (!text.contains('"')).then(|| text.to_owned()) };
    let inner = inner.strip_suffix('"')?;
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next()? {
                c @ ('"' | '\\') => plain.push(c),
                'n' => plain.push('\n'),
                // A backslash before anything else belongs to a regular expression.
                c => plain.extend(['\\', c]),
            },
            c => plain.push(c),
        }
    }
    Some(plain)
}

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_four_signs_compare_as_alertmanager_does() {
        let shop = labels(&[("service", "shop-web"), ("severity", "high")]);
        let table = [
            ("service=shop-web", true),
            ("service=\"shop-web\"", true),
            ("service=shop", false),
            ("service!=shop", true),
            ("service=~\"shop.*\"", true),
            ("service=~hop", false), // anchored
            ("service!~\"shop.*\"", false),
            ("team=\"\"", true), // absent counts as empty
            ("team!=ops", true),
            ("team=~\".+\"", false),
        ];
        for (text, fits) in table {
            let matcher: Matcher = text.parse().unwrap();
            assert_eq!(matcher.matches(&shop), fits, "{text}");
        }
    }

    #[test]
    fn a_matcher_is_read_as_it_is_written() {
        for text in ["a=\"b\"", "a!=\"\"", "a=~\"x\\\\d+\"", "a!~\"say \\\"hi\\\"\""] {
            let matcher: Matcher = text.parse().unwrap();
            assert_eq!(matcher.to_string(), text);
            assert_eq!(serde_json::from_str::<Matcher>(&serde_json::to_string(&matcher).unwrap()).unwrap(), matcher);
        }
        for wrong in ["", "service", "=x", "a b=c", "1a=b", "a=~\"(\"", "a=\"b", "a=\"b\"c\"", "ü=x"] {
            assert!(wrong.parse::<Matcher>().is_err(), "{wrong}");
        }
    }
}
