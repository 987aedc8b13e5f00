//! Looking for a text, filtering by one, and what their tasks in the background say.

use super::lines::Lines;
use super::{OutputPage, words_of};
use crate::console::Session;
use crate::console::session::Tone;
use crate::output::{Direction, Filter, Needle, Search};
use std::sync::Arc;

impl OutputPage {
    /// Looks for what is being looked for, from the last match or from the first line on the screen.
    pub(super) fn seek(&mut self, direction: Direction, from: u64, session: &mut Session) {
        let (Some(needle), Ok(lines)) = (&self.needle, &self.lines) else {
            session.toast(Tone::Plain, "nothing is looked for yet; / asks for a text");
            return;
        };
        match Search::start(lines.output(), needle, direction, from, &self.bell) {
            Ok(search) => self.search = Some((search, direction)),
            Err(error) => session.toast(Tone::Bad, error.to_string()),
        }
    }

    pub(super) fn next(&mut self, direction: Direction, session: &mut Session) {
        let Ok(lines) = &self.lines else { return };
        let from = match (direction, self.found) {
            (Direction::Forward, Some(found)) => lines.after(found.line),
            (Direction::Back, Some(found)) => found.line,
            (_, None) => lines.first_shown(),
        };
        self.seek(direction, from, session);
    }

    pub(super) fn committed(&mut self, session: &mut Session) {
        let Some(prompt) = self.prompt.take() else { return };
        let words = prompt.input.text();
        if words.is_empty() {
            if prompt.filter {
                self.unfilter();
            }
            return;
        }
        let needle = match words.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest)) {
            Some(pattern) => Needle::regex(pattern),
            None => Needle::text(words),
        };
        let needle = match needle {
            Ok(needle) => Arc::new(needle),
            Err(error) => {
                session.toast(Tone::Bad, error.to_string());
                return;
            }
        };
        self.needle = Some(needle.clone());
        self.found = None;
        let Ok(lines) = &mut self.lines else { return };
        if prompt.filter {
            match Filter::start(lines.output(), &needle, &self.bell) {
                Ok(filter) => lines.filtered(filter),
                Err(error) => session.toast(Tone::Bad, error.to_string()),
            }
        } else {
            // From the first line on the screen; past the end it begins anew from the top.
            let from = lines.first_shown();
            self.seek(Direction::Forward, from, session);
        }
    }

    pub(super) fn unfilter(&mut self) {
        if let Ok(lines) = &mut self.lines {
            lines.unfiltered();
        }
    }

    pub(super) fn first_error(&mut self, session: &mut Session) {
        match Needle::trouble() {
            Ok(needle) => {
                self.needle = Some(Arc::new(needle));
                self.found = None;
                self.seek(Direction::Forward, 0, session);
            }
            Err(error) => session.toast(Tone::Bad, error.to_string()),
        }
    }

    /// Takes what the background has for us.
    pub(super) fn listen(&mut self, session: &mut Session) {
        if !self.bell.heard() {
            return;
        }
        let answer = self.search.as_ref().and_then(|(search, direction)| Some((search.take()?, *direction)));
        if let Some((answer, direction)) = answer {
            self.search = None;
            self.answered(answer, direction, session);
        }
        let again = match &mut self.lines {
            Ok(lines) => lines.look(),
            Err(_) => Ok(true),
        };
        match again {
            Ok(false) => {}
            Ok(true) => self.reopen(session),
            Err(error) => self.lines = Err(words_of(&error)),
        }
    }

    pub(super) fn answered(&mut self, answer: crate::output::Answer, direction: Direction, session: &mut Session) {
        let words = self.needle.as_ref().map(|needle| needle.words().to_owned()).unwrap_or_default();
        match answer {
            Ok(Some(found)) => {
                self.found = Some(found);
                if let Ok(lines) = &mut self.lines {
                    lines.show(found);
                }
            }
            Ok(None)
                if self.found.is_none()
                    && direction == Direction::Forward
                    && self.lines.as_ref().is_ok_and(|lines| lines.first_shown() > 0) =>
            {
                session.toast(Tone::Plain, format!("{words}: nothing below, looked from the top"));
                self.needle.is_some().then(|| self.seek_all(session));
            }
            Ok(None) => {
                let further = if self.found.is_some() { "nothing further " } else { "not found" };
                let which = match (self.found.is_some(), direction) {
                    (true, Direction::Forward) => "below",
                    (true, Direction::Back) => "above",
                    (false, _) => "",
                };
                session.toast(Tone::Plain, format!("{words}: {further}{which}"));
            }
            Err(error) => session.toast(Tone::Bad, error.to_string()),
        }
    }

    /// Looks backwards from where the screen begins: the last match above it.
    pub(super) fn seek_all(&mut self, session: &mut Session) {
        let from = self.lines.as_ref().map_or(0, Lines::first_shown);
        self.seek(Direction::Back, from, session);
    }
}
