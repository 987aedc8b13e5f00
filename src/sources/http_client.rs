//! The one function that makes HTTP clients, and the limits that all of them keep.
//!
//! Certificates are always checked; there is no switch to leave that out. What the host's store does not know is
//! trusted by naming its authority in a `ca_file`. Proxies of the environment are not used: what a look or a call
//! says must not depend on who started the daemon.

use super::name_lookup::NameLookup;
use super::phase::NotePhase;
use jiff::Timestamp;
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, Response};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Redirects that are followed at most.
const REDIRECTS_MAX: usize = 10;

/// What differs between clients. Equal settings share one client: a client owns a TLS configuration and a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ClientSettings {
    /// A file of PEM certificates to trust beside the host's store; needed where that store is empty.
    pub ca_file: Option<PathBuf>,
    /// Connections and TLS sessions may be used again. Where not, each call resolves, connects and shakes hands anew,
    /// and sees the certificate that the server has now.
    pub keep_alive: bool,
    /// Redirects are followed: to the same host only, never from https to http. Where not, the redirect is the answer.
    pub follow_redirects: bool,
    /// The address is plain `http`: a host without any trusted authority is no error then.
    pub plain: bool,
    /// The whole call, body included; absent where the caller limits each call itself.
    pub timeout: Option<Duration>,
}

/// Why there is no client.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The file cannot be read, or holds something else.
    #[error("the ca_file `{}` cannot be used: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Nobody is trusted.
    #[error("this host trusts no certificate authority ({0}); name one with ca_file")]
    NoTrust(rustls::Error),
    /// The library refused the settings.
    #[error("no HTTP client: {0}")]
    Refused(#[from] reqwest::Error),
}

/// Why a redirect was not followed. It stands in the chain of sources of the error that the call ends with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RedirectRefused {
    /// From https to http.
    #[error("redirected from https to clear http: {0}")]
    Downgrade(String),
    /// To another host.
    #[error("redirected to another host: {0}")]
    OtherHost(String),
    /// Round and round.
    #[error("redirected more than {REDIRECTS_MAX} times")]
    TooMany,
}

/// Why a body is not there.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Longer than the caller takes, after decoding.
    #[error("the answer is longer than {max} bytes")]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// It was cut or garbled.
    #[error(transparent)]
    Cut(#[from] reqwest::Error),
}

/// Chooses ring as the program's cryptography. First thing in `main`, and in each test that makes a client; a second
/// call changes nothing.
pub fn install_crypto() {
    // It fails only where one was installed before, which is then this one.
    let _already = ring::default_provider().install_default();
}

/// Makes a client. Make it once and share it.
#[expect(clippy::disallowed_methods, reason = "this is the place that may")]
pub fn http_client(settings: &ClientSettings, names: &NameLookup) -> Result<Client, ClientError> {
    let follow = settings.follow_redirects;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls(settings)?)
        .tls_info(true)
        .dns_resolver(names.clone())
        .connector_layer(NotePhase)
        .user_agent(concat!("dogwatch/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .no_proxy()
        .redirect(if follow { Policy::custom(stay_on_host) } else { Policy::none() });
    if !settings.keep_alive {
        builder = builder.pool_max_idle_per_host(0);
    }
    if let Some(timeout) = settings.timeout {
        builder = builder.timeout(timeout);
    }
    Ok(builder.build()?)
}

/// The whole body, decoded, or an error where it is longer than `max` bytes.
pub async fn read_capped(mut response: Response, max: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max {
            return Err(ReadError::TooLong { max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How long a server asks to wait: seconds or an HTTP date. What is in the past, or no time at all, is no wish.
pub fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Duration::try_from(date.timestamp().duration_since(now)).ok()
}

fn stay_on_host(attempt: Attempt<'_>) -> Action {
    let next = attempt.url().clone();
    let Some(from) = attempt.previous().last().cloned() else { return attempt.follow() };
    if attempt.previous().len() > REDIRECTS_MAX {
        attempt.error(RedirectRefused::TooMany)
    } else if from.scheme() == "https" && next.scheme() != "https" {
        attempt.error(RedirectRefused::Downgrade(place(&next)))
    } else if from.host_str() != next.host_str() {
        attempt.error(RedirectRefused::OtherHost(place(&next)))
    } else {
        attempt.follow()
    }
}

/// An address without what may be secret in it: user, password, path and query.
fn place(url: &reqwest::Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

fn tls(settings: &ClientSettings) -> Result<ClientConfig, ClientError> {
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
    let own = settings.ca_file.as_deref().map(authorities).transpose()?.unwrap_or_default();
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(ClientError::NoTrust)?;
    let mut config = match (Verifier::new_with_extra_roots(own, provider), &settings.ca_file) {
        // The platform's own verifier is no danger: the word only warns of verifiers that check less.
        (Ok(verifier), _) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth(),
        (Err(_), None) if settings.plain => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        (Err(error), None) => return Err(ClientError::NoTrust(error)),
        (Err(error), Some(path)) => return Err(ClientError::CaFile { path: path.clone(), reason: error.to_string() }),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if !settings.keep_alive {
        config.resumption = Resumption::disabled(); // a resumed session does not show the certificate again
    }
    Ok(config)
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let wrong = |reason: String| ClientError::CaFile { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>().map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("it holds no PEM certificate".into())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_seconds_or_a_date() {
        let now = "2026-11-21T02:00:00Z".parse().unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sat, 21 Nov 2026 02:01:00 GMT", now), Some(Duration::from_mins(1)));
        for none in ["-1", "soon", "", "Sat, 21 Nov 2026 01:00:00 GMT"] {
            assert_eq!(retry_after(none, now), None, "{none}");
        }
    }
}
