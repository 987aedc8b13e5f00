//! dogwatch: the terminal operations console for the engineer on call.
//!
//! One arrow, one direction:
//!
//! ```text
//!  terminal event → action → command → engine → event → journal → world → view
//!  console/         console/  domain/   engine/   domain/  journal/   world/    console/
//!                               └─ wire/ (Unix socket) ─┘      └─ wire/ ─┘
//! ```
//!
//! A command asks and may be refused; an event is a fact; the world is the fold of all entries, in the daemon and in
//! every console by the same function. Rules are pure: they take the time as an argument and return events and
//! effects as data. The order is the contract: decide, append (durable), apply, publish, perform.
//!
//! The modules below stand in the order of the arrow; imports point upwards only.

pub mod json;

pub mod domain;
pub mod world;

pub mod rules;

pub mod clock;
pub mod text;

pub mod journal;
pub mod output;
pub mod samples;
pub mod workspace;

pub mod anchors;
pub mod channels;
pub mod evidence;
pub mod feeds;
pub mod outside;
pub mod prober;
pub mod runner;
pub mod sources;

pub mod wire;

pub mod engine;

pub mod intake;

pub mod notes;

pub mod daemon;

pub mod console;

pub mod cli;
pub mod demo;
