//! The real program against what the world does to it: the terminal goes, the daemon is killed, the disk is full, a
//! stranger knocks. All is still there.
//!
//! What needs a second user, a disk of its own or tmux is ignored by default and run as root with `--include-ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

#[path = "../support/mod.rs"]
mod support;

mod anchors;
mod crowds;
mod daemon;
mod disk;
mod handed;
mod knocks;
mod losses;
mod peers;
mod roles;
mod secrets;
mod slow_link;
mod storage;
mod suspend;
mod terminal_given_back;
mod terminal_lost;
mod two_people;
