//! Where a workspace's state, socket and lock are, and that nobody else put a folder there first.

use super::settings;
use directories::BaseDirs;
use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The folders and files of one workspace on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The workspace's folder, canonical.
    pub workspace: PathBuf,
    /// Journal, samples, attempts, recovery files.
    pub state: PathBuf,
    /// The folder of the socket. May be the state folder.
    pub runtime: PathBuf,
    /// The name of the socket within its folder; the path as a whole may be longer than a socket's address can be.
    pub socket_name: String,
    /// The lock that keeps a second daemon out, in the workspace itself.
    pub lock: PathBuf,
    /// The Unix user whose daemon it is, on a shared host.
    pub daemon_user: Option<String>,
    /// Other folders in which the socket of a daemon with another environment may be.
    elsewhere: Vec<PathBuf>,
    /// Whether the socket's folder was named by the workspace and belongs to whom its administrator says.
    is_shared: bool,
}

/// Why a workspace has no place on this host.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// The workspace's own folder cannot be found.
    #[error("{}: {error}", path.display())]
    Workspace {
        /// The folder.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// Neither a home folder nor `XDG_STATE_HOME` is known.
    #[error("there is no home folder to keep the state in; give --state DIR or set DOGWATCH_STATE")]
    NoHome,
    /// A folder cannot be made or opened.
    #[error("{} cannot be made or opened: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// A folder belongs to another user, who could read or replace what is in it.
    #[error("{} belongs to user {owner}, not to you (user {own}): dogwatch keeps nothing there; move it away or give --state DIR", path.display())]
    OtherOwner {
        /// The folder.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// The caller's user id.
        own: u32,
    },
    /// The shared socket folder may be written by everybody.
    #[error("{} may be written by everybody; make it 0750 with the access group", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
    },
}

impl Place {
    /// Where the workspace in `root` has its state: below `state` (`--state`, else `DOGWATCH_STATE`) where given, else
    /// below `$XDG_STATE_HOME/dogwatch`. Makes nothing.
    ///
    /// The folder is named after the workspace and its path; a workspace that was renamed keeps the folder it has.
    pub fn of(root: &Path, state: Option<&Path>) -> Result<Self, PlaceError> {
        let workspace = root.canonicalize().map_err(|error| PlaceError::Workspace { path: root.to_owned(), error })?;
        let glance = settings::glance(&workspace);
        let hash = blake3::hash(workspace.as_os_str().as_bytes()).to_hex()[..12].to_owned();
        let dirs = BaseDirs::new();
        let base = match (state, &dirs) {
            (Some(state), _) => std::path::absolute(state).map_err(|error| PlaceError::Folder { path: state.to_owned(), error })?,
            (None, Some(dirs)) => dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).join("dogwatch"),
            (None, None) => return Err(PlaceError::NoHome),
        };
        let base = without_links(&base);
        let state_folder = existing(&base, &hash).unwrap_or_else(|| base.join(format!("{}-{hash}", glance.name)));
        let mut candidates: Vec<PathBuf> = Vec::new();
        let is_shared = glance.socket_dir.is_some() && state.is_none();
        if let Some(shared) = glance.socket_dir.filter(|_| state.is_none()) {
            candidates.push(shared);
        } else if state.is_none() {
            let session = dirs.as_ref().and_then(BaseDirs::runtime_dir).map(Path::to_owned);
            let usual = PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw()));
            let alive = |folder: PathBuf| folder.is_dir().then(|| folder.join("dogwatch"));
            candidates.extend(session.and_then(alive));
            candidates.push(state_folder.clone());
            candidates.extend(alive(usual));
        } else {
            candidates.push(state_folder.clone());
        }
        candidates.dedup();
        let runtime = candidates.remove(0);
        Ok(Self {
            lock: workspace.join(".dogwatch").join("lock"),
            workspace,
            daemon_user: glance.daemon_user,
            state: state_folder,
            elsewhere: candidates.into_iter().filter(|folder| *folder != runtime).collect(),
            runtime,
            socket_name: format!("{hash}.sock"),
            is_shared,
        })
    }

    /// The path of the socket that a daemon binds.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join(&self.socket_name)
    }

    /// Folders in which a console looks for the socket, the likeliest first: a daemon that was started by a service or
    /// by cron may not have had the same `XDG_RUNTIME_DIR`.
    pub fn socket_folders(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.runtime.as_path()).chain(self.elsewhere.iter().map(PathBuf::as_path))
    }

    /// The folder below which attempts have their folders.
    pub fn attempts(&self) -> PathBuf {
        self.state.join("attempts")
    }

    /// The folder of texts that are being typed.
    pub fn recovery(&self) -> PathBuf {
        self.state.join("recovery")
    }

    /// Makes the folders that are missing, for their owner alone, and refuses those that belong to another user or are
    /// links. The daemon and a console that starts one call this first.
    pub fn prepare(&self) -> Result<(), PlaceError> {
        if let Some(base) = self.state.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(base).map_err(|error| folder_error(base, error))?;
            let owner = std::fs::metadata(base).map_err(|error| folder_error(base, error))?.uid();
            if owner != 0 && owner != own() {
                return Err(PlaceError::OtherOwner { path: base.to_owned(), owner, own: own() });
            }
        }
        private_folder(&self.state)?;
        if self.is_shared {
            check_shared(&self.runtime)?;
        } else if self.runtime != self.state {
            private_folder(&self.runtime)?;
        }
        self.prepare_lock()
    }

    /// The folder of the lock: others may look who holds it, and git leaves it alone.
    fn prepare_lock(&self) -> Result<(), PlaceError> {
        let folder = self.workspace.join(".dogwatch");
        match std::fs::DirBuilder::new().mode(0o755).create(&folder) {
            Ok(()) => std::fs::write(folder.join(".gitignore"), "*\n").map_err(|error| folder_error(&folder, error)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(folder_error(&folder, error)),
        }
    }
}

