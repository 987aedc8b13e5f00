//! From arguments to a connection: which workspace, where its state is, and a daemon that runs.

use super::args::Arguments;
use super::failure::Failure;
use crate::daemon;
use crate::domain::{Accepted, Command, Refusal, RefusalKind};
use crate::wire::client::{Client, ClientError};
use crate::wire::identity;
use crate::wire::message::{Answer, Ask, Request, Said};
use crate::workspace::{self, Loaded, Place};
use crate::world::World;
use std::path::{Path, PathBuf};

/// What every command needs.
#[derive(Debug, Clone)]
pub struct Session {
    workspace: Option<PathBuf>,
    state: Option<PathBuf>,
    no_daemon: bool,
}

impl Session {
    /// As the arguments say.
    pub fn new(arguments: &Arguments) -> Self {
        Self { workspace: arguments.workspace.clone(), state: arguments.state.clone(), no_daemon: arguments.no_daemon }
    }

    /// The same for another workspace.
    #[must_use]
    pub fn within(&self, workspace: &Path) -> Self {
        Self { workspace: Some(workspace.to_owned()), ..self.clone() }
    }

    /// The same with another state folder.
    #[must_use]
    pub fn with_state(&self, state: &Path) -> Self {
        Self { state: Some(state.to_owned()), ..self.clone() }
    }

    /// The workspace's folder.
    pub fn root(&self) -> Result<PathBuf, Failure> {
        let here = std::env::current_dir().map_err(Failure::other)?;
        workspace::find(self.workspace.as_deref(), None, &here).map_err(Failure::usage)
    }

    /// Whether there is a workspace to open: one that was named counts, so that a wrong name is told.
    pub fn has_workspace(&self) -> bool {
        self.workspace.is_some() || self.root().is_ok()
    }

    /// Where its state and socket are.
    pub fn place(&self) -> Result<Place, Failure> {
        Place::of(&self.root()?, self.state.as_deref()).map_err(Failure::usage)
    }

    /// The place with everything that the files define.
    pub fn loaded(&self) -> Result<(Place, Loaded), Failure> {
        let root = self.root()?;
        let loaded = workspace::load(&root).map_err(|errors| Failure::usage(errors.render(width(), false)))?;
        let place = Place::of(&root, self.state.as_deref()).map_err(Failure::usage)?;
        Ok((place, loaded))
    }

    /// A connection to the daemon, which is started where none runs.
    pub async fn connect(&self) -> Result<Client, Failure> {
        let place = self.place()?;
        self.connect_to(&place).await
    }

    /// A connection to the daemon of a place, which is started where none runs.
    pub async fn connect_to(&self, place: &Place) -> Result<Client, Failure> {
        let owner = owner(place)?;
        match reach(place, owner).await {
            Err(ClientError::Absent { .. }) if self.may_start(owner) => {
                self.start(place)?;
                Ok(reach(place, owner).await?)
            }
            Err(ClientError::Absent { path }) if owner != rustix::process::getuid().as_raw() => Err(Failure::Unreachable(format!(
                "no daemon listens on {}; only user {} may start it ([daemon] user in dogwatch.toml)",
                path.display(),
                identity::user_name(owner)
            ))),
            other => Ok(other?),
        }
    }

    /// A connection to a daemon that runs already.
    pub async fn connect_running(&self) -> Result<Client, Failure> {
        let place = self.place()?;
        Ok(reach(&place, owner(&place)?).await?)
    }

    fn may_start(&self, owner: u32) -> bool {
        !self.no_daemon && owner == rustix::process::getuid().as_raw()
    }

    /// Starts the daemon of a place and waits until it can be reached.
    pub fn start(&self, place: &Place) -> Result<(), Failure> {
        // Wrong files are told here, with their lines, instead of by a daemon that dies.
        workspace::load(&place.workspace).map_err(|errors| Failure::usage(errors.render(width(), false)))?;
        daemon::start::detached(&place.workspace, self.state.as_deref()).map_err(|error| Failure::Unreachable(format!("{error:#}")))
    }

