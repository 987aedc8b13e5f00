//! The `http` probe: one request, its answer held against the expectation.

use super::clients::Clients;
use super::found::Found;
use crate::domain::ProbeDefinition;
use crate::domain::probe::{Expectation, Target};
use crate::sources::http_client::ClientSettings;
use crate::sources::phase::{Phase, PhaseWatch};
use jiff::Timestamp;
use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{Method, Response, Url};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of a body that are looked at, after decoding: 1 MiB.
const BODY_MAX: usize = 1 << 20;
/// Bytes of all bodies that are kept at the same time: 64 MiB.
const BODIES_MAX: usize = 64 << 20;
const SECONDS_PER_DAY: i64 = 86_400;

/// How many bytes of bodies may still be kept.
#[derive(Debug)]
pub(super) struct BodyRoom(Semaphore);

impl Default for BodyRoom {
    fn default() -> Self {
        Self(Semaphore::new(BODIES_MAX))
    }
}

/// An `http` probe, checked and compiled once.
#[derive(Debug)]
pub(super) struct HttpLook {
    settings: ClientSettings,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
    expect: Expectation,
    pattern: Option<Regex>,
}

impl HttpLook {
    /// Takes a definition whose target is HTTP; the error names what is wrong with it.
    pub fn prepare(probe: &ProbeDefinition) -> Result<Self, String> {
        let Target::Http { url, method, headers, body, ca_file } = &probe.target else {
            return Err("not an http probe".into());
        };
        let url: Url = url.parse().map_err(|error| format!("`{url}` is not an address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!("`{url}` is not an http or https address"));
        }
        let pattern = probe
            .expect
            .body_matches
            .as_deref()
            .map(|pattern| RegexBuilder::new(pattern).size_limit(BODY_MAX).build().map_err(|error| error.to_string()))
            .transpose()?;
        Ok(Self {
            settings: ClientSettings {
                ca_file: ca_file.as_ref().map(Into::into),
                keep_alive: probe.keep_alive,
                // Whoever expects a redirect wants to see it.
                follow_redirects: !probe.expect.status.iter().any(|status| (300..400).contains(status)),
                plain: url.scheme() == "http",
                timeout: None,
            },
            method: method.parse().map_err(|_| format!("`{method}` is not an HTTP method"))?,
            url,
            headers: headers.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?,
            body: body.clone(),
            expect: probe.expect.clone(),
            pattern,
        })
    }

    /// Looks once, without a limit of its own.
    pub async fn look(&self, clients: &Clients, room: &BodyRoom, phase: &PhaseWatch) -> Found {
        let client = match clients.get(&self.settings).await {
            Ok(client) => client,
            Err(error) => return Found::error(error.to_string()),
        };
        let mut request = client.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let response = match phase.watch(request.send()).await {
            Ok(response) => response,
            Err(error) => return Found::of_error(&error),
        };
        phase.enter(Phase::Reading);
        let certificate_ends = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).and_then(certificate_end);
        let found = match self.wrong_status(response.status().as_u16()) {
            Some(wrong) => wrong,
            None => self.judge_body(response, room).await,
        };
        found.with_certificate(certificate_ends)
    }

    /// What the time and the certificate of a good answer make of it.
    pub fn judge_margins(&self, found: Found, took: Duration, now: Timestamp) -> Found {
        if !found.reason.is_empty() {
            return found;
        }
        let ends = found.certificate_ends;
        if let Some(below) = self.expect.below.filter(|below| took > *below) {
            return Found::degraded(format!("{} ms > {} ms", took.as_millis(), below.as_millis())).with_certificate(ends);
        }
        if let (Some(days), Some(end)) = (self.expect.certificate_days, ends) {
            let left = (end.as_second() - now.as_second()).div_euclid(SECONDS_PER_DAY);
            if left < i64::from(days) {
                return Found::degraded(format!("certificate ends in {left} days, fewer than {days}")).with_certificate(ends);
            }
        }
        found
    }

    fn wrong_status(&self, status: u16) -> Option<Found> {
        let expected = &self.expect.status;
        if expected.contains(&status) || (expected.is_empty() && (200..300).contains(&status)) {
            return None;
        }
        let words: Vec<_> = expected.iter().map(u16::to_string).collect();
        let expected = if words.is_empty() { "200 to 299".to_owned() } else { words.join(" or ") };
        Some(Found::failed(format!("status {status}, expected {expected}")))
    }

    /// Reads the body to its end or to its limit: an answer that is cut is no answer, expectation or not.
    async fn judge_body(&self, mut response: Response, room: &BodyRoom) -> Found {
        let keep = self.expect.body_contains.is_some() || self.pattern.is_some();
        let mut kept: Vec<u8> = Vec::new();
        let mut held: Option<SemaphorePermit<'_>> = None;
        let mut read = 0;
        while read < BODY_MAX {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return cut_short(&error),
            };
            let taken = chunk.get(..BODY_MAX - read).unwrap_or(&chunk);
            read += taken.len();
            if keep {
                let Ok(more) = room.0.try_acquire_many(u32::try_from(taken.len()).unwrap_or(u32::MAX)) else {
                    return Found::error("too many long bodies are read at once");
                };
                match &mut held {
                    Some(held) => held.merge(more),
                    None => held = Some(more),
                }
                kept.extend_from_slice(taken);
            }
        }
        let of = if read == BODY_MAX { "the first MiB of the body" } else { "the body" };
        if let Some(text) = self.expect.body_contains.as_deref().filter(|text| memmem::find(&kept, text.as_bytes()).is_none()) {
            return Found::failed(format!("`{text}` is not in {of}"));
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.is_match(&kept)) {
            return Found::failed(format!("{of} does not match `{pattern}`"));
        }
        Found::ok()
    }
}

fn cut_short(error: &reqwest::Error) -> Found {
    let mut found = Found::of_error(error);
    found.reason = format!("the answer was cut short: {}", found.reason);
    found
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name = name.parse::<HeaderName>().map_err(|_| format!("`{name}` is not the name of a header"))?;
    let value = value.parse::<HeaderValue>().map_err(|_| format!("the value of the header `{name}` cannot be sent"))?;
    Ok((name, value))
}

fn certificate_end(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
