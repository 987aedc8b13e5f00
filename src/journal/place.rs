//! The state folder: where the record lives, and whether it is private to this user.

use super::JournalError;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// File systems on which locks or shared memory do not hold across hosts: a WAL on them is lost sooner or later.
const NETWORK: [(u64, &str); 5] = [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB 2"), (0x517b, "SMB"), (0x0102_1997, "9P")];

/// The name under which anchors outside know the journal of a state folder: the folder's own, and a part of the hash of
/// its path, so that two folders of one name differ.
pub(super) fn name_of(state: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let own = state.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fit: String = own.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).take(96).collect();
    let hash = blake3::hash(state.as_os_str().as_bytes()).to_hex();
    format!("{fit}@{}", &hash[..8])
}

/// Makes the state folder where it is missing, and refuses one that others can write to or that lies on a network disk.
pub(super) fn prepare(state: &Path) -> Result<(), JournalError> {
    match DirBuilder::new().recursive(true).mode(0o700).create(state) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            return Err(JournalError::Io { doing: "make the folder", path: state.to_owned(), source });
        }
        _ => {}
    }
    let facts = facts(state)?.ok_or_else(|| refused(state, "it vanished while it was opened", "start again"))?;
    if !facts.is_dir() {
        return Err(refused(state, "it is not a folder", "name another state folder"));
    }
    check(state, &facts, 0o700)?;
    let disk =
        rustix::fs::statfs(state).map_err(|source| JournalError::Io { doing: "look at", path: state.to_owned(), source: source.into() })?;
    let kind = u64::from(disk.f_type as u32);
    match NETWORK.iter().find(|(magic, _)| *magic == kind) {
        Some((_, name)) => Err(refused(state, &format!("it is on a network disk ({name})"), "set XDG_STATE_HOME to a local disk")),
        None => Ok(()),
    }
}

/// Refuses a file of the record that is not a plain file of this user; an absent one is fine.
pub(super) fn check_file(path: &Path) -> Result<bool, JournalError> {
    let Some(facts) = facts(path)? else { return Ok(false) };
    if !facts.is_file() {
        return Err(refused(path, "it is not a plain file", "move it away"));
    }
    check(path, &facts, 0o600)?;
    Ok(true)
}

/// Makes a new file that only this user can read.
pub(super) fn create(path: &Path) -> Result<File, JournalError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
        .map_err(|source| JournalError::Io { doing: "open", path: path.to_owned(), source })
}

/// Makes names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), JournalError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| JournalError::Sync { path: folder.to_owned(), why: error.to_string() })
}

/// Bytes that this user may still write on the disk of a file.
pub(super) fn free(path: &Path) -> u64 {
    let folder = path.parent().unwrap_or(path);
    rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn facts(path: &Path) -> Result<Option<fs::Metadata>, JournalError> {
    match fs::symlink_metadata(path) {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(JournalError::Io { doing: "look at", path: path.to_owned(), source }),
    }
}

fn check(path: &Path, facts: &fs::Metadata, private: u32) -> Result<(), JournalError> {
    let me = rustix::process::geteuid().as_raw();
    if facts.uid() != me {
        return Err(refused(path, &format!("it belongs to user {}, not to you ({me})", facts.uid()), "run as its owner or move it away"));
    }
    if facts.mode() & 0o022 != 0 {
        let why = format!("others may write to it (mode {:04o})", facts.mode() & 0o7777);
        return Err(refused(path, &why, &format!("check what is in it, then `chmod go-rwx {}`", path.display())));
    }
    if facts.mode() & 0o077 != 0 {
        // Readable by others is a leak to close, not a sign of tampering.
        tracing::warn!(path = %path.display(), "others could read this; made private");
        fs::set_permissions(path, Permissions::from_mode(private)).map_err(|source| JournalError::Io {
            doing: "make private",
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(())
}

fn refused(path: &Path, why: &str, hint: &str) -> JournalError {
    JournalError::Place { path: path.to_owned(), why: why.to_owned(), hint: hint.to_owned() }
}
