//! One greeted connection: checks the role for every command, answers, and lets a console follow. A slow console is
//! resynchronised, never waited for.

use super::Server;
use crate::domain::{Accepted, AttemptId, Command, Level, Refusal, RefusalKind};
use crate::engine::{Input, Published, Watched};
use crate::journal::{JournalError, Page, Reader};
use crate::samples::Hour;
use crate::wire::frame::{FrameError, Incoming, Outgoing};
use crate::wire::identity::Peer;
use crate::wire::message::{Answer, Ask, EntriesAsked, Hello, Request, Said};
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How long a console may refuse to take what is sent before it is let go.
const STUCK: Duration = Duration::from_mins(2);
/// Entries of one page at most.
const PAGE: u32 = 1_000;
/// Commands of one connection that may wait for their answers.
const AT_ONCE: usize = 512;

/// One greeted connection.
pub(super) struct Session<'a> {
    /// The server that it is of.
    pub server: &'a Server,
    /// Who is at the other end.
    pub peer: &'a Peer,
    /// What they may do.
    pub level: Level,
    /// What they said first.
    pub hello: Hello,
}

/// What a session follows.
struct Following {
    tail: broadcast::Receiver<Arc<Published>>,
    /// Entries up to this number were sent already.
    sent: u64,
    /// Whether it also wants readings and a new world when it was too slow.
    world: bool,
}

impl Session<'_> {
    /// Answers, and passes on what is published, until either end goes away.
    pub async fn run(&self, incoming: &mut Incoming, outgoing: &mut Outgoing) -> Result<(), FrameError> {
        let mut following: Option<Following> = None;
        // Commands whose answers are waited for, in their order: many of one peer are committed together.
        let mut asked: FuturesOrdered<Asked> = FuturesOrdered::new();
        loop {
            let next = tokio::select! {
                biased;
                Some((id, result)) = asked.next() => Next::Answered(id, result),
                request = incoming.receive::<Request>(), if asked.len() < AT_ONCE => match request {
                    Ok(request) => Next::Request(request),
                    Err(error) => Next::Ended(error),
                },
                published = published(&mut following) => Next::Published(published),
            };
            let step = async {
                match next {
                    Next::Request(Request { id, ask: Ask::Command { key, command, dry_run } }) => {
                        match self.command(key, command, dry_run).await {
                            Ok(answer) => asked.push_back(Box::pin(async move { (id, answer.await) })),
                            Err(refusal) => asked.push_back(Box::pin(std::future::ready((id, Err(refusal))))),
                        }
                        Ok(())
                    }
                    Next::Request(request) => self.answer(request, &mut following, outgoing).await,
                    Next::Ended(error) => {
                        // Who asks and closes its end for writing still reads its answers.
                        while let Some((id, result)) = asked.next().await {
                            outgoing.send(&Said::Answer { id, result: result.map(Answer::Accepted) }).await?;
                        }
                        Err(error)
                    }
                    Next::Answered(id, result) => outgoing.send(&Said::Answer { id, result: result.map(Answer::Accepted) }).await,
                    Next::Published(published) => self.pass_on(published, &mut following, outgoing).await,
                }
            };
            tokio::time::timeout(STUCK, step).await.map_err(|_| FrameError::Closed)??;
        }
    }

    async fn answer(&self, request: Request, following: &mut Option<Following>, outgoing: &mut Outgoing) -> Result<(), FrameError> {
        let Request { id, ask } = request;
        let result = match ask {
            Ask::World { follow } => {
                let Some(watched) = self.server.engine.watch().await else { return Err(FrameError::Closed) };
                let tail = send_world(watched, outgoing).await?;
                *following = follow.then_some(tail);
                Ok(Answer::End)
            }
            Ask::Tail { after } => {
                let Some(watched) = self.server.engine.watch().await else { return Err(FrameError::Closed) };
                self.send_stored(after, watched.seq, outgoing).await?;
                *following = Some(Following { tail: watched.tail, sent: watched.seq, world: false });
                Ok(Answer::End)
            }
            Ask::Command { key, command, dry_run } => match self.command(key, command, dry_run).await {
                Ok(answer) => answer.await.map(Answer::Accepted),
                Err(refusal) => Err(refusal),
            },
            Ask::Entries(asked) => self.page(asked).await,
            Ask::Hours { probe, since } => {
                let hours = self.server.readings.hours(&probe, since).await;
                Ok(Answer::Hours(hours.iter().map(Hour::looks).collect()))
            }
            // The descriptor goes with the answer.
            Ask::Output { attempt } => match self.open_output(attempt).await {
                Ok(file) => return outgoing.send_with(&Said::Answer { id, result: Ok(Answer::Descriptor) }, file.as_fd()).await,
                Err(refusal) => Err(refusal),
            },
            Ask::Samples { probe, since } => Ok(Answer::Samples(self.server.readings.since(&probe, since).await)),
        };
        outgoing.send(&Said::Answer { id, result }).await
    }

    /// Puts a command into the engine's inbox, or refuses it; what waits for the answer is given back.
    async fn command(
        &self,
        key: String,
        command: Command,
        dry_run: bool,
    ) -> Result<impl Future<Output = Result<Accepted, Refusal>> + use<>, Refusal> {
        let author = self.peer.author(self.hello.sudo_claim.as_deref());
        if self.level < command.level() {
            let may = if self.level == Level::Viewer { "may only look".to_owned() } else { format!("is an {}", self.level) };
            let reason = format!("{} {may}: `{}` needs the role {}", self.peer.user, command.verb(), command.level());
            let hint = format!("ask someone who is in [access] {}s of dogwatch.toml", command.level());
            self.server.engine.tell(Input::Forbidden { author, verb: command.verb().into(), reason: reason.clone() }).await;
            return Err(Refusal::new(RefusalKind::Forbidden, reason).hint(hint));
        }
        if key.is_empty() || key.len() > 128 {
            return Err(Refusal::new(RefusalKind::Invalid, "an idempotency key has 1 to 128 bytes"));
        }
        // The key belongs to the user: nobody can claim another's answer.
        Ok(self.server.engine.put((author, self.level), Some(format!("{}:{key}", self.peer.uid)), command, dry_run).await)
    }

    /// Whoever was greeted may look, at outputs too.
    async fn open_output(&self, attempt: AttemptId) -> Result<File, Refusal> {
        let state = self.server.state.clone();
        match tokio::task::spawn_blocking(move || crate::daemon::outputs::open(&state, &attempt)).await {
            Ok(opened) => opened,
            Err(error) => Err(Refusal::new(RefusalKind::Failed, error.to_string())),
        }
    }

    async fn page(&self, asked: EntriesAsked) -> Result<Answer, Refusal> {
        let state = self.server.state.clone();
        let failed = |error: &dyn std::fmt::Display| Refusal::new(RefusalKind::Failed, format!("the journal could not be read: {error}"));
        match tokio::task::spawn_blocking(move || read_page(&state, &asked)).await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn send_stored(&self, after: u64, until: u64, outgoing: &mut Outgoing) -> Result<(), FrameError> {
        let mut after = after;
        while after < until {
            let asked = EntriesAsked { after: Some(after), limit: PAGE, ..EntriesAsked::default() };
            let Ok(Answer::Page { mut entries, .. }) = self.page(asked).await else { return Err(FrameError::Closed) };
            entries.retain(|entry| entry.seq <= until);
            let Some(last) = entries.last() else { break };
            after = last.seq;
            outgoing.send(&Said::Entries(entries)).await?;
        }
        Ok(())
    }

    async fn pass_on(
        &self,
        published: Result<Arc<Published>, RecvError>,
        following: &mut Option<Following>,
        outgoing: &mut Outgoing,
    ) -> Result<(), FrameError> {
        let Some(follow) = following else { return Ok(()) };
        match published {
            Ok(published) => match &*published {
                Published::Entries(entries) => {
                    let fresh: Vec<_> = entries.iter().filter(|entry| entry.seq > follow.sent).cloned().collect();
                    follow.sent = fresh.last().map_or(follow.sent, |entry| entry.seq);
                    if !fresh.is_empty() {
                        outgoing.send(&Said::Entries(fresh)).await?;
                    }
                }
                Published::Reading(reading) if follow.world => outgoing.send(&Said::Readings(vec![reading.clone()])).await?,
                Published::ReadOnly(reason) if follow.world => outgoing.send(&Said::ReadOnly { reason: reason.clone() }).await?,
                Published::Reading(_) | Published::ReadOnly(_) => {}
            },
            Err(RecvError::Lagged(_)) if follow.world => {
                outgoing.send(&Said::Resync).await?;
                let Some(watched) = self.server.engine.watch().await else { return Err(FrameError::Closed) };
                *following = Some(send_world(watched, outgoing).await?);
            }
            Err(RecvError::Lagged(_)) => {
                let Some(watched) = self.server.engine.watch().await else { return Err(FrameError::Closed) };
                self.send_stored(follow.sent, watched.seq, outgoing).await?;
                *following = Some(Following { tail: watched.tail, sent: watched.seq, world: false });
            }
            Err(RecvError::Closed) => return Err(FrameError::Closed),
        }
        Ok(())
    }
}

