//! Certificates made for the moment.

use jiff::SignedDuration;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::sync::Arc;
use std::time::SystemTime;
use tempfile::NamedTempFile;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An authority of this test's own, and the file that trusts it.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

/// What a server shows.
#[derive(Clone)]
pub struct Shown {
    certificate: CertificateDer<'static>,
    key: Arc<KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// The file for `ca_file`.
    pub fn file(&self) -> String {
        self.file.path().to_str().unwrap().to_owned()
    }

    /// A certificate for this name that ends in so many days, or ended so many days ago.
    pub fn certificate(&self, name: &str, days: i64) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, days).signed_by(&key, &self.issuer).unwrap();
        Shown { certificate: certificate.der().clone(), key: Arc::new(key) }
    }
}

/// A certificate that nobody signed but itself.
pub fn self_signed(name: &str) -> Shown {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, 30).self_signed(&key).unwrap();
    Shown { certificate: certificate.der().clone(), key: Arc::new(key) }
}

/// A certificate that nobody signed but itself, and that may sign others; with its PEM.
pub fn self_signed_authority(name: &str) -> (Shown, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = params(name, 30);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    (Shown { certificate: certificate.der().clone(), key: Arc::new(key) }, certificate.pem())
}

fn params(name: &str, days: i64) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, format!("made for a test of {name}"));
    // An hour short of whole days, so that no answer depends on the second in which the test runs.
    let end = dogwatch::clock::now() + SignedDuration::from_hours(days * 24 - 1);
    params.not_before = SystemTime::from(end - SignedDuration::from_hours(90 * 24)).into();
    params.not_after = SystemTime::from(end).into();
    params
}

impl Shown {
    /// How a server with it speaks TLS.
    pub fn config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .unwrap();
        Arc::new(config)
    }
}
