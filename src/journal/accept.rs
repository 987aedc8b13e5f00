//! The operator's word that a damaged journal is to be gone on with. What was found is kept aside, untouched; what can be
//! read stays in its place; the chain from the first bad entry on is linked anew, so that everything after it is proved
//! again. Only the caller records who said so and why.

use super::anchor::{self, Anchor, Anchored};
use super::append::beside_of;
use super::chain::{COLUMNS, Head, Linker, Stored};
use super::files::{self, Part, UNFINISHED};
use super::open::{self, Begins};
use super::verify::{journal_name, verify, walk_all};
use super::{JournalError, place};
use crate::domain::{Author, Event};
use crate::json;
use rusqlite::{Connection, OpenFlags, params};
use std::fs;
use std::path::{Path, PathBuf};

/// What was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The first entry that was missing or wrong.
    pub first_bad: u64,
    /// What was wrong with it.
    pub why: String,
    /// Entries that could not be read; a fact that says so stands in their place.
    pub lost: u64,
    /// The folder in which the files are kept as they were found.
    pub kept: PathBuf,
    /// The head now, before the fact of the acceptance.
    pub head: Head,
}

/// Accepts the damage that [`verify`] finds; without any it is refused. No daemon may run. A process that is ended here
/// leaves a journal that is refused as before, and the copies that it had made.
pub fn accept(state: &Path, outside: &[PathBuf]) -> Result<Acceptance, JournalError> {
    let (first_bad, why) = match verify(state, outside) {
        Ok(_) => {
            let (why, hint) = ("its journal is not damaged".into(), "there is nothing to accept".into());
            return Err(JournalError::Place { path: state.to_owned(), why, hint });
        }
        Err(JournalError::Corrupt { first_bad, why, .. }) => (first_bad, why),
        Err(JournalError::Sqlite { source, .. }) => (1, source.to_string()),
        Err(other) => return Err(other),
    };
    let name = journal_name(state);
    let parts = files::list(state)?;
    let is_whole = parts.is_empty() || walk_all(state, None, Vec::new(), &[]).is_ok();
    let ranges = if is_whole { Vec::new() } else { ranges(state, &parts, first_bad) };
    let kept = keep(state, &parts, &ranges)?;
    let lost = if is_whole { 0 } else { rebuild(state, &ranges, &name)? };
    let last = last(state)?;
    let path = state.join("anchor");
    if path.exists() {
        fs::remove_file(&path).map_err(|source| JournalError::Io { doing: "replace", path: path.clone(), source })?;
    }
    Anchor::open(&path, &last)?.sync()?;
    Ok(Acceptance { first_bad, why, lost, kept, head: last.head })
}

/// The head of a chain that is whole, with its time.
fn last(state: &Path) -> Result<Anchored, JournalError> {
    let chain = files::Chain::of(state)?;
    let seq = chain.last_seq()?;
    let Some(head) = chain.head_at(seq)?.filter(|head| head.seq > 0) else { return Ok(Anchored::START) };
    let at: Option<String> = chain
        .connection(chain.place_of(seq))?
        .query_row("SELECT at FROM entries WHERE seq = ?1", [seq.cast_signed()], |row| row.get(0))
        .ok();
    let at = at.and_then(|at| at.parse().ok()).ok_or_else(|| super::chain::damage(&chain.path_of(seq), seq, "its time cannot be read"))?;
    Ok(Anchored { head, at })
}

/// A file that is made anew, and the last entry that it has to hold, where the next file says so.
struct Range {
    part: Part,
    until: Option<u64>,
}

/// The files from the one with the first bad entry on, a lost first one included.
fn ranges(state: &Path, parts: &[Part], first_bad: u64) -> Vec<Range> {
    let mut all = parts.to_vec();
    if all.first().is_none_or(|part| part.first > 1) {
        all.insert(0, Part { first: 1, path: files::path(state, 1) });
    }
    let from = all.partition_point(|part| part.first <= first_bad).saturating_sub(1);
    let untils: Vec<Option<u64>> = all.iter().skip(1).map(|next| Some(next.first - 1)).chain([None]).collect();
    all.into_iter().zip(untils).skip(from).map(|(part, until)| Range { part, until }).collect()
}

/// Copies what will be changed or written to into a folder of its own.
fn keep(state: &Path, parts: &[Part], ranges: &[Range]) -> Result<PathBuf, JournalError> {
    let kept = (1..10_000_u32)
        .map(|number| state.join(format!("refused-{number}")))
        .find(|folder| !folder.exists())
        .unwrap_or_else(|| state.join("refused"));
    place::prepare(&kept)?;
    let rebuilt = ranges.iter().map(|range| &range.part.path);
    let mut paths: Vec<&PathBuf> = parts.last().map(|part| &part.path).into_iter().chain(rebuilt).collect();
    paths.dedup();
    let anchor = state.join("anchor");
    let beside = paths.iter().flat_map(|path| [(*path).clone(), beside_of(path, "-wal")]);
    for from in beside.chain([anchor]).filter(|path| path.exists()) {
        let to = kept.join(files::name(&from));
        let copied = fs::copy(&from, &to).and_then(|_| fs::File::open(&to)?.sync_all());
        copied.map_err(|source| JournalError::Io { doing: "keep a copy of", path: from, source })?;
    }
    place::sync_folder(&kept)?;
    place::sync_folder(state)?;
    Ok(kept)
}

