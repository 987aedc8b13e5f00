//! The daemon's end of the socket: greets, checks the role for every message, answers, and lets consoles follow. A slow
//! console is resynchronised, never waited for.

use crate::domain::{Accepted, Level, Refusal, RefusalKind};
use crate::engine::{Engine, Input, Published, Watched};
use crate::journal::{JournalError, Page, Reader};
use crate::samples::Readings;
use crate::wire::client::Greeting;
use crate::wire::frame::{FrameError, Incoming, Outgoing, frames};
use crate::wire::identity::{self, Peer};
use crate::wire::message::{Answer, Ask, EntriesAsked, HELLO_MAX, Hello, REQUEST_MAX, Request, Said, VERSION, Welcome};
use crate::workspace::Access;
use crate::world::SHAPE;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How long a peer may take to say hello, and for any single message to be taken off its hands.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a console may refuse to take what is sent before it is let go.
const STUCK: Duration = Duration::from_mins(2);
/// Connections of one user at the same time.
const PER_USER: usize = 256;
/// Entries of one page at most.
const PAGE: u32 = 1_000;
/// Commands of one connection that may wait for their answers.
const AT_ONCE: usize = 512;

/// What the server needs to know and reach.
#[derive(Debug)]
pub struct Server {
    /// The writer.
    pub engine: Engine,
    /// Stored readings.
    pub readings: Readings,
    /// The state folder.
    pub state: PathBuf,
    /// The workspace's folder.
    pub workspace: PathBuf,
    /// The user that the daemon belongs to, who may always act.
    pub owner: u32,
    /// Who may do what; replaced on reload.
    pub access: RwLock<Option<Access>>,
    /// Open connections by user.
    pub connections: Mutex<HashMap<u32, usize>>,
}

impl Server {
    /// Takes connections until the listener's task is ended.
    pub async fn serve(self: Arc<Self>, listener: UnixListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let server = self.clone();
                    tokio::spawn(async move { server.connection(stream).await });
                }
                Err(error) => {
                    // Out of descriptors or memory: existing connections go on, new ones wait.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    async fn connection(&self, stream: UnixStream) {
        let peer = match Peer::of(&stream) {
            Ok(peer) => peer,
            Err(error) => return tracing::warn!(%error, "a peer could not be identified and was let go"),
        };
        let Some(_counted) = Counted::take(&self.connections, peer.uid) else {
            let (_, mut outgoing) = frames(stream);
            let reason = format!("{PER_USER} connections of user {} are open already", peer.user);
            let _ = tokio::time::timeout(PATIENCE, outgoing.send(&Greeting::Bye { reason })).await;
            return;
        };
        let (incoming, mut outgoing) = frames(stream);
        let mut incoming = incoming.guarded(HELLO_MAX, PATIENCE);
        let Ok(greeted) = tokio::time::timeout(PATIENCE, self.greet(&peer, &mut incoming, &mut outgoing)).await else {
            let bye = Greeting::Bye { reason: format!("no hello came within {} s", PATIENCE.as_secs()) };
            let _ = tokio::time::timeout(PATIENCE, outgoing.send(&bye)).await;
            return;
        };
        let session = match greeted {
            Ok((level, hello)) => Session { server: self, peer: &peer, level, hello },
            Err(reason) => {
                let _ = tokio::time::timeout(PATIENCE, outgoing.send(&Greeting::Bye { reason })).await;
                return;
            }
        };
        let mut incoming = incoming.guarded(REQUEST_MAX, PATIENCE);
        if let Err(error) = session.run(&mut incoming, &mut outgoing).await
            && !matches!(error, FrameError::Closed | FrameError::Io(_))
        {
            let _ = tokio::time::timeout(PATIENCE, outgoing.send(&Said::Bye { reason: error.to_string() })).await;
        }
    }

