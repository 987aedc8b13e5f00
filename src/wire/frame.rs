//! Frames: one JSON document a line, with a hard maximum in both directions.

use super::message::FRAME_MAX;
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

/// Why a frame could not be read or written.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The other side closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// The line is longer than [`FRAME_MAX`].
    #[error("a message is longer than {FRAME_MAX} bytes")]
    TooLong,
    /// The line is not what was expected.
    #[error("a message could not be understood: {0}")]
    Garbled(#[from] serde_json::Error),
    /// The socket failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
}

impl From<LinesCodecError> for FrameError {
    fn from(error: LinesCodecError) -> Self {
        match error {
            LinesCodecError::MaxLineLengthExceeded => Self::TooLong,
            LinesCodecError::Io(error) => Self::Io(error),
        }
    }
}

/// Splits a connected socket into its two directions.
pub fn frames(stream: UnixStream) -> (Incoming, Outgoing) {
    let (read, write) = stream.into_split();
    let lines = FramedRead::new(read, LinesCodec::new_with_max_length(FRAME_MAX));
    (Incoming { lines }, Outgoing { writer: BufWriter::new(write) })
}

/// Frames that come.
#[derive(Debug)]
pub struct Incoming {
    lines: FramedRead<OwnedReadHalf, LinesCodec>,
}

impl Incoming {
    /// The next frame. Dropping the future loses nothing.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<T, FrameError> {
        let line = self.lines.next().await.ok_or(FrameError::Closed)??;
        Ok(serde_json::from_str(&line)?)
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
        let mut line = serde_json::to_vec(value)?;
        if line.len() > FRAME_MAX {
            return Err(FrameError::TooLong);
        }
        line.push(b'\n');
        Ok(self.writer.write_all(&line).await?)
    }

    /// Writes what is in the buffer.
    pub async fn flush(&mut self) -> Result<(), FrameError> {
        Ok(self.writer.flush().await?)
    }
}
