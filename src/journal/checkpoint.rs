//! The checkpoint: a world with the entry that it stands at. A cache: whatever does not fit is ignored and folded anew.

use super::chain::Head;
use super::files::Chain;
use super::{JournalError, place};
use crate::json::{self, RawValue};
use crate::world::{SHAPE, World};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// What the file says before the world.
#[derive(Serialize)]
struct Before<'a> {
    shape: &'a str,
    seq: u64,
    hash: String,
    sum: String,
}

/// The file's form; the world is read only after the rest fits.
#[derive(Deserialize)]
struct Stored<'a> {
    shape: String,
    seq: u64,
    hash: String,
    /// BLAKE3 of the world's text: the file is not synced, so a power cut may leave anything in it.
    sum: String,
    #[serde(borrow)]
    world: &'a RawValue,
}

/// Writes a world beside the journal, whole or not at all.
pub(super) fn write(state: &Path, world: &World) -> Result<(), JournalError> {
    let chain = Chain::of(state)?;
    let head = chain
        .head_at(world.seq)?
        .ok_or_else(|| super::chain::damage(&chain.path_of(world.seq), world.seq, "the world knows it, the journal does not"))?;
    drop(chain);
    let world = json::text(world)?;
    let sum = blake3::hash(world.as_bytes()).to_hex().to_string();
    let before = json::text(&Before { shape: SHAPE, seq: head.seq, hash: head.hex(), sum })?;
    let path = state.join("world.json");
    let new = state.join("world.json.new");
    let io = |doing| move |source| JournalError::Io { doing, path: state.join("world.json"), source };
    let mut file = place::create(&new)?;
    file.set_len(0).map_err(io("write"))?;
    // Put together by hand: the text of a large world is not copied again.
    let before = before.trim_end_matches('}');
    let parts = [before, r#","world":"#, &world, "}"];
    parts.iter().try_for_each(|part| file.write_all(part.as_bytes())).map_err(io("write"))?;
    fs::rename(&new, &path).map_err(io("write"))
}

/// The checkpoint of a state folder with its head, where it fits this program and this chain.
pub(super) fn read(state: &Path, chain: &Chain, head: Head) -> Option<(World, Head)> {
    let path = state.join("world.json");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => return ignored(&path, &error.to_string()),
    };
    let Ok(stored) = json::read::<Stored<'_>>(&text) else { return ignored(&path, "it is not whole") };
    if stored.shape != SHAPE {
        return ignored(&path, "another version of dogwatch made it");
    }
    let on_chain = stored.seq <= head.seq && matches!(chain.head_at(stored.seq), Ok(Some(at)) if at.hex() == stored.hash);
    if !on_chain {
        return ignored(&path, "its entry is not in this journal");
    }
    if blake3::hash(stored.world.get().as_bytes()).to_hex().as_str() != stored.sum {
        return ignored(&path, "its text is not what was written");
    }
    let Ok(hash) = blake3::Hash::from_hex(stored.hash.as_bytes()) else { return ignored(&path, "its hash cannot be read") };
    match json::read::<World>(stored.world.get()) {
        Ok(mut world) if world.seq == stored.seq => {
            world.compact();
            Some((world, Head { seq: stored.seq, hash: *hash.as_bytes() }))
        }
        Ok(_) => ignored(&path, "its world stands at another entry"),
        Err(error) => ignored(&path, &error.to_string()),
    }
}

fn ignored<T>(path: &Path, why: &str) -> Option<T> {
    tracing::info!(path = %path.display(), why, "the checkpoint is ignored, the journal is folded from an earlier entry");
    None
}
