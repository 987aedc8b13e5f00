//! A process without descriptors cannot look: that is its own error, never the target's failure. A test binary of its
//! own, because the limit is the whole process's.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

use dogwatch::domain::probe::Target;
use dogwatch::domain::{Labels, ProbeDefinition, Report, Verdict};
use dogwatch::prober::Prober;
use dogwatch::sources::http_client::install_crypto;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

fn probe(id: &str, target: Target) -> Arc<ProbeDefinition> {
    Arc::new(ProbeDefinition::new(id, target))
}

#[tokio::test]
async fn no_descriptors_is_an_error_and_no_failure() {
    install_crypto();
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = target.local_addr().unwrap();
    let (sender, mut reports) = mpsc::channel(8);
    let prober = Prober::new(sender, Handle::current());
    let url = format!("http://{address}/");
    let probes = [
        probe("tcp", Target::Tcp { address: address.to_string() }),
        probe("http", Target::Http { url, method: "GET".into(), headers: Labels::new(), body: None, ca_file: None }),
    ];

    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: limit.maximum }).unwrap();
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    for probe in probes {
        prober.watch(probe.clone());
        prober.now(&probe.id);
        let report = tokio::time::timeout(Duration::from_secs(20), reports.recv()).await.unwrap().unwrap();
        let Report::Probed { result, .. } = report else { panic!("{report:?}") };
        assert_eq!(result.sample.verdict, Verdict::Error, "{}", result.reason);
        prober.forget(&probe.id);
    }
    drop(hoard);
    setrlimit(Resource::Nofile, limit).unwrap();
}
