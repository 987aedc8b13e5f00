//! The history of one file, where the workspace is a git repository: what `git log` says, asked with an environment of its
//! own, within bounds, and without any shell.

use jiff::Timestamp;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use thiserror::Error;

/// Revisions that are told at most.
const MAX: usize = 200;
/// Bytes of git's answer that are read.
const BYTES: u64 = 256 << 10;
/// git is ended after this.
const PATIENCE: Duration = Duration::from_secs(5);

/// A revision of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Revision {
    /// The commit, short.
    pub commit: String,
    /// When it was committed.
    pub at: Timestamp,
    /// Who wrote it, as git has it.
    pub by: String,
    /// The first line of its message.
    pub subject: String,
}

/// Why there is no history.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// There is no program `git`.
    #[error("git is not installed, so there is no history")]
    NoGit,
    /// The workspace is in no repository.
    #[error("the workspace is no git repository, so there is no history")]
    NoRepository,
    /// git could not say it.
    #[error("git could not tell the history: {0}")]
    Failed(String),
}

/// The revisions of a file of the workspace, the youngest first, across renames.
///
/// # Errors
/// Where there is no git, no repository, or no answer in time.
pub fn history(root: &Path, file: &str) -> Result<Vec<Revision>, HistoryError> {
    history_by(OsStr::new("git"), root, file)
}

/// The same with another program in the place of git.
pub fn history_by(git: &OsStr, root: &Path, file: &str) -> Result<Vec<Revision>, HistoryError> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let mut command = Command::new(git);
    command
        .arg("--no-pager")
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false"])
        .args(["log", "--follow", "--no-color", "--no-ext-diff", "--no-textconv", "--format=%h%x1f%ct%x1f%an%x1f%s%x1e"])
        .arg(format!("--max-count={MAX}"))
        .args(["--", file])
        .current_dir(root)
        .env_clear()
        .envs([("PATH", path.as_os_str()), ("LC_ALL", OsStr::new("C.UTF-8")), ("HOME", OsStr::new("/nonexistent"))])
        // Neither the user's settings nor prompts nor a pager: what is asked is the same for everyone.
        .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => HistoryError::NoGit,
        _ => HistoryError::Failed(error.to_string()),
    })?;
    let (out, wail) = (child.stdout.take(), child.stderr.take());
    let (tell, told) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = out.map_or(Ok(0), |out| out.take(BYTES).read_to_end(&mut text));
        let mut wailed = Vec::new();
        let _ = wail.map_or(Ok(0), |wail| wail.take(4_096).read_to_end(&mut wailed)); // what it says in vain is not needed
        let _ = tell.send(read.map(|_| (text, wailed)));
    });
    let answer = told.recv_timeout(PATIENCE);
    if answer.is_err() {
        let _ = child.kill();
    }
    // Past its bound git would wait for a reader that is gone: the pipes are closed by now, so it ends.
    let status = child.wait().map_err(|error| HistoryError::Failed(error.to_string()))?;
    let _ = reading.join();
    let (text, wailed) = match answer {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => return Err(HistoryError::Failed(error.to_string())),
        Err(_) => return Err(HistoryError::Failed(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    let wailed = String::from_utf8_lossy(&wailed);
    if wailed.contains("not a git repository") {
        return Err(HistoryError::NoRepository);
    }
    if !status.success() && text.is_empty() {
        // A repository without any commit has no history yet.
        let first = wailed.lines().next().unwrap_or("it says nothing").trim_start_matches("fatal: ").to_owned();
        return if first.contains("does not have any commits") { Ok(Vec::new()) } else { Err(HistoryError::Failed(first)) };
    }
    Ok(String::from_utf8_lossy(&text).split('\u{1e}').filter_map(revision).collect())
}

fn revision(text: &str) -> Option<Revision> {
    let mut fields = text.trim_start_matches('\n').split('\u{1f}');
    let (commit, at, by) = (fields.next()?.to_owned(), fields.next()?, fields.next()?.to_owned());
    let at = Timestamp::from_second(at.parse().ok()?).ok()?;
    Some(Revision { commit, at, by, subject: fields.next()?.trim_end().to_owned() })
}
