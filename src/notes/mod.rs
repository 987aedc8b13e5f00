//! Notes, post-mortems and handovers as files of the workspace: how they are named, drafted, opened, saved, recovered and
//! searched, and the plain words in which facts are told. Only `save`, `recovery`, `shelf` and `library` touch the disk.

pub mod actions;
mod bullets;
pub mod csv;
pub mod deeds;
pub mod diff;
pub mod front;
pub mod handover;
pub mod impact;
pub mod library;
pub mod naming;
pub mod postmortem;
pub mod rank;
pub mod recovery;
pub mod redraft;
pub mod roles;
pub mod save;
pub mod search;
pub mod shelf;
pub mod sorts;
pub mod strip;
pub mod telling;
pub mod wording;
