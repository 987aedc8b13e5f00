//! `dogwatch demo-fetch`: gets a page of the demo's shop, so that the demo needs no curl.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// No answer of the shop is larger.
const MAX_BYTES: u64 = 16 << 20;
/// The shop is on this machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Looks only.
    Get,
    /// Changes something.
    Post,
}

/// A page that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// Bytes that were written to the file.
    pub bytes: usize,
}

/// A page that was not.
#[derive(Debug, Error)]
pub enum FetchError {
    /// Only plain `http://host:port/path` is spoken.
    #[error("`{0}` is not an address of the demo's shop, such as http://127.0.0.1:18080/health")]
    Address(String),
    /// The shop does not answer.
    #[error("{address} does not answer: {error}")]
    Connection {
        /// The host and port.
        address: String,
        /// The system's words.
        error: io::Error,
    },
    /// What came is no HTTP.
    #[error("{0} did not answer in HTTP")]
    Garbage(String),
    /// The shop refused.
    #[error("{url} answered {status}: {words}")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        words: String,
    },
    /// The file cannot be written.
    #[error("{} cannot be written: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
}

/// Fetches a page into a file, which is replaced as a whole and only by a good answer. Blocks; ends within 10 s of
/// silence.
pub fn fetch(method: Method, url: &str, file: &Path) -> Result<Fetched, FetchError> {
    let wrong = || FetchError::Address(url.to_owned());
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if url.contains(|character: char| character.is_control() || character.is_whitespace()) || !address.contains(':') {
        return Err(wrong());
    }
    let answer = exchange(method, address, if path.is_empty() { "/" } else { path })
        .map_err(|error| FetchError::Connection { address: address.to_owned(), error })?;
    let (status, body) = split(&answer).ok_or_else(|| FetchError::Garbage(address.to_owned()))?;
    if !(200..300).contains(&status) {
        let words = String::from_utf8_lossy(body).trim().chars().take(200).collect();
        return Err(FetchError::Status { url: url.to_owned(), status, words });
    }
    replace(file, body).map_err(|error| FetchError::File { path: file.to_owned(), error })?;
    Ok(Fetched { status, bytes: body.len() })
}

/// HTTP/1.0: the answer ends where the connection does, and never comes in chunks.
fn exchange(method: Method, address: &str, path: &str) -> io::Result<Vec<u8>> {
    let to = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut connection = TcpStream::connect_timeout(&to, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let method = match method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    write!(connection, "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    connection.take(MAX_BYTES + 1).read_to_end(&mut answer)?;
    if answer.len() as u64 > MAX_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(answer) }
}

/// Status and body of an answer.
fn split(answer: &[u8]) -> Option<(u16, &[u8])> {
    let end = memchr::memmem::find(answer, b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.get(end + 4..)?))
}

fn replace(file: &Path, body: &[u8]) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(body)?;
    new.persist(file)?;
    Ok(())
}
