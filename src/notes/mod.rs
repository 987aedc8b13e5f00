//! Notes and post-mortems as files of the workspace: how they are named, drafted, opened, saved and recovered, and the
//! plain words in which facts are told. Only `save`, `recovery` and `shelf` touch the disk.

pub mod diff;
pub mod front;
pub mod impact;
pub mod naming;
pub mod postmortem;
pub mod recovery;
pub mod redraft;
pub mod save;
pub mod shelf;
pub mod telling;
mod telling_outside;
pub mod wording;
