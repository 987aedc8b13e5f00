//! Reads a TOML table key by key: what is unknown, of the wrong kind or out of range is told, with its place, and the
//! reading goes on, so that a person sees all errors at once.

use super::error::nearest;
use super::file::SourceFile;
use super::quantity::{parse_size, parse_span};
use crate::domain::Params;
use jiff::civil::Time;
use regex::Regex;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place in the file.
pub(super) struct At<T> {
    /// The value.
    pub value: T,
    /// The bytes of the file that it was read from.
    pub at: Range<usize>,
}

/// The keys that a table may have.
pub(super) struct Keys {
    /// Those that are read.
    pub known: &'static [&'static str],
    /// Those that the contract names and that are not built yet.
    pub later: &'static [&'static str],
}

/// A table whose keys have been checked.
pub(super) struct Table<'f> {
    /// The file that it stands in.
    pub file: &'f SourceFile,
    /// Where it stands.
    pub at: Range<usize>,
    entries: &'f DeTable<'f>,
}

/// Parses a file and tells its syntax errors; what could be read is given all the same.
pub(super) fn parse(file: &SourceFile) -> Spanned<DeTable<'_>> {
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    for error in errors {
        file.wrong(error.span().unwrap_or(0..0), error.message().trim().replace('\n', "; "));
    }
    table
}

impl<'f> Table<'f> {
    /// Takes a table and tells the keys that it may not have.
    pub fn open(file: &'f SourceFile, entries: &'f DeTable<'f>, at: Range<usize>, keys: &Keys) -> Self {
        for key in entries.keys() {
            let name: &str = key.get_ref();
            if keys.later.contains(&name) {
                file.wrong(key.span(), format!("`{name}` is not supported yet"));
            } else if !keys.known.contains(&name) {
                let reason = format!("unknown key `{name}`");
                match nearest(name, keys.known.iter().copied()) {
                    Some(word) => file.wrong_but(key.span(), reason, format!("did you mean `{word}`?")),
                    None => file.wrong_but(key.span(), reason, format!("known here: {}", keys.known.join(", "))),
                }
            }
        }
        Self { file, at, entries }
    }

    /// The value of a key as it stands.
    pub fn value(&self, key: &str) -> Option<&'f Spanned<DeValue<'f>>> {
        self.entries.get(key)
    }

    /// Where a key's value stands, or the table itself.
    pub fn place(&self, key: &str) -> Range<usize> {
        self.value(key).map_or(self.at.clone(), Spanned::span)
    }

    /// Tells that a value is of the wrong kind.
    pub fn wrong_kind(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        wrong_kind(self.file, key, value, wanted);
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<At<&'f str>> {
        let value = self.value(key)?;
        text_of(self.file, key, value)
    }

