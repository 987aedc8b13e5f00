//! Which lines of an output are on the screen: a place in the file that moves, never the file itself.

use crate::console::Action;
use crate::output::{Bell, Filter, Follow, Found, Index, Line, Look, Output, OutputError};
use std::path::Path;

/// Columns that one key press moves to the side.
const SIDESTEP: usize = 20;

/// An output with the place that is looked at.
#[derive(Debug)]
pub struct Lines {
    output: Output,
    index: Index,
    /// Absent where the system gave no watch; [`Lines::note`] says so.
    follow: Option<Follow>,
    filter: Option<Filter>,
    following: bool,
    /// Start of the first line on the screen.
    top: u64,
    /// Rows of that line that are above the screen, when lines are folded.
    skip: usize,
    /// Columns that are left of the screen, when they are not.
    left: usize,
    wrap: bool,
    gone: bool,
    shown: Vec<Line>,
    /// Number of each shown line, where it is known.
    numbers: Vec<Option<u64>>,
    height: u16,
    width: u16,
}

impl Lines {
    /// Opens an output at its end.
    pub fn open(path: &Path, bell: &Bell) -> Result<Self, OutputError> {
        Self::of(Output::open(path)?, bell)
    }

    /// The same for an output that is open.
    pub fn of(output: Output, bell: &Bell) -> Result<Self, OutputError> {
        let index = Index::start(&output, bell)?;
        let follow = Follow::start(&output, bell).ok();
        // What was written between opening and watching is looked for once.
        bell.ring();
        Ok(Self {
            output,
            index,
            follow,
            filter: None,
            following: true,
            top: 0,
            skip: 0,
            left: 0,
            wrap: false,
            gone: false,
            shown: Vec::new(),
            numbers: Vec::new(),
            height: 0,
            width: 0,
        })
    }

    /// The file.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Whether the newest line is kept in sight.
    pub fn following(&self) -> bool {
        self.following
    }

    /// Whether lines are folded.
    pub fn wrap(&self) -> bool {
        self.wrap
    }

    /// Rows of the first line, or columns of all, that are out of sight.
    pub fn offset(&self) -> (usize, usize) {
        (self.skip, self.left)
    }

    /// The lines on the screen.
    pub fn shown(&self) -> &[Line] {
        &self.shown
    }

    /// Their numbers.
    pub fn numbers(&self) -> &[Option<u64>] {
        &self.numbers
    }

    /// Where the first line on the screen begins.
    pub fn first_shown(&self) -> u64 {
        self.shown.first().map_or(self.top, |line| line.start)
    }

    /// Where the line after this one begins.
    pub fn after(&self, start: u64) -> u64 {
        let line = self.output.lines(start, 1).ok().and_then(|lines| lines.into_iter().next());
        line.map_or(start, |line| line.next)
    }

    /// Shows only these lines.
    pub fn filtered(&mut self, filter: Filter) {
        self.filter = Some(filter);
        self.skip = 0;
    }

    /// Shows all lines again, from the same place.
    pub fn unfiltered(&mut self) {
        self.top = self.first_shown();
        self.filter = None;
    }

    /// Brings a found line into sight, a third down the screen, and ends following.
    pub fn show(&mut self, found: Found) {
        self.following = false;
        self.shown.clear();
        self.numbers.clear();
        self.skip = 0;
        let above = usize::from(self.height / 3);
        self.top = match &self.filter {
            Some(filter) => filter.starts(filter.position(found.line).saturating_sub(above), 1).first().copied().unwrap_or(found.line),
            None => self.output.before(found.line, above).ok().and_then(|lines| lines.first().map(|line| line.start)).unwrap_or(found.line),
        };
    }

    /// Looks whether the file has changed; answers whether it must be opened anew.
    pub fn look(&mut self) -> Result<bool, OutputError> {
        match self.output.look()? {
            Look::Same => {}
            Look::Gone => self.gone = true,
            Look::Truncated(_) | Look::Replaced => return Ok(true),
            Look::Grown(_) => {
                self.index.resume()?;
                if let Some(filter) = &self.filter {
                    filter.resume()?;
                }
            }
        }
        Ok(false)
    }

    /// Reads what a screen of this size shows.
    pub fn read(&mut self, width: u16, height: u16) -> Result<(), OutputError> {
        (self.width, self.height) = (width, height);
        let count = usize::from(height);
        self.shown = match (&self.filter, self.following) {
            (None, true) => self.output.tail(count)?,
            (None, false) => self.page_at_top(count)?,
            (Some(filter), following) => {
                let all = filter.count();
                let first = if following { all.saturating_sub(count) } else { filter.position(self.top) };
                let mut lines = Vec::new();
                for start in filter.starts(first, count) {
                    lines.extend(self.output.lines(start, 1)?);
                }
                lines
            }
        };
        if self.following {
            self.skip = 0;
            self.top = self.first_shown();
            if self.wrap {
                self.fold_to_end();
            }
        }
        self.numbers.clear();
        let mut known = None;
        for line in &self.shown {
            let number = match (known, &self.filter) {
                (Some(before), None) => Some(before + 1),
                _ => self.index.number(line.start)?,
            };
            self.numbers.push(number);
            known = number;
        }
        Ok(())
    }

    /// Lines from the top on; near the end as many as fill the screen.
    fn page_at_top(&mut self, count: usize) -> Result<Vec<Line>, OutputError> {
        let lines = self.output.lines(self.top, count)?;
        if lines.len() >= count || self.wrap {
            return Ok(lines);
        }
        let lines = self.output.tail(count)?;
        self.top = lines.first().map_or(0, |line| line.start);
        Ok(lines)
    }

