//! Targets for probes: small servers on the loopback that answer well, late, wrongly or not at all, and certificates
//! made for the moment, so that the good ones never run out and the expired one stays so.

#![allow(dead_code, reason = "each test binary takes what it needs")]

pub mod certificate;

pub use certificate::{Authority, Shown, self_signed};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A server that ends with the test's runtime.
pub struct Served {
    address: SocketAddr,
    connections: watch::Receiver<usize>,
    shown: Arc<Mutex<Option<Shown>>>,
}

/// An HTTP answer with its length.
pub fn http_answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A port on which nobody listens.
pub async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

impl Served {
    /// Gives this answer to every request.
    pub async fn http(answer: String) -> Self {
        Self::http_after(Duration::ZERO, answer).await
    }

    /// The same after a while.
    pub async fn http_after(wait: Duration, answer: String) -> Self {
        Self::start(move |mut stream| {
            let answer = answer.clone();
            async move {
                while read_request(&mut stream).await.is_some() {
                    tokio::time::sleep(wait).await; // the delay is what is served; nothing here waits for a fact
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await
    }

    /// Accepts, and never says a word.
    pub async fn silent() -> Self {
        Self::start(async |mut stream| {
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        })
        .await
    }

    /// A body of one byte at a time, for ever.
    pub async fn dripping() -> Self {
        Self::start(async |mut stream| {
            read_request(&mut stream).await;
            let mut next = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
            while next.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await; // the rate is what is served
                next = stream.write_all(b"x").await;
            }
        })
        .await
    }

    /// Ends the connection with a reset in the middle of the body.
    pub async fn reset_mid_body() -> Self {
        Self::start(async |mut stream| {
            // One byte of the request stays unread: closing then sends a reset instead of an end.
            let mut most = [0; 16];
            stream.read_exact(&mut most).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of it").await.unwrap();
        })
        .await
    }

    /// `/to-self` leads to `/`, `/to-other` to another host, `/loop` to itself.
    pub async fn redirecting() -> Self {
        Self::start(async |mut stream| {
            while let Some(path) = read_request(&mut stream).await {
                let to = |place: &str| format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n");
                let answer = match path.as_str() {
                    "/to-self" => to("/"),
                    "/to-other" => to("http://other.example/secret?token=1"),
                    "/loop" => to("/loop"),
                    _ => http_answer("200 OK", ""),
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        })
        .await
    }

    /// A good answer over TLS.
    pub async fn tls(shown: Shown) -> Self {
        Self::over_tls(shown, http_answer("200 OK", "")).await
    }

    /// This answer to whatever is asked, over TLS.
    pub async fn tls_answering(shown: Shown, body: &str) -> Self {
        Self::over_tls(shown, http_answer("200 OK", body)).await
    }

    /// A redirect over TLS.
    pub async fn tls_redirecting(shown: Shown, to: &str) -> Self {
        Self::over_tls(shown, format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")).await
    }

    async fn over_tls(shown: Shown, answer: String) -> Self {
        let shown = Arc::new(Mutex::new(Some(shown)));
        let current = shown.clone();
        let mut served = Self::start(move |stream| {
            let (config, answer) = (current.lock().unwrap().clone().unwrap().config(), answer.clone());
            async move {
                // The client ends the handshake where it refuses the certificate.
                let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await else { return };
                while read_request(&mut stream).await.is_some() {
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        served.shown = shown;
        served
    }

    async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (count, connections) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.send_modify(|count| *count += 1);
                tokio::spawn(serve(stream));
            }
        });
        Self { address, connections, shown: Arc::default() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address in clear.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Its address over TLS, by a name of the loopback.
    pub fn https_url(&self, name: &str) -> String {
        format!("https://{name}:{}/", self.address.port())
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    /// Waits until so many connections came.
    pub async fn connected(&self, count: usize) {
        let mut connections = self.connections.clone();
        tokio::time::timeout(Duration::from_secs(20), connections.wait_for(|now| *now >= count)).await.unwrap().unwrap();
    }

    /// Shows another certificate from now on.
    pub fn show(&self, shown: Shown) {
        *self.shown.lock().unwrap() = Some(shown);
    }
}

/// The path of the next request, or nothing at the end of the connection.
async fn read_request(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    head.split(' ').nth(1).map(str::to_owned)
}
