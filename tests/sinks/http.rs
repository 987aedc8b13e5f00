//! A sink for webhooks.

use super::{Answer, Script, Shown, Stream, gone, until};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Posted {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Posted {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct HttpSink {
    pub address: SocketAddr,
    pub posted: Receiver<Posted>,
    pub script: Script,
}

impl HttpSink {
    /// Listens in clear, or over TLS with a certificate.
    pub fn start(tokio: &Handle, shown: Option<&Shown>) -> Self {
        let (sender, posted) = channel();
        let script = Script::default();
        let tls = shown.map(|shown| TlsAcceptor::from(shown.config()));
        let listener = tokio.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let answers = script.clone();
        tokio.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, answers, tls) = (sender.clone(), answers.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, sender, answers).await,
                        // The client ends the handshake where it refuses the certificate.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, sender, answers).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, posted, script }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Its next answers, as `500 Internal Server Error`, each with these further header lines.
    pub fn answers(&self, statuses: &[&str], headers: &str) {
        let say = |status: &&str| Answer::Say(format!("HTTP/1.1 {status}\r\n{headers}content-length: 4\r\n\r\nwhy?"));
        self.script.lock().unwrap().extend(statuses.iter().map(say));
    }
}

async fn serve(mut stream: impl Stream, sender: Sender<Posted>, answers: Script) {
    while let Some(posted) = read(&mut stream).await {
        let _over = sender.send(posted);
        let answer = answers.lock().unwrap().pop_front();
        match answer.unwrap_or_else(|| Answer::Say("HTTP/1.1 204 No Content\r\n\r\n".into())) {
            Answer::Say(words) => {
                if stream.write_all(words.as_bytes()).await.is_err() {
                    return;
                }
            }
            Answer::Hold => return gone(&mut stream).await,
            Answer::Close => return,
        }
    }
}

async fn read(stream: &mut impl Stream) -> Option<Posted> {
    let head = String::from_utf8(until(stream, b"\r\n\r\n").await?).ok()?;
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<String, String> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Posted { path, headers, body: String::from_utf8(body).ok()? })
}
