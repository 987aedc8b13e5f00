//! Removes attempt folders that no entry knows: claims whose daemon died before it could write the entry.

use super::folder::{self, Lock};
use super::record::LOCK;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Folders of steps lie at flow/run/step.N, of runbook steps at @runbook/runbook/subject/step.N.
const DEEPEST: usize = 4;
/// How often, and how far apart, a lock is tried that is held although nobody listens.
const SETTLE_TRIES: u32 = 20;
const SETTLE: Duration = Duration::from_millis(10);

/// Removes every attempt folder below `top` for which `is_known` says no and whose lock is free.
pub(super) fn sweep(top: &Path, is_known: &dyn Fn(&Path) -> bool) {
    let mut folders = Vec::new();
    attempt_folders(top, Path::new(""), &mut folders);
    for relative in folders.iter().filter(|relative| !is_known(relative)) {
        let path = top.join(relative);
        match settled_lock(&path) {
            // An entry is older than its supervisor, so this is a journal that was put back to an earlier state.
            Ok(Lock::Held) => tracing::warn!(folder = %relative.display(), "a supervisor lives that no entry knows; it is left alone"),
            Ok(Lock::Free { .. }) => remove(&path, top),
            Err(error) if error.kind() == io::ErrorKind::NotFound => remove(&path, top),
            Err(error) => tracing::warn!(folder = %relative.display(), %error, "the lock of an unknown attempt cannot be tried"),
        }
    }
}

/// The lock's state once a moment has passed: a process that is being forked elsewhere holds every open file for an
/// instant, and no supervisor listens then.
fn settled_lock(path: &Path) -> io::Result<Lock> {
    let mut lock = folder::try_lock(path);
    for _ in 0..SETTLE_TRIES {
        if !matches!(lock, Ok(Lock::Held)) || folder::connect(path).is_ok() {
            break;
        }
        std::thread::sleep(SETTLE);
        lock = folder::try_lock(path);
    }
    lock
}

fn remove(path: &Path, top: &Path) {
    if let Err(error) = folder::remove(path, top) {
        tracing::warn!(folder = %path.display(), %error, "an unknown attempt's folder cannot be removed");
    }
}

/// Collects the folders that lie where attempts lie. Links are not followed.
fn attempt_folders(top: &Path, relative: &Path, found: &mut Vec<PathBuf>) {
    let depth = relative.components().count();
    let wanted = if relative.starts_with("@runbook") { DEEPEST } else { DEEPEST - 1 };
    if depth == wanted || top.join(relative).join(LOCK).is_file() {
        found.push(relative.to_owned());
        return;
    }
    for entry in fs::read_dir(top.join(relative)).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            attempt_folders(top, &relative.join(entry.file_name()), found);
        }
    }
}
