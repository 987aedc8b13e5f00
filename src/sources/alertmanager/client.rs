//! Calls to one Alertmanager: certificates checked, credentials fetched where they are named, each call within its time,
//! each answer within its bytes, no redirect followed.

use super::answer::{self, Garbled, Made, Matcher, Rows, Silence};
use super::translate;
use crate::clock;
use crate::domain::sent::{Credentials, SourceFault, SourceTask};
use crate::domain::{OutsideAlert, OutsideSilence, SilenceOrder, SourceDefinition};
use crate::json;
use crate::sources::cause::why;
use crate::sources::http_client::{ClientSettings, ReadError, RedirectRefused, http_client, read_capped, retry_after};
use crate::sources::name_lookup::NameLookup;
use crate::sources::phase::PhaseWatch;
use crate::sources::secret::Secrets;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client as HttpClient, Method, Response, StatusCode, Url};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of one answer, decoded.
const ANSWER_MAX: usize = 32 << 20;
/// Bytes of an error's answer.
const ERROR_MAX: usize = 64 << 10;
/// Characters of an error that are told.
const WORDS_MAX: usize = 300;
/// The wait after credentials were refused: trying them often could lock the account.
const REFUSED_WAIT: Duration = Duration::from_mins(1);

/// A call that brought nothing.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Why, without any secret.
    pub words: String,
    /// What sort.
    pub sort: Sort,
    /// The wait that the server asked for.
    pub retry_after: Option<Duration>,
}

/// Sorts of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// It may work later; whether it was done is not known.
    Later,
    /// The request itself is refused.
    Refused,
    /// The credentials are refused.
    Unauthorized,
    /// There is no such thing.
    Gone,
}

impl Trouble {
    fn new(sort: Sort, words: impl Display) -> Self {
        let safe = |letter: char| if letter.is_control() { ' ' } else { letter };
        Self { words: words.to_string().trim().chars().take(WORDS_MAX).map(safe).collect(), sort, retry_after: None }
    }

    fn later(words: impl Display) -> Self {
        Self::new(Sort::Later, words)
    }

    /// What it means for a silence.
    pub fn fault(self) -> SourceFault {
        let (refused, gone) = (self.sort == Sort::Refused, self.sort == Sort::Gone);
        SourceFault { words: self.words, refused, gone, retry_after: self.retry_after }
    }
}

impl From<Garbled> for Trouble {
    fn from(garbled: Garbled) -> Self {
        Self::later(garbled)
    }
}

/// One Alertmanager.
pub struct Client {
    definition: Arc<SourceDefinition>,
    http: HttpClient,
    authorization: Option<HeaderValue>,
    secrets: Secrets,
    /// What stood in the `ca_file`.
    authorities: Option<Vec<u8>>,
}

/// The body of `POST /silences`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'s str>,
    matchers: Vec<Matcher>,
    starts_at: String,
    ends_at: String,
    created_by: &'s str,
    comment: &'s str,
}

impl Client {
    /// Makes the client and fetches its secrets.
    pub async fn new(definition: &Arc<SourceDefinition>, workspace: &Path, names: &NameLookup) -> Result<Self, Trouble> {
        let authorities = authorities(definition).await;
        let settings = ClientSettings {
            ca_file: definition.ca_file.clone().map(Into::into),
            keep_alive: true,
            follow_redirects: false,
            plain: definition.url.starts_with("http://"),
            timeout: None,
        };
        let names = names.clone();
        let http = tokio::task::spawn_blocking(move || http_client(&settings, &names)).await;
        let http = http.map_err(Trouble::later)?.map_err(Trouble::later)?;
        let secrets = Secrets::new(workspace);
        let fetching = authorization(definition, &secrets);
        let authorization = match tokio::time::timeout(definition.timeout, fetching).await {
            Ok(found) => found?,
            Err(_) => return Err(Trouble::later("the secret was not there in time")),
        };
        Ok(Self { definition: definition.clone(), http, authorization, secrets, authorities })
    }

    /// Whether the `ca_file` holds what it held when the client was made. What is trusted is decided by the file as it is.
    pub async fn is_current(&self) -> bool {
        authorities(&self.definition).await == self.authorities
    }

    /// All alerts, those that something hides there too.
    pub async fn alerts(&self) -> Result<Rows<OutsideAlert>, Trouble> {
        let body = self.call(Method::GET, "alerts", None).await?;
        Ok(translate::alerts(answer::list(&body)?))
    }

