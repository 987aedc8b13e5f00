//! Opens the console: finds or starts the daemon, and carries messages between the two.

use super::args::Look;
use super::failure::Failure;
use super::session::{Session, owner, reach};
use crate::console::link::{self, FarEnd, News};
use crate::wire::client::Client;
use crate::workspace::Place;
use std::process::ExitCode;
use std::time::Duration;

/// The first wait before a lost daemon is looked for again; doubled up to [`PATIENCE`].
const EAGER: Duration = Duration::from_millis(200);
/// The longest wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// `dogwatch` without a command.
pub fn open(session: &Session, look: &Look) -> Result<ExitCode, Failure> {
    let _ = (session, look);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::other)?;
    runtime.block_on(async {
        let place = session.place()?;
        let client = session.connect_to(&place).await?;
        let (link, far) = link::pair();
        let carrier = tokio::spawn(carry(place, client, far));
        let outcome = super::run_console(link, look).await;
        carrier.abort();
        outcome
    })
}

/// Carries messages both ways, and looks for the daemon again when the connection is lost.
async fn carry(place: Place, client: Client, mut far: FarEnd) {
    let mut client = Some(client);
    let mut wait = EAGER;
    loop {
        if let Some(client) = client.take() {
            wait = EAGER;
            let Some(reason) = talk(client, &mut far).await else { return };
            if far.news.send(News::Lost { reason }).await.is_err() {
                return;
            }
        }
        // What was asked of a lost connection is asked again by the console, with the same key.
        while far.requests.try_recv().is_ok() {}
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(PATIENCE);
        let Ok(owner) = owner(&place) else { continue };
        client = reach(&place, owner).await.ok();
    }
}

/// One connection, until it is lost (and why) or the console has gone.
async fn talk(mut client: Client, far: &mut FarEnd) -> Option<String> {
    let welcome = Box::new(client.welcome().clone());
    far.news.send(News::Connected(welcome)).await.ok()?;
    loop {
        tokio::select! {
            said = client.next() => match said {
                Ok(said) => far.news.send(News::Said(Box::new(said))).await.ok()?,
                Err(error) => return Some(error.to_string()),
            },
            request = far.requests.recv() => {
                if let Err(error) = client.send(&request?).await {
                    return Some(error.to_string());
                }
            }
        }
    }
}
