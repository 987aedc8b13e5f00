//! What steps printed, read as files: the third stream beside journal and samples. A file is never loaded; everything
//! here reads ranges of it, so that 1 GB opens as fast as 1 kB and costs under 16 MiB of private memory.
//!
//! Places in a file are byte offsets of line starts, because they are known without counting; line numbers are an
//! extra that [`Index`] adds as it gets on. What takes long runs on a thread of its own that can be cancelled, shows how
//! far it is and rings a [`Bell`] when there is something to see.
//!
//! ```text
//! Output   open, tail(n), lines(from, n), before(at, n), look() → grown, truncated, replaced
//! Index    line numbers: sparse counts, bounded, in the background
//! Search   the next or previous line that a Needle matches, in the background
//! Filter   all lines that a Needle matches, in the background, at most 200,000
//! Follow   rings when the file changes, by inotify
//! Differences  the ends of two outputs line by line, in the background, by a Task
//! telling  the line that tells why a step failed, bounded
//! ```

mod bell;
mod compare;
mod filter;
mod follow;
mod index;
mod line;
mod needle;
mod open;
mod plain;
mod scan;
mod search;
mod task;
mod trouble;

pub use bell::Bell;
pub use compare::{Alike, COMPARED_BYTES, COMPARED_LINES, Differences, Matches, Side, Stretch};
pub use filter::{FILTER_KEPT, Filter};
pub use follow::Follow;
pub use index::Index;
pub use line::{LINE_READ, LINE_SHOWN, Line};
pub use needle::Needle;
pub use open::{Look, Output, OutputError};
pub use plain::{colourless, words_only};
pub use scan::Progress;
pub use search::{Answer, Direction, Found, Search};
pub use task::Task;
pub use trouble::{Telling, telling, telling_of};
