//! Which files a path or pattern means: `*` and `?` within one part of a path, nothing deeper.

use std::path::{Component, Path, PathBuf};

/// Files of one pattern that are taken; the youngest names last, so of more the first by name.
const FILES_MAX: usize = 50;
/// Names that are read in all.
const NAMES_MAX: usize = 100_000;

/// The files of a pattern, sorted, and whether there are more. A path without signs is itself, there or not.
pub(super) fn files(root: &Path, pattern: &str) -> (Vec<PathBuf>, bool) {
    let path = root.join(pattern);
    if !pattern.contains(['*', '?']) {
        return (vec![path], false);
    }
    let mut found = vec![PathBuf::new()];
    let (mut left, mut more) = (NAMES_MAX, false);
    for part in path.components() {
        match part {
            Component::Normal(part) if part.to_string_lossy().contains(['*', '?']) => {
                let part = part.to_string_lossy();
                let mut next = Vec::new();
                for folder in &found {
                    // A folder that is not there, or is none, holds nothing.
                    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                        left = left.saturating_sub(1);
                        let name = entry.file_name();
                        let hidden = name.as_encoded_bytes().first() == Some(&b'.') && !part.starts_with('.');
                        if left > 0 && !hidden && matches(part.as_bytes(), name.as_encoded_bytes()) {
                            next.push(entry.path());
                        }
                    }
                }
                next.sort();
                more |= left == 0 || next.len() > FILES_MAX;
                next.truncate(FILES_MAX);
                found = next;
            }
            part => found.iter_mut().for_each(|path| path.push(part)),
        }
    }
    (found, more)
}

/// Whether a name fits a part of a pattern; each `*` goes back at most once, so that it costs no more than both lengths.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(sign) if *sign == b'?' || Some(sign) == name.get(place) => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((from, tried)) => {
                    star = Some((from, tried + 1));
                    at = from + 1;
                    place = tried + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|sign| *sign == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_marks_fit_within_one_part() {
        for (pattern, name, fits) in [
            ("*.log", "a.log", true),
            ("*.log", "a.log.1", false),
            ("a?c*", "abcde", true),
            ("*a*b*", "xxaxxb", true),
            ("*a*b", "aaaaaaaaaaaaac", false),
            ("", "", true),
            ("?", "", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["one/web.log", "two/web.log", "two/.web.log", "web.log"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let (found, more) = files(folder.path(), "*/*.log");
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!((names, more), (vec!["one/web.log".to_owned(), "two/web.log".to_owned()], false));
        assert_eq!(files(folder.path(), "not-there.log").0, [folder.path().join("not-there.log")]);
    }
}
