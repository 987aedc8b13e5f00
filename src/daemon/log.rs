//! The daemon's own log: `daemon.log` in the state folder, one line an event, a new file a day, seven kept.

use std::path::Path;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

/// Writes the log into the folder, or to standard error in the foreground. `DOGWATCH_LOG` sets what is logged.
pub fn start(state: &Path, foreground: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("DOGWATCH_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_target(false);
    let started = if foreground {
        builder.with_writer(std::io::stderr).try_init()
    } else {
        let file = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("daemon")
            .filename_suffix("log")
            .max_log_files(7)
            .build(state)?;
        builder.with_writer(std::sync::Mutex::new(file)).try_init()
    };
    // A second start in one process keeps the first log.
    drop(started);
    Ok(())
}
