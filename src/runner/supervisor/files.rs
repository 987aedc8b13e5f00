//! The files by which the supervisor is believed after its death: `began` before the step, the exit record after it.

use crate::runner::processes;
use crate::runner::record::{BEGAN, Began, EXIT, EXIT_DRAFT, ExitRecord, Identity, OUTPUT, SupervisorOrder, line};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::time::Duration;

/// Room kept on disk for the exit record, so that a full disk loses no result.
const RECORD_RESERVE: u64 = 4096;
/// How long the exit record is tried again, once a second, where it cannot be written.
const RECORD_TRIES: u32 = 600;

/// The file that says that the step may have begun.
pub(super) struct BeganFile {
    file: File,
    supervisor: Identity,
}

/// The files of an attempt that is about to begin.
pub(super) struct Prepared {
    /// Becomes the exit record.
    pub(super) draft: File,
    /// What the step prints.
    pub(super) output: File,
    /// Says that the step may have begun.
    pub(super) began: BeganFile,
}

/// Makes the files; `began` comes last, because from then on the step may have begun.
pub(super) fn prepare(order: &SupervisorOrder) -> io::Result<Prepared> {
    let draft = reserve()?;
    let output = OpenOptions::new().append(true).create(true).mode(0o600).open(OUTPUT)?;
    Ok(Prepared { draft, output, began: begin(order)? })
}

/// Creates `began`; fails where another supervisor was here before.
fn begin(order: &SupervisorOrder) -> io::Result<BeganFile> {
    let me = processes::read(std::process::id()).ok_or_else(|| io::Error::other("cannot read /proc/self/stat; is /proc mounted?"))?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(BEGAN)?;
    file.write_all(&line(&Began { boot_id: order.boot_id.clone(), supervisor: me.identity, step: None }))?;
    Ok(BeganFile { file, supervisor: me.identity })
}

impl BeganFile {
    /// Adds the step, so that it is found again should the supervisor be killed.
    pub(super) fn step(&mut self, order: &SupervisorOrder, step: Option<Identity>) {
        let began = Began { boot_id: order.boot_id.clone(), supervisor: self.supervisor, step };
        if let Err(error) = self.file.write_all(&line(&began)) {
            // A full disk must not stop a step that runs: its processes carry the mark as well.
            eprintln!("dogwatch supervise: {BEGAN}: {error}");
        }
    }
}

/// Takes the room for the exit record while there is some.
fn reserve() -> io::Result<File> {
    let draft = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(EXIT_DRAFT)?;
    match rustix::fs::fallocate(&draft, rustix::fs::FallocateFlags::empty(), 0, RECORD_RESERVE) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => Ok(draft), // some file systems cannot reserve; the record is tried again there
        Err(error) => Err(error.into()),
    }
}

/// Writes the exit record: draft, sync, rename, sync of the folder. A full disk is waited for, within bounds.
pub(super) fn record(draft: &File, record: &ExitRecord) -> io::Result<()> {
    let bytes = line(record);
    let mut tries = 0;
    loop {
        let written = draft
            .write_all_at(&bytes, 0)
            .and_then(|()| draft.set_len(bytes.len() as u64))
            .and_then(|()| draft.sync_all())
            .and_then(|()| fs::rename(EXIT_DRAFT, EXIT))
            .and_then(|()| File::open(".")?.sync_all());
        match written {
            Err(error) if tries < RECORD_TRIES && fs::exists(".").unwrap_or(true) && error.kind() != io::ErrorKind::NotFound => {
                if tries == 0 {
                    eprintln!("dogwatch supervise: {EXIT}: {error}; trying again");
                }
                tries += 1;
                std::thread::sleep(Duration::from_secs(1));
            }
            other => return other,
        }
    }
}
