//! A capsule on disk: a folder of its own below the state folder, for its owner alone, made aside and renamed when whole.

use crate::domain::IncidentId;
use crate::domain::evidence::{Capsule, EvidenceFile};
use crate::json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The name of the manifest within a capsule.
const MANIFEST: &str = "manifest.json";
/// Bytes of a manifest that are read.
const MANIFEST_MAX: u64 = 4 << 20;

/// The folder of a capsule.
pub fn folder_of(state: &Path, incident: IncidentId, number: u32) -> PathBuf {
    state.join("evidence").join(incident.to_string()).join(number.to_string())
}

/// What a capsule says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The incident.
    pub incident: IncidentId,
    /// When it was gathered.
    pub taken_at: Timestamp,
    /// Places that were masked in all files.
    pub masked: u64,
    /// The capsule as it is on record.
    #[serde(flatten)]
    pub capsule: Capsule,
}

/// The manifest of a capsule as it is on disk.
///
/// # Errors
/// It is not there or no manifest.
pub fn manifest_of(folder: &Path) -> io::Result<Manifest> {
    use std::io::Read as _;
    let mut text = String::new();
    File::open(folder.join(MANIFEST))?.take(MANIFEST_MAX).read_to_string(&mut text)?;
    json::read(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// SHA-256 in hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a text takes all
        hex
    })
}

/// The lines that `sha256sum -c` reads.
pub(super) fn sums<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    files.fold(String::new(), |lines, (name, sha256)| lines + sha256 + "  " + name + "\n")
}

/// A capsule while it is made.
pub(super) struct Making {
    aside: PathBuf,
    folder: PathBuf,
}

impl Making {
    pub fn begin(state: &Path, incident: IncidentId, number: u32) -> io::Result<Self> {
        let folder = folder_of(state, incident, number);
        let above = folder.parent().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        DirBuilder::new().recursive(true).mode(0o700).create(&above)?;
        let aside = above.join(format!(".{number}.part"));
        // What an earlier daemon left half made is made again.
        match std::fs::remove_dir_all(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&aside)?;
        Ok(Self { aside, folder })
    }

    /// Keeps a file under a name that is safe.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.aside.join(name))?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    /// Puts the whole in its place.
    pub fn done(self, incident: IncidentId, capsule: &Capsule, now: Timestamp) -> io::Result<()> {
        let manifest = Manifest { incident, taken_at: now, masked: capsule.masked(), capsule: capsule.clone() };
        self.keep(MANIFEST, json::pretty(&manifest)?.as_bytes())?;
        let kept = capsule.files.iter().filter(|file| is_kept(file)).map(|file| (file.name.as_str(), file.sha256.as_str()));
        self.keep("SHA256SUMS", sums(kept).as_bytes())?;
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        std::fs::rename(&self.aside, &self.folder)?;
        if let Some(above) = self.folder.parent() {
            File::open(above)?.sync_all()?;
        }
        Ok(())
    }
}

/// Whether there is a file of it.
pub(super) fn is_kept(file: &EvidenceFile) -> bool {
    !file.name.is_empty()
}
