//! The proof: the whole chain from the first entry to the anchors, for `dogwatch verify`. It changes nothing.

use super::anchor::{self, Anchored};
use super::chain::{Head, damage};
use super::files::{self, Chain};
use super::outside::{self, Known, Outside};
use super::{JournalError, open, place};
use std::fmt;
use std::path::{Path, PathBuf};

/// Entries per transaction, so that a running daemon's WAL stays short.
const STRETCH: u64 = 20_000;

/// What a daemon keeps in its state folder beside the database.
const TRACES: [&str; 6] = ["anchor", "world.json", "reserve", "samples.db", "attempts", "evidence"];

/// What was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last entry of the chain; every one from 1 to it follows from the one before.
    pub head: Head,
    /// Files that hold the chain.
    pub files: usize,
    /// What the anchor in the state folder knows: nothing up to there was changed or removed since.
    pub anchored: Anchored,
    /// What the anchors outside the state folder know.
    pub outside: Vec<Outside>,
}

impl Verified {
    /// The number of entries.
    pub fn entries(&self) -> u64 {
        self.head.seq
    }

    /// Files outside that were to prove something and know nothing of this journal.
    pub fn silent(&self) -> impl Iterator<Item = &Path> {
        self.outside.iter().filter(|outside| outside.last.is_none()).map(|outside| outside.path.as_path())
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = if self.files > 1 { format!(" in {} files", self.files) } else { String::new() };
        writeln!(f, "{} entries{files}, each follows from the one before", self.head.seq)?;
        let Anchored { head, at } = &self.anchored;
        write!(f, "proved up to entry {} of {at} by the anchor beside the journal: ", head.seq)?;
        write!(f, "against every change by those who cannot write to the state folder")?;
        for outside in &self.outside {
            match &outside.last {
                Some(Anchored { head, at }) => write!(
                    f,
                    "\nproved up to entry {} of {at} by {} heads in {}: against those who can, but cannot change that file",
                    head.seq,
                    outside.heads,
                    outside.path.display()
                )?,
                None => write!(f, "\nnot proved by {}: it holds no line of this journal", outside.path.display())?,
            }
            for accepted in &outside.accepted {
                write!(f, "\n  damage was accepted at entry {} of {}: what it knew before does not count", accepted.head.seq, accepted.at)?;
            }
            if outside.unreadable > 0 {
                write!(f, "\n  {} lines of it are not whole", outside.unreadable)?;
            }
        }
        if self.outside.is_empty() {
            write!(f, "\nno anchor outside it is configured ([anchor] of dogwatch.toml), so whoever can write there can rewrite it all")?;
        }
        Ok(())
    }
}

/// Reads the whole chain and compares it with the anchors, those in files outside included; the error names the first bad
/// entry.
pub fn verify(state: &Path, outside: &[PathBuf]) -> Result<Verified, JournalError> {
    // Before the walk: what is anchored while it goes on is not part of this proof.
    let inside = anchor::read(&state.join("anchor"));
    let (mut known, mut read) = (Vec::new(), Vec::new());
    let names = names(state);
    for (place, path) in outside.iter().enumerate() {
        read.push(outside::read(path, place, &names, &mut known)?);
    }
    let anchored = inside.as_ref().ok().copied().flatten();
    let (head, files) = walk_all(state, anchored.as_ref(), known, outside)?;
    // The chain is whole; now the anchors themselves.
    let anchored = match inside? {
        Some(anchored) => anchored,
        None if head.seq == 0 => Anchored::START,
        None => return Err(damage(&state.join("anchor"), 1, "the anchor is missing, so nothing says that no entry is")),
    };
    Ok(Verified { head, files, anchored, outside: read })
}

/// Whether nothing says that this folder ever held a journal: no database, no anchor, nothing else that a daemon keeps, and
/// no head in the files outside. A folder that is only empty of its database is damaged, not this.
pub fn was_never_here(state: &Path, outside: &[PathBuf]) -> Result<bool, JournalError> {
    if TRACES.iter().any(|trace| state.join(trace).symlink_metadata().is_ok()) || !Chain::of(state)?.parts().is_empty() {
        return Ok(false);
    }
    let (mut known, names) = (Vec::new(), names(state));
    for (place, path) in outside.iter().enumerate() {
        outside::read(path, place, &names, &mut known)?;
    }
    Ok(known.is_empty())
}

/// Compares the last heads that files outside know with the journal: what a start does, without a walk.
pub fn check_outside(state: &Path, outside: &[PathBuf]) -> Result<(), JournalError> {
    outside::check(&Chain::of(state)?, outside, &names(state))
}

/// The name under which anchors outside know this journal; the one that it was begun with.
pub fn journal_name(state: &Path) -> String {
    let chain = Chain::of(state).ok();
    let begins = chain.filter(|chain| !chain.parts().is_empty()).and_then(|chain| {
        let active = chain.parts().len() - 1;
        open::begins(chain.connection(active).ok()?, &chain.active()).ok()
    });
    begins.map_or_else(|| place::name_of(state), |begins| begins.journal)
}

/// Both names that count: the one in the journal itself can be changed with it.
fn names(state: &Path) -> [String; 2] {
    [journal_name(state), place::name_of(state)]
}

/// Walks all files; gives the head and the number of files.
pub(super) fn walk_all(
    state: &Path,
    anchored: Option<&Anchored>,
    mut known: Vec<Known>,
    outside: &[PathBuf],
) -> Result<(Head, usize), JournalError> {
    let inside = anchored.map(|anchored| (anchored.head.seq, anchored.head.hash, usize::MAX));
    known.extend(inside);
    known.sort_unstable();
    let who = |place: usize| outside.get(place).map_or_else(|| "the anchor".to_owned(), |path| path.display().to_string());
    let most = known.last().copied().unwrap_or((0, [0; 32], usize::MAX));
    let chain = Chain::of(state)?;
    if chain.parts().is_empty() {
        return Err(damage(&files::path(state, 1), 1, format!("the database is gone; {} knows {} entries", who(most.2), most.0)));
    }
    let mut head = Head::START;
    let mut next_known = 0;
    loop {
        let to = head.seq.saturating_add(STRETCH);
        let next = chain.walk(head, to, |stored| {
            while let Some((seq, hash, place)) = known.get(next_known).filter(|(seq, ..)| *seq <= stored.seq) {
                next_known += 1;
                if *seq == stored.seq && *hash != stored.hash {
                    let why = format!("its hash is not the one that {} knows: it, or one before it, was written anew", who(*place));
                    return Err(damage(&chain.path_of(stored.seq), stored.seq, why));
                }
            }
            Ok(())
        })?;
        if next.seq < to {
            // A hole of a whole stretch would look like the end.
            let last = chain.last_seq()?;
            if last > next.seq && next == head {
                return Err(damage(
                    &chain.path_of(next.seq + 1),
                    next.seq + 1,
                    format!("it is missing; the last one that is there is {last}"),
                ));
            }
            if next == head {
                break;
            }
        }
        head = next;
    }
    if head.seq < most.0 {
        let why = format!("it is missing; {} knows entries up to {}", who(most.2), most.0);
        return Err(damage(&chain.path_of(head.seq + 1), head.seq + 1, why));
    }
    for (place, pair) in chain.parts().windows(2).enumerate() {
        if let [part, next] = pair
            && chain.last_seq_in(place)? >= next.first
        {
            return Err(damage(&part.path, next.first, "the file goes on beyond the beginning of the next one"));
        }
    }
    Ok((head, chain.parts().len()))
}
