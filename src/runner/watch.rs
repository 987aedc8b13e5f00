//! Follows one supervisor through its control socket and reports what it says; where it falls silent, the files decide.

use super::record::{Asked, Ended, Said, line};
use super::verdict::{self, Verdict};
use super::{Runner, expectation, folder};
use crate::domain::{AttemptEnd, AttemptId, Job, Report};
use crate::json;
use futures_util::StreamExt;
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio_util::codec::{FramedRead, LinesCodec};

/// The longest line of a supervisor, in bytes: 64 survivors' names and some words.
const LINE: usize = 64 * 1024;
/// First pause before a silent supervisor is asked again; doubled up to [`PATIENCE`].
const IMPATIENCE: Duration = Duration::from_millis(10);
/// The longest such pause.
const PATIENCE: Duration = Duration::from_secs(1);

/// One attempt that is followed to its end.
pub(super) struct Watch {
    pub(super) runner: Runner,
    pub(super) attempt: AttemptId,
    pub(super) path: PathBuf,
    pub(super) kill: Arc<Notify>,
    /// The supervisor, where this daemon started it and must reap it.
    pub(super) child: Option<Child>,
    /// Whether the entry was written in this boot.
    pub(super) is_same_boot: bool,
    /// Whether the start is already reported.
    pub(super) is_started: bool,
    /// Whether a kill was asked for: it is asked again after a reconnection.
    pub(super) is_kill_asked: bool,
}

impl Watch {
    /// Follows an open connection, then the files, until the attempt is over.
    pub(super) async fn follow(mut self, stream: std::os::unix::net::UnixStream) {
        let heard = match UnixStream::from_std(stream) {
            Ok(stream) => self.listen(stream).await,
            Err(error) => {
                tracing::warn!(attempt = %self.attempt, %error, "the supervisor's connection cannot be watched");
                None
            }
        };
        match heard {
            Some(ended) => self.report(ended).await,
            None => self.find_out(false).await,
        }
    }

    /// Asks the lock and the files until they know; reconnects while a supervisor lives.
    pub(super) async fn find_out(mut self, mut is_to_be_adopted: bool) {
        let mut pause = IMPATIENCE;
        loop {
            let (attempt, path, is_same_boot) = (self.attempt.clone(), self.path.clone(), self.is_same_boot);
            let verdict = tokio::task::spawn_blocking(move || match verdict::judge(&attempt, &path, is_same_boot) {
                Verdict::Over(ended) => Err(ended),
                Verdict::Held => Ok(folder::connect(&path).and_then(UnixStream::from_std)),
            });
            match verdict.await {
                Ok(Err(ended)) => {
                    let ended = if self.child.is_some() { verdict::explain(ended, &self.path) } else { ended };
                    return self.report(ended).await;
                }
                Ok(Ok(Ok(stream))) => {
                    if std::mem::take(&mut is_to_be_adopted) {
                        self.runner.say(Report::AttemptAdopted { attempt: self.attempt.clone() }).await;
                    }
                    if let Some(ended) = self.listen(stream).await {
                        return self.report(ended).await;
                    }
                    // A supervisor at its end holds the lock a moment longer than its connections.
                }
                // It is about to end, or the daemon is out of descriptors.
                Ok(Ok(Err(_))) => {}
                Err(_) => return, // the runtime is going down
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PATIENCE);
        }
    }

    /// Hears a supervisor until it says how the step ended, or falls silent.
    async fn listen(&mut self, stream: UnixStream) -> Option<Ended> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = FramedRead::new(reader, LinesCodec::new_with_max_length(LINE));
        let mut is_kill_said = false;
        loop {
            if self.is_kill_asked && !is_kill_said {
                is_kill_said = true;
                writer.write_all(&line(&Asked::Kill {})).await.ok()?;
            }
            tokio::select! {
                said = lines.next() => match json::read(&said?.ok()?).ok()? {
                    Said::Started(started) => {
                        if !std::mem::replace(&mut self.is_started, true) {
                            let attempt = self.attempt.clone();
                            self.runner.say(Report::AttemptStarted { attempt, pid: started.pid, started_at: started.started_at }).await;
                        }
                    }
                    Said::Ended(ended) => return Some(ended),
                },
                () = self.kill.notified() => self.is_kill_asked = true,
            }
        }
    }

    /// A step of a runbook may be expected to print something; without it even a good exit is not what was expected.
    async fn judged(&self, end: AttemptEnd) -> AttemptEnd {
        if !matches!((&self.attempt.job, &end), (Job::Procedure { .. }, AttemptEnd::Exit(_))) {
            return end;
        }
        let (path, judged) = (self.path.clone(), end.clone());
        tokio::task::spawn_blocking(move || expectation::judge(&path, judged)).await.unwrap_or(end)
    }

    /// The last word about the attempt; its supervisor is reaped afterwards.
    pub(super) async fn report(self, ended: Ended) {
        let Ended { end, ended_at, output_bytes, survivors } = ended;
        let end = self.judged(end).await;
        self.runner.forget(&self.attempt);
        self.runner.say(Report::AttemptEnded { attempt: self.attempt, end, ended_at, output_bytes, survivors }).await;
        if let Some(mut child) = self.child {
            // It ends by itself as soon as its record is on disk. Its own exit code says nothing about the step.
            let _ = tokio::task::spawn_blocking(move || child.wait()).await;
        }
    }
}
