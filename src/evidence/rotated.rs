//! Files that a log was before it was rotated: `.1`, `.1.gz`, `-20261120.gz`. Compressed ones cannot be searched; they are
//! read through, up to a limit.

use super::stamp::Stamps;
use super::window::{Cut, Kept, Lines, Window};
use flate2::read::MultiGzDecoder;
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Rotated files of one log that are looked at.
const FILES_MAX: usize = 8;
/// Names of a folder that are read to find them.
const NAMES_MAX: usize = 50_000;
/// Bytes of an unpacked file that are read.
const UNPACKED_MAX: u64 = 256 << 20;
/// A longer line is taken in pieces.
const LINE_MAX: u64 = 1 << 20;

/// The rotated files of a log that may hold lines of the window, the youngest first: those that were written to since its
/// beginning.
pub(super) fn before(path: &Path, from: Timestamp) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else { return Vec::new() };
    let names =
        std::fs::read_dir(folder).into_iter().flatten().take(NAMES_MAX).flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<(Timestamp, PathBuf)> = names
        .filter(|other| other.strip_prefix(name).is_some_and(is_ending))
        .filter_map(|other| {
            let path = folder.join(other);
            let written = Timestamp::try_from(std::fs::metadata(&path).ok()?.modified().ok()?).ok()?;
            Some((written, path))
        })
        .collect();
    // The packer may come some days later and keeps the time of the last change.
    let from = from.checked_sub(SignedDuration::from_mins(1)).unwrap_or(from);
    found.retain(|(written, _)| *written >= from);
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(FILES_MAX);
    found.into_iter().map(|(_, path)| path).collect()
}

/// `.1`, `.12.gz`, `-20261120`, `-20261120-0315.gz`.
fn is_ending(ending: &str) -> bool {
    let ending = ending.strip_suffix(".gz").unwrap_or(ending);
    let digits = |text: &str, least: usize| text.len() >= least && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match (ending.strip_prefix('.'), ending.strip_prefix('-')) {
        (Some(number), _) => digits(number, 1) && number.len() <= 3,
        (_, Some(date)) => digits(date, 8) && date.len() <= 20,
        _ => false,
    }
}

/// Whether a file is compressed, by its first bytes.
pub(super) fn is_packed(file: &File) -> bool {
    use std::os::unix::fs::FileExt as _;
    let mut magic = [0; 2];
    file.read_exact_at(&mut magic, 0).is_ok() && magic == [0x1f, 0x8b]
}

/// The beginning of an unpacked file, to find its format out.
pub(super) fn sample(file: &File, bytes: u64) -> io::Result<Vec<u8>> {
    let mut sample = Vec::new();
    MultiGzDecoder::new(rewound(file)?).take(bytes).read_to_end(&mut sample)?;
    Ok(sample)
}

/// The lines of a window of a compressed file, and whether it was too long to be read to its end.
///
/// # Errors
/// It cannot be read, or is no whole compressed file.
pub(super) fn cut(file: &File, stamps: &Stamps, window: Window, max_bytes: u64) -> io::Result<(Cut, bool)> {
    let mut lines = BufReader::new(MultiGzDecoder::new(rewound(file)?).take(UNPACKED_MAX));
    let (mut kept, mut filter, mut line, mut read) = (Kept::new(max_bytes), Lines { inside: false }, Vec::new(), 0);
    let mut first = None;
    loop {
        line.clear();
        let got = (&mut lines).take(LINE_MAX).read_until(b'\n', &mut line)?;
        if got == 0 {
            break;
        }
        read += got as u64;
        first = first.or_else(|| stamps.at(&line));
        if filter.takes(&line, stamps, window) {
            kept.push(&line);
        }
    }
    let (bytes, left_out) = kept.done();
    Ok((Cut { bytes, left_out, read, reaches_back: first.is_none_or(|first| first > window.from) }, read >= UNPACKED_MAX))
}

fn rewound(file: &File) -> io::Result<File> {
    use std::io::Seek as _;
    let mut file = file.try_clone()?;
    file.rewind()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_of_rotated_files() {
        for (ending, is) in [
            (".1", true),
            (".12.gz", true),
            ("-20261120", true),
            ("-20261120.gz", true),
            ("", false),
            (".bak", false),
            (".gz", false),
            ("-old", false),
            (".2026", false),
        ] {
            assert_eq!(is_ending(ending), is, "{ending}");
        }
    }
}
