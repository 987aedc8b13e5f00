//! Sinks for messages on the loopback: HTTP and SMTP servers that keep what they get and answer as they are told.
#![allow(dead_code, unused_imports, reason = "each test binary takes what it needs")]

#[path = "../prober_targets/certificate.rs"]
mod certificate;
mod http;
mod smtp;

pub use certificate::{Authority, Shown, self_signed};
pub use http::{HttpSink, Posted};
pub use smtp::{Mailed, Privacy, SmtpSink};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

/// Nothing here takes longer.
pub const BOUND: Duration = Duration::from_secs(30);

/// What a sink says to the next messages; an empty list means that it takes them.
pub type Script = Arc<Mutex<VecDeque<Answer>>>;

/// What a sink says to a message that it has got.
#[derive(Debug, Clone)]
pub enum Answer {
    /// These words, as the protocol has them.
    Say(String),
    /// Nothing, until the other side goes.
    Hold,
    /// Nothing, and the connection ends.
    Close,
}

/// Something that a sink has got.
#[track_caller]
pub fn next<T>(received: &Receiver<T>, what: &str) -> T {
    match received.recv_timeout(BOUND) {
        Ok(got) => got,
        Err(RecvTimeoutError::Timeout) => panic!("{what}: nothing within {BOUND:?}"),
        Err(RecvTimeoutError::Disconnected) => panic!("{what}: the sink has ended"),
    }
}

/// A stream of either kind.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Bytes up to and with a mark.
async fn until(stream: &mut (impl Stream + ?Sized), mark: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(mark) {
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(bytes)
}

/// Waits until the other side has gone.
async fn gone(stream: &mut (impl Stream + ?Sized)) {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
}
