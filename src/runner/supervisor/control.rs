//! The control socket: says how the step stands, hears kill and status. Its closing is the news of the end.

use crate::json;
use crate::runner::record::{Asked, Said, line};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};

/// Connections at a time: one daemon, and some room for its predecessors and for curious people.
const PEERS: usize = 16;
/// The longest line that is heard, in bytes.
const LINE: usize = 4096;
/// Reads from one peer before the others and the step have their turn.
const ROUNDS: usize = 16;

/// The listener that the daemon bound, and who is connected.
pub(super) struct Control {
    listener: UnixListener,
    peers: Vec<Peer>,
    state: Option<Vec<u8>>,
    is_deaf: bool,
}

struct Peer {
    stream: UnixStream,
    heard: Vec<u8>,
}

impl Control {
    /// Takes the listener from standard output.
    pub(super) fn from_stdout() -> io::Result<Self> {
        let listener = UnixListener::from(io::stdout().as_fd().try_clone_to_owned()?);
        listener.set_nonblocking(true)?;
        Ok(Self { listener, peers: Vec::new(), state: None, is_deaf: false })
    }

    /// What to sleep on. A listener that cannot be heard for want of descriptors would wake its sleeper without end.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        (!self.is_deaf).then(|| self.listener.as_fd()).into_iter().chain(self.peers.iter().map(|peer| peer.stream.as_fd()))
    }

    /// Lets in who waits and tells them how it stands. The oldest leaves where there are too many.
    pub(super) fn accept(&mut self) {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) => {
                    self.is_deaf = error.kind() != io::ErrorKind::WouldBlock;
                    return;
                }
            };
            let mut peer = Peer { stream, heard: Vec::new() };
            if peer.stream.set_nonblocking(true).is_err() || !self.state.as_ref().is_none_or(|state| peer.say(state)) {
                continue;
            }
            if self.peers.len() >= PEERS {
                self.peers.remove(0);
            }
            self.peers.push(peer);
        }
    }

    /// Keeps this as the present state and tells everybody, also those who still wait to be let in.
    pub(super) fn say(&mut self, said: &Said) {
        let state = line(said);
        self.accept();
        self.peers.retain_mut(|peer| peer.say(&state));
        self.state = Some(state);
    }

    /// Hears everybody; true where one asked for the step's end.
    pub(super) fn read(&mut self) -> bool {
        let mut is_kill_asked = false;
        let state = self.state.clone().unwrap_or_default();
        self.peers.retain_mut(|peer| peer.hear(&state, &mut is_kill_asked));
        is_kill_asked
    }
}

impl Peer {
    /// Writes without waiting; false where the peer is gone or does not read. It may connect again.
    fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Reads what has come; false where the peer is gone or talks nonsense.
    fn hear(&mut self, state: &[u8], is_kill_asked: &mut bool) -> bool {
        let mut buffer = [0; LINE];
        for _ in 0..ROUNDS {
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(read) => self.heard.extend(buffer.iter().take(read)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
            while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let asked: Vec<u8> = self.heard.drain(..=end).collect();
                match json::read_bytes(&asked) {
                    Ok(Asked::Kill {}) => *is_kill_asked = true,
                    Ok(Asked::Status {}) if self.say(state) => {}
                    Ok(Asked::Status {}) | Err(_) => return false,
                }
            }
            if self.heard.len() > LINE {
                return false;
            }
        }
        true
    }
}