/// Makes the files anew, one after another, and puts them into their places once all are on disk. Answers how many
/// entries are lost.
fn rebuild(state: &Path, ranges: &[Range], name: &str) -> Result<u64, JournalError> {
    let mut lost = 0;
    let Some(first) = ranges.first().map(|range| range.part.first) else { return Ok(0) };
    let mut tail = match first {
        1 => Anchored::START,
        _ => files::Chain::of(state)?.head_at(first - 1)?.map_or(Anchored::START, |head| Anchored { head, at: Anchored::START.at }),
    };
    // What the anchor knows bounds what is looked for where the database does not even know its own end.
    let anchored = anchor::read(&state.join("anchor")).ok().flatten().map_or(0, |anchored| anchored.head.seq);
    for range in ranges {
        let path = &range.part.path;
        let new = beside_of(path, UNFINISHED);
        let file = place::create(&new)?;
        let io = |source| JournalError::Io { doing: "make", path: new.clone(), source };
        file.set_len(0).map_err(io)?;
        let begins = Begins { first: range.part.first, before: tail.head.hash, journal: name.to_owned() };
        let old = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NOFOLLOW).ok();
        let mut made = || {
            let connection = Connection::open(&new)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            open::make_tables(&connection, &begins)?;
            let until = range.until.unwrap_or_else(|| end_of(old.as_ref(), range.part.first, anchored));
            lost += relink(old.as_ref(), &connection, &mut tail, until)?;
            connection.close().map_err(|(_, error)| error)
        };
        made().map_err(|error| JournalError::from_sqlite("make", &new, error))?;
        file.sync_all().map_err(io)?;
    }
    for range in ranges {
        let path = &range.part.path;
        // The WAL goes first: it belongs to the old file and would be taken for the new one's.
        for beside in ["-wal", "-shm"] {
            match fs::remove_file(beside_of(path, beside)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(JournalError::Io { doing: "replace", path: beside_of(path, beside), source: error });
                }
                _ => {}
            }
        }
        fs::rename(beside_of(path, UNFINISHED), path).map_err(|source| JournalError::Io {
            doing: "replace",
            path: path.clone(),
            source,
        })?;
    }
    place::sync_folder(state)?;
    Ok(lost)
}

/// The last entry of the last file that can be read.
fn end_of(old: Option<&Connection>, first: u64, anchored: u64) -> u64 {
    let Some(old) = old else { return first - 1 };
    let said = old.query_row("SELECT max(seq) FROM entries", [], |row| row.get::<_, Option<i64>>(0)).ok().flatten();
    let most = said.map_or(0, i64::cast_unsigned).max(anchored);
    (first..=most).rev().find(|seq| readable(old, *seq).is_some()).unwrap_or(first - 1)
}

/// A row as it can still be used: time, author, event.
fn readable(old: &Connection, seq: u64) -> Option<(String, String, String)> {
    let mut select = old.prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE seq = ?1")).ok()?;
    let mut rows = select.query([i64::try_from(seq).ok()?]).ok()?;
    let row = rows.next().ok()??;
    // A hash that is no hash does not make the entry unreadable: it is linked anew.
    let text = |column| row.get::<_, String>(column).ok();
    let (at, author, event) = (text(1)?, text(2)?, text(3)?);
    let stored = Stored { seq, at: &at, author: &author, event: &event, hash: [0; 32] };
    stored.entry().ok()?;
    Some((at, author, event))
}

/// Copies entries up to a number, each linked to the one before; answers how many are lost.
fn relink(old: Option<&Connection>, new: &Connection, tail: &mut Anchored, until: u64) -> rusqlite::Result<u64> {
    let lost_event = Event::EntryLost { why: "it could not be read when damage was accepted".into() };
    let lost_event = lost_event.to_json().unwrap_or_else(|_| "{}".into());
    let own = json::text(&Author::Engine).unwrap_or_else(|_| "\"engine\"".into());
    let mut linker = Linker::default();
    let mut lost = 0;
    let change = new.unchecked_transaction()?;
    let mut insert = change.prepare("INSERT INTO entries(seq, at, author, event, hash) VALUES(?1, ?2, ?3, ?4, ?5)")?;
    for seq in tail.head.seq + 1..=until {
        let (at, author, event) = old.and_then(|old| readable(old, seq)).unwrap_or_else(|| {
            lost += 1;
            (format!("{:.6}", tail.at), own.clone(), lost_event.clone())
        });
        let hash = linker.link(&tail.head.hash, seq, at.as_bytes(), author.as_bytes(), event.as_bytes());
        insert.execute(params![seq.cast_signed(), at, author, event, hash.as_slice()])?;
        *tail = Anchored { head: Head { seq, hash }, at: at.parse().unwrap_or(tail.at) };
    }
    drop(insert);
    if let Some(old) = old {
        // Answers are a courtesy of seven days: what of them cannot be read is asked anew.
        let mut requests = old.prepare("SELECT key, at, answer FROM requests").ok();
        let mut rows = requests.as_mut().and_then(|requests| requests.query([]).ok());
        while let Some(Ok(Some(row))) = rows.as_mut().map(rusqlite::Rows::next) {
            if let (Ok(key), Ok(at), Ok(answer)) = (row.get::<_, String>(0), row.get::<_, String>(1), row.get::<_, String>(2)) {
                change.execute("INSERT INTO requests(key, at, answer) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING", [key, at, answer])?;
            }
        }
    }
    change.commit()?;
    Ok(lost)
}