    /// All silences, those that are over too, as long as Alertmanager remembers them.
    pub async fn silences(&self) -> Result<Rows<OutsideSilence>, Trouble> {
        Ok(translate::silences(answer::list(&self.call(Method::GET, "silences", None).await?)?))
    }

    /// Does what is asked for a silence; of one that stands, its id and end.
    pub async fn carry_out(&self, order: &SilenceOrder, task: SourceTask) -> Result<Option<(String, Timestamp)>, Trouble> {
        match task {
            SourceTask::Stand => self.stand(order).await.map(Some),
            SourceTask::End => self.end(order).await.map(|()| None),
        }
    }

    async fn stand(&self, order: &SilenceOrder) -> Result<(String, Timestamp), Trouble> {
        let there = match &order.id {
            Some(id) => Some(self.silence(id).await?),
            // An earlier answer may have been lost: what bears the marker is this silence.
            None => self.marked(&order.marker).await?,
        };
        if let Some(there) = there.as_ref().filter(|there| order.id.is_none() && ends_of(there) >= Some(order.ends)) {
            return Ok((there.id.clone(), order.ends.max(ends_of(there).unwrap_or(order.ends))));
        }
        // The start goes back as it came: with another one Alertmanager would end the silence and make a second.
        let starts_at = there.as_ref().and_then(|there| there.starts_at.clone()).unwrap_or_else(|| clock::now().to_string());
        let wanted = Wanted {
            id: there.as_ref().map(|there| there.id.as_str()),
            matchers: match there.as_ref().and_then(|there| there.matchers.clone()) {
                Some(matchers) if !matchers.is_empty() => matchers,
                _ => order.matchers.iter().map(translate::matcher_there).collect(),
            },
            starts_at,
            ends_at: order.ends.to_string(),
            created_by: &order.by,
            comment: &order.comment,
        };
        let body = json::bytes(&wanted).map_err(Trouble::later)?;
        let made: Made = answer::object(&self.call(Method::POST, "silences", Some(body)).await?)?;
        Ok((made.silence_id, order.ends))
    }

    async fn end(&self, order: &SilenceOrder) -> Result<(), Trouble> {
        let id = match &order.id {
            Some(id) => id.clone(),
            None => match self.marked(&order.marker).await? {
                Some(there) => there.id,
                None => return Ok(()),
            },
        };
        match self.call(Method::DELETE, &silence_path(&id)?, None).await {
            Err(trouble) if trouble.sort != Sort::Gone => Err(trouble),
            _ => Ok(()),
        }
    }

    async fn silence(&self, id: &str) -> Result<Silence, Trouble> {
        let silence: Silence = answer::object(&self.call(Method::GET, &silence_path(id)?, None).await?)?;
        if silence.is_over() { Err(Trouble::new(Sort::Gone, "the silence is over there")) } else { Ok(silence) }
    }

