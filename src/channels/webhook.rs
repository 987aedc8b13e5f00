//! The `webhook` channel: JSON, posted once for each try, known again by its `Idempotency-Key`.
//!
//! A redirect is not followed: the workspace names where messages go.

use super::fault::{Fault, Turning};
use crate::domain::Message;
use crate::domain::channel::Setting;
use crate::rules::template;
use crate::sources::cause::why;
use crate::sources::http_client::{ClientSettings, http_client, read_capped, retry_after};
use crate::sources::name_lookup::NameLookup;
use crate::sources::phase::{Phase, PhaseWatch};
use crate::sources::secret::Secrets;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;

/// Bytes of an answer that are read: only a failure's first words are of use.
const ANSWER_MAX: usize = 64 << 10;
/// Characters of an answer that are told.
const TOLD_MAX: usize = 120;

/// A webhook as it is defined.
pub(super) struct Hook<'c> {
    pub url: &'c Setting,
    pub headers: &'c BTreeMap<String, Setting>,
    pub body: Option<&'c str>,
    pub ca_file: Option<&'c str>,
}

impl Hook<'_> {
    /// Posts the message; an answer of 200 to 299 means that it was taken.
    pub async fn send(&self, message: &Message, names: &NameLookup, secrets: &Secrets, turning: &Turning) -> Result<(), Fault> {
        let url = secrets.value(self.url).await?;
        let url: Url = url.expose_secret().parse().map_err(|error| Fault::refused(format!("`url` is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Fault::refused("`url` is not an http or https address"));
        }
        let body = template::body(self.body, message).map_err(Fault::refused)?;
        let headers = self.headers(message, secrets).await?;
        let settings = ClientSettings {
            ca_file: self.ca_file.map(Into::into),
            // A connection of its own for each message: it is known whether the request went out.
            keep_alive: false,
            follow_redirects: false,
            plain: url.scheme() == "http",
            timeout: None,
        };
        let names = names.clone();
        let client = tokio::task::spawn_blocking(move || http_client(&settings, &names)).await;
        let client = client.map_err(Fault::not_taken)?.map_err(Fault::not_taken)?;
        let watch = PhaseWatch::default();
        let request = client.post(url).headers(headers).body(body);
        let sent = {
            let mut sending = std::pin::pin!(watch.watch(request.send()));
            std::future::poll_fn(|context| {
                let polled = sending.as_mut().poll(context);
                if matches!(watch.phase(), Phase::Waiting | Phase::Reading) {
                    turning.pass();
                }
                polled
            })
            .await
        };
        match sent {
            Ok(response) => judge(response).await,
            Err(error) => Err(unanswered(&error.without_url(), watch.phase())),
        }
    }

    async fn headers(&self, message: &Message, secrets: &Secrets) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, setting) in self.headers {
            let wrong = || Fault::refused(format!("the header `{name}` cannot be sent"));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let mut value = HeaderValue::from_str(secrets.value(setting).await?.expose_secret()).map_err(|_| wrong())?;
            value.set_sensitive(matches!(setting, Setting::Secret(_)));
            headers.insert(header, value);
        }
        let key = HeaderValue::from_str(message.id.as_str()).map_err(Fault::refused)?;
        headers.insert(HeaderName::from_static("idempotency-key"), key);
        Ok(headers)
    }
}

/// What an answer means.
async fn judge(response: Response) -> Result<(), Fault> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let wish = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, crate::clock::now()));
    let mut words = format!("answered {status}");
    if status.is_redirection() {
        words.push_str(", a redirect is not followed");
    } else {
        let told = read_capped(response, ANSWER_MAX).await.unwrap_or_default(); // a cut answer has no words
        let told = String::from_utf8_lossy(&told).split_whitespace().collect::<Vec<_>>().join(" ");
        let told: String = told.chars().take(TOLD_MAX).collect();
        if !told.is_empty() {
            words = format!("{words}: {told}");
        }
    }
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    let fault = if status.is_server_error() || later.contains(&status) { Fault::not_taken(words) } else { Fault::refused(words) };
    Err(Fault { retry_after: wish, ..fault })
}

/// Without an answer it counts whether the request went out.
fn unanswered(error: &reqwest::Error, phase: Phase) -> Fault {
    let words = why(error);
    match phase {
        Phase::Resolving | Phase::Connecting => Fault::not_taken(words),
        Phase::Waiting | Phase::Reading => Fault::unsure(words),
    }
}
