//! Files that a person writes → definitions, with errors that point at the line.
//!
//! [`load`] reads a whole workspace and either gives all of its definitions or all of its errors at once; it never
//! gives half of them. [`find()`] finds the folder as git does, [`Place`] says where its state lives, [`init`]
//! scaffolds one, and [`Watcher`] says when its files have changed.

mod anchor;
mod approval;
mod calendar;
mod channel;
mod checklist;
mod conditions;
mod cycle;
mod error;
mod evidence;
mod fence;
mod file;
mod find;
mod flow;
pub mod history;
mod init;
mod load;
mod maintenance;
mod messages;
mod name;
mod outside;
mod people;
mod place;
mod probe;
mod quantity;
mod retry;
pub mod runbook;
mod secret;
mod settings;
mod shipped;
mod table;
mod watcher;

pub use checklist::item_name;
pub use error::{FileError, LoadErrors};
pub use fence::step_name;
pub use file::FileDigest;
pub use find::{NotFound, find};
pub use init::{InitError, init};
pub use load::{Loaded, load};
pub use name::name_problem;
pub use place::{Place, PlaceError};
pub use quantity::{parse_size, parse_span};
pub use settings::{Access, Principal, Retention, Settings, anchors};
pub use shipped::{SHIPPED_CHECKLISTS, SHIPPED_RUNBOOKS, ShippedChecklist, ShippedRunbook};
pub use watcher::{Changed, WatchError, Watcher};

/// The file that makes a folder a workspace.
pub const WORKSPACE_FILE: &str = "dogwatch.toml";
