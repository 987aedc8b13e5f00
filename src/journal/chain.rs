//! The hash chain: each entry's hash covers the hash before it and the entry's own stored bytes.

use super::JournalError;
use crate::domain::{Entry, Event};
use crate::json;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use std::fmt;
use std::path::Path;

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 before the first.
    pub seq: u64,
    /// Its hash; all zero before the first.
    pub hash: [u8; 32],
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { seq: 0, hash: [0; 32] };

    /// The hash in hex.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.hash).to_hex().to_string()
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.hex())
    }
}

/// Computes links; keeps its buffer, so that an append allocates nothing for it.
#[derive(Debug, Default)]
pub(super) struct Linker {
    bytes: Vec<u8>,
}

impl Linker {
    /// BLAKE3 over the hash before, the number as eight little-endian bytes, then time, author and event, each behind its
    /// length as eight little-endian bytes: two different entries never give the same bytes.
    pub(super) fn link(&mut self, before: &[u8; 32], seq: u64, at: &[u8], author: &[u8], event: &[u8]) -> [u8; 32] {
        self.bytes.clear();
        self.bytes.extend_from_slice(before);
        self.bytes.extend_from_slice(&seq.to_le_bytes());
        for part in [at, author, event] {
            self.bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            self.bytes.extend_from_slice(part);
        }
        *blake3::hash(&self.bytes).as_bytes()
    }
}

/// The columns that [`Stored`] reads, in its order.
pub(super) const COLUMNS: &str = "seq, at, author, event, hash";

/// A row as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) seq: u64,
    pub(super) at: &'a str,
    pub(super) author: &'a str,
    pub(super) event: &'a str,
    pub(super) hash: [u8; 32],
}

impl<'a> Stored<'a> {
    /// Takes a row of [`COLUMNS`]; the words say which column is not what was written.
    pub(super) fn read(row: &'a Row<'_>) -> Result<Self, String> {
        let seq = match row.get_ref(0) {
            Ok(ValueRef::Integer(seq)) if seq > 0 => seq.cast_unsigned(),
            _ => return Err("its number is not a number".into()),
        };
        let hash = match row.get_ref(4) {
            Ok(ValueRef::Blob(bytes)) => bytes.try_into().map_err(|_| format!("its hash has {} bytes instead of 32", bytes.len()))?,
            _ => return Err("its hash is not 32 bytes".into()),
        };
        Ok(Self { seq, at: text(row, 1, "time")?, author: text(row, 2, "author")?, event: text(row, 3, "event")?, hash })
    }

    /// Goes one link on: the row must be the next one and its hash must follow from the one before.
    pub(super) fn follow(&self, before: &Head, linker: &mut Linker) -> Result<Head, String> {
        if self.seq != before.seq + 1 {
            return Err(format!("it is missing; the next one that is there is {}", self.seq));
        }
        let hash = linker.link(&before.hash, self.seq, self.at.as_bytes(), self.author.as_bytes(), self.event.as_bytes());
        if hash != self.hash {
            return Err("its bytes do not give its hash".into());
        }
        Ok(Head { seq: self.seq, hash })
    }

    /// The entry; a fact of a newer version is kept untouched.
    pub(super) fn entry(&self) -> Result<Entry, String> {
        Ok(Entry {
            seq: self.seq,
            at: self.at.parse().map_err(|error| format!("its time `{}` cannot be read: {error}", self.at))?,
            author: json::read(self.author).map_err(|error| format!("its author cannot be read: {error}"))?,
            event: Event::from_json(self.event).map_err(|error| format!("its event is not JSON: {error}"))?,
        })
    }
}

fn text<'a>(row: &'a Row<'_>, column: usize, name: &str) -> Result<&'a str, String> {
    match row.get_ref(column) {
        Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).map_err(|_| format!("its {name} is not text")),
        _ => Err(format!("its {name} is not text")),
    }
}

/// Damage at an entry.
pub(super) fn damage(path: &Path, first_bad: u64, why: impl Into<String>) -> JournalError {
    JournalError::Corrupt { path: path.to_owned(), first_bad, why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_moves_from_one_part_to_the_next_changes_the_hash() {
        let mut linker = Linker::default();
        let one = linker.link(&[0; 32], 1, b"ab", b"c", b"d");
        let other = linker.link(&[0; 32], 1, b"a", b"bc", b"d");
        assert_ne!(one, other);
        assert_eq!(one, Linker::default().link(&[0; 32], 1, b"ab", b"c", b"d"));
    }

    #[test]
    fn the_hash_is_what_the_module_says() {
        let mut bytes = vec![7; 32];
        bytes.extend_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(b"\x01\0\0\0\0\0\0\0t\x02\0\0\0\0\0\0\0au\x03\0\0\0\0\0\0\0{ev");
        assert_eq!(Linker::default().link(&[7; 32], 3, b"t", b"au", b"{ev"), *blake3::hash(&bytes).as_bytes());
    }
}