    /// Of folded lines only the last rows fit: drops lines from the top until the end is in sight.
    fn fold_to_end(&mut self) {
        let width = usize::from(self.width.saturating_sub(super::text::GUTTER)).max(2);
        let mut rows = 0;
        let mut keep = self.shown.len();
        for line in self.shown.iter().rev() {
            let text = line.text();
            rows += crate::text::width(&crate::text::line(&text)).div_ceil(width).max(1);
            if rows > usize::from(self.height) {
                break;
            }
            keep -= 1;
        }
        // One line that is larger than the screen shows its first rows.
        let keep = keep.min(self.shown.len().saturating_sub(1));
        self.shown.drain(..keep);
        self.top = self.first_shown();
    }

    /// Moves by an action; answers whether it was one.
    pub fn act(&mut self, action: Action) -> bool {
        let page = usize::from(self.height.max(1));
        match action {
            Action::Down => self.down(1),
            Action::Up => self.up(1),
            Action::HalfDown => self.down(page.div_ceil(2)),
            Action::HalfUp => self.up(page.div_ceil(2)),
            Action::PageDown => self.down(page),
            Action::PageUp => self.up(page),
            Action::Top => {
                self.following = false;
                (self.top, self.skip) = (0, 0);
            }
            Action::Bottom => self.following = true,
            Action::Follow => self.following = !self.following,
            Action::Wrap => {
                self.wrap = !self.wrap;
                (self.skip, self.left) = (0, 0);
            }
            Action::Right if !self.wrap => self.left += SIDESTEP,
            Action::Left if !self.wrap => self.left = self.left.saturating_sub(SIDESTEP),
            _ => return false,
        }
        // What the screen shows is read anew when it is drawn.
        self.shown.clear();
        self.numbers.clear();
        true
    }

    fn down(&mut self, count: usize) {
        if self.following {
            return;
        }
        if self.wrap {
            self.skip += count;
            self.settle_skip();
            return;
        }
        self.top = self.moved(count);
        // Where the end is in sight there is nothing more to move to: from there on it is followed.
        let last = self.output.lines(self.top, usize::from(self.height) + 1).unwrap_or_default();
        let at_end = self.filter.is_none()
            && last.len() <= usize::from(self.height)
            && last.last().is_none_or(|line| line.next >= self.output.len());
        self.following = at_end;
    }

    /// Rows of the first line that are above the screen, never more than it has.
    fn settle_skip(&mut self) {
        let width = usize::from(self.width.saturating_sub(super::text::GUTTER)).max(2);
        while let Some(line) = self.output.lines(self.top, 1).ok().and_then(|lines| lines.into_iter().next()) {
            let rows = crate::text::width(&crate::text::line(&line.text())).div_ceil(width).max(1);
            if self.skip < rows {
                return;
            }
            let next = self.moved(1);
            if next == self.top {
                self.skip = rows - 1;
                return;
            }
            self.skip -= rows;
            self.top = next;
        }
    }

    /// The start of the line so many lines below the first.
    fn moved(&self, count: usize) -> u64 {
        match &self.filter {
            Some(filter) => {
                let place = (filter.position(self.top) + count).min(filter.count().saturating_sub(1));
                filter.starts(place, 1).first().copied().unwrap_or(self.top)
            }
            None => self.output.lines(self.top, count + 1).ok().and_then(|lines| lines.last().map(|line| line.start)).unwrap_or(self.top),
        }
    }

    fn up(&mut self, count: usize) {
        self.following = false;
        if self.wrap && self.skip > 0 {
            self.skip = self.skip.saturating_sub(count);
            return;
        }
        self.top = match &self.filter {
            Some(filter) => filter.starts(filter.position(self.top).saturating_sub(count), 1).first().copied().unwrap_or(self.top),
            None => self.output.before(self.top, count).ok().and_then(|lines| lines.first().map(|line| line.start)).unwrap_or(self.top),
        };
    }

    /// Where the screen is, in words.
    pub fn position(&self) -> String {
        let (first, last) = (self.numbers.first().copied().flatten(), self.numbers.last().copied().flatten());
        let all = match self.index.line_count() {
            Some(count) => format!("of {}", grouped(count)),
            None => format!("counting lines {} %", self.index.progress().percent()),
        };
        let end = self.shown.last().map_or(0, |line| line.next);
        let percent = (end * 100).checked_div(self.output.len()).map_or(100, |percent| percent.min(100));
        match (first, last) {
            (Some(first), Some(last)) => format!("lines {}-{} {all}   {percent} %", grouped(first), grouped(last)),
            _ if self.output.is_empty() => "nothing was printed yet".into(),
            _ => format!("{all}   {percent} %"),
        }
    }

    /// What is filtered, in words.
    pub fn filter_words(&self) -> Option<String> {
        let filter = self.filter.as_ref()?;
        let count = grouped(filter.count() as u64);
        let words = filter.needle().words();
        Some(match (filter.is_full(), filter.progress().ended(), filter.error()) {
            (_, _, Some(error)) => format!("only {words}: {error}"),
            (true, ..) => format!("only {words}: the first {count} lines, there are more"),
            (false, true, None) => format!("only {words}: {count} lines"),
            (false, false, None) => format!("only {words}: {count} lines, {} %", filter.progress().percent()),
        })
    }

    /// What is out of order, in words.
    pub fn note(&self) -> Option<&'static str> {
        match () {
            () if self.gone => Some("the file was removed; this is what was read"),
            () if self.follow.is_none() => Some("the system gives no watch: what comes is not seen"),
            () => None,
        }
    }
}

/// A number with its thousands apart: `1,204`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
