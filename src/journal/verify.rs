//! The proof: the whole chain from the first entry to the anchors, for `dogwatch verify`. It changes nothing.

use super::anchor::{self, Anchor, Anchored};
use super::chain::{Head, damage};
use super::{JournalError, open, place};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Entries per transaction, so that a running daemon's WAL stays short.
const STRETCH: u64 = 20_000;

/// What was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last entry of the chain; every one from 1 to it follows from the one before.
    pub head: Head,
    /// What the anchor in the state folder knows: nothing up to there was changed or removed since.
    pub anchored: Anchored,
    /// What the anchor outside the state folder knows, with its file.
    pub outside: Option<(PathBuf, Anchored)>,
}

impl Verified {
    /// The number of entries.
    pub fn entries(&self) -> u64 {
        self.head.seq
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} entries, each follows from the one before", self.head.seq)?;
        let Anchored { head, at } = &self.anchored;
        write!(f, "proved up to entry {} of {at} by the anchor beside the journal: ", head.seq)?;
        match &self.outside {
            Some((path, outside)) => write!(
                f,
                "against every change by those who cannot write to the state folder; and up to entry {} of {} by {}, against those who can",
                outside.head.seq,
                outside.at,
                path.display()
            ),
            None => write!(f, "against every change by those who cannot write to the state folder (no anchor outside it is configured)"),
        }
    }
}

/// Reads the whole chain and compares it with the anchors; the error names the first bad entry.
pub fn verify(state: &Path, outside: Option<&Path>) -> Result<Verified, JournalError> {
    // Before the walk: what is anchored while it goes on is not part of this proof.
    let inside = anchor::read(&state.join("anchor"));
    let outside = outside.map(|path| anchor::read(path).map(|anchored| anchored.map(|anchored| (path.to_owned(), anchored)))).transpose();
    let highest = [
        inside.as_ref().ok().copied().flatten(),
        outside.as_ref().ok().and_then(|found| found.as_ref()?.as_ref().map(|(_, anchored)| *anchored)),
    ];
    let known: Vec<Anchored> = highest.into_iter().flatten().collect();
    let head = walk_all(state, &known)?;
    // The chain is whole; now the anchors themselves.
    let anchored = match inside? {
        Some(anchored) => anchored,
        None if head.seq == 0 => Anchored::START,
        None => return Err(damage(&state.join("anchor"), 1, "the anchor is missing, so nothing says that no entry is")),
    };
    Ok(Verified { head, anchored, outside: outside?.flatten() })
}

fn walk_all(state: &Path, known: &[Anchored]) -> Result<Head, JournalError> {
    let path = place::database(state);
    let most = known.iter().map(|anchored| anchored.head.seq).max().unwrap_or(0);
    if !path.exists() {
        return Err(damage(&path, 1, format!("the database is gone; the anchor knows {most} entries")));
    }
    let connection = open::reader(&path)?;
    let mut head = Head::START;
    loop {
        let to = head.seq.saturating_add(STRETCH);
        let next = open::walk(&connection, &path, head, to, |stored| {
            let moved = known.iter().find(|anchored| anchored.head.seq == stored.seq && anchored.head.hash != stored.hash);
            match moved {
                Some(_) => Err(damage(&path, stored.seq, "its hash is not the anchored one: it, or one before it, was written anew")),
                None => Ok(()),
            }
        })?;
        if next.seq < to {
            // A hole of a whole stretch would look like the end.
            let last = open::last_seq(&connection, &path)?;
            if last > next.seq && next == head {
                return Err(damage(&path, next.seq + 1, format!("it is missing; the last one that is there is {last}")));
            }
            if next == head {
                break;
            }
        }
        head = next;
    }
    if head.seq < most {
        return Err(damage(&path, head.seq + 1, format!("it is missing; the anchor knows entries up to {most}")));
    }
    Ok(head)
}

/// The operator's word that a journal whose tail or anchor is missing is to be gone on with as it is. The chain that is
/// left must be whole. Database, WAL and anchor as they are now are kept in a folder `refused-N`, which is returned.
pub fn accept(state: &Path, outside: Option<&Path>) -> Result<PathBuf, JournalError> {
    let path = place::database(state);
    let head = walk_all(state, &[])?;
    let connection = open::reader(&path)?;
    let at = match head.seq {
        0 => Anchored::START.at,
        seq => connection
            .query_row("SELECT at FROM entries WHERE seq = ?1", [seq.cast_signed()], |row| row.get::<_, String>(0))
            .ok()
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| damage(&path, seq, "its time cannot be read"))?,
    };
    let kept = (1..10_000_u32)
        .map(|number| state.join(format!("refused-{number}")))
        .find(|folder| !folder.exists())
        .unwrap_or_else(|| state.join("refused"));
    place::prepare(&kept)?;
    for name in ["journal.db", "journal.db-wal", "anchor"] {
        let from = state.join(name);
        if from.exists() {
            fs::copy(&from, kept.join(name)).map_err(|source| JournalError::Io { doing: "keep a copy of", path: from, source })?;
        }
    }
    let last = Anchored { head, at };
    for path in std::iter::once(state.join("anchor")).chain(outside.map(Path::to_owned)) {
        if path.exists() {
            fs::remove_file(&path).map_err(|source| JournalError::Io { doing: "replace", path: path.clone(), source })?;
        }
        Anchor::open(&path, &last)?.sync()?;
    }
    Ok(kept)
}
