//! What the machine itself can do: raw appends, bare SQLite, bare spawns, one sync.

use crate::Failure;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// About the bytes of a usual entry: author, event, time.
pub const AUTHOR: &str = r#"{"person":{"uid":1000,"user":"ana"}}"#;
pub const EVENT: &str = r#"{"attempt_started":{"attempt":{"job":{"step":{"run":"nightly-orders/4711","step":"load"}},"number":1},"pid":271828,"started_at":"2026-11-21T02:30:00.123456Z"}}"#;
const AT: &str = "2026-11-21T02:30:00.123456Z";

/// Appends with a sync after so many rows; entries per second.
pub fn raw_append(folder: &Path, per_sync: usize, rows: usize) -> Result<f64, Failure> {
    let path = folder.join("raw");
    let mut file = File::create(&path)?;
    let line = format!("{AT}{AUTHOR}{EVENT}\n");
    let began = Instant::now();
    for _ in 0..rows / per_sync {
        file.write_all(line.repeat(per_sync).as_bytes())?;
        file.sync_data()?;
    }
    let took = began.elapsed();
    std::fs::remove_file(path)?;
    Ok((rows / per_sync * per_sync) as f64 / took.as_secs_f64())
}

/// Bare SQLite in WAL mode with full syncs, the same columns without a chain; entries per second.
pub fn sqlite_full(folder: &Path, per_commit: usize, rows: usize) -> Result<f64, Failure> {
    let path = folder.join("bare.db");
    let connection = rusqlite::Connection::open(&path)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE entries(seq INTEGER PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, event TEXT NOT NULL, hash BLOB NOT NULL)",
    )?;
    let began = Instant::now();
    {
        let mut insert = connection.prepare("INSERT INTO entries(at, author, event, hash) VALUES(?1, ?2, ?3, ?4)")?;
        for _ in 0..rows / per_commit {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for _ in 0..per_commit {
                insert.execute(rusqlite::params![AT, AUTHOR, EVENT, [7_u8; 32].as_slice()])?;
            }
            connection.execute_batch("COMMIT")?;
        }
    }
    let took = began.elapsed();
    drop(connection);
    for name in ["bare.db", "bare.db-wal", "bare.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name)); // SQLite removes two of them itself
    }
    Ok((rows / per_commit * per_commit) as f64 / took.as_secs_f64())
}

/// One append of a row with its sync, in milliseconds.
pub fn one_sync(folder: &Path) -> Result<f64, Failure> {
    let mut file = OpenOptions::new().append(true).create(true).open(folder.join("sync"))?;
    let began = Instant::now();
    file.write_all(EVENT.as_bytes())?;
    file.sync_data()?;
    Ok(ms(began.elapsed()))
}

/// A bare spawn of a shell line until it has spoken in the pipe, in milliseconds.
pub fn spawn(fifo: &Fifo, script: &str) -> Result<f64, Failure> {
    let began = Instant::now();
    let mut child = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    fifo.wait()?;
    let took = began.elapsed();
    child.wait()?;
    Ok(ms(took))
}

/// Milliseconds.
pub fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// A named pipe in which a step says that it runs.
pub struct Fifo {
    file: File,
    path: std::path::PathBuf,
}

impl Fifo {
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("spoken");
        if !Command::new("mkfifo").arg(&path).status()?.success() {
            return Err("mkfifo failed".into());
        }
        // Open for both, so that it never ends and never blocks the opening.
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Self { file, path })
    }

    /// The shell line that speaks.
    pub fn script(&self) -> String {
        format!("echo > {}", self.path.display())
    }

    /// Waits for one word.
    pub fn wait(&self) -> Result<(), Failure> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use std::io::Read as _;
        let limit = Timespec { tv_sec: 60, tv_nsec: 0 };
        if poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&limit))? == 0 {
            return Err("a step never spoke".into());
        }
        (&self.file).read_exact(&mut [0; 1])?;
        Ok(())
    }
}
