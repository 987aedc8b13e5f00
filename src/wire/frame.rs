//! Frames: one JSON document a line, with a hard maximum in both directions.

use super::message::FRAME_MAX;
use crate::json;
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncWriteExt, BufWriter, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Sleep, sleep};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

/// Why a frame could not be read or written.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The other side closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// The line is longer than this side takes.
    #[error("a message is longer than {0} bytes")]
    TooLong(usize),
    /// A message was begun and not ended in time.
    #[error("a message was begun and not ended within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// The line is not what was expected.
    #[error("a message could not be understood: {0}")]
    Garbled(#[from] json::Error),
    /// The socket failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
}

/// Splits a connected socket into its two directions.
pub fn frames(stream: UnixStream) -> (Incoming, Outgoing) {
    let (read, write) = stream.into_split();
    let lines = FramedRead::new(read, LinesCodec::new_with_max_length(FRAME_MAX));
    (Incoming { lines, longest: FRAME_MAX, patience: None, begun: None }, Outgoing { writer: BufWriter::new(write) })
}

/// Frames that come.
#[derive(Debug)]
pub struct Incoming {
    lines: FramedRead<OwnedReadHalf, LinesCodec>,
    longest: usize,
    patience: Option<Duration>,
    /// Rings when the message that has begun must have ended.
    begun: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    /// Takes only lines up to this length, and a line that has begun only for so long: a peer that sends a byte now and
    /// then holds nothing for ever.
    #[must_use]
    pub fn guarded(self, longest: usize, patience: Duration) -> Self {
        let codec = LinesCodec::new_with_max_length(longest);
        Self { lines: self.lines.map_decoder(|_| codec), longest, patience: Some(patience), begun: None }
    }

    /// The next frame. Dropping the future loses nothing.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<T, FrameError> {
        let line = std::future::poll_fn(|context| self.poll_line(context)).await?;
        Ok(json::read(&line)?)
    }

    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<Result<String, FrameError>> {
        if let Poll::Ready(line) = self.lines.poll_next_unpin(context) {
            self.begun = None;
            return Poll::Ready(match line {
                None => Err(FrameError::Closed),
                Some(Ok(line)) => Ok(line),
                Some(Err(LinesCodecError::MaxLineLengthExceeded)) => Err(FrameError::TooLong(self.longest)),
                Some(Err(LinesCodecError::Io(error))) => Err(FrameError::Io(error)),
            });
        }
        let Some(patience) = self.patience.filter(|_| !self.lines.read_buffer().is_empty()) else { return Poll::Pending };
        let begun = self.begun.get_or_insert_with(|| Box::pin(sleep(patience)));
        begun.as_mut().poll(context).map(|()| Err(FrameError::TooSlow(patience)))
    }
}

/// Frames that go.
#[derive(Debug)]
pub struct Outgoing {
    writer: BufWriter<OwnedWriteHalf>,
}

impl Outgoing {
    /// Sends one frame.
    pub async fn send<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FrameError> {
        self.feed(value).await?;
        self.flush().await
    }

    /// Puts one frame into the buffer; it may be written with later ones.
    pub async fn feed<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FrameError> {
        let mut line = json::bytes(value)?;
        if line.len() > FRAME_MAX {
            return Err(FrameError::TooLong(FRAME_MAX));
        }
        line.push(b'\n');
        Ok(self.writer.write_all(&line).await?)
    }

    /// Sends one frame with a descriptor.
    pub async fn send_with<T: Serialize + ?Sized>(&mut self, value: &T, descriptor: BorrowedFd<'_>) -> Result<(), FrameError> {
        let mut line = json::bytes(value)?;
        line.push(b'\n');
        self.flush().await?;
        let stream: &UnixStream = self.writer.get_ref().as_ref();
        let sent = loop {
            stream.writable().await?;
            match stream.try_io(Interest::WRITABLE, || super::handed::send_with(stream.as_fd(), &line, descriptor)) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                sent => break sent?,
            }
        };
        self.writer.write_all(line.get(sent..).unwrap_or_default()).await?;
        self.flush().await
    }

    /// Writes what is in the buffer.
    pub async fn flush(&mut self) -> Result<(), FrameError> {
        Ok(self.writer.flush().await?)
    }
}
