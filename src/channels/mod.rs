//! How people are told: one file per kind of channel. A message is sent once for each order, with a deadline, and what
//! became of it is reported; the rules decide whether and when it is tried again.
//!
//! What is told back never holds a secret: every secret that a try fetched is masked in its error.

mod command;
mod fault;
mod mail;
mod webhook;

pub(crate) use command::Group;

use crate::domain::{ChannelDefinition, ChannelKind, Message, Report};
use crate::sources::name_lookup::NameLookup;
use crate::sources::secret::Secrets;
use fault::{Fault, Turning};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};

/// Messages that are sent at the same time, of all channels together; one channel sends one at a time.
const AT_ONCE: u32 = 16;

/// Sends messages. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Courier {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    workspace: PathBuf,
    reports: mpsc::Sender<Report>,
    tokio: Handle,
    places: Semaphore,
    names: NameLookup,
}

impl Courier {
    /// `workspace` is the folder from which programs and files of channels are named.
    pub fn new(workspace: PathBuf, reports: mpsc::Sender<Report>, tokio: Handle) -> Self {
        let workspace = std::path::absolute(&workspace).unwrap_or(workspace);
        let places = Semaphore::new(AT_ONCE as usize);
        Self { inner: Arc::new(Inner { workspace, reports, tokio, places, names: NameLookup::default() }) }
    }

    /// Sends a message and reports `MessageSent` or `MessageFailed`. Returns at once; a slow channel holds up nobody.
    pub fn send(&self, channel: Arc<ChannelDefinition>, message: Arc<Message>) {
        let inner = self.inner.clone();
        self.inner.tokio.spawn(async move {
            let id = message.id.clone();
            let tried = match inner.places.acquire().await {
                Ok(_place) => inner.try_once(&channel, &message).await,
                Err(_) => Err(Fault::not_taken("the daemon is ending")),
            };
            let report = match tried {
                Ok(()) => Report::MessageSent { message: id },
                Err(fault) => {
                    tracing::warn!(channel = %channel.id, message = %id, error = fault.words, "a message was not taken");
                    Report::MessageFailed { message: id, error: fault.words, fate: fault.fate, retry_after: fault.retry_after }
                }
            };
            // An engine that has ended takes nothing more; the next one says that nobody knows.
            let _gone = inner.reports.send(report).await;
        });
    }

    /// Waits until nothing is being sent any more, at most so long; what is asked for afterwards is told to come again.
    pub async fn finish(&self, within: Duration) {
        let all = tokio::time::timeout(within, self.inner.places.acquire_many(AT_ONCE)).await;
        self.inner.places.close();
        if all.is_err() {
            tracing::warn!("messages are still under way: nobody will know whether they arrived");
        }
    }
}

impl Inner {
    /// One try within the channel's deadline.
    async fn try_once(&self, channel: &ChannelDefinition, message: &Message) -> Result<(), Fault> {
        let secrets = Secrets::new(&self.workspace);
        let turning = Turning::default();
        let sending = self.send(channel, message, &secrets, &turning);
        let ended = match tokio::time::timeout(channel.timeout, sending).await {
            Ok(ended) => ended,
            Err(_) => Err(turning.too_late(channel.timeout)),
        };
        ended.map_err(|fault| Fault { words: secrets.mask(&fault.words), ..fault })
    }

    async fn send(&self, channel: &ChannelDefinition, message: &Message, secrets: &Secrets, turning: &Turning) -> Result<(), Fault> {
        match &channel.kind {
            ChannelKind::Command { run, env } => command::send(run, env, &self.workspace, message, secrets, turning).await,
            ChannelKind::Webhook { url, headers, body, ca_file } => {
                let hook = webhook::Hook { url, headers, body: body.as_deref(), ca_file: ca_file.as_deref() };
                hook.send(message, &self.names, secrets, turning).await
            }
            ChannelKind::Mail { .. } => mail::send(&channel.kind, message, secrets, turning).await,
            // Consoles ring by themselves when they read that the message fell due.
            ChannelKind::Terminal { .. } => Ok(()),
        }
    }
}
