//! The record: append, read, verify, checkpoint, anchor. Between the engine, which decides, and the world, which folds.
//!
//! SQLite files in the state folder, of which the last one is written, one writer, a hash chain over the stored bytes that
//! goes through all files, and the head of the chain kept outside the database, because a database cannot prove its own tail.
//!
//! | file | holds |
//! |---|---|
//! | `journal.db`, `journal-N.db` | `entries(seq, at, author, event, hash)`, `requests(key, at, answer)`, `meta(key, value)` |
//! | `journal.db.format-1` | the file as it was before its format was changed |
//! | `refused-N/` | the files as they were before damage was accepted |
//! | `anchor` | number, hash and time of the last committed entry, twice, as text |
//! | `reserve` | 16 MiB of nothing, released when the disk is full |
//! | `world.json` | the last checkpoint of the world: a cache |

mod accept;
mod anchor;
mod append;
mod chain;
mod checkpoint;
mod error;
mod files;
mod migrate;
mod open;
mod outside;
mod place;
mod read;
mod replay;
mod reserve;
mod rotate;
mod verify;

pub use accept::{Acceptance, accept};
pub use anchor::Anchored;
pub use append::{ENTRY_MAX, Journal};
pub use chain::Head;
pub use error::JournalError;
pub use open::FORMAT;
pub use outside::{AnchorLine, Outside};
pub use read::{PAGE_MAX, Page, Reader};
pub use rotate::Rotation;
pub use verify::{Verified, check_outside, journal_name, verify, was_never_here};
