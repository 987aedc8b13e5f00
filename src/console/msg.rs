//! What wakes the console, and what it wants of the outside.

use super::link::News;
use crate::wire::message::Request;
use crossterm::event::Event;
use std::path::PathBuf;

/// What wakes the console.
#[derive(Debug)]
pub enum Msg {
    /// The terminal says something: key, mouse, paste, size, focus.
    Terminal(Event),
    /// The wire says something.
    News(News),
    /// Something on the screen shows another age or time now.
    Tick,
    /// Work in the background has something for its page.
    Woken,
    /// The terminal is ours again after a suspension: everything is drawn anew.
    Resumed,
    /// The editor that was given the terminal has ended.
    Edited {
        /// The file that it was given.
        file: PathBuf,
        /// Why it did not end well.
        result: Result<(), String>,
    },
}

/// What the console wants of the outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Out {
    /// Send this to the daemon.
    Ask(Request),
    /// Put this on the clipboard through the terminal (OSC 52).
    Copy(String),
    /// Ring, and let the terminal notify whoever looks elsewhere.
    Ring(String),
    /// Stop like any program on ctrl-z.
    Suspend,
    /// Give the terminal to the person's editor with this file.
    Edit(PathBuf),
    /// Draw the whole screen anew.
    Redraw,
    /// Leave.
    Quit(Outcome),
}

/// How the console ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The person left.
    Left,
    /// A signal with this number.
    Signal(i32),
    /// The terminal is gone.
    TerminalLost,
}
