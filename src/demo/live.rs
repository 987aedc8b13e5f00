//! The demo while it lives: its folder, its shop, what it says to a newcomer.

use super::files::{UnpackError, unpack};
use super::process::{ShopError, ShopProcess};
use super::shop::Ports;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// The flows that are started at once, so that there is something to see: the first one fails.
pub const FIRST_RUNS: [&str; 3] = ["nightly-orders", "settle-fx", "heartbeat"];

/// How long the shop may take until it listens, on a busy host too; it usually takes some milliseconds.
const SHOP_PATIENCE: Duration = Duration::from_mins(1);

/// The demo could not begin.
#[derive(Debug, Error)]
pub enum DemoError {
    /// Its folder could not be made.
    #[error("{} cannot be made: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// Its shop did not start.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// Its workspace could not be unpacked.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
}

/// A demo that runs: a folder and a shop. Dropping it ends the shop and leaves the folder.
#[derive(Debug)]
pub struct Demo {
    folder: PathBuf,
    shop: ShopProcess,
}

impl Demo {
    /// Makes the folder, which must not exist yet, for its owner alone; starts the shop with this program; unpacks the
    /// workspace. `dogwatch` is the path of this program.
    pub fn begin(folder: &Path, dogwatch: &Path) -> Result<Self, DemoError> {
        let failed = |error| DemoError::Folder { path: folder.to_owned(), error };
        if let Some(above) = folder.parent() {
            std::fs::create_dir_all(above).map_err(failed)?;
        }
        std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        let shop = ShopProcess::start(dogwatch, &folder.join("shop.log"), SHOP_PATIENCE)?;
        unpack(&folder, shop.ports(), dogwatch)?;
        Ok(Self { folder, shop })
    }

    /// The workspace.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of its state, beside everything else of the demo: `--state` of its daemon and console.
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// Where the shop listens.
    pub fn ports(&self) -> Ports {
        self.shop.ports()
    }

    /// What a newcomer reads first.
    pub fn welcome(&self) -> String {
        format!(
            "This is a live demo. Everything in it is real, and all of it is on this machine:\n\
             \n\
             \x20 workspace  {folder}\n\
             \x20 shop       http://127.0.0.1:{web}/ (a process of its own)\n\
             \x20 batches    nightly-orders, settle-fx, heartbeat, weekly-report: shell steps in bin/ and flows/\n\
             \n\
             Within ten seconds something goes wrong: the shop delivers a malformed orders file, nightly-orders fails in\n\
             its check, and the probe `search` notices it too. Both meet in one incident.\n\
             \n\
             The way out: select the incident, `a` takes it, the runbook beside it leads to the fix, `r` runs the batch\n\
             again from the failed step, and the post-mortem writes itself from the timeline.\n\
             \n\
             Leaving ends the shop and the demo's daemon, and asks whether to keep the folder.\n",
            folder = self.folder.display(),
            web = self.ports().web,
        )
    }

    /// Ends the shop. The daemon of the demo is ended before, by its own command.
    pub fn end(mut self) -> PathBuf {
        self.shop.end();
        std::mem::take(&mut self.folder)
    }
}

/// Removes the folder of a demo that has ended. A folder without `demo.env` is not one, and is refused.
pub fn remove(folder: &Path) -> io::Result<()> {
    if !folder.join("demo.env").is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not the folder of a demo"));
    }
    std::fs::remove_dir_all(folder)
}
