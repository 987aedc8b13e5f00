//! The HTTP clients that looks share: one per set of settings, made at the first look that needs it.

use crate::sources::http_client::{ClientError, ClientSettings, http_client};
use crate::sources::name_lookup::NameLookup;
use reqwest::Client;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Clients by their settings, and the resolver that all looks share.
#[derive(Debug, Clone, Default)]
pub(super) struct Clients {
    made: Arc<Mutex<HashMap<ClientSettings, Client>>>,
    /// The resolver, also for looks without HTTP.
    pub names: NameLookup,
}

impl Clients {
    /// The client with these settings. One that could not be made is tried again at the next look, so that a repaired
    /// ca_file needs no restart; one that was made keeps the authorities that it read.
    pub async fn get(&self, settings: &ClientSettings) -> Result<Client, ClientError> {
        if let Some(client) = self.lock().get(settings) {
            return Ok(client.clone());
        }
        let (settings, names) = (settings.clone(), self.names.clone());
        let made = tokio::task::spawn_blocking(move || http_client(&settings, &names).map(|client| (settings, client))).await;
        // The blocking task ends early only when the runtime does; this look ends with it then.
        let Ok(made) = made else { return std::future::pending().await };
        let (settings, client) = made?;
        Ok(self.lock().entry(settings).or_insert(client).clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ClientSettings, Client>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
