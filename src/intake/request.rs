//! One request: whose, how long, what it says, and the answer once everything of it is on disk.

use super::counting::Counting;
use super::format;
use super::token::Token;
use crate::domain::{Author, Level, Refusal, RefusalKind, SourceId};
use crate::engine::Engine;
use crate::json::{self, json};
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Bytes of a request's body: ten thousand alerts of usual length.
const BODY_MAX: usize = 8 << 20;
/// A body must be there within this.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long the rest of a body that is too long is read away.
const DRAINED_FOR: Duration = Duration::from_secs(2);
/// Alerts that are on their way to disk at the same time: a person's command waits behind no more.
const UNDER_WAY: usize = 512;
/// Alerts that are handed on together.
const TOGETHER: usize = 256;
/// How long a request waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// Wrong tokens in a second, after which all further ones of it are told to come later.
const WRONG_A_SECOND: u32 = 20;

/// The answer to a request.
type Answer = Response<Full<Bytes>>;

/// Takes requests.
pub(super) struct Intake {
    engine: Engine,
    token: Token,
    counting: Counting,
    turns: Semaphore,
    wrong: Mutex<Option<(Instant, u32)>>,
}

/// What became of a request's alerts.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "taken or dropped: the two words belong together")]
struct Taken {
    taken: usize,
    dropped: usize,
    refusal: Option<Refusal>,
}

impl Intake {
    pub fn new(engine: Engine, token: Token, counting: Counting) -> Self {
        Self { engine, token, counting, turns: Semaphore::new(UNDER_WAY), wrong: Mutex::default() }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        let authorization = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
        if !self.token.is_shown(authorization) {
            self.counting.unauthorized();
            return self.unauthorized();
        }
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let read = match path {
            "/alertmanager" => format::webhook,
            "/alerts" => format::plain,
            _ => return self.refused(StatusCode::NOT_FOUND, "there is POST /alertmanager and POST /alerts"),
        };
        if request.method() != Method::POST {
            let mut answer = self.refused(StatusCode::METHOD_NOT_ALLOWED, "alerts are sent by POST");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return answer;
        }
        let source = match source(query) {
            Ok(source) => source,
            Err(words) => return self.refused(StatusCode::BAD_REQUEST, words),
        };
        let mut body = request.into_body();
        if body.size_hint().lower() > BODY_MAX as u64 {
            // Read on for a moment: a sender that is still writing would not see the answer.
            let draining = async { while let Some(Ok(_)) = body.frame().await {} };
            let _enough = tokio::time::timeout(DRAINED_FOR, draining).await;
            return self.closed(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body is longer than {BODY_MAX} bytes"));
        }
        let body = Limited::new(body, BODY_MAX).collect();
        let body = match tokio::time::timeout(BODY_WITHIN, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return self.closed(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body is longer than {BODY_MAX} bytes"));
            }
            Ok(Err(_)) => return self.closed(StatusCode::BAD_REQUEST, "the body was cut"),
            Err(_) => {
                return self.closed(StatusCode::REQUEST_TIMEOUT, &format!("the body was not there within {} s", BODY_WITHIN.as_secs()));
            }
        };
        match read(&body, source.as_ref()) {
            Ok(commands) => {
                drop(body);
                self.take(commands).await
            }
            Err(words) => self.refused(StatusCode::BAD_REQUEST, &words),
        }
    }

    /// Hands alerts on, a bounded number at a time, and answers for them once they are durable.
    async fn take(&self, commands: Vec<crate::domain::Command>) -> Answer {
        let mut ended = Taken::default();
        let mut rest = commands.into_iter().peekable();
        while rest.peek().is_some() {
            let together: Vec<_> = rest.by_ref().take(TOGETHER).collect();
            let turn = tokio::time::timeout(TURN_WITHIN, self.turns.acquire_many(together.len() as u32)).await;
            let Ok(Ok(_turn)) = turn else {
                ended.dropped += together.len() + rest.len();
                self.counting.dropped(ended.dropped);
                return later(&ended, "too many alerts are on their way");
            };
            let author = Author::Source(SourceId::new("intake"));
            let asked = together.into_iter().map(|command| self.engine.ask((author.clone(), Level::Operator), None, command, false));
            for result in join_all(asked).await {
                match result {
                    Ok(_) => ended.taken += 1,
                    Err(refusal) => {
                        ended.dropped += 1;
                        ended.refusal.get_or_insert(refusal);
                    }
                }
            }
        }
        if ended.dropped > 0 {
            self.counting.dropped(ended.dropped);
        }
        match &ended.refusal {
            None => told(StatusCode::OK, &json!({ "taken": ended.taken })),
            Some(refusal) => {
                let words = refusal.reason.clone();
                match refusal.kind {
                    RefusalKind::Invalid | RefusalKind::NotFound | RefusalKind::Forbidden | RefusalKind::Unsupported => {
                        told(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": words, "taken": ended.taken, "dropped": ended.dropped }))
                    }
                    RefusalKind::State | RefusalKind::ReadOnly | RefusalKind::Failed => later(&ended, &words),
                }
            }
        }
    }

    fn unauthorized(&self) -> Answer {
        let now = Instant::now();
        let too_many = {
            let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            let (since, count) = wrong.filter(|(since, _)| now.duration_since(*since) < Duration::from_secs(1)).unwrap_or((now, 0));
            *wrong = Some((since, count.saturating_add(1)));
            count >= WRONG_A_SECOND
        };
        let status = if too_many { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNAUTHORIZED };
        let mut answer = told(status, &json!({ "error": "the token is missing or wrong: Authorization: Bearer …" }));
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        if too_many {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // Who guesses has to connect again for each guess.
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    }

    fn refused(&self, status: StatusCode, words: &str) -> Answer {
        self.counting.malformed();
        told(status, &json!({ "error": words }))
    }

    /// The same where the rest of the body is not read.
    fn closed(&self, status: StatusCode, words: &str) -> Answer {
        let mut answer = self.refused(status, words);
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    }
}

/// The neighbour that a sender names as `?source=NAME`.
fn source(query: &str) -> Result<Option<SourceId>, &'static str> {
    let mut named = None;
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some(("source", name)) if crate::workspace::name_problem(name).is_none() => named = Some(SourceId::new(name)),
            _ => return Err("the only parameter is `source`, the name of a configured neighbour"),
        }
    }
    Ok(named)
}

fn later(ended: &Taken, words: &str) -> Answer {
    let mut answer = told(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": words, "taken": ended.taken, "dropped": ended.dropped }));
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    answer
}

fn told(status: StatusCode, body: &json::Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
