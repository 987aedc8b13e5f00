//! Anchors outside the state folder, as text: one line a head, appended to a file, to syslog, to whatever a command keeps.
//! Written by the daemon, read by `verify`, from any file that holds such lines, whatever stands before them.

use super::JournalError;
use super::anchor::Anchored;
use super::chain::{Head, damage};
use super::files::Chain;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What every line begins with, wherever it stands in a line of a log.
const BEGINS: &str = "dogwatch anchor 1 ";
/// A longer line of a file is none of ours: 4 KiB.
const LINE_MAX: u64 = 4 << 10;
/// Bytes at the end of a file in which a start looks for the last head: 256 KiB, above a thousand lines.
const TAIL: u64 = 256 << 10;

/// One line of an anchor outside: at its time, the journal's chain had this head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorLine {
    /// The journal's name.
    pub journal: String,
    /// Its head.
    pub anchored: Anchored,
    /// Whether the operator accepted damage here: what earlier lines say of this journal does not count any more.
    pub is_acceptance: bool,
}

impl fmt::Display for AnchorLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { journal, anchored: Anchored { head, at }, is_acceptance } = self;
        let word = if *is_acceptance { "accepted " } else { "" };
        let text = format!("{BEGINS}{word}of={journal} seq={} at={at:.6} hash={}", head.seq, head.hex());
        let sum = blake3::hash(text.as_bytes()).to_hex();
        write!(f, "{text} sum={}", &sum[..16])
    }
}

impl AnchorLine {
    /// Reads a line of a file; `None` where it holds no anchor, an error where it holds one that is not whole.
    pub fn parse(line: &str) -> Option<Result<Self, ()>> {
        let text = line.get(line.rfind(BEGINS)?..)?;
        Some(Self::whole(text).ok_or(()))
    }

    fn whole(text: &str) -> Option<Self> {
        let (text, sum) = text.rsplit_once(" sum=")?;
        if blake3::hash(text.as_bytes()).to_hex().get(..16)? != sum.trim_end().get(..16)? {
            return None;
        }
        let rest = text.strip_prefix(BEGINS)?;
        let (rest, is_acceptance) = rest.strip_prefix("accepted ").map_or((rest, false), |rest| (rest, true));
        let mut parts = rest.split(' ').map(|part| part.split_once('=').map(|(_, value)| value));
        let journal = parts.next()??.to_owned();
        let seq = parts.next()??.parse().ok()?;
        let at = parts.next()??.parse().ok()?;
        let hash = *blake3::Hash::from_hex(parts.next()??).ok()?.as_bytes();
        Some(Self { journal, anchored: Anchored { head: Head { seq, hash }, at }, is_acceptance })
    }
}

/// What a file outside knows of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The file.
    pub path: PathBuf,
    /// Its last head of this journal; absent where it holds none: then it proves nothing.
    pub last: Option<Anchored>,
    /// Heads that count.
    pub heads: u64,
    /// Heads at which damage was accepted; what was anchored before each does not count.
    pub accepted: Vec<Anchored>,
    /// Lines that are not whole: cut off, or changed by someone.
    pub unreadable: u64,
}

/// A head that a file outside knows: number, hash, and the place of the file among those that were asked for.
pub(super) type Known = (u64, [u8; 32], usize);

/// Reads all that a file knows of a journal, into `known` as well.
pub(super) fn read(path: &Path, place: usize, names: &[String], known: &mut Vec<Known>) -> Result<Outside, JournalError> {
    let mut outside = Outside { path: path.to_owned(), last: None, heads: 0, accepted: Vec::new(), unreadable: 0 };
    let begun = known.len();
    let file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(outside),
        file => file.map_err(|source| JournalError::Io { doing: "read", path: path.to_owned(), source })?,
    };
    each_line(file, |line| match AnchorLine::parse(line) {
        Some(Err(())) => outside.unreadable += 1,
        Some(Ok(line)) if names.contains(&line.journal) => {
            if line.is_acceptance {
                known.truncate(begun);
                outside.accepted.push(line.anchored);
            }
            known.push((line.anchored.head.seq, line.anchored.head.hash, place));
            outside.last = Some(line.anchored);
        }
        None | Some(Ok(_)) => {}
    })
    .map_err(|source| JournalError::Io { doing: "read", path: path.to_owned(), source })?;
    outside.heads = (known.len() - begun) as u64;
    Ok(outside)
}

/// Compares the last head that each file knows with the journal, before anything is appended. A file that cannot be read
/// says nothing here; that it is out of reach is told by whoever writes to it.
pub(super) fn check(chain: &Chain, paths: &[PathBuf], names: &[String]) -> Result<(), JournalError> {
    for path in paths {
        let last = match last_of(path, names) {
            Ok(last) => last,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the anchor outside cannot be read and is not compared");
                continue;
            }
        };
        let Some(Anchored { head, at }) = last else { continue };
        let have = chain.last_seq()?;
        if have < head.seq {
            let why = format!("it is missing; {} knows entries up to {} of {at}", path.display(), head.seq);
            return Err(damage(&chain.path_of(have + 1), have + 1, why));
        }
        if chain.head_at(head.seq)?.is_none_or(|found| found.hash != head.hash) {
            let why = format!("its hash is not the one that {} knows: it, or one before it, was written anew", path.display());
            return Err(damage(&chain.path_of(head.seq), head.seq, why));
        }
    }
    Ok(())
}

fn last_of(path: &Path, names: &[String]) -> io::Result<Option<Anchored>> {
    let mut file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut last = None;
    each_line(file, |line| {
        if let Some(Ok(line)) = AnchorLine::parse(line).filter(|line| line.as_ref().is_ok_and(|line| names.contains(&line.journal))) {
            last = Some(line.anchored);
        }
    })?;
    Ok(last)
}

/// Opens a plain file only: a pipe would be waited for.
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a plain file")) }
}

/// Every line, cut at a length that no anchor has.
fn each_line(file: File, mut each: impl FnMut(&str)) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(64 << 10, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        each(&String::from_utf8_lossy(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64, is_acceptance: bool) -> AnchorLine {
        let anchored = Anchored { head: Head { seq, hash: [seq as u8; 32] }, at: jiff::Timestamp::from_second(1_790_000_000).unwrap() };
        AnchorLine { journal: "shop@0011aabb".into(), anchored, is_acceptance }
    }

    #[test]
    fn a_line_is_found_behind_what_a_log_writes_before_it() {
        for is_acceptance in [false, true] {
            let line = line(41, is_acceptance);
            let logged = format!("Nov 21 02:41:07 jump1 dogwatch[812]: {line}\n");
            assert_eq!(AnchorLine::parse(&logged), Some(Ok(line.clone())));
            assert_eq!(AnchorLine::parse(&format!("dogwatch anchor 1 of=cut of{line}")), Some(Ok(line)), "behind one that was cut off");
        }
        assert_eq!(AnchorLine::parse("an ordinary line"), None);
    }

    #[test]
    fn a_changed_line_is_not_whole() {
        let text = line(41, false).to_string();
        for place in BEGINS.len()..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            assert_eq!(AnchorLine::parse(&String::from_utf8_lossy(&bytes)), Some(Err(())), "byte {place}");
        }
    }
}
