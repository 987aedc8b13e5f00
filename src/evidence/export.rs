//! One archive to hand on: the capsules of an incident, what its steps printed, its timeline, checksums that `sha256sum -c`
//! reads. Everything in it is masked, and every name in it is plain.

use super::keep::{folder_of, is_kept, sha256, sums};
use super::mask::Mask;
use super::outputs::{self, Handed, Printed};
use crate::domain::IncidentId;
use crate::domain::evidence::Capsule;
use crate::json::{self, Value, json};
use crate::output::{Output, OutputError};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use std::io::{self, Read as _, Write};
use std::path::Path;
use std::sync::Arc;

/// Bytes of one file of an archive; nothing that was gathered is larger.
const FILE_MAX: u64 = 80 << 20;
/// Bytes of one record of a tar archive (POSIX, `ustar`).
const RECORD: usize = 512;

/// What is handed on beside the capsules.
#[derive(Debug)]
pub struct Handover<'h> {
    /// The incident.
    pub incident: IncidentId,
    /// The state folder.
    pub state: &'h Path,
    /// Its capsules as they are on record.
    pub capsules: &'h [Arc<Capsule>],
    /// What its steps printed, each as it could be opened.
    pub outputs: &'h [(Printed, Result<Output, OutputError>)],
    /// Its timeline as Markdown.
    pub markdown: &'h str,
    /// The same as JSON.
    pub json: &'h Value,
    /// Masks what is not masked yet.
    pub mask: &'h Mask,
    /// The time of the files in the archive.
    pub now: Timestamp,
}

/// What was handed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files in the archive.
    pub files: usize,
    /// Places that are masked in all of them.
    pub masked: u64,
    /// Files that are gone or are not as they were gathered.
    pub problems: Vec<String>,
}

/// Writes the archive.
///
/// # Errors
/// It cannot be written.
pub fn export(handover: &Handover<'_>, to: impl Write) -> io::Result<Exported> {
    let folder = format!("incident-{}", handover.incident);
    let mut archive = Archive { to: GzEncoder::new(to, Compression::default()), at: handover.now, folder: folder.clone() };
    let mut exported = Exported::default();
    let mut checksums: Vec<(String, String)> = Vec::new();
    let mut rows: Vec<Value> = Vec::new();
    for capsule in handover.capsules {
        for file in &capsule.files {
            let mut row = json!({ "capsule": capsule.number, "from": file.from, "first_error_line": file.first_error, "left_out_bytes": file.left_out, "problem": file.problem });
            if is_kept(file) {
                let name = format!("evidence/{}/{}", capsule.number, file.name);
                match kept(handover, capsule.number, &file.name) {
                    Ok(bytes) => {
                        let is_same = sha256(&bytes) == file.sha256;
                        if !is_same {
                            exported.problems.push(format!("{name} is not as it was gathered"));
                        }
                        // Patterns may have been added since it was gathered.
                        let (bytes, masked) = handover.mask.mask(&bytes);
                        let digest = sha256(&bytes);
                        archive.file(&name, &bytes)?;
                        let all = file.masked + masked;
                        exported.masked += all;
                        merge(
                            &mut row,
                            json!({ "name": name, "bytes": bytes.len(), "sha256": digest, "masked": all, "as_gathered": is_same }),
                        );
                        checksums.push((name, digest));
                    }
                    Err(error) => {
                        exported.problems.push(format!("{name} cannot be read: {error}"));
                        merge(&mut row, json!({ "name": name, "missing": error.to_string() }));
                    }
                }
            }
            rows.push(row);
        }
    }
    for (printed, opened) in handover.outputs {
        let mut row =
            json!({ "name": printed.name, "printed_by": printed.attempt.to_string(), "ended": handover.mask.text(&printed.ended()).0 });
        match output(opened, handover.mask) {
            Ok(kept) => {
                let digest = sha256(&kept.bytes);
                archive.file(&printed.name, &kept.bytes)?;
                exported.masked += kept.masked;
                merge(
                    &mut row,
                    json!({ "bytes": kept.bytes.len(), "sha256": digest, "masked": kept.masked, "left_out_bytes": kept.left_out }),
                );
                checksums.push((printed.name.clone(), digest));
            }
            // Outputs are kept for a time only: that one is gone is no fault of the archive.
            Err(None) => merge(&mut row, json!({ "gone": "it printed nothing, or its output was removed by retention" })),
            Err(Some(words)) => {
                exported.problems.push(format!("{} cannot be read: {words}", printed.name));
                merge(&mut row, json!({ "missing": words }));
            }
        }
        rows.push(row);
    }
    let timeline = handover.mask.text(handover.markdown);
    let json = handover.mask.text(&json::pretty(handover.json)?);
    for (name, (text, masked)) in [("timeline.md", timeline), ("timeline.json", json)] {
        archive.file(name, text.as_bytes())?;
        exported.masked += masked;
        rows.push(json!({ "name": name, "bytes": text.len(), "sha256": sha256(text.as_bytes()), "masked": masked }));
        checksums.push((name.to_owned(), sha256(text.as_bytes())));
    }
    let capsules: Vec<Value> = handover
        .capsules
        .iter()
        .map(|capsule| json!({ "number": capsule.number, "from": capsule.from, "to": capsule.to, "problem": capsule.problem }))
        .collect();
    let manifest = json!({
        "incident": handover.incident,
        "exported_at": handover.now,
        "masked": exported.masked,
        "capsules": capsules,
        "files": rows,
        "problems": exported.problems,
    });
    let manifest = json::pretty(&manifest)?;
    checksums.push(("manifest.json".into(), sha256(manifest.as_bytes())));
    archive.file("manifest.json", manifest.as_bytes())?;
    archive.file("SHA256SUMS", sums(checksums.iter().map(|(name, sha256)| (name.as_str(), sha256.as_str()))).as_bytes())?;
    archive.done()?;
    exported.files = checksums.len() + 1;
    Ok(exported)
}

