//! The `tcp` probe: a port that must accept a connection, on any address of its host.

use super::clients::Clients;
use super::found::Found;
use crate::domain::Verdict;
use crate::sources::phase::{Phase, PhaseWatch};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How much later each further address is tried while the one before is silent (RFC 8305: 250 ms).
const STAGGER: Duration = Duration::from_millis(250);

/// A `tcp` probe, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TcpLook {
    host: String,
    port: u16,
}

impl TcpLook {
    /// Takes `host:port`, `192.0.2.1:port` and `[2001:db8::1]:port`.
    pub fn prepare(address: &str) -> Result<Self, String> {
        let wrong = || format!("`{address}` is not host:port");
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        if host.is_empty() || (bare.is_none() && host.contains(':')) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// Looks once, without a limit of its own.
    pub async fn look(&self, clients: &Clients, phase: &PhaseWatch) -> Found {
        let addresses = match phase.watch(clients.names.addresses(&self.host, self.port)).await {
            Ok(addresses) => addresses,
            Err(error) => return Found::of_error(&error),
        };
        phase.enter(Phase::Connecting);
        match addresses.as_slice() {
            [only] => TcpStream::connect(only).await.map_or_else(|error| Found::of_io(&error), |_| Found::ok()),
            many => any_of(many).await,
        }
    }
}

/// Ok as soon as one address accepts. Where none does, a failure of the target tells more than an error of ours: a
/// host without IPv6 has no route to one half of the addresses and is still refused by the other.
async fn any_of(addresses: &[SocketAddr]) -> Found {
    let mut attempts: FuturesUnordered<_> = addresses
        .iter()
        .enumerate()
        .map(async |(place, address)| -> io::Result<TcpStream> {
            tokio::time::sleep(STAGGER * u32::try_from(place).unwrap_or(u32::MAX)).await;
            TcpStream::connect(address).await
        })
        .collect();
    let mut worst: Option<Found> = None;
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(_connection) => return Found::ok(),
            Err(error) => {
                let found = Found::of_io(&error);
                if worst.as_ref().is_none_or(|worst| worst.verdict == Verdict::Error) {
                    worst = Some(found);
                }
            }
        }
    }
    worst.unwrap_or_else(|| Found::failed("name does not resolve"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_names_numbers_and_brackets() {
        let of = |address: &str| TcpLook::prepare(address).map(|look| (look.host, look.port));
        assert_eq!(of("db1:5432"), Ok(("db1".into(), 5432)));
        assert_eq!(of("[::1]:22"), Ok(("::1".into(), 22)));
        for wrong in ["db1", "db1:", ":22", "db1:0", "db1:99999", "::1:22"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
