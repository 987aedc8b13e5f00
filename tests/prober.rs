//! The prober against real servers on the loopback: slow, wrong, cut, refused, with good and bad certificates.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod prober_targets;

use dogwatch::domain::probe::Target;
use dogwatch::domain::{Labels, ProbeDefinition, ProbeId, ProbeResult, Report, Verdict};
use dogwatch::prober::Prober;
use dogwatch::sources::http_client::install_crypto;
use prober_targets::{Authority, Served, http_answer};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

const BOUND: Duration = Duration::from_secs(20);

fn http(url: impl Into<String>) -> ProbeDefinition {
    probe(Target::Http { url: url.into(), method: "GET".into(), headers: Labels::new(), body: None, ca_file: None })
}

fn tcp(address: impl Into<String>) -> ProbeDefinition {
    probe(Target::Tcp { address: address.into() })
}

fn probe(target: Target) -> ProbeDefinition {
    ProbeDefinition::new("target", target)
}

fn trusting(mut probe: ProbeDefinition, authority: &Authority) -> ProbeDefinition {
    if let Target::Http { ca_file, .. } = &mut probe.target {
        *ca_file = Some(authority.file());
    }
    probe
}

/// A prober and what it reports.
struct Looking {
    prober: Prober,
    reports: mpsc::Receiver<Report>,
}

impl Looking {
    fn new() -> Self {
        install_crypto();
        let (sender, reports) = mpsc::channel(64);
        Self { prober: Prober::new(sender, Handle::current()), reports }
    }

    async fn next(&mut self) -> (ProbeId, ProbeResult) {
        match tokio::time::timeout(BOUND, self.reports.recv()).await {
            Ok(Some(Report::Probed { probe, result })) => (probe, result),
            other => panic!("no reading: {other:?}"),
        }
    }

    async fn look(&mut self, probe: ProbeDefinition) -> ProbeResult {
        let id = probe.id.clone();
        self.prober.watch(Arc::new(probe));
        self.prober.now(&id);
        let (_, result) = self.next().await;
        self.prober.forget(&id);
        result
    }

