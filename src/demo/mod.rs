//! A live workspace with a real shop and a real failure: what `dogwatch demo` unpacks, starts and ends.
//!
//! [`Demo::begin`] makes a folder, starts the shop as a process of its own, and unpacks the workspace with the shop's
//! ports filled in. The flows in [`FIRST_RUNS`] are then started through the daemon like any other run; the first one
//! fails, because the shop's export is malformed until its runbook is walked. [`Demo::end`] ends the shop.

mod fetch;
mod files;
mod live;
mod orders;
mod process;
mod shop;

pub use fetch::{FetchError, Fetched, Method, fetch};
pub use files::{UnpackError, unpack};
pub use live::{Demo, DemoError, FIRST_RUNS, remove};
pub use process::{ShopError, ShopProcess, run_shop};
pub use shop::{Ports, serve};
