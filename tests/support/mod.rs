//! The real program from outside: a workspace of its own, a terminal of its own, the socket, and a witness that is no
//! part of the program.

#![allow(dead_code, unused_imports, reason = "each test binary takes what it needs")]

mod oracle;
mod terminal;
mod wire;
mod workspace;

pub use oracle::Oracle;
pub use terminal::{Modes, Terminal};
pub use wire::Wire;
pub use workspace::{Workspace, end_of, signal, until};
