//! Gathers evidence: parts of files and outputs of commands, cut to an incident's window, bounded, with secrets masked,
//! kept with the incident in the state folder. One thread, one capsule at a time; the engine never waits for it.

mod command;
pub mod export;
mod gather;
mod keep;
mod mask;
mod name;
mod open;
pub mod outputs;
mod pattern;
mod rotated;
mod stamp;
mod window;

pub use keep::{Manifest, folder_of, manifest_of};
pub use mask::Mask;
pub use stamp::Stamps;
pub use window::{Cut, Window, cut};

use crate::domain::evidence::{Capsule, EvidenceOrder};
use crate::domain::{IncidentId, Report};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::mpsc;

/// Orders that wait; in a storm of more incidents the rest is told as not gathered, and can be asked for.
const ORDERS: usize = 256;

/// Gathers evidence. All clones are one; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct Gatherer {
    orders: SyncSender<EvidenceOrder>,
    reports: mpsc::Sender<Report>,
}

impl Gatherer {
    /// Begins. Capsules are kept below `state`; relative paths begin in `workspace`.
    pub fn start(state: PathBuf, workspace: PathBuf, reports: mpsc::Sender<Report>) -> std::io::Result<Self> {
        let (orders, ordered) = sync_channel(ORDERS);
        let told = reports.clone();
        let work = move || gather_on(&state, &workspace, &ordered, &told);
        std::thread::Builder::new().name("evidence".into()).spawn(work)?;
        Ok(Self { orders, reports })
    }

    /// Gathers as this order says, in its turn, and reports `EvidenceTaken`. Returns at once.
    pub fn gather(&self, order: EvidenceOrder) {
        if let Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) = self.orders.try_send(order) {
            let words = format!("too much was asked for at once; `dogwatch evidence {} --take` gathers it", order.incident);
            // A full inbox leaves it as asked for; the next daemon gathers it.
            let _ = self.reports.try_send(report(order.incident, failed(&order, words)));
        }
    }
}

fn gather_on(state: &std::path::Path, workspace: &std::path::Path, orders: &Receiver<EvidenceOrder>, reports: &mpsc::Sender<Report>) {
    while let Ok(order) = orders.recv() {
        let now = crate::clock::now();
        let capsule = match gather::gather(state, workspace, &order, now) {
            Ok(capsule) => capsule,
            Err(error) => {
                tracing::warn!(incident = %order.incident, %error, "evidence was not kept");
                failed(&order, format!("it could not be kept: {error}"))
            }
        };
        if reports.blocking_send(report(order.incident, capsule)).is_err() {
            return;
        }
    }
}

fn report(incident: IncidentId, capsule: Capsule) -> Report {
    Report::EvidenceTaken { incident, capsule: Arc::new(capsule) }
}

fn failed(order: &EvidenceOrder, problem: String) -> Capsule {
    let (from, to) = (order.first_sign_at, order.ended_at.unwrap_or(order.first_sign_at));
    Capsule { number: order.number, from, to, files: Vec::new(), problem: Some(problem) }
}
