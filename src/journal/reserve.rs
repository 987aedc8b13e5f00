//! The reserve: space that is kept so that a full disk can still be recorded.

use super::place;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Bytes that are kept: 16 MiB (FAULTS: disk).
const BYTES: u64 = 16 << 20;
/// The reserve is taken again only where this much more than itself is free, so that it is not made and lost in turns.
const SPARE: u64 = 16 << 20;

/// The file `reserve` of a state folder.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    held: bool,
}

impl Reserve {
    /// Takes the space; where there is none, the reserve is not held and [`Reserve::take`] tries again.
    pub(super) fn new(state: &Path) -> Self {
        let path = state.join("reserve");
        let held = fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_file() && facts.len() == BYTES);
        let mut reserve = Self { path, held };
        reserve.take();
        reserve
    }

    /// Whether the space is held.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Gives the space to the journal; false when it was given before.
    pub(super) fn release(&mut self) -> bool {
        let had = self.held && fs::remove_file(&self.path).is_ok();
        self.held = false;
        if had {
            tracing::warn!(path = %self.path.display(), "disk full: the reserve is released so that what happens can be recorded");
        }
        had
    }

    /// Takes the space again where there is enough; whether it is held now.
    pub(super) fn take(&mut self) -> bool {
        if self.held {
            return true;
        }
        let folder = self.path.parent().unwrap_or(&self.path);
        let free = rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        if free < BYTES + SPARE {
            return false;
        }
        self.held = match self.allocate() {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the reserve for a full disk could not be made");
                let _ = fs::remove_file(&self.path); // a part of a reserve only takes space
                false
            }
        };
        self.held
    }

    fn allocate(&self) -> std::io::Result<()> {
        let mut file = place::create(&self.path).map_err(std::io::Error::other)?;
        match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, BYTES) {
            Ok(()) => Ok(()),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                let zeroes = vec![0; 1 << 16];
                for _ in 0..BYTES / zeroes.len() as u64 {
                    file.write_all(&zeroes)?;
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}
