//! The demo's workspace as files.

use super::shop::Ports;
use crate::workspace::SHIPPED_RUNBOOKS;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file of the demo could not be written.
#[derive(Debug, Error)]
#[error("{} cannot be written: {error}", path.display())]
pub struct UnpackError {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's words.
    pub error: io::Error,
}

/// Declares the files below `examples/demo`.
macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../examples/demo/", $name)))),*] };
}

const FILES: &[(&str, &str)] = files![
    "dogwatch.toml",
    "demo.env",
    "bin/fetch",
    "bin/fetch-orders",
    "bin/check-orders",
    "bin/load-orders",
    "bin/report-orders",
    "bin/export-again",
    "flows/nightly-orders.toml",
    "flows/heartbeat.toml",
    "flows/settle-fx.toml",
    "flows/weekly-report.toml",
    "probes/shop.toml",
    "checklists/before-the-day.md",
    "runbooks/orders-load.md",
    "runbooks/shop-down.md",
];

/// Unpacks the demo's workspace into a folder, with the shop's ports and the path of this program filled in, and the
/// shipped runbooks beside its own. Nothing that is there is overwritten: such a file is an error.
pub fn unpack(dir: &Path, ports: Ports, dogwatch: &Path) -> Result<(), UnpackError> {
    for folder in ["bin", "flows", "probes", "checklists", "runbooks", "notes", "incoming", "warehouse", "reports"] {
        let path = dir.join(folder);
        std::fs::create_dir_all(&path).map_err(|error| UnpackError { path, error })?;
    }
    for (name, text) in FILES {
        let mode = if name.starts_with("bin/") { 0o755 } else { 0o644 };
        write_new(&dir.join(name), &filled_in(name, text, ports, dogwatch), mode)?;
    }
    write_new(&dir.join(".gitignore"), ".dogwatch/\nincoming/\nwarehouse/\nreports/\n", 0o644)?;
    for shipped in SHIPPED_RUNBOOKS {
        write_new(&dir.join(format!("runbooks/{}.md", shipped.name)), shipped.text, 0o644)?;
    }
    Ok(())
}

fn filled_in(name: &str, text: &str, ports: Ports, dogwatch: &Path) -> String {
    let text = text.replace("127.0.0.1:18080", &format!("127.0.0.1:{}", ports.web));
    let text = text.replace("127.0.0.1:18081", &format!("127.0.0.1:{}", ports.database));
    if name == "demo.env" { text.replace("DOGWATCH=dogwatch", &format!("DOGWATCH={}", quoted(dogwatch))) } else { text }
}

/// A path as one word of the shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), UnpackError> {
    let failed = |error| UnpackError { path: path.to_owned(), error };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    // A tight umask would take the right to run away, also from the owner in some shops.
    file.set_permissions(std::fs::Permissions::from_mode(mode)).map_err(failed)
}