/// The path without links, as far as it exists: the journal follows none, and a home folder often is one.
fn without_links(path: &Path) -> PathBuf {
    let found = path.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    match found {
        Some((folder, canonical)) => path.strip_prefix(folder).map_or_else(|_| path.to_owned(), |rest| canonical.join(rest)),
        None => path.to_owned(),
    }
}

/// The folder that this workspace has had under an earlier name.
fn existing(base: &Path, hash: &str) -> Option<PathBuf> {
    let ending = format!("-{hash}");
    let mut found: Vec<PathBuf> = std::fs::read_dir(base)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending)))
        .collect();
    found.sort();
    found.into_iter().next()
}

/// Makes a folder 0700, or takes one that is there when it is no link and belongs to the caller.
fn private_folder(path: &Path) -> Result<(), PlaceError> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(folder_error(path, error)),
    }
    // What is checked is what was opened: no other folder can take its place in between.
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let folder = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| folder_error(path, error.into()))?;
    let stat = rustix::fs::fstat(&folder).map_err(|error| folder_error(path, error.into()))?;
    if stat.st_uid != own() {
        return Err(PlaceError::OtherOwner { path: path.to_owned(), owner: stat.st_uid, own: own() });
    }
    if stat.st_mode & 0o077 != 0 {
        rustix::fs::fchmod(&folder, Mode::RWXU).map_err(|error| folder_error(path, error.into()))?;
    }
    Ok(())
}

/// A folder that the workspace names for its socket is made by an administrator: it must be the daemon's.
fn check_shared(path: &Path) -> Result<(), PlaceError> {
    let folder = std::fs::symlink_metadata(path).map_err(|error| folder_error(path, error))?;
    if !folder.is_dir() {
        return Err(folder_error(path, io::Error::from(io::ErrorKind::NotADirectory)));
    }
    if folder.uid() != own() {
        return Err(PlaceError::OtherOwner { path: path.to_owned(), owner: folder.uid(), own: own() });
    }
    if folder.mode() & 0o002 != 0 {
        return Err(PlaceError::Open { path: path.to_owned() });
    }
    Ok(())
}

fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn folder_error(path: &Path, error: io::Error) -> PlaceError {
    PlaceError::Folder { path: path.to_owned(), error }
}