    /// A text that must be there.
    pub fn needed_text(&self, key: &str, of: &str) -> Option<At<&'f str>> {
        if self.value(key).is_none() {
            self.file.wrong(self.at.clone(), format!("{of} needs the key `{key}`"));
        }
        self.text(key)
    }

    /// One text or a list of texts.
    pub fn texts(&self, key: &str) -> Vec<At<&'f str>> {
        match self.value(key) {
            None => Vec::new(),
            Some(value) => match value.get_ref() {
                DeValue::Array(items) => items.iter().filter_map(|item| text_of(self.file, key, item)).collect(),
                DeValue::String(_) => text_of(self.file, key, value).into_iter().collect(),
                _ => {
                    self.wrong_kind(key, value, "a text or a list of texts");
                    Vec::new()
                }
            },
        }
    }

    /// True or false.
    pub fn flag(&self, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.wrong_kind(key, value, "true or false");
        None
    }

    /// A whole number within limits.
    pub fn whole(&self, key: &str, limits: RangeInclusive<i64>) -> Option<i64> {
        whole_of(self.file, key, self.value(key)?, &limits)
    }

    /// One whole number or a list of them.
    pub fn wholes(&self, key: &str, limits: RangeInclusive<i64>) -> Vec<i64> {
        match self.value(key) {
            None => Vec::new(),
            Some(value) => match value.get_ref() {
                DeValue::Array(items) => items.iter().filter_map(|item| whole_of(self.file, key, item, &limits)).collect(),
                _ => whole_of(self.file, key, value, &limits).into_iter().collect(),
            },
        }
    }

    /// A number within limits.
    pub fn number(&self, key: &str, limits: RangeInclusive<f64>) -> Option<f64> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
            DeValue::Integer(number) => number.to_string().replace('_', "").parse::<f64>().ok(),
            _ => {
                self.wrong_kind(key, value, "a number");
                return None;
            }
        };
        match number {
            Some(number) if limits.contains(&number) => Some(number),
            _ => {
                self.file.wrong(value.span(), format!("`{key}` must be between {} and {}", limits.start(), limits.end()));
                None
            }
        }
    }

    /// A duration within limits.
    pub fn span(&self, key: &str, limits: RangeInclusive<Duration>) -> Option<Duration> {
        let text = self.text(key)?;
        match parse_span(text.value) {
            Ok(span) if limits.contains(&span) => Some(span),
            Ok(_) => {
                self.file.wrong(text.at, format!("`{key}` must be between {} and {}", words(*limits.start()), words(*limits.end())));
                None
            }
            Err(reason) => {
                self.file.wrong(text.at, format!("`{key}`: {reason}"));
                None
            }
        }
    }

    /// A size in bytes, as a text or a whole number, of at least 1.
    pub fn size(&self, key: &str) -> Option<u64> {
        let value = self.value(key)?;
        let size = match value.get_ref() {
            DeValue::Integer(_) => return self.whole(key, 1..=1 << 50).map(i64::cast_unsigned),
            DeValue::String(text) => parse_size(text),
            _ => {
                self.wrong_kind(key, value, "a size such as `1GiB`");
                return None;
            }
        };
        match size {
            Ok(0) => {
                self.file.wrong(value.span(), format!("`{key}` must be at least 1 byte"));
                None
            }
            Ok(size) => Some(size),
            Err(reason) => {
                self.file.wrong(value.span(), format!("`{key}`: {reason}"));
                None
            }
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        word_of(self.file, key, &text, words)
    }

    /// A local time of day: `"02:45"`, or TOML's own `02:45:00`.
    pub fn time(&self, key: &str) -> Option<Time> {
        let value = self.value(key)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            _ => {
                self.wrong_kind(key, value, "a time of day such as \"02:45\"");
                return None;
            }
        };
        let is_clock = (text.len() == 5 || text.len() == 8) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        match text.parse::<Time>() {
            Ok(time) if is_clock => Some(time),
            _ => {
                self.file.wrong(value.span(), format!("`{key}` is a time of day such as \"02:45\""));
                None
            }
        }
    }

    /// A regular expression, checked; its text is what is kept.
    pub fn regex(&self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        match Regex::new(text.value) {
            Ok(_) => Some(text.value.to_owned()),
            Err(error) => {
                let reason = error.to_string();
                let last = reason.lines().last().unwrap_or("it cannot be read").trim_start_matches("error: ").to_owned();
                self.file.wrong(text.at, format!("`{key}` is no regular expression: {last}"));
                None
            }
        }
    }

    /// A table within this one.
    pub fn table(&self, key: &str, keys: &Keys) -> Option<Table<'f>> {
        let value = self.value(key)?;
        if let DeValue::Table(entries) = value.get_ref() {
            return Some(Self::open(self.file, entries, value.span(), keys));
        }
        self.wrong_kind(key, value, "a table");
        None
    }

    /// A list of tables within this one.
    pub fn tables(&self, key: &str, keys: &Keys) -> Vec<Table<'f>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_kind(key, value, &format!("a list of tables, written as `[[{key}]]`"));
            return Vec::new();
        };
        let open = |item: &'f Spanned<DeValue<'f>>| {
            if let DeValue::Table(entries) = item.get_ref() {
                return Some(Self::open(self.file, entries, item.span(), keys));
            }
            self.wrong_kind(key, item, "a table");
            None
        };
        items.iter().filter_map(open).collect()
    }

    /// A table of names and plain values; numbers and flags are taken as they are written.
    pub fn texts_by_name(&self, key: &str, name_problem: impl Fn(&str) -> Option<&'static str>) -> Params {
        let Some(value) = self.value(key) else { return Params::new() };
        let DeValue::Table(entries) = value.get_ref() else {
            self.wrong_kind(key, value, "a table of names and texts");
            return Params::new();
        };
        let read = |(name, value): (&'f Spanned<std::borrow::Cow<'f, str>>, &'f Spanned<DeValue<'f>>)| {
            if let Some(problem) = name_problem(name.get_ref()) {
                self.file.wrong(name.span(), format!("`{}`: {problem}", name.get_ref()));
                return None;
            }
            let text = match value.get_ref() {
                DeValue::String(_) => text_of(self.file, name.get_ref(), value)?.value.to_owned(),
                DeValue::Integer(number) => number.to_string(),
                DeValue::Float(number) => number.to_string(),
                DeValue::Boolean(flag) => flag.to_string(),
                DeValue::Datetime(time) => time.to_string(),
                DeValue::Array(_) | DeValue::Table(_) => {
                    self.wrong_kind(name.get_ref(), value, "a text");
                    return None;
                }
            };
            Some((name.get_ref().to_string(), text))
        };
        entries.iter().filter_map(read).collect()
    }
}

/// One of a few words, from a text that was read before.
pub(super) fn word_of<T: Copy>(file: &SourceFile, key: &str, text: &At<&str>, words: &[(&'static str, T)]) -> Option<T> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
        return Some(*value);
    }
    let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let hint = match nearest(text.value, all.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("one of: {}", all.join(", ")),
    };
    file.wrong_but(text.at.clone(), format!("`{key}` cannot be `{}`", text.value), hint);
    None
}

/// A value that must be a text. Texts end up in environments and arguments, so none holds a NUL.
pub(super) fn text_of<'f>(file: &SourceFile, key: &str, value: &'f Spanned<DeValue<'f>>) -> Option<At<&'f str>> {
    match value.get_ref() {
        DeValue::String(text) if text.contains('\0') => {
            file.wrong(value.span(), format!("`{key}` holds a NUL character"));
            None
        }
        DeValue::String(text) => Some(At { value: text, at: value.span() }),
        _ => {
            wrong_kind(file, key, value, "a text");
            None
        }
    }
}

pub(super) fn whole_of(file: &SourceFile, key: &str, value: &Spanned<DeValue<'_>>, limits: &RangeInclusive<i64>) -> Option<i64> {
    let DeValue::Integer(number) = value.get_ref() else {
        wrong_kind(file, key, value, "a whole number");
        return None;
    };
    match i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
        Ok(number) if limits.contains(&number) => Some(number),
        _ => {
            file.wrong(value.span(), format!("`{key}` must be between {} and {}", limits.start(), limits.end()));
            None
        }
    }
}

fn wrong_kind(file: &SourceFile, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    file.wrong(value.span(), format!("`{key}` must be {wanted}, this is {found}"));
}

/// A limit as a person would write it.
pub(super) fn words(span: Duration) -> String {
    let millis = span.as_millis();
    match millis {
        0 => "0s".to_owned(),
        _ if millis.is_multiple_of(86_400_000) => format!("{}d", millis / 86_400_000),
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}