/// A page of the stored journal, and whether there is more in the asked direction.
fn read_page(state: &Path, asked: &EntriesAsked) -> Result<Answer, JournalError> {
    let reader = Reader::open(state)?;
    let page = Page { after: asked.after, before: asked.before, since: asked.since, limit: asked.limit.clamp(1, PAGE) };
    let entries = reader.entries(&page)?;
    let beyond = match (asked.before, entries.first(), entries.last()) {
        (Some(_), Some(first), _) => Page { before: Some(first.seq), limit: 1, ..page },
        (None, _, Some(last)) => Page { after: Some(last.seq), limit: 1, ..page },
        _ => return Ok(Answer::Page { entries: Vec::new(), more: false }),
    };
    let more = !reader.entries(&beyond)?.is_empty();
    Ok(Answer::Page { entries: entries.into_iter().map(Arc::new).collect(), more })
}

async fn send_world(watched: Watched, outgoing: &mut Outgoing) -> Result<Following, FrameError> {
    let Watched { parts, seq, read_only, tail } = watched;
    let mut first = true;
    for part in parts {
        outgoing.feed(&Said::Part(Box::new(part))).await?;
        if std::mem::take(&mut first) {
            outgoing.flush().await?; // the first frame of a console needs no more
        }
    }
    if read_only.is_some() {
        outgoing.feed(&Said::ReadOnly { reason: read_only }).await?;
    }
    outgoing.send(&Said::Live { seq }).await?;
    Ok(Following { tail, sent: seq, world: true })
}

/// A command's number with what waits for its answer.
type Asked = Pin<Box<dyn Future<Output = (u64, Result<Accepted, Refusal>)> + Send>>;

/// The next publication for a console that follows; never for another.
async fn published(following: &mut Option<Following>) -> Result<Arc<Published>, RecvError> {
    match following {
        Some(follow) => follow.tail.recv().await,
        None => std::future::pending().await,
    }
}

/// What a session turns to next.
enum Next {
    Answered(u64, Result<Accepted, Refusal>),
    Ended(FrameError),
    Request(Request),
    Published(Result<Arc<Published>, RecvError>),
}
