//! Neighbours that own flows, probes or alerts, and the one way out to HTTP that they and the probes share.

pub mod alertmanager;
pub mod cause;
pub mod http_client;
pub mod name_lookup;
pub mod phase;
pub mod secret;

use crate::domain::sent::{SourceFault, SourceKind, SourceOrder};
use crate::domain::{Report, SourceDefinition, SourceId};
use name_lookup::NameLookup;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

/// Orders that may wait for one neighbour; more are put off.
const ORDERS: usize = 1_024;

/// Reads neighbours and asks them for silences. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Neighbours {
    shared: Arc<Shared>,
    watched: Arc<Mutex<HashMap<SourceId, Watched>>>,
    tokio: Handle,
}

/// What all neighbours need.
#[derive(Debug)]
pub(crate) struct Shared {
    workspace: PathBuf,
    reports: mpsc::Sender<Report>,
    names: NameLookup,
}

impl Shared {
    async fn tell(&self, report: Report) {
        // An engine that has ended takes nothing more; the next one asks again.
        let _gone = self.reports.send(report).await;
    }
}

#[derive(Debug)]
struct Watched {
    definition: watch::Sender<Arc<SourceDefinition>>,
    orders: mpsc::Sender<SourceOrder>,
}

impl Neighbours {
    /// `workspace` is the folder from which secrets are named.
    pub fn new(workspace: PathBuf, reports: mpsc::Sender<Report>, tokio: Handle) -> Self {
        let workspace = std::path::absolute(&workspace).unwrap_or(workspace);
        let shared = Arc::new(Shared { workspace, reports, names: NameLookup::default() });
        Self { shared, watched: Arc::default(), tokio }
    }

    /// Begins to read a neighbour, or goes on with another definition.
    pub fn watch(&self, definition: Arc<SourceDefinition>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = watched.get(&definition.id) {
            known.definition.send_replace(definition);
            return;
        }
        let (id, kind) = (definition.id.clone(), definition.kind);
        let (definition, defined) = watch::channel(definition);
        let (orders, ordered) = mpsc::channel(ORDERS);
        match kind {
            SourceKind::Alertmanager => self.tokio.spawn(alertmanager::run(self.shared.clone(), defined, ordered)),
        };
        watched.insert(id, Watched { definition, orders });
    }

    /// Reads it no longer.
    pub fn forget(&self, source: &SourceId) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    /// Asks a neighbour for something and reports what became of it. Returns at once.
    pub fn ask(&self, order: SourceOrder) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let left = match watched.get(&order.source) {
            Some(known) => match known.orders.try_send(order) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(order) | mpsc::error::TrySendError::Closed(order)) => order,
            },
            None => order,
        };
        let shared = self.shared.clone();
        self.tokio.spawn(async move {
            let words = "too many orders wait for it, or it is not read any more".to_owned();
            let fault = SourceFault { words, refused: false, gone: false, retry_after: None };
            shared.tell(Report::SilenceFailed { source: left.source, marker: left.silence.marker, fault }).await;
        });
    }
}
