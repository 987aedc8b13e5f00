//! Finds the workspace as git finds its repository.

use super::WORKSPACE_FILE;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// There is no workspace where one was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotFound {
    /// Neither the folder nor any above it holds `dogwatch.toml`: the console offers the demo, or a workspace here.
    #[error("no dogwatch.toml in {} or any folder above it; `dogwatch init` makes a workspace, `dogwatch demo` shows one", from.display())]
    Nowhere {
        /// Where the search began.
        from: PathBuf,
    },
    /// The folder that was named is not a workspace.
    #[error("{} (from {said_by}) holds no dogwatch.toml; `dogwatch init {}` makes a workspace there", folder.display(), folder.display())]
    NotThere {
        /// The folder.
        folder: PathBuf,
        /// `--workspace` or `DOGWATCH_WORKSPACE`.
        said_by: &'static str,
    },
}

/// The workspace's folder, canonical: what `--workspace` names, else what `DOGWATCH_WORKSPACE` names, else the nearest
/// folder from `cwd` upward that holds `dogwatch.toml`. A folder or the file itself may be named.
///
/// # Errors
/// [`NotFound`]; a folder that was named is never replaced by another.
pub fn find(explicit: Option<&Path>, env: Option<&OsStr>, cwd: &Path) -> Result<PathBuf, NotFound> {
    let env = env.filter(|value| !value.is_empty()).map(Path::new);
    if let Some((named, said_by)) = explicit.map(|path| (path, "--workspace")).or(env.map(|path| (path, "DOGWATCH_WORKSPACE"))) {
        let path = cwd.join(named);
        let folder =
            if path.file_name() == Some(OsStr::new(WORKSPACE_FILE)) && !path.is_dir() { path.parent().map(Path::to_owned) } else { None };
        let folder = folder.unwrap_or(path);
        return workspace_at(&folder).ok_or(NotFound::NotThere { folder, said_by });
    }
    // The canonical folder is climbed: `..` of a link is where the link leads.
    let from = cwd.canonicalize().unwrap_or_else(|_| cwd.to_owned());
    from.ancestors().find_map(workspace_at).ok_or(NotFound::Nowhere { from })
}

fn workspace_at(folder: &Path) -> Option<PathBuf> {
    folder.join(WORKSPACE_FILE).exists().then(|| folder.canonicalize().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_upward_and_a_named_one_wins() {
        let outer = tempfile::tempdir().unwrap();
        let top = outer.path().canonicalize().unwrap();
        let (shop, deep, other) = (top.join("shop"), top.join("shop/flows/deep"), top.join("other"));
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir_all(&other).unwrap();
        std::fs::write(shop.join(WORKSPACE_FILE), "").unwrap();
        std::fs::write(other.join(WORKSPACE_FILE), "").unwrap();
        assert_eq!(find(None, None, &deep), Ok(shop.clone()));
        assert_eq!(find(None, Some(OsStr::new("")), &deep), Ok(shop.clone()));
        assert_eq!(find(None, Some(other.as_os_str()), &deep), Ok(other.clone()));
        assert_eq!(find(Some(&shop), Some(other.as_os_str()), &top), Ok(shop.clone()));
        assert_eq!(find(Some(Path::new("other/dogwatch.toml")), None, &top), Ok(other));
        assert!(matches!(find(Some(&deep), None, &shop), Err(NotFound::NotThere { said_by: "--workspace", .. })));
        std::fs::remove_file(shop.join(WORKSPACE_FILE)).unwrap();
        assert_eq!(find(None, None, &deep), Err(NotFound::Nowhere { from: deep.clone() }));
    }
}
