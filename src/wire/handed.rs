//! Outputs of another user's daemon: their files are closed to everyone else, so the daemon opens one and hands its
//! descriptor over the socket. A connection of its own for each, so that nothing else waits for it.

use super::client::Greeting;
use super::message::{Answer, Ask, FRAME_MAX, Hello, Request, Said, VERSION, Welcome, output_path};
use crate::domain::AttemptId;
use crate::json;
use crate::output::{Output, OutputError};
use crate::world::SHAPE;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How long the daemon may take for each step: a person waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a daemon was reached, and who must be behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The socket.
    pub socket: PathBuf,
    /// The user id that owns the daemon.
    pub owner: u32,
}

/// Opens an attempt's output: by its path where that is allowed, else through the daemon.
///
/// # Errors
/// As [`Output::open`]; what the daemon refuses has its words.
pub fn open_output(welcome: &Welcome, attempt: &AttemptId) -> Result<Output, OutputError> {
    let path = output_path(welcome.state.as_ref(), attempt);
    match (Output::open(&path), &welcome.door) {
        (Err(OutputError::Read { source, .. }), Some(door)) if source.kind() == io::ErrorKind::PermissionDenied => {
            let file = ask(door, attempt).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => OutputError::Missing { path: path.clone() },
                _ => OutputError::Read { path: path.clone(), source },
            })?;
            Output::from_file(file, &path)
        }
        (opened, _) => opened,
    }
}

/// Asks for the descriptor of an output; only for reading.
fn ask(door: &Door, attempt: &AttemptId) -> io::Result<File> {
    let stream = super::socket::connect_blocking(&door.socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    if rustix::net::sockopt::socket_peercred(&stream)?.uid.as_raw() != door.owner {
        return Err(io::Error::other("another user listens on the daemon's socket"));
    }
    let mut line = Lines { stream, bytes: Vec::new(), descriptor: None };
    line.send(&Hello { version: VERSION, shape: SHAPE.to_owned(), release: env!("CARGO_PKG_VERSION").to_owned(), sudo_claim: None })?;
    if let Greeting::Bye { reason } = line.receive()? {
        return Err(io::Error::other(reason));
    }
    line.send(&Request { id: 1, ask: Ask::Output { attempt: attempt.clone() } })?;
    match line.receive()? {
        Said::Answer { result: Ok(Answer::Descriptor), .. } => {
            line.descriptor.take().map(File::from).ok_or_else(|| io::Error::other("the daemon handed nothing over"))
        }
        Said::Answer { result: Err(refusal), .. } if refusal.kind == crate::domain::RefusalKind::NotFound => {
            Err(io::Error::new(io::ErrorKind::NotFound, refusal.reason))
        }
        Said::Answer { result: Err(refusal), .. } => Err(io::Error::other(refusal.reason)),
        Said::Bye { reason } => Err(io::Error::other(reason)),
        _ => Err(io::Error::other("the daemon gave an answer to another question")),
    }
}

/// Lines that come with descriptors.
struct Lines {
    stream: UnixStream,
    bytes: Vec<u8>,
    /// The last one that came; others are closed at once.
    descriptor: Option<OwnedFd>,
}

impl Lines {
    fn send<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let mut line = json::bytes(value)?;
        line.push(b'\n');
        self.stream.write_all(&line)
    }

    fn receive<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return json::read_bytes(&line).map_err(io::Error::other);
            }
            if self.bytes.len() > FRAME_MAX {
                return Err(io::Error::other("a message is too long"));
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4 << 10];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let got = recvmsg(&self.stream, &mut [IoSliceMut::new(&mut chunk)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptor = descriptors.last().or(self.descriptor.take());
            }
        }
        match chunk.get(..got.bytes) {
            None | Some([]) => Err(io::ErrorKind::UnexpectedEof.into()),
            Some(bytes) => {
                self.bytes.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

/// Writes the first bytes of a line together with a descriptor; answers how many were taken. For the daemon.
pub(super) fn send_with(socket: BorrowedFd<'_>, line: &[u8], descriptor: BorrowedFd<'_>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor.as_fd()];
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    match sendmsg(socket, &[IoSlice::new(line)], &mut control, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
        Err(Errno::AGAIN) => Err(io::ErrorKind::WouldBlock.into()),
        sent => Ok(sent?),
    }
}
