//! The record: append, read, verify, checkpoint, anchor. Between the engine, which decides, and the world, which folds.
//!
//! One SQLite file in the state folder, one writer, a hash chain over the stored bytes, and the head of the chain kept
//! outside the database, because a database cannot prove its own tail.
//!
//! | file | holds |
//! |---|---|
//! | `journal.db` | `entries(seq, at, author, event, hash)`, `requests(key, at, answer)`, `meta(key, value)` |
//! | `anchor` | number, hash and time of the last committed entry, twice, as text |
//! | `reserve` | 16 MiB of nothing, released when the disk is full |
//! | `world.json` | the last checkpoint of the world: a cache |

mod anchor;
mod append;
mod chain;
mod checkpoint;
mod error;

mod open;
mod place;
mod read;
mod replay;
mod reserve;
mod verify;

pub use anchor::Anchored;
pub use append::{ENTRY_MAX, Journal};
pub use chain::Head;
pub use error::JournalError;
pub use open::FORMAT;
pub use read::{PAGE_MAX, Page, Reader};
pub use verify::{Verified, accept, verify};
