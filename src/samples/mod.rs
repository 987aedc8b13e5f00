//! Every reading of every probe: compact, with rollups and retention. Beside the journal, which holds only what changed.
//!
//! A reading goes into the open block of its probe in memory; a block of 240 is sealed and stored. What is in open blocks
//! is stored every flush in one row for all probes, so that a restart loses at most the readings since the last flush.
//!
//! | table | holds |
//! |---|---|
//! | `blocks(probe, first, last, count, data)` | sealed blocks, about four bytes a reading (`block.rs`) |
//! | `recent(id, data)` | what came between two flushes and is not in a sealed block yet |
//! | `hourly(probe, hour, …)` | counts and latencies of an hour (`hour.rs`) |

mod block;
mod hour;
mod keep;
mod readings;
mod store;

pub use hour::Hour;
pub use keep::{Retention, Samples};
pub use readings::Readings;
pub use store::SamplesError;
