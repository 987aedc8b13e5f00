//! Journal → world at the start of the daemon: one thread reads, checks and parses, this one folds.

use super::chain::{Head, damage};
use super::files::Chain;
use super::{JournalError, checkpoint};
use crate::domain::Entry;
use crate::world::World;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

/// Entries that go from the reading thread to the folding one at once.
const BATCH: usize = 512;
/// Bytes of text after which a batch goes earlier.
const BATCH_BYTES: usize = 1 << 20;
/// Batches under way; bounds the memory of a replay.
const UNDER_WAY: usize = 4;

/// The world after the entry of `head`.
pub(super) fn load(state: &Path, head: Head) -> Result<World, JournalError> {
    let chain = Chain::of(state)?;
    let path = chain.active();
    let (mut world, from) = checkpoint::read(state, &chain, head).unwrap_or_else(|| (World::new(), Head::START));
    let (send, receive) = sync_channel::<Vec<Entry>>(UNDER_WAY);
    let end = std::thread::scope(|scope| {
        let reading = scope.spawn(move || read(&chain, from, head.seq, &send));
        for batch in receive {
            for entry in &batch {
                world.apply(entry);
            }
        }
        reading.join().unwrap_or_else(|_| Err(damage(&path, from.seq + 1, "reading it ended in a panic")))
    })?;
    if end != head {
        let (first_bad, why) = if end.seq < head.seq { (end.seq + 1, "it is missing") } else { (end.seq, "its hash is not the head's") };
        return Err(damage(&path, first_bad, why));
    }
    Ok(world)
}

fn read(chain: &Chain, from: Head, to: u64, send: &SyncSender<Vec<Entry>>) -> Result<Head, JournalError> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut bytes = 0;
    let end = chain.walk(from, to, |stored| {
        batch.push(stored.entry().map_err(|why| damage(&chain.path_of(stored.seq), stored.seq, why))?);
        bytes += stored.event.len();
        if batch.len() >= BATCH || bytes >= BATCH_BYTES {
            bytes = 0;
            // The other side only ends after this one.
            let _ = send.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
        Ok(())
    })?;
    let _ = send.send(batch);
    Ok(end)
}
