//! The client's end: connect, greet, ask, follow.

use super::frame::{FrameError, Incoming, Outgoing, frames};
use super::message::{Answer, Ask, Hello, Request, Said, VERSION, Welcome};
use super::socket;
use crate::domain::Refusal;
use crate::world::{SHAPE, World};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// How long the daemon may take to greet.
const GREETING: Duration = Duration::from_secs(10);

/// Why there is no talking to the daemon.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no daemon runs for this workspace (nobody listens on {path})")]
    Absent {
        /// The socket.
        path: PathBuf,
    },
    /// The socket is there, but cannot be reached.
    #[error("the daemon's socket {path} cannot be reached: {why}")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// Someone else listens.
    #[error("{path} is served by user {found}, not by {expected}: nothing was sent")]
    Impostor {
        /// The socket.
        path: PathBuf,
        /// Who listens.
        found: String,
        /// Who should.
        expected: String,
    },
    /// The daemon sent the client away.
    #[error("{reason}")]
    Refused {
        /// Its words.
        reason: String,
    },
    /// The daemon did not greet in time.
    #[error("the daemon did not answer within {} s", GREETING.as_secs())]
    Silent,
    /// The daemon speaks another version.
    #[error(
        "the daemon speaks version {theirs} of the protocol, this program {VERSION}: restart the daemon with `dogwatch stop`; running batches go on"
    )]
    Version {
        /// Its version.
        theirs: u32,
    },
    /// The connection broke.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// A connection that was greeted.
#[derive(Debug)]
pub struct Client {
    incoming: Incoming,
    outgoing: Outgoing,
    welcome: Welcome,
    next_id: u64,
    early: VecDeque<Said>,
}

impl Client {
    /// Connects to a daemon that this user id must own.
    pub async fn connect(path: &Path, owner: u32) -> Result<Self, ClientError> {
        let stream = socket::connect(path).await.map_err(|why| match why.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => ClientError::Absent { path: path.to_owned() },
            _ => ClientError::Unreachable { path: path.to_owned(), why },
        })?;
        let found = stream.peer_cred().map_err(|why| ClientError::Unreachable { path: path.to_owned(), why })?.uid();
        if found != owner {
            let (found, expected) = (super::identity::user_name(found), super::identity::user_name(owner));
            return Err(ClientError::Impostor { path: path.to_owned(), found, expected });
        }
        let (mut incoming, mut outgoing) = frames(stream);
        let hello = Hello {
            version: VERSION,
            shape: SHAPE.to_owned(),
            release: env!("CARGO_PKG_VERSION").to_owned(),
            sudo_claim: std::env::var("SUDO_USER").ok(),
        };
        let greeting = async {
            outgoing.send(&hello).await?;
            incoming.receive::<Greeting>().await
        };
        match tokio::time::timeout(GREETING, greeting).await.map_err(|_| ClientError::Silent)?? {
            Greeting::Welcome(mut welcome) if welcome.version == VERSION => {
                welcome.door = Some(super::handed::Door { socket: path.to_owned(), owner });
                Ok(Self { incoming, outgoing, welcome: *welcome, next_id: 1, early: VecDeque::new() })
            }
            Greeting::Welcome(welcome) => Err(ClientError::Version { theirs: welcome.version }),
            Greeting::Bye { reason } => Err(ClientError::Refused { reason }),
        }
    }

    /// What the daemon said of itself.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Whether the daemon folds as this program does; where not, only looking makes sense.
    pub fn same_shape(&self) -> bool {
        self.welcome.shape == SHAPE
    }

    /// Sends a request whose answer is read with [`Client::next`].
    pub async fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        Ok(self.outgoing.send(request).await?)
    }

    /// The next message of the daemon. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Said, ClientError> {
        if let Some(said) = self.early.pop_front() {
            return Ok(said);
        }
        match self.incoming.receive().await? {
            Said::Bye { reason } => Err(ClientError::Refused { reason }),
            Said::Part(mut part) => {
                part.compact();
                Ok(Said::Part(part))
            }
            said => Ok(said),
        }
    }

    /// Asks and waits for the answer; what comes in between is kept for [`Client::next`].
    pub async fn ask(&mut self, ask: Ask) -> Result<Result<Answer, Refusal>, ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&Request { id, ask }).await?;
        loop {
            match self.incoming.receive().await? {
                Said::Answer { id: answered, result } if answered == id => return Ok(result),
                Said::Bye { reason } => return Err(ClientError::Refused { reason }),
                other => self.early.push_back(other),
            }
        }
    }

    /// The whole world, once.
    pub async fn world(&mut self) -> Result<World, ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&Request { id, ask: Ask::World { follow: false } }).await?;
        let mut world = World::new();
        loop {
            match self.incoming.receive().await? {
                Said::Part(part) => world.absorb(*part),
                Said::Live { .. } => return Ok(world),
                Said::Bye { reason } => return Err(ClientError::Refused { reason }),
                Said::Answer { result: Err(refusal), .. } => return Err(ClientError::Refused { reason: refusal.to_string() }),
                _ => {}
            }
        }
    }
}

/// The daemon's first line.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Greeting {
    /// It takes the client.
    Welcome(Box<Welcome>),
    /// It does not.
    Bye {
        /// Why.
        reason: String,
    },
}
