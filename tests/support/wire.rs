//! A client of the socket that shares nothing with the program's own but the messages.

use dogwatch::domain::{Accepted, Command, Refusal};
use dogwatch::wire::message::{Answer, Ask, Hello, Request, Said, VERSION, Welcome};
use serde::Serialize;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub struct Wire {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
    /// What the daemon said of itself.
    pub welcome: Welcome,
    next: u64,
}

impl Wire {
    /// Greets the daemon behind a socket.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        let mut lines = BufReader::new(stream.try_clone()?);
        let hello = Hello { version: VERSION, shape: dogwatch::world::SHAPE.into(), release: "test".into(), sudo_claim: None };
        send(&stream, &hello)?;
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let mut greeting: serde_json::Value = serde_json::from_str(&line).map_err(io::Error::other)?;
        let welcome = serde_json::from_value(greeting["welcome"].take()).map_err(|_| io::Error::other(line.clone()))?;
        Ok(Self { stream, lines, welcome, next: 0 })
    }

    /// Sends a command under a key and waits for its answer.
    pub fn command(&mut self, key: &str, command: Command) -> io::Result<Result<Accepted, Refusal>> {
        match self.ask(Ask::Command { key: key.into(), command, dry_run: false })? {
            Ok(Answer::Accepted(accepted)) => Ok(Ok(accepted)),
            Ok(other) => Err(io::Error::other(format!("an answer to another question: {other:?}"))),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Asks, and waits for the answer with the same number.
    pub fn ask(&mut self, ask: Ask) -> io::Result<Result<Answer, Refusal>> {
        self.next += 1;
        let id = self.next;
        send(&self.stream, &Request { id, ask })?;
        loop {
            if let Said::Answer { id: answered, result } = self.said()?
                && answered == id
            {
                return Ok(result);
            }
        }
    }

    fn said(&mut self) -> io::Result<Said> {
        let mut line = String::new();
        if self.lines.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        serde_json::from_str(&line).map_err(io::Error::other)
    }
}

fn send(mut stream: &UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    stream.write_all(&line)
}
