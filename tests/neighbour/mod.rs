//! An Alertmanager that does what the test says: API v2 on the loopback, as good or as bad as is wanted.
#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How it answers.
#[derive(Debug, Clone, Default)]
pub enum Mood {
    /// As it should.
    #[default]
    Good,
    /// With exactly these bytes.
    Raw(Vec<u8>),
    /// It takes what is posted and ends the connection without a word.
    LosesReplies,
    /// It ends every connection with a reset in the middle of the body.
    Resets,
    /// It accepts and says nothing.
    Silent,
    /// It sends a byte a second.
    Drips,
}

#[derive(Debug, Default)]
pub struct State {
    pub alerts: Vec<Value>,
    pub silences: Vec<Value>,
    pub mood: Mood,
    /// Method, path and body of every request.
    pub log: Vec<(String, String, String)>,
    /// The `Authorization` of the last request.
    pub authorization: Option<String>,
}

impl State {
    /// Silences that are not over.
    pub fn standing(&self) -> Vec<Value> {
        self.silences.iter().filter(|silence| silence["status"]["state"] == "active").cloned().collect()
    }

    pub fn posted(&self) -> Vec<Value> {
        let posts = self.log.iter().filter(|(method, ..)| method == "POST");
        posts.map(|(.., body)| serde_json::from_str(body).unwrap()).collect()
    }
}

pub struct Alertmanager {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Alertmanager {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn mood(&self, mood: Mood) {
        self.state().mood = mood;
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// An alert as the API shows it.
pub fn alert(labels: &[(&str, &str)]) -> Value {
    let labels: serde_json::Map<String, Value> = labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "labels": labels, "annotations": {"summary": "it hurts"}, "startsAt": "2026-11-21T01:27:24.766Z",
        "endsAt": "2026-11-21T01:31:24.766Z", "updatedAt": "2026-11-21T01:27:24.775Z", "receivers": [{"name": "hook"}],
        "generatorURL": "http://prometheus/graph", "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}
    })
}

/// An HTTP answer.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some((method, path, body, authorization)) = request(&mut reader) {
        let (mood, answered) = {
            let mut state = state.lock().unwrap();
            state.log.push((method.clone(), path.clone(), body.clone()));
            state.authorization = authorization;
            (state.mood.clone(), respond(&mut state, &method, &path, &body))
        };
        let sent = match mood {
            Mood::Good => stream.write_all(&answered),
            Mood::LosesReplies if method != "POST" => stream.write_all(&answered),
            Mood::Raw(bytes) => {
                let _cut = stream.write_all(&bytes);
                return;
            }
            Mood::LosesReplies => return,
            Mood::Resets => {
                let _cut = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n[{");
                rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
                return;
            }
            Mood::Silent => {
                std::thread::park_timeout(Duration::from_secs(30));
                return;
            }
            Mood::Drips => {
                let mut next = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
                while next.is_ok() {
                    std::thread::park_timeout(Duration::from_secs(1)); // the rate is what is served
                    next = stream.write_all(b" ");
                }
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

type Asked = (String, String, String, Option<String>);

fn request(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|count| *count > 0)?;
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, path, String::from_utf8(body).ok()?, authorization))
}

fn respond(state: &mut State, method: &str, path: &str, body: &str) -> Vec<u8> {
    let json = |value: &Value| answer("200 OK", "content-type: application/json\r\n", value.to_string().as_bytes());
    let silence = path.strip_prefix("/api/v2/silence/");
    match (method, path, silence) {
        ("GET", "/api/v2/alerts", _) => json(&Value::Array(state.alerts.clone())),
        ("GET", "/api/v2/silences", _) => json(&Value::Array(state.silences.clone())),
        ("POST", "/api/v2/silences", _) => {
            let mut wanted: Value = serde_json::from_str(body).unwrap();
            let known = wanted.get("id").and_then(Value::as_str).map(str::to_owned);
            let id = known.unwrap_or_else(|| format!("00000000-0000-0000-0000-{:012}", state.silences.len() + 1));
            wanted["id"] = json!(id);
            wanted["status"] = json!({"state": "active"});
            wanted["updatedAt"] = wanted["startsAt"].clone();
            state.silences.retain(|silence| silence["id"] != json!(id));
            state.silences.push(wanted);
            json(&json!({ "silenceID": id }))
        }
        ("GET", _, Some(id)) => match state.silences.iter().find(|silence| silence["id"] == json!(id)) {
            Some(silence) => json(silence),
            None => answer("404 Not Found", "", b""),
        },
        ("DELETE", _, Some(id)) => match state.silences.iter_mut().find(|silence| silence["id"] == json!(id)) {
            Some(silence) => {
                silence["status"] = json!({"state": "expired"});
                answer("200 OK", "", b"")
            }
            None => answer("500 Internal Server Error", "", b"\"silence not found\""),
        },
        _ => answer("404 Not Found", "", b"no"),
    }
}
