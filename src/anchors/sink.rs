//! One line to one place, once, with a deadline.

use crate::channels::Group;
use crate::domain::anchor::{Anchors, Sink};
use crate::sources::secret::prepared;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Facility authpriv (10), severity notice (5): where a host keeps what concerns its security.
const PRIORITY: u32 = 10 * 8 + 5;
/// Bytes of a program's standard error that are read for the reason of a failure.
const WAIL_MAX: u64 = 4 << 10;

/// Tells a line at one place; the words of an error say why it was not taken.
pub(super) async fn tell(sink: Sink, anchors: &Anchors, workspace: &Path, line: String, patience: Duration) -> Result<(), String> {
    let told = async {
        match (sink, anchors) {
            (Sink::File, Anchors { file: Some(file), .. }) => {
                let file = file.clone();
                blocking(move || append(Path::new(&file), &line)).await
            }
            (Sink::Syslog, Anchors { syslog: Some(socket), .. }) => {
                let socket = socket.clone();
                blocking(move || log(Path::new(&socket), &line, patience)).await
            }
            (Sink::Command, Anchors { command: Some(argv), .. }) => run(argv, workspace, &line).await,
            _ => Ok(()),
        }
    };
    timeout(patience, told).await.unwrap_or_else(|_| Err(format!("it did not answer within {} s", patience.as_secs())))
}

async fn blocking(tell: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), String> {
    match spawn_blocking(tell).await {
        Ok(told) => told.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Appends and syncs. The file is opened each time: one that was rotated away is not written to any more.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut file = OpenOptions::new().append(true).create(true).mode(0o640).custom_flags(flags.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

fn log(socket: &Path, line: &str, patience: Duration) -> io::Result<()> {
    let sender = UnixDatagram::unbound()?;
    sender.set_write_timeout(Some(patience))?;
    sender.connect(socket)?;
    sender.send(format!("<{PRIORITY}>dogwatch[{}]: {line}", std::process::id()).as_bytes()).map(drop)
}

async fn run(argv: &[String], workspace: &Path, line: &str) -> Result<(), String> {
    let mut command = prepared(argv, workspace)?;
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| format!("it did not start: {error}"))?;
    let mut group = Group(child);
    if let Some(mut stdin) = group.0.stdin.take() {
        // A program that does not read its input has not kept it: its exit code says so.
        let _unread = stdin.write_all(format!("{line}\n").as_bytes()).await;
    }
    let mut wail = Vec::new();
    if let Some(stderr) = group.0.stderr.take() {
        // What cannot be read explains nothing; the exit code stands.
        let _unread = stderr.take(WAIL_MAX).read_to_end(&mut wail).await;
    }
    let status = group.0.wait().await.map_err(|error| format!("its end is unknown: {error}"))?;
    let words = String::from_utf8_lossy(&wail);
    match words.lines().find(|line| !line.trim().is_empty()) {
        _ if status.success() => Ok(()),
        Some(words) => Err(format!("it ended with {status}: {words}")),
        None => Err(format!("it ended with {status}")),
    }
}
