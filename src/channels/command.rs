//! The `command` channel: a program that is handed the message as environment and as JSON on its standard input.
//!
//! The message is never a part of its arguments. Its environment is fixed: search path, home, language, zone, the
//! message's fields, and what the channel names; the daemon's own, secrets included, is not handed on.

use super::fault::{Fault, Turning};
use crate::domain::Message;
use crate::domain::channel::Setting;
use crate::domain::message::FIELDS;
use crate::rules::template;
use crate::sources::secret::{Secrets, prepared};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin};

/// Bytes of its standard error that are read for the reason of a failure.
const WAIL_MAX: u64 = 4 << 10;
/// How long its standard error is read after its end.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Runs the program once; exit 0 means that it took the message.
pub(super) async fn send(
    run: &[String],
    env: &BTreeMap<String, Setting>,
    workspace: &Path,
    message: &Message,
    secrets: &Secrets,
    turning: &Turning,
) -> Result<(), Fault> {
    let mut command = prepared(run, workspace).map_err(Fault::refused)?;
    for name in FIELDS {
        command.env(format!("DOGWATCH_MESSAGE_{}", name.to_uppercase()), message.field(name).unwrap_or_default());
    }
    for (name, setting) in env {
        command.env(name, secrets.value(setting).await?.expose_secret());
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child =
        command.spawn().map_err(|error| Fault::not_taken(format!("{} did not start: {error}", run.first().map_or("", String::as_str))))?;
    turning.pass();
    let mut group = Group(child);
    let input = template::whole(message).to_string();
    let (stdin, stderr) = (group.0.stdin.take(), group.0.stderr.take());
    let mut talk = Box::pin(async { tokio::join!(feed(stdin, &input), listen(stderr)).1 });
    let mut wail = None;
    let status = loop {
        tokio::select! {
            status = group.0.wait() => break status,
            words = &mut talk, if wail.is_none() => wail = Some(words),
        }
    };
    // Its end counts; what it started and left behind may hold its standard error open for ever.
    let wail = match wail {
        Some(words) => words,
        None => tokio::time::timeout(LAST_WORDS, talk).await.unwrap_or_default(),
    };
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) if wail.is_empty() => Err(Fault::not_taken(format!("ended with {status}"))),
        Ok(status) => Err(Fault::not_taken(format!("ended with {status}: {wail}"))),
        Err(error) => Err(Fault::unsure(format!("its end is unknown: {error}"))),
    }
}

async fn feed(stdin: Option<ChildStdin>, input: &str) {
    if let Some(mut stdin) = stdin {
        // A program that does not read its input may still take the message from its environment.
        let _unread = stdin.write_all(input.as_bytes()).await;
    }
}

/// The first line of its standard error.
async fn listen(stderr: Option<ChildStderr>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut wail = Vec::new();
    // What cannot be read explains nothing; the exit code stands.
    let _unread = (&mut stderr).take(WAIL_MAX).read_to_end(&mut wail).await;
    let _rest = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&wail).lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}

/// The program and what it started: where the deadline cuts the try, all of it ends.
pub(crate) struct Group(pub(crate) Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
            // Not reaped yet, so the number is still its own. One that has just ended needs no signal.
            let _gone = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}
