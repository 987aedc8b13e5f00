//! What is wrong with a workspace's files: all of it at once, each with its place and its reason.

use crate::text;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;
use thiserror::Error;

/// Characters of a line that are drawn at most; a longer line is cut around the place.
const DRAWN: usize = 200;

/// One thing that is wrong with one file.
#[derive(Clone, PartialEq, Eq, Error)]
pub struct FileError {
    /// The file, relative to the workspace.
    pub file: String,
    /// The line, from 1; 1 where the file as a whole is meant.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, on what.
    pub reason: String,
    /// What to do: the nearest right word, or how a right value looks.
    pub hint: Option<String>,
    /// The text that is drawn: one line of the file, and the part of it that is wrong.
    excerpt: Option<Excerpt>,
}

/// A line of a file with the place that is meant, cut to what is drawn.
#[derive(Clone, PartialEq, Eq)]
struct Excerpt {
    text: Arc<str>,
    at: Range<usize>,
}

impl FileError {
    /// An error about a file as a whole.
    pub fn whole(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.into(), line: 1, column: 1, reason: reason.into(), hint: None, excerpt: None }
    }

    /// An error about a stretch of bytes of a file's text.
    pub fn at(file: impl Into<String>, text: &str, at: Range<usize>, reason: impl Into<String>) -> Self {
        let start = floor(text, at.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let end = floor(text, at.end).clamp(start, line_end);
        Self {
            file: file.into(),
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + text[line_start..start].chars().count(),
            reason: reason.into(),
            hint: None,
            excerpt: Some(Excerpt::cut(&text[line_start..line_end], start - line_start..end - line_start)),
        }
    }

    /// The same with what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same without its line of the file, which holds a secret.
    #[must_use]
    pub(super) fn undrawn(mut self) -> Self {
        self.excerpt = None;
        self
    }

    /// One line: `flows/a.toml:3:5: reason (hint)`, safe for a terminal.
    pub fn line(&self) -> String {
        text::line(&self.to_string()).into_owned()
    }

    /// Drawn with its line of the file, safe for a terminal.
    pub fn render(&self, width: usize, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.max(20));
        let title = text::line(&self.reason);
        let path = text::line(&self.file);
        let mut group = Group::with_title(Level::ERROR.primary_title(&*title));
        if let Some(excerpt) = &self.excerpt {
            group = group.element(
                Snippet::source(&*excerpt.text)
                    .line_start(self.line)
                    .path(&*path)
                    .annotation(AnnotationKind::Primary.span(excerpt.at.clone())),
            );
        } else {
            group = group.element(Origin::path(&*path).line(self.line).char_column(self.column));
        }
        let hint = self.hint.as_deref().map(text::line);
        if let Some(hint) = &hint {
            group = group.element(Level::HELP.message(&**hint));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.reason)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Excerpt {
    /// Cuts a line around the place and makes its control characters visible, so that the place still points right.
    fn cut(line: &str, at: Range<usize>) -> Self {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (start, end) = (at.start.min(line.len()), at.end.min(line.len()));
        let from = line[..start].char_indices().rev().nth(DRAWN / 2).map_or(0, |(index, _)| index);
        let to = line[start..].char_indices().nth(DRAWN).map_or(line.len(), |(index, _)| start + index);
        let end = end.clamp(start, to);
        let mut shown = text::line(&line[from..start]).into_owned();
        let shown_start = shown.len();
        shown.push_str(&text::line(&line[start..end]));
        let shown_end = shown.len();
        shown.push_str(&text::line(&line[end..to]));
        Self { text: Arc::from(shown), at: shown_start..shown_end }
    }
}

/// The nearest border of a character at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

/// All that is wrong with a workspace, in the order of its files and lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadErrors(pub Vec<FileError>);

impl LoadErrors {
    /// One line each: `file:line:col: reason (hint)`.
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(FileError::line).collect()
    }

    /// All of them, each drawn with its line of the file.
    pub fn render(&self, width: usize, colour: bool) -> String {
        self.0.iter().fold(String::new(), |mut all, error| {
            let _ = writeln!(all, "{}\n", error.render(width, colour)); // writing to a text cannot fail
            all
        })
    }
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for LoadErrors {}

/// The word of a list that is nearest to a wrong one, when it is near enough to be meant.
pub(super) fn nearest<'w>(wrong: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    if wrong.len() > 64 {
        return None;
    }
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&wrong.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= 1 + word.len().max(wrong.len()) / 4)
        .min()
        .map(|(_, word)| word)
}
