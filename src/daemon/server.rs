//! The daemon's end of the socket: takes connections, greets who may be here, and parts with who may not. What a greeted
//! peer asks is its session's.

mod session;

use super::Knocks;
use crate::domain::Level;
use crate::engine::{Engine, Input};
use crate::samples::Readings;
use crate::wire::client::Greeting;
use crate::wire::frame::{FrameError, Incoming, Outgoing, frames};
use crate::wire::identity::{self, Peer};
use crate::wire::message::{HELLO_MAX, Hello, REQUEST_MAX, Said, VERSION, Welcome};
use crate::workspace::Access;
use crate::world::SHAPE;
use session::Session;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::net::{UnixListener, UnixStream};

/// How long a peer may take to say hello, and for any single message to be taken off its hands.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a user who may be here waits to be heard after many partings.
const FRIENDS_WAIT: Duration = Duration::from_millis(250);
/// Connections of one user at the same time.
const PER_USER: usize = 256;

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
    pub access: Arc<RwLock<Option<Access>>>,
    /// Open connections by user.
    pub connections: Mutex<HashMap<u32, usize>>,
    /// How often each user was parted with lately.
    pub knocks: Knocks,
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
        if let Some(wait) = self.knocks.wait(peer.uid, Instant::now()) {
            // Who may be here waits a moment; who may not, in a loop, waits long.
            let wait = if self.level(peer.uid).is_some() { wait.min(FRIENDS_WAIT) } else { wait };
            tokio::time::sleep(wait).await;
        }
        let (incoming, mut outgoing) = frames(stream);
        let mut incoming = incoming.guarded(HELLO_MAX, PATIENCE);
        let Ok(greeted) = tokio::time::timeout(PATIENCE, self.greet(&peer, &mut incoming, &mut outgoing)).await else {
            self.parted(&peer, "no hello came in time").await;
            let bye = Greeting::Bye { reason: format!("no hello came within {} s", PATIENCE.as_secs()) };
            let _ = tokio::time::timeout(PATIENCE, outgoing.send(&bye)).await;
            return;
        };
        let session = match greeted {
            Ok((level, hello)) => Session { server: self, peer: &peer, level, hello },
            Err(reason) => {
                self.knocks.parted(peer.uid, Instant::now());
                let _ = tokio::time::timeout(PATIENCE, outgoing.send(&Greeting::Bye { reason })).await;
                return;
            }
        };
        let mut incoming = incoming.guarded(REQUEST_MAX, PATIENCE);
        if let Err(error) = session.run(&mut incoming, &mut outgoing).await
            && let Some(words) = fault(&error)
        {
            self.parted(&peer, words).await;
            let _ = tokio::time::timeout(PATIENCE, outgoing.send(&Said::Bye { reason: error.to_string() })).await;
        }
    }

    async fn greet(&self, peer: &Peer, incoming: &mut Incoming, outgoing: &mut Outgoing) -> Result<(Level, Hello), String> {
        let hello: Hello = match incoming.receive().await {
            Ok(hello) => hello,
            Err(error) => {
                if let Some(words) = fault(&error) {
                    self.parted(peer, words).await;
                }
                return Err(format!("the hello was not understood: {error}"));
            }
        };
        if hello.version != VERSION {
            let theirs = hello.version;
            let reason = format!("this daemon speaks version {VERSION} of the protocol, the program {theirs}: use programs of one release");
            return Err(self.turned_away(peer, reason).await);
        }
        let Some(level) = self.level(peer.uid) else {
            let reason = format!("user {} may not connect: neither the daemon's owner nor in [access] of dogwatch.toml", peer.user);
            return Err(self.turned_away(peer, reason).await);
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
            door: None,
        };
        outgoing.send(&Greeting::Welcome(Box::new(welcome))).await.map_err(|error| error.to_string())?;
        Ok((level, hello))
    }

    /// What a user may do, if anything.
    fn level(&self, uid: u32) -> Option<Level> {
        identity::level(self.access.read().unwrap_or_else(PoisonError::into_inner).as_ref(), uid, self.owner)
    }

    /// A peer did not keep to the protocol: counted, and on record in words of ours, so that repeats are one entry.
    async fn parted(&self, peer: &Peer, words: &str) {
        self.knocks.parted(peer.uid, Instant::now());
        self.engine.tell(Input::Forbidden { author: peer.author(None), verb: "connect".into(), reason: words.into() }).await;
    }

    /// Puts on record that a peer was not let in; the words that it gets.
    async fn turned_away(&self, peer: &Peer, reason: String) -> String {
        // Without its claim of who it is, which it could change each time.
        let author = peer.author(None);
        self.engine.tell(Input::Forbidden { author, verb: "connect".into(), reason: reason.clone() }).await;
        reason
    }
}

/// What a peer did wrong, in words that do not depend on what it sent; nothing where it only went away.
fn fault(error: &FrameError) -> Option<&'static str> {
    match error {
        FrameError::Closed | FrameError::Io(_) => None,
        FrameError::TooLong(_) => Some("a message was too long"),
        FrameError::TooSlow(_) => Some("a message was begun and not ended in time"),
        FrameError::Garbled(_) => Some("a message was not understood"),
    }
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