    /// Nothing is reported for a while.
    async fn hears_nothing(&mut self) {
        let heard = tokio::time::timeout(Duration::from_millis(600), self.reports.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

async fn look(probe: ProbeDefinition) -> ProbeResult {
    Looking::new().look(probe).await
}

#[track_caller]
fn expect(result: &ProbeResult, verdict: Verdict, reason: &str) {
    assert_eq!((result.sample.verdict, result.reason.as_str()), (verdict, reason));
}

#[tokio::test]
async fn a_good_answer_is_ok_and_its_time_is_measured() {
    let served = Served::http(http_answer("200 OK", "Basket")).await;
    let result = look(http(served.url())).await;
    expect(&result, Verdict::Ok, "");
    assert!(result.sample.latency_us > 0);
}

#[tokio::test]
async fn another_status_names_both() {
    let served = Served::http(http_answer("503 Service Unavailable", "")).await;
    let mut probe = http(served.url());
    expect(&look(probe.clone()).await, Verdict::Failed, "status 503, expected 200 to 299");
    probe.expect.status = vec![200];
    expect(&look(probe.clone()).await, Verdict::Failed, "status 503, expected 200");
    probe.expect.status = vec![200, 503];
    expect(&look(probe).await, Verdict::Ok, "");
}

#[tokio::test]
async fn the_body_is_held_against_text_and_pattern() {
    let served = Served::http(http_answer("200 OK", "Basket: 12 items")).await;
    let mut probe = http(served.url());
    probe.expect.body_contains = Some("Basket".into());
    probe.expect.body_matches = Some(r"\d+ items".into());
    expect(&look(probe.clone()).await, Verdict::Ok, "");
    probe.expect.body_matches = Some("^[a-z]+$".into());
    expect(&look(probe.clone()).await, Verdict::Failed, "the body does not match `^[a-z]+$`");
    probe.expect.body_contains = Some("Checkout".into());
    expect(&look(probe).await, Verdict::Failed, "`Checkout` is not in the body");
}

#[tokio::test]
async fn of_a_long_body_the_first_mib_is_looked_at() {
    let body = format!("{}needle", "x".repeat(1 << 20));
    let served = Served::http(http_answer("200 OK", &body)).await;
    let mut probe = http(served.url());
    probe.expect.body_contains = Some("needle".into());
    expect(&look(probe).await, Verdict::Failed, "`needle` is not in the first MiB of the body");
}

#[tokio::test]
async fn a_slow_answer_is_degraded() {
    let served = Served::http_after(Duration::from_millis(120), http_answer("200 OK", "")).await;
    let mut probe = http(served.url());
    probe.expect.below = Some(Duration::from_millis(50));
    let result = look(probe).await;
    assert_eq!(result.sample.verdict, Verdict::Degraded);
    assert!(result.reason.ends_with(" ms > 50 ms"), "{}", result.reason);
    assert!(result.sample.latency_us >= 120_000);
}

#[tokio::test]
async fn a_timeout_says_where_it_struck() {
    let silent = Served::silent().await;
    let mut probe = http(silent.url());
    probe.timeout = Duration::from_millis(300);
    expect(&look(probe).await, Verdict::Failed, "timed out after 0.3 s while waiting for the answer");

    // A TLS handshake that nobody answers is part of connecting.
    let mut probe = http(silent.https_url("127.0.0.1"));
    probe.timeout = Duration::from_secs(2);
    expect(&look(probe).await, Verdict::Failed, "timed out after 2 s while connecting");
}

#[tokio::test]
async fn one_byte_in_a_while_does_not_outwit_the_limit() {
    let dripping = Served::dripping().await;
    let mut probe = http(dripping.url());
    probe.timeout = Duration::from_millis(500);
    expect(&look(probe).await, Verdict::Failed, "timed out after 0.5 s while reading the answer");
}

#[tokio::test]
async fn nobody_listens() {
    let port = prober_targets::free_port().await;
    expect(&look(http(format!("http://127.0.0.1:{port}/"))).await, Verdict::Failed, "connection refused");
    expect(&look(tcp(format!("127.0.0.1:{port}"))).await, Verdict::Failed, "connection refused");
    expect(&look(tcp(format!("localhost:{port}"))).await, Verdict::Failed, "connection refused");
}

#[tokio::test]
async fn a_listening_port_is_ok_on_any_of_the_addresses_of_its_name() {
    let served = Served::silent().await;
    expect(&look(tcp(served.address().to_string())).await, Verdict::Ok, "");
    expect(&look(tcp(format!("localhost:{}", served.address().port()))).await, Verdict::Ok, "");
}

#[tokio::test]
async fn an_answer_that_is_cut_is_no_answer() {
    let reset = Served::reset_mid_body().await;
    let result = look(http(reset.url())).await;
    assert_eq!(result.sample.verdict, Verdict::Failed);
    assert!(result.reason.starts_with("the answer was cut short: "), "{}", result.reason);
}

#[tokio::test]
async fn a_definition_that_cannot_be_used_is_an_error_and_no_failure() {
    let mut probe = http("http://127.0.0.1:1/");
    probe.expect.body_matches = Some("(".into());
    assert_eq!(look(probe).await.sample.verdict, Verdict::Error);
    expect(&look(tcp("nowhere")).await, Verdict::Error, "`nowhere` is not host:port");

    let mut probe = http("https://127.0.0.1:1/");
    if let Target::Http { ca_file, .. } = &mut probe.target {
        *ca_file = Some("/nonexistent/ca.pem".into());
    }
    let result = look(probe).await;
    assert_eq!(result.sample.verdict, Verdict::Error);
    assert!(result.reason.contains("/nonexistent/ca.pem"), "{}", result.reason);
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_taken_and_its_end_is_told() {
    let authority = Authority::new();
    let served = Served::tls(authority.certificate("localhost", 30)).await;
    let mut probe = trusting(http(served.https_url("localhost")), &authority);
    let result = look(probe.clone()).await;
    expect(&result, Verdict::Ok, "");
    let days = (result.certificate_ends.unwrap().as_second() - result.sample.at.as_second()) / 86_400;
    assert!((29..=30).contains(&days), "{days}");

    probe.expect.certificate_days = Some(60);
    expect(&look(probe).await, Verdict::Degraded, "certificate ends in 29 days, fewer than 60");
}

#[tokio::test]
async fn wrong_certificates_are_refused_with_their_reason() {
    let authority = Authority::new();

    let expired = Served::tls(authority.certificate("localhost", -3)).await;
    let result = look(trusting(http(expired.https_url("localhost")), &authority)).await;
    expect(&result, Verdict::Failed, "certificate expired 3 days ago");
    assert!(result.certificate_ends.is_some());

    let other_host = Served::tls(authority.certificate("shop.example", 30)).await;
    let result = look(trusting(http(other_host.https_url("localhost")), &authority)).await;
    assert_eq!(result.sample.verdict, Verdict::Failed);
    assert_eq!(result.reason, "certificate is for shop.example, not for localhost");

    let stranger = Served::tls(Authority::new().certificate("localhost", 30)).await;
    let result = look(trusting(http(stranger.https_url("localhost")), &authority)).await;
    assert_eq!(result.sample.verdict, Verdict::Failed);
    assert!(result.reason.starts_with("certificate "), "{}", result.reason);

    let self_signed = Served::tls(prober_targets::self_signed("localhost")).await;
    let result = look(trusting(http(self_signed.https_url("localhost")), &authority)).await;
    expect(&result, Verdict::Failed, "certificate is not signed by a trusted authority");

    let clear = Served::http(http_answer("200 OK", "")).await;
    let result = look(trusting(http(clear.https_url("localhost")), &authority)).await;
    assert_eq!(result.sample.verdict, Verdict::Failed, "{}", result.reason);
}

#[tokio::test]
async fn a_replaced_certificate_is_seen_at_the_next_look() {
    let authority = Authority::new();
    let served = Served::tls(authority.certificate("localhost", 30)).await;
    let probe = trusting(http(served.https_url("localhost")), &authority);
    let mut looking = Looking::new();
    expect(&looking.look(probe.clone()).await, Verdict::Ok, "");
    served.show(authority.certificate("localhost", -3));
    expect(&looking.look(probe).await, Verdict::Failed, "certificate expired 3 days ago");
}

#[tokio::test]
async fn redirects_stay_on_the_host_and_never_leave_tls() {
    let served = Served::redirecting().await;
    expect(&look(http(format!("{}to-self", served.url()))).await, Verdict::Ok, "");
    expect(&look(http(format!("{}to-other", served.url()))).await, Verdict::Failed, "redirected to another host: http://other.example");
    expect(&look(http(format!("{}loop", served.url()))).await, Verdict::Failed, "redirected more than 10 times");
    let mut probe = http(format!("{}to-other", served.url()));
    probe.expect.status = vec![302];
    expect(&look(probe).await, Verdict::Ok, "");

    let authority = Authority::new();
    let downgrading = Served::tls_redirecting(authority.certificate("localhost", 30), "http://localhost/").await;
    let result = look(trusting(http(downgrading.https_url("localhost")), &authority)).await;
    expect(&result, Verdict::Failed, "redirected from https to clear http: http://localhost");
}

#[tokio::test]
async fn a_connection_is_fresh_unless_it_may_be_used_again() {
    let served = Served::http(http_answer("200 OK", "x")).await;
    let mut looking = Looking::new();
    for _ in 0..3 {
        expect(&looking.look(http(served.url())).await, Verdict::Ok, "");
    }
    assert_eq!(served.connections(), 3);
    let mut kept = http(served.url());
    kept.keep_alive = true;
    for _ in 0..3 {
        expect(&looking.look(kept.clone()).await, Verdict::Ok, "");
    }
    assert_eq!(served.connections(), 4);
}

#[tokio::test]
async fn a_thousand_probes_are_spread_over_a_fifth_of_their_interval() {
    let served = Served::silent().await;
    let mut looking = Looking::new();
    let began = Instant::now();
    for number in 0..1_000 {
        let mut probe = tcp(served.address().to_string());
        probe.id = ProbeId::new(format!("probe-{number}"));
        probe.every = Duration::from_secs(10);
        looking.prober.watch(Arc::new(probe));
    }
    let mut arrivals = Vec::new();
    while arrivals.len() < 1_000 {
        let (_, result) = looking.next().await;
        expect(&result, Verdict::Ok, "");
        arrivals.push(began.elapsed());
    }
    let early = arrivals.iter().filter(|at| **at < Duration::from_secs(1)).count();
    assert!((300..=650).contains(&early), "half of them in the first of two seconds, not {early}");
    assert!(arrivals[999] < Duration::from_secs(6), "{:?}", arrivals[999]);
}

#[tokio::test]
async fn the_rhythm_is_that_of_the_grid_and_can_be_changed() {
    let served = Served::silent().await;
    let mut looking = Looking::new();
    let mut probe = tcp(served.address().to_string());
    probe.every = Duration::from_millis(200);
    looking.prober.watch(Arc::new(probe));
    let (id, first) = looking.next().await;
    for _ in 0..4 {
        looking.next().await;
    }
    let (_, sixth) = looking.next().await;
    let took = sixth.sample.at.duration_since(first.sample.at).as_secs_f64();
    assert!((0.9..2.0).contains(&took), "five intervals of 0.2 s, not {took}");

    looking.prober.set_rhythm(&id, Duration::from_hours(1));
    looking.hears_nothing().await;
    looking.prober.now(&id);
    looking.next().await;
}

#[tokio::test]
async fn a_forgotten_probe_says_nothing_any_more_not_even_late() {
    let served = Served::http_after(Duration::from_millis(300), http_answer("200 OK", "")).await;
    let mut looking = Looking::new();
    let probe = http(served.url());
    looking.prober.watch(Arc::new(probe.clone()));
    looking.prober.now(&probe.id);
    served.connected(1).await;
    looking.prober.forget(&probe.id);
    looking.hears_nothing().await;
}

#[tokio::test]
async fn looks_that_find_no_room_are_told_as_lateness() {
    let served = Served::silent().await;
    install_crypto();
    let (sender, mut reports) = mpsc::channel(1);
    let prober = Prober::new(sender, Handle::current());
    let mut probe = tcp(served.address().to_string());
    probe.every = Duration::from_millis(50);
    prober.watch(Arc::new(probe));
    // The engine takes nothing until the prober is well behind: looks wait, and places of the grid pass.
    served.connected(2).await;
    let waited = Instant::now();
    while waited.elapsed() < Duration::from_millis(400) {
        tokio::task::yield_now().await;
    }
    let told = tokio::time::timeout(BOUND, async {
        loop {
            let Some(Report::Probed { result, .. }) = reports.recv().await else { panic!("the prober is gone") };
            assert_ne!(result.sample.verdict, Verdict::Failed);
            if result.sample.verdict == Verdict::Skipped {
                return result.reason;
            }
        }
    });
    let words = told.await.expect("lateness is told");
    assert!(words.starts_with("dogwatch is ") && words.contains("left out"), "{words}");
}
