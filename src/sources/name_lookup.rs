//! Host names to addresses, as this host resolves them (its hosts file, its name servers), with the two sorts of
//! failure told apart: a name that does not exist is the target's, a resolver that does not answer is ours.

use super::phase::{Phase, enter};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::Semaphore;

/// Look-ups at the same time. Each takes a thread for as long as the resolver is silent; the bound keeps a dead
/// resolver from taking all threads of the program.
const LOOKUPS: usize = 32;

/// Why a name has no addresses.
#[derive(Debug, Clone, Error)]
pub enum NameError {
    /// The resolver answered that there is no such name, or that it has no address.
    #[error("name does not resolve")]
    NotFound,
    /// The resolver of this host gave no answer: says nothing about the target.
    #[error("the resolver of this host does not answer: {0}")]
    Resolver(String),
}

/// The one resolver that all clients share.
#[derive(Debug, Clone)]
pub struct NameLookup(Arc<Semaphore>);

impl Default for NameLookup {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

impl NameLookup {
    /// The addresses of a host, in the order that the host prefers.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, NameError> {
        enter(Phase::Resolving);
        let place = self.0.clone().acquire_owned().await.map_err(|closed| NameError::Resolver(closed.to_string()))?;
        let host = host.to_owned();
        let found = tokio::task::spawn_blocking(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
            drop(place); // only here: a caller that gave up does not free the thread
            found
        })
        .await
        .map_err(|gone| NameError::Resolver(gone.to_string()))?;
        enter(Phase::Connecting);
        match found {
            Ok(addresses) if addresses.is_empty() => Err(NameError::NotFound),
            Ok(addresses) => Ok(addresses),
            Err(error) => Err(sort(&error)),
        }
    }
}

/// The standard library hands on the C library's words only, so the words decide: those of glibc and musl for
/// `EAI_NONAME` and `EAI_NODATA` mean that the name does not exist, all others that no answer came.
fn sort(error: &io::Error) -> NameError {
    const NO_SUCH_NAME: [&str; 4] =
        ["Name or service not known", "No address associated with hostname", "Name does not resolve", "Name has no usable address"];
    let words = error.to_string();
    if error.raw_os_error().is_none() && NO_SUCH_NAME.iter().any(|known| words.contains(known)) {
        NameError::NotFound
    } else {
        NameError::Resolver(words.trim_start_matches("failed to lookup address information: ").to_owned())
    }
}

impl Resolve for NameLookup {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.clone();
        Box::pin(async move {
            let addresses = lookup.addresses(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_resolver_that_says_no_means_that_the_name_is_wrong() {
        let said = |words: &str| sort(&io::Error::other(format!("failed to lookup address information: {words}")));
        assert!(matches!(said("Name or service not known"), NameError::NotFound));
        assert!(matches!(said("No address associated with hostname"), NameError::NotFound));
        assert!(matches!(said("Temporary failure in name resolution"), NameError::Resolver(_)));
        assert!(matches!(said("Try again"), NameError::Resolver(_)));
        assert!(matches!(sort(&io::Error::from_raw_os_error(24)), NameError::Resolver(_)), "no descriptors left");
    }

    #[tokio::test]
    async fn a_number_needs_no_resolver() {
        let found = NameLookup::default().addresses("127.0.0.1", 80).await.unwrap();
        assert_eq!(found, [SocketAddr::from(([127, 0, 0, 1], 80))]);
    }
}
