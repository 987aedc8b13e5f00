//! What has come for a flow that waits for files: deliveries that no run has taken yet, and what is known of the rest.

use crate::domain::condition::{FileFact, Sight};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Deliveries of one flow that may wait for their runs, and files whose content is remembered: a file that comes again
/// after so many others is taken for new.
pub const FILES_KEPT: usize = 10_000;

/// The files of one flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// The last thing seen, by the path or pattern that is looked for.
    pub sights: BTreeMap<String, Sight>,
    /// Deliveries that no run has taken, the oldest first, each with the path or pattern that it answers.
    pub pending: VecDeque<(String, FileFact)>,
    /// The last delivery, and when it was recorded.
    pub last: Option<(FileFact, Timestamp)>,
    known: BTreeMap<String, Known>,
    contents: BTreeMap<String, (String, u64)>,
    /// The number, path and content of each that was remembered, the oldest first.
    order: VecDeque<(u64, String, String)>,
    count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    size: u64,
    modified_at: Timestamp,
    checksum: String,
    number: u64,
}

impl Feed {
    /// Whether this very file, unchanged since, is on record.
    pub fn knows(&self, file: &FileFact) -> bool {
        self.known.get(&file.file).is_some_and(|known| known.size == file.size && known.modified_at == file.modified_at)
    }

    /// The file that had this content first.
    pub fn had(&self, checksum: &str) -> Option<&str> {
        self.contents.get(checksum).map(|(file, _)| file.as_str())
    }

    /// All files on record as they are: path, bytes, last change.
    pub fn stamps(&self) -> Vec<(String, u64, Timestamp)> {
        self.known.iter().map(|(file, known)| (file.clone(), known.size, known.modified_at)).collect()
    }

    /// Whether no further delivery can wait.
    pub fn is_full(&self) -> bool {
        self.pending.len() >= FILES_KEPT
    }

    /// The part of it that screens show.
    pub(super) fn for_screens(&self) -> Arc<Self> {
        let (sights, pending, last) = (self.sights.clone(), self.pending.clone(), self.last.clone());
        Arc::new(Self { sights, pending, last, ..Self::default() })
    }

    /// Remembers a file, and forgets the oldest where there are too many.
    pub(super) fn remember(&mut self, file: &FileFact) {
        self.count += 1;
        let number = self.count;
        self.contents.entry(file.checksum.clone()).or_insert((file.file.clone(), number));
        let known = Known { size: file.size, modified_at: file.modified_at, checksum: file.checksum.clone(), number };
        self.known.insert(file.file.clone(), known);
        self.order.push_back((number, file.file.clone(), file.checksum.clone()));
        while self.order.len() > FILES_KEPT {
            let Some((number, file, checksum)) = self.order.pop_front() else { break };
            if self.contents.get(&checksum).is_some_and(|(_, first)| *first == number) {
                self.contents.remove(&checksum);
            }
            // A file that came again since is known by its later content.
            if self.known.get(&file).is_some_and(|known| known.number == number) {
                self.known.remove(&file);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(number: usize, content: &str) -> FileFact {
        FileFact { file: format!("/in/{number}"), size: 1, modified_at: Timestamp::UNIX_EPOCH, checksum: content.into() }
    }

    #[test]
    fn it_remembers_contents_and_stays_bounded() {
        let mut feed = Feed::default();
        feed.remember(&file(0, "first"));
        assert!(feed.knows(&file(0, "first")));
        assert_eq!((feed.had("first"), feed.had("other")), (Some("/in/0"), None));
        for number in 1..=FILES_KEPT {
            feed.remember(&file(number, &number.to_string()));
        }
        assert_eq!((feed.knows(&file(0, "first")), feed.had("first")), (false, None));
        assert_eq!((feed.known.len(), feed.contents.len(), feed.order.len()), (FILES_KEPT, FILES_KEPT, FILES_KEPT));
        // The same file again and again takes no more room.
        for change in 0..3 * FILES_KEPT {
            feed.remember(&file(7, &change.to_string()));
        }
        assert!(feed.known.len() <= FILES_KEPT && feed.contents.len() <= FILES_KEPT && feed.order.len() <= FILES_KEPT);
    }
}
