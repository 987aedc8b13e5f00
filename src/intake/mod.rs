//! Alerts that come in over HTTP: Alertmanager's webhook format and plain JSON, on the loopback, with a token. Off where
//! the workspace does not define it.
//!
//! An alert is answered for once it is on disk. What is not taken is counted and told every ten seconds.

mod counting;
mod format;
mod request;
mod server;
mod token;

use crate::domain::{IntakeDefinition, Report};
use crate::engine::Engine;
pub use counting::Counting;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// How long until an address that could not be taken is tried again.
const LISTEN_AGAIN: Duration = Duration::from_secs(10);

/// Listens as it is wanted, until nobody wants it any more.
pub async fn run(
    workspace: PathBuf,
    engine: Engine,
    reports: mpsc::Sender<Report>,
    mut wanted: watch::Receiver<Option<Arc<IntakeDefinition>>>,
    counting: Counting,
) {
    let telling = counting.clone().tell(reports.clone());
    let serving = async {
        loop {
            let definition = wanted.borrow_and_update().clone();
            tokio::select! {
                changed = wanted.changed() => if changed.is_err() { return },
                () = listen(definition, &workspace, &engine, &reports, &counting) => {}
            }
        }
    };
    tokio::select! { () = serving => {}, () = telling => {} }
}

/// Takes alerts in for ever, or nothing where nothing is defined.
async fn listen(
    definition: Option<Arc<IntakeDefinition>>,
    workspace: &Path,
    engine: &Engine,
    reports: &mpsc::Sender<Report>,
    counting: &Counting,
) {
    let Some(definition) = definition else { return std::future::pending().await };
    loop {
        let opened = async {
            let token = token::Token::fetch(&definition.token, workspace).await?;
            let listener = TcpListener::bind(&definition.listen).await.map_err(|error| format!("{}: {error}", definition.listen))?;
            Ok::<_, String>((token, listener))
        };
        match opened.await {
            Ok((token, listener)) => {
                let address = listener.local_addr().map_or_else(|_| definition.listen.clone(), |address| address.to_string());
                tell(reports, Some(address), None).await;
                server::serve(listener, Arc::new(request::Intake::new(engine.clone(), token, counting.clone()))).await;
            }
            Err(error) => {
                tracing::warn!(error, "the intake does not listen");
                tell(reports, None, Some(error)).await;
            }
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn tell(reports: &mpsc::Sender<Report>, address: Option<String>, error: Option<String>) {
    // An engine that has ended takes nothing more.
    let _gone = reports.send(Report::IntakeListens { address, error }).await;
}
