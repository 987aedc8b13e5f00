//! Secrets, fetched where they are needed and masked wherever words go back: for channels, neighbours and the intake.

use crate::domain::channel::{SecretRef, Setting};
use secrecy::{ExposeSecret, SecretString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// Variables of the daemon that a program gets.
const HANDED_ON: [&str; 7] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ"];
/// Bytes that a secret may have.
const SECRET_MAX: u64 = 64 << 10;
/// Shorter ones are no secret, and masking them would make words unreadable.
const MASKED_FROM: usize = 4;

/// Why a secret is not there, in words that name it and never hold it.
#[derive(Debug, Clone, Error)]
#[error("{0}")]
pub struct NoSecret(String);

/// A program in the workspace's folder with the fixed environment, in a process group of its own, that ends with who
/// waits for it.
///
/// # Errors
/// No program is named.
pub fn prepared(argv: &[String], workspace: &Path) -> Result<Command, &'static str> {
    let (program, arguments) = argv.split_first().ok_or("no program")?;
    // A name is looked for in the search path, a path begins in the workspace.
    let program = if program.contains('/') { workspace.join(program) } else { PathBuf::from(program) };
    let mut command = Command::new(program);
    let kept = HANDED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    command.args(arguments).env_clear().envs(kept).env("DOGWATCH_WORKSPACE", workspace);
    command.current_dir(workspace).process_group(0).kill_on_drop(true);
    Ok(command)
}

/// The secrets of one try.
#[derive(Debug)]
pub struct Secrets {
    workspace: PathBuf,
    fetched: Mutex<Vec<SecretString>>,
}

impl Secrets {
    /// `workspace` is the folder from which files and programs are named.
    pub fn new(workspace: &Path) -> Self {
        Self { workspace: workspace.to_owned(), fetched: Mutex::default() }
    }

    /// A value as it stands, or the secret that it names.
    pub async fn value(&self, setting: &Setting) -> Result<SecretString, NoSecret> {
        match setting {
            Setting::Text(text) => Ok(text.clone().into()),
            Setting::Secret(secret) => self.fetch(secret).await,
        }
    }

    /// A secret from where it is.
    pub async fn fetch(&self, secret: &SecretRef) -> Result<SecretString, NoSecret> {
        let text = match secret {
            SecretRef::Env(name) => std::env::var(name)
                .map_err(|_| NoSecret(format!("the daemon's environment has no variable {name}; restart the daemon where it is set")))?,
            SecretRef::File(path) => self.file(path)?,
            SecretRef::Command(argv) => self.printed(argv).await?,
        };
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(NoSecret(format!("{secret} is empty")));
        }
        let found = SecretString::from(text);
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).push(found.clone());
        Ok(found)
    }

    /// Words without any secret of this try.
    pub fn mask(&self, words: &str) -> String {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= MASKED_FROM).fold(
            words.to_owned(),
            |words, secret| {
                // What a server says back may have been cut in the middle of the secret.
                let whole = words.replace(secret, "***");
                let cut = (MASKED_FROM..secret.len()).rev().filter_map(|end| secret.get(..end)).find(|part| whole.ends_with(part));
                cut.and_then(|part| whole.strip_suffix(part)).map(|kept| format!("{kept}***")).unwrap_or(whole)
            },
        )
    }

    fn file(&self, path: &str) -> Result<String, NoSecret> {
        let path = self.workspace.join(path);
        let shown = path.display();
        let unread = |error: std::io::Error| NoSecret(format!("the secret file {shown} cannot be read: {error}"));
        if let Some(problem) = file_problem(&path).map_err(unread)? {
            return Err(NoSecret(format!("the secret file {shown} {problem}")));
        }
        std::fs::read_to_string(&path).map_err(unread)
    }

    async fn printed(&self, argv: &[String]) -> Result<String, NoSecret> {
        let failed = |words: String| NoSecret(format!("the secret's program {}: {words}", argv.first().map_or("", String::as_str)));
        let mut command = prepared(argv, &self.workspace).map_err(|words| failed(words.to_owned()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut text = String::new();
        if let Some(output) = child.stdout.take() {
            // Not to its end: a program that prints for ever has no secret.
            output.take(SECRET_MAX).read_to_string(&mut text).await.map_err(|error| failed(error.to_string()))?;
        }
        let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
        if status.success() { Ok(text) } else { Err(failed(format!("ended with {status}"))) }
    }
}

/// Why a file may not hold a secret: others may read it, or it is no plain file.
fn file_problem(path: &Path) -> std::io::Result<Option<&'static str>> {
    let found = std::fs::metadata(path)?;
    Ok(match () {
        () if !found.is_file() => Some("is not a plain file"),
        () if found.mode() & 0o077 != 0 => Some("can be read by others: chmod 600"),
        () if found.len() > SECRET_MAX => Some("is too long for a secret"),
        () => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_masked_whole_and_cut() {
        let secrets = Secrets::new(Path::new("/"));
        secrets.fetched.lock().unwrap().push(SecretString::from("s3cret-canary"));
        assert_eq!(secrets.mask("bad token s3cret-canary, twice s3cret-canary"), "bad token ***, twice ***");
        assert_eq!(secrets.mask("bad token s3cret-can"), "bad token ***");
        assert_eq!(secrets.mask("nothing here"), "nothing here");
        assert!(!format!("{secrets:?}").contains("canary"));
    }
}
