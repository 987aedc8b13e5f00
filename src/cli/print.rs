//! Standard output: tables for people, JSON for scripts. Everything from outside is made safe for a terminal.

use super::args::Arguments;
use super::failure::Failure;
use crate::json;
use crate::text;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use unicode_width::UnicodeWidthStr;

/// How a command prints.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    /// One JSON document instead of a table.
    pub json: bool,
    /// Only what was asked for.
    pub quiet: bool,
    /// Whether colours make sense.
    pub colour: bool,
}

impl Printer {
    /// As the arguments and the environment say.
    pub fn new(arguments: &Arguments) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json: arguments.json, quiet: arguments.quiet, colour: std::io::stdout().is_terminal() && !plain && !dumb }
    }

    /// A line that only matters to a person who waits.
    pub fn remark(self, line: impl AsRef<str>) -> Result<(), Failure> {
        if self.quiet || self.json {
            return Ok(());
        }
        self::line(line)
    }

    /// A table: a heading on a terminal, columns as wide as their widest cell, the last one as long as it is.
    pub fn table(self, heading: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| text::visible(cell).into_owned()).collect()).collect();
        let mut widths: Vec<usize> = heading.iter().map(|cell| cell.width()).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut out = std::io::stdout().lock();
        let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
        if !self.quiet {
            let line = columns(&heading, &widths);
            if self.colour {
                writeln!(out, "\x1b[1m{line}\x1b[0m")?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        for row in &rows {
            writeln!(out, "{}", columns(row, &widths))?;
        }
        Ok(())
    }
}

fn columns(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (place, cell) in row.iter().enumerate() {
        line.push_str(cell);
        if place + 1 < row.len() {
            let width = widths.get(place).copied().unwrap_or(0);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
    }
    line.trim_end().to_owned()
}

/// One JSON document.
pub fn document(value: &impl Serialize) -> Result<(), Failure> {
    let text = json::pretty(value).map_err(Failure::other)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(())
}

/// A line of words.
pub fn line(line: impl AsRef<str>) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text::visible(line.as_ref()))?;
    Ok(())
}

/// A text as it is, to a file or a program: figures in CSV. On a terminal it is made safe like everything.
pub fn raw(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        write!(out, "{}", text::visible(text))?;
    } else {
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}