/// An output as it is handed on; without words where it is gone.
fn output(opened: &Result<Output, OutputError>, mask: &Mask) -> Result<Handed, Option<String>> {
    match opened {
        Ok(output) => outputs::read(output, mask).map_err(|error| Some(error.to_string())),
        Err(OutputError::Missing { .. }) => Err(None),
        Err(error) => Err(Some(error.to_string())),
    }
}

fn merge(row: &mut Value, more: Value) {
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
}

/// A file of a capsule as it is on disk; never one from elsewhere.
fn kept(handover: &Handover<'_>, number: u32, name: &str) -> io::Result<Vec<u8>> {
    if name.contains('/') || name.starts_with('.') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "its name is none that was given here"));
    }
    let path = folder_of(handover.state, handover.incident, number).join(name);
    let file = super::open::open(&path).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A tar archive as it is written: plain files with short, plain names, readable for their owner.
struct Archive<W: Write> {
    to: GzEncoder<W>,
    at: Timestamp,
    folder: String,
}

impl<W: Write> Archive<W> {
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let header = header(&format!("{}/{name}", self.folder), bytes.len(), self.at)?;
        self.to.write_all(&header)?;
        self.to.write_all(bytes)?;
        self.to.write_all(&[0; RECORD][..bytes.len().next_multiple_of(RECORD) - bytes.len()])
    }

    fn done(mut self) -> io::Result<()> {
        self.to.write_all(&[0; 2 * RECORD])?;
        self.to.finish()?.flush()
    }
}

/// The record before a file: name, mode 0600, size, time, sum (POSIX, `ustar`).
fn header(name: &str, size: usize, at: Timestamp) -> io::Result<[u8; RECORD]> {
    let mut record = [0_u8; RECORD];
    let mut put = |from: usize, text: &[u8]| {
        if let Some(place) = record.get_mut(from..from + text.len()) {
            place.copy_from_slice(text);
        }
    };
    if name.len() > 100 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("the name {name} is too long for the archive")));
    }
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", at.as_second().max(0)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = record.iter().map(|byte| u32::from(*byte)).sum();
    let text = format!("{sum:06o}\0 ");
    if let Some(place) = record.get_mut(148..156) {
        place.copy_from_slice(text.as_bytes());
    }
    Ok(record)
}
