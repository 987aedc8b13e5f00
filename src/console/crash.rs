//! A panic on any thread: the terminal is given back, the message is readable, a file keeps it, the process ends.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What a process ends with after a panic; Rust's own figure.
const EXIT: i32 = 101;

/// Installs the hook; first of all, so that nothing can panic before it. Crash files go into the state folder, mode 0600.
pub fn install(state: Option<PathBuf>) {
    std::panic::set_hook(Box::new(move |panic| {
        super::terminal::give_back();
        let words = panic.payload_as_str().unwrap_or("a panic without words");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        let mut report = format!("dogwatch {} failed on thread {thread} at {place}:\n{words}\n", env!("CARGO_PKG_VERSION"));
        let kept = state.as_deref().map(|state| keep(state, &report));
        match &kept {
            Some(Ok(file)) => {
                // Writing into a String cannot fail.
                let _ = writeln!(
                    report,
                    "It is kept in {}. The daemon and your runs are not touched; unsaved notes are in their recovery files.",
                    file.display()
                );
            }
            Some(Err(error)) => {
                let _ = writeln!(report, "It could not be kept in a file: {error}. The daemon and your runs are not touched.");
            }
            None => report.push_str("The daemon and your runs are not touched.\n"),
        }
        // Nobody can be told when standard error is gone too.
        let _ = std::io::stderr().write_all(crate::text::visible(&report).as_bytes());
        std::process::exit(EXIT);
    }));
}

fn keep(state: &Path, report: &str) -> std::io::Result<PathBuf> {
    let name = format!("crash-{}-{}.txt", crate::clock::now().strftime("%Y%m%dT%H%M%S"), std::process::id());
    let file = state.join(name);
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
    let trace = std::backtrace::Backtrace::force_capture();
    out.write_all(crate::text::visible(&format!("{report}\n{trace}\n")).as_bytes())?;
    Ok(file)
}