    /// The world, once.
    pub async fn world(&self) -> Result<(Client, World), Failure> {
        let mut client = self.connect().await?;
        let world = client.world().await?;
        Ok((client, world))
    }
}

/// Looks for the daemon's socket wherever it may be.
pub async fn reach(place: &Place, owner: u32) -> Result<Client, ClientError> {
    let mut absent = ClientError::Absent { path: place.socket() };
    for folder in place.socket_folders() {
        match Client::connect(&folder.join(&place.socket_name), owner).await {
            Err(error @ ClientError::Absent { .. }) => absent = error,
            other => return other,
        }
    }
    Err(absent)
}

/// The user id whose daemon it is.
pub fn owner(place: &Place) -> Result<u32, Failure> {
    match &place.daemon_user {
        Some(user) => identity::user_id(user)
            .ok_or_else(|| Failure::usage(format!("[daemon] user = \"{user}\" of dogwatch.toml: this host knows no such user"))),
        None => Ok(rustix::process::getuid().as_raw()),
    }
}

/// Columns for drawn errors.
pub fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(100)
}

/// Sends a command and waits for its answer.
pub async fn ask(client: &mut Client, command: Command, care: &super::args::Care) -> Result<Accepted, Failure> {
    if !care.dry_run {
        check_shape(client)?;
    }
    let key = care.key.clone().unwrap_or_else(fresh_key);
    match client.ask(Ask::Command { key, command, dry_run: care.dry_run }).await?? {
        Answer::Accepted(accepted) => Ok(accepted),
        other => Err(Failure::Other(anyhow::anyhow!("the daemon gave an answer to another question: {other:?}"))),
    }
}

/// Whether a command would be carried out, asked before a file is written for it: the file and the fact stay together. The
/// daemon looks at role and state as for the command itself. A missing role it records there too; any other refusal is
/// recorded when the command itself is sent, which is done here. What is given back is the answer to a command that was
/// carried out by that, under the key of an earlier one; nothing where it is still to be sent.
pub async fn ask_before(client: &mut Client, command: &Command, care: &super::args::Care) -> Result<Option<Accepted>, Failure> {
    check_shape(client)?;
    let preview = super::args::Care { dry_run: true, key: care.key.clone() };
    match ask(client, command.clone(), &preview).await {
        Ok(_) => Ok(None),
        Err(Failure::Refused(refusal)) if refusal.kind != RefusalKind::Forbidden => ask(client, command.clone(), care).await.map(Some),
        Err(other) => Err(other),
    }
}

/// Refuses to have a daemon of another release carry something out.
fn check_shape(client: &Client) -> Result<(), Failure> {
    if client.same_shape() {
        return Ok(());
    }
    let reason = format!("the daemon is release {}, this program {}", client.welcome().release, env!("CARGO_PKG_VERSION"));
    let hint = "restart it with `dogwatch stop`: running batches go on, the next command starts it";
    Err(Refusal::new(RefusalKind::State, reason).hint(hint).into())
}

/// Follows the world until it shows what is waited for; a world that is not complete yet shows nothing.
pub async fn follow<T>(client: &mut Client, shown: impl Fn(&World) -> Option<T>) -> Result<T, Failure> {
    client.send(&Request { id: u64::MAX, ask: Ask::World { follow: true } }).await?;
    let mut world = World::new();
    let mut live = false;
    loop {
        match client.next().await? {
            Said::Part(part) => world.absorb(*part),
            Said::Live { .. } => live = true,
            Said::Resync => live = false,
            Said::Entries(entries) => entries.iter().for_each(|entry| world.apply(entry)),
            _ => {}
        }
        if let Some(fact) = shown(&world).filter(|_| live) {
            return Ok(fact);
        }
    }
}

/// A key that no other request has: the boot, the process, the instant.
pub fn fresh_key() -> String {
    format!("{}-{}", std::process::id(), crate::clock::now().as_nanosecond())
}