    /// The silence that bears a marker and is not over.
    async fn marked(&self, marker: &str) -> Result<Option<Silence>, Trouble> {
        let read: Rows<Silence> = answer::list(&self.call(Method::GET, "silences", None).await?)?;
        let bears = |silence: &Silence| silence.comment.as_deref().is_some_and(|comment| comment.ends_with(marker));
        Ok(read.rows.into_iter().find(|silence| !silence.is_over() && bears(silence)))
    }

    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, Trouble> {
        let limit = self.definition.timeout;
        let watch = PhaseWatch::default();
        let called = tokio::time::timeout(limit, watch.watch(self.exchange(method, path, body))).await;
        let ended =
            called.unwrap_or_else(|_| Err(Trouble::later(format!("no answer within {} s, while {}", limit.as_secs_f64(), watch.phase()))));
        ended.map_err(|trouble| Trouble { words: self.secrets.mask(&trouble.words), ..trouble })
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, Trouble> {
        let url: Url = format!("{}/api/v2/{path}", self.definition.url).parse().map_err(|error| Trouble::new(Sort::Refused, error))?;
        let mut request = self.http.request(method, url);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = body {
            request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.map_err(|error| Trouble::later(why(&error.without_url())))?;
        if !response.status().is_success() {
            return Err(judged(response).await);
        }
        read_capped(response, ANSWER_MAX).await.map_err(|error| match error {
            ReadError::TooLong { .. } => Trouble::later(error),
            ReadError::Cut(cut) => Trouble::later(format!("the answer was cut: {}", why(&cut.without_url()))),
        })
    }
}

fn ends_of(silence: &Silence) -> Option<Timestamp> {
    silence.ends_at.as_deref()?.parse().ok()
}

/// Ids are UUIDs or ULIDs: nothing that could lead to another path.
fn silence_path(id: &str) -> Result<String, Trouble> {
    let is_plain = !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain { Ok(format!("silence/{id}")) } else { Err(Trouble::new(Sort::Refused, "this is not the id of a silence")) }
}

/// What stands in the `ca_file`, where one is named and can be read.
async fn authorities(definition: &SourceDefinition) -> Option<Vec<u8>> {
    tokio::fs::read(definition.ca_file.as_ref()?).await.ok()
}

async fn authorization(definition: &SourceDefinition, secrets: &Secrets) -> Result<Option<HeaderValue>, Trouble> {
    let text = match &definition.credentials {
        None => return Ok(None),
        Some(Credentials::Bearer(token)) => format!("Bearer {}", secrets.fetch(token).await.map_err(Trouble::later)?.expose_secret()),
        Some(Credentials::Basic { username, password }) => {
            let password = secrets.fetch(password).await.map_err(Trouble::later)?;
            format!("Basic {}", base64(format!("{username}:{}", password.expose_secret()).as_bytes()))
        }
    };
    let mut value =
        HeaderValue::from_str(&text).map_err(|_| Trouble::later("the credentials cannot be sent: they hold a control character"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// What an answer that is no success means.
async fn judged(response: Response) -> Trouble {
    let status = response.status();
    let wish = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, clock::now()));
    if status.is_redirection() {
        let to = response.headers().get(LOCATION).and_then(|value| response.url().join(value.to_str().ok()?).ok());
        let own = response.url().host_str().map(str::to_owned);
        let words = match to {
            Some(to) if to.host_str().map(str::to_owned) != own => {
                RedirectRefused::OtherHost(format!("{}://{}", to.scheme(), to.host_str().unwrap_or_default())).to_string()
            }
            _ => format!("answered {status}: redirects are not followed, write the right `url`"),
        };
        return Trouble::later(words);
    }
    let body = read_capped(response, ERROR_MAX).await.unwrap_or_default(); // a cut error has no words
    let told = answer::words(&body);
    let sort = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Sort::Unauthorized,
        StatusCode::NOT_FOUND | StatusCode::GONE => Sort::Gone,
        // Alertmanager before 0.26 says so where there is no such silence.
        StatusCode::INTERNAL_SERVER_ERROR if told == "silence not found" => Sort::Gone,
        // Alertmanager says so where it was ended before.
        StatusCode::INTERNAL_SERVER_ERROR if told.ends_with("already expired") => Sort::Gone,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::METHOD_NOT_ALLOWED => Sort::Refused,
        _ => Sort::Later,
    };
    let mut words = match sort {
        Sort::Unauthorized => format!("the credentials are refused ({status})"),
        _ => format!("answered {status}"),
    };
    if !told.is_empty() {
        words = format!("{words}: {told}");
    }
    let retry_after = if sort == Sort::Unauthorized { Some(wish.unwrap_or_default().max(REFUSED_WAIT)) } else { wish };
    Trouble { retry_after, ..Trouble::new(sort, words) }
}

/// Base64 as HTTP's basic credentials are written.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(LETTERS.get((bits & 63) as usize).copied().unwrap_or(b'='));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let at = |place: usize| u32::from(part.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        text.push(letter(bits >> 18));
        text.push(letter(bits >> 12));
        text.push(if part.len() > 1 { letter(bits >> 6) } else { '=' });
        text.push(if part.len() > 2 { letter(bits) } else { '=' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_written_as_rfc_4648_says() {
        for (plain, written) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
        {
            assert_eq!(base64(plain.as_bytes()), written);
        }
    }

    #[test]
    fn an_id_leads_to_no_other_path() {
        assert!(silence_path("54c9df4f-f14c-4ae0-b305-e945989e4a1a").is_ok());
        for wrong in ["", "../status", "a/b", "a?b", "a%2f"] {
            assert!(silence_path(wrong).is_err(), "{wrong}");
        }
    }
}
