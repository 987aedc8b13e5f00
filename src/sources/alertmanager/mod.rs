//! The neighbour Alertmanager: read on a rhythm, asked for silences, one call at a time.
//!
//! After some failures in a row it is asked more seldom until it answers, and orders are put off at once.

mod answer;
mod client;
mod translate;

use super::Shared;
use crate::clock;
use crate::domain::sent::{SourceFault, SourceOrder, SourceTask};
use crate::domain::{Report, SourceDefinition};
use client::{Client, Sort, Trouble};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

pub use translate::{one_line, severity};

/// Failures in a row after which it is asked more seldom.
const SELDOM_FROM: u32 = 5;
/// How much more seldom.
const SELDOM: u32 = 4;
/// No rhythm is slower.
const RHYTHM_MAX: Duration = Duration::from_mins(5);
/// No wish of a server makes a wait longer.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(15);

/// Reads one Alertmanager until nobody wants it any more.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut definition: watch::Receiver<Arc<SourceDefinition>>,
    mut orders: mpsc::Receiver<SourceOrder>,
) {
    let mut session =
        Session { shared, definition: definition.borrow_and_update().clone(), client: None, failures: 0, trouble: String::new() };
    let mut next = Instant::now();
    loop {
        tokio::select! {
            changed = definition.changed() => {
                if changed.is_err() {
                    return;
                }
                session.definition = definition.borrow_and_update().clone();
                session.client = None;
                session.failures = 0;
                next = Instant::now();
            }
            order = orders.recv() => match order {
                Some(order) => session.carry_out(order).await,
                None => return,
            },
            () = tokio::time::sleep_until(next) => next = Instant::now() + session.read().await,
        }
    }
}

struct Session {
    shared: Arc<Shared>,
    definition: Arc<SourceDefinition>,
    client: Option<Client>,
    failures: u32,
    trouble: String,
}

impl Session {
    async fn client(&mut self) -> Result<&Client, Trouble> {
        match &mut self.client {
            Some(client) => Ok(client),
            none => Ok(none.insert(Client::new(&self.definition, &self.shared.workspace, &self.shared.names).await?)),
        }
    }

    /// A `ca_file` with another content makes another client, without being named anew.
    async fn forget_old_authorities(&mut self) {
        if let Some(client) = &self.client
            && !client.is_current().await
        {
            self.client = None;
        }
    }

    /// Reads everything once; how long to wait until the next time.
    async fn read(&mut self) -> Duration {
        let asked_at = clock::now();
        self.forget_old_authorities().await;
        let read = async {
            let client = self.client().await?;
            Ok((client.alerts().await?, client.silences().await?))
        };
        let read = read.await;
        let source = self.definition.id.clone();
        match read {
            Ok((alerts, silences)) => {
                self.failures = 0;
                let words = alerts.words.or(silences.words);
                let (left_out, alerts, silences) = (alerts.left_out.saturating_add(silences.left_out), alerts.rows, silences.rows);
                self.shared.tell(Report::SourceRead { source, asked_at, alerts, silences, left_out, words }).await;
                self.definition.every
            }
            Err(trouble) => {
                self.failed(&trouble);
                let rhythm = self.rhythm();
                let error = match self.failures {
                    failures if failures >= SELDOM_FROM => {
                        format!("{}; asked every {} s until it answers", trouble.words, rhythm.as_secs())
                    }
                    _ => trouble.words,
                };
                self.trouble.clone_from(&error);
                tracing::warn!(%source, error, failures = self.failures, "a neighbour does not answer");
                let wish = trouble.retry_after.map(|wish| wish.clamp(Duration::from_secs(1), RETRY_AFTER_MAX));
                let wait = wish.map_or(rhythm, |wish| wish.max(rhythm));
                // A wait of several rhythms is as many that are missed: what is shown is stale from now on.
                let missed = (wait.as_secs_f64() / self.definition.every.as_secs_f64()) as u32;
                self.shared.tell(Report::SourceFailed { source, error, failures: self.failures.max(missed) }).await;
                wait
            }
        }
    }

    fn rhythm(&self) -> Duration {
        let every = self.definition.every;
        if self.failures < SELDOM_FROM { every } else { (every * SELDOM).min(RHYTHM_MAX).max(every) }
    }

    fn failed(&mut self, trouble: &Trouble) {
        self.failures = self.failures.saturating_add(1);
        // Other credentials may be there now, or another authority.
        if trouble.sort == Sort::Unauthorized || self.failures == 1 {
            self.client = None;
        }
    }

    async fn carry_out(&mut self, order: SourceOrder) {
        let SourceOrder { source, silence, task } = order;
        let marker = silence.marker.clone();
        if self.failures > 0 {
            let words = format!("{source} does not answer: {}", self.trouble);
            let fault = SourceFault { words, refused: false, gone: false, retry_after: None };
            self.shared.tell(Report::SilenceFailed { source, marker, fault }).await;
            return;
        }
        let done = async { self.client().await?.carry_out(&silence, task).await }.await;
        let report = match (done, task) {
            (Ok(Some((id, ends))), _) => Report::SilenceMade { source, marker, id, ends },
            (Ok(None), _) => Report::SilenceExpired { source, marker },
            (Err(trouble), SourceTask::End) if trouble.sort == Sort::Gone => Report::SilenceExpired { source, marker },
            (Err(trouble), _) => {
                tracing::warn!(%source, error = trouble.words, "a silence was not made or ended");
                if trouble.sort == Sort::Unauthorized {
                    self.client = None;
                }
                Report::SilenceFailed { source, marker, fault: trouble.fault() }
            }
        };
        self.shared.tell(report).await;
    }
}
