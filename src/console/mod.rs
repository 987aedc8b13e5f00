//! The process that may die: terminal, actions, screens.
//!
//! ```text
//!  key → keymap → action → app ─┬→ page.act / dialog.act → session → Out::Ask → link → daemon
//!                               └← Msg::Said (entries) → session.world → view → page.draw → terminal
//! ```

pub mod action;
pub mod app;
pub mod crash;
pub mod dialog;
pub mod encode;
pub mod glyph;
pub mod keymap;
pub mod link;
pub mod msg;
pub mod notice;
pub mod paint_out;
pub mod place;
pub mod run;
pub mod screen;
pub mod session;
pub mod settings;
pub mod target;
pub mod terminal;
pub mod theme;
pub mod view;
pub mod watchdog;
pub mod welcome;
pub mod why;
pub mod widget;

pub use action::Action;
pub use app::{App, Options};
pub use link::{Link, News};
pub use msg::{Msg, Out, Outcome};
pub use place::Place;
pub use run::run;
pub use screen::{Page, Screen};
pub use session::Session;
pub use target::Target;
pub use theme::{Role, Theme};