    async fn greet(&self, peer: &Peer, incoming: &mut Incoming, outgoing: &mut Outgoing) -> Result<(Level, Hello), String> {
        let hello: Hello = incoming.receive().await.map_err(|error| format!("the hello was not understood: {error}"))?;
        if hello.version != VERSION {
            let theirs = hello.version;
            let reason = format!("this daemon speaks version {VERSION} of the protocol, the program {theirs}: use programs of one release");
            return Err(self.turned_away(peer, &hello, reason).await);
        }
        let level = identity::level(self.access.read().unwrap_or_else(PoisonError::into_inner).as_ref(), peer.uid, self.owner);
        let Some(level) = level else {
            let reason = format!("user {} may not connect: neither the daemon's owner nor in [access] of dogwatch.toml", peer.user);
            return Err(self.turned_away(peer, &hello, reason).await);
        };
        let welcome = Welcome {
            version: VERSION,
            shape: SHAPE.to_owned(),
            release: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            level,
            user: peer.user.clone(),
            workspace: self.workspace.to_string_lossy().into_owned(),
            state: self.state.to_string_lossy().into_owned(),
            read_only: None,
        };
        outgoing.send(&Greeting::Welcome(Box::new(welcome))).await.map_err(|error| error.to_string())?;
        Ok((level, hello))
    }

    /// Puts on record that a peer was not let in; the words that it gets.
    async fn turned_away(&self, peer: &Peer, hello: &Hello, reason: String) -> String {
        let author = peer.author(hello.sudo_claim.as_deref());
        self.engine.tell(Input::Forbidden { author, verb: "connect".into(), reason: reason.clone() }).await;
        reason
    }
}

/// One greeted connection.
struct Session<'a> {
    server: &'a Server,
    peer: &'a Peer,
    level: Level,
    hello: Hello,
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
    async fn run(&self, incoming: &mut Incoming, outgoing: &mut Outgoing) -> Result<(), FrameError> {
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
            Ask::Samples { probe, since } => Ok(Answer::Samples(self.server.readings.since(&probe, since).await)),
        };
        outgoing.send(&Said::Answer { id, result }).await
    }

    /// Puts a command into the engine's inbox, or refuses it; what waits for the answer is given back.
    async fn command(
        &self,
        key: String,
        command: crate::domain::Command,
        dry_run: bool,
    ) -> Result<impl Future<Output = Result<Accepted, Refusal>> + use<>, Refusal> {
        let author = self.peer.author(self.hello.sudo_claim.as_deref());
        if self.level < command.level() {
            let reason = format!("{} may only look: `{}` needs the role {}", self.peer.user, command.verb(), command.level());
            self.server.engine.tell(Input::Forbidden { author, verb: command.verb().into(), reason: reason.clone() }).await;
            return Err(Refusal::new(RefusalKind::Forbidden, reason).hint("ask someone who is in [access] operators of dogwatch.toml"));
        }
        if key.is_empty() || key.len() > 128 {
            return Err(Refusal::new(RefusalKind::Invalid, "an idempotency key has 1 to 128 bytes"));
        }
        // The key belongs to the user: nobody can claim another's answer.
        Ok(self.server.engine.put((author, self.level), Some(format!("{}:{key}", self.peer.uid)), command, dry_run).await)
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

enum Next {
    Answered(u64, Result<Accepted, Refusal>),
    Ended(FrameError),
    Request(Request),
    Published(Result<Arc<Published>, RecvError>),
}

/// A place among a user's connections; given back when dropped.
struct Counted<'a> {
    connections: &'a Mutex<HashMap<u32, usize>>,
    uid: u32,
}

impl<'a> Counted<'a> {
    fn take(connections: &'a Mutex<HashMap<u32, usize>>, uid: u32) -> Option<Self> {
        let mut open = connections.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(uid).or_default();
        (*count < PER_USER).then(|| {
            *count += 1;
            Self { connections, uid }
        })
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let mut open = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.uid) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.uid);
            }
        }
    }
}
