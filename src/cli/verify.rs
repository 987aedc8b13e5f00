//! The proof that nothing was changed, and the operator's word to go on where something was. Works without a daemon.

use super::args;
use super::failure::Failure;
use super::print::{self, Printer};
use super::session::Session;
use crate::anchors;
use crate::clock;
use crate::daemon::{LockError, WorkspaceLock};
use crate::domain::{Anchors, Event};
use crate::journal::{self, Acceptance, AnchorLine, Journal, Verified};
use crate::json::{self, json};
use crate::wire::identity;
use crate::workspace::{self, Place};
use std::path::PathBuf;
use std::process::ExitCode;

/// `dogwatch verify`
pub fn run(session: &Session, printer: Printer, asked: &args::Verify, runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Failure> {
    let place = session.place()?;
    let named = workspace::anchors(&place.workspace);
    let mut files: Vec<PathBuf> = named.file.iter().map(PathBuf::from).collect();
    files.extend(asked.anchors.iter().filter(|file| named.file.as_ref().is_none_or(|named| file.as_os_str() != named.as_str())).cloned());
    if journal::was_never_here(&place.state, &files).map_err(Failure::other)? {
        return Err(elsewhere(&place));
    }
    if let Some(reason) = asked.reason.as_deref().filter(|_| asked.accept) {
        return accept(&place, printer, &named, &files, reason, runtime);
    }
    let verified = journal::verify(&place.state, &files).map_err(Failure::other)?;
    let silent: Vec<String> = verified.silent().map(|path| path.display().to_string()).collect();
    if printer.json {
        print::document(&document(&verified))?;
    } else {
        print::line(verified.to_string())?;
    }
    if silent.is_empty() || verified.entries() == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::Other(anyhow::anyhow!(
        "{} was to prove the journal and holds no line of it: it was removed or replaced, or the daemon has never written there",
        silent.join(", ")
    )))
}

/// There is no journal in the caller's state folder: each user has a folder of their own, and the daemon's is another one.
fn elsewhere(place: &Place) -> Failure {
    let own = rustix::process::getuid().as_raw();
    let owner = match &place.daemon_user {
        Some(user) => Some(user.clone()),
        None => holder(place).filter(|holder| *holder != own).map(identity::user_name),
    };
    let owner = owner.filter(|user| identity::user_id(user) != Some(own));
    let here = format!("there is no journal of this workspace in {}: nothing was verified", place.state.display());
    Failure::usage(match owner {
        Some(owner) => {
            format!("{here}\nhint: its daemon is user {owner}'s; run this as {owner}, or name the folder above it: --state DIR")
        }
        None => format!("{here}\nhint: run this as the user whose daemon it is, or name the folder above it: --state DIR"),
    })
}

/// The user who has the socket, or else the lock that a daemon leaves in the workspace.
fn holder(place: &Place) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let sockets = place.socket_folders().map(|folder| folder.join(&place.socket_name));
    sockets.chain([place.lock.clone()]).find_map(|path| Some(path.symlink_metadata().ok()?.uid()))
}

fn document(verified: &Verified) -> json::Value {
    let outside = verified.outside.iter().map(|outside| {
        json!({
            "file": outside.path,
            "anchored_entry": outside.last.map(|last| last.head.seq),
            "anchored_at": outside.last.map(|last| last.at),
            "heads": outside.heads,
            "accepted_entries": outside.accepted.iter().map(|accepted| accepted.head.seq).collect::<Vec<_>>(),
            "unreadable_lines": outside.unreadable,
        })
    });
    json!({
        "ok": verified.silent().next().is_none(),
        "entries": verified.entries(),
        "files": verified.files,
        "head": verified.head.hex(),
        "anchored_entry": verified.anchored.head.seq,
        "anchored_at": verified.anchored.at,
        "outside": outside.collect::<Vec<_>>(),
    })
}

/// Accepts damage under the workspace's lock, and puts it on record.
fn accept(
    place: &Place,
    printer: Printer,
    named: &Anchors,
    files: &[PathBuf],
    reason: &str,
    runtime: &tokio::runtime::Runtime,
) -> Result<ExitCode, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage("--reason is empty; say why the damage is accepted"));
    }
    if super::session::owner(place)? != rustix::process::getuid().as_raw() {
        return Err(Failure::usage("only the user whose daemon it is accepts damage of its journal"));
    }
    let _lock = WorkspaceLock::take(&place.workspace, &place.lock).map_err(|error| match error {
        LockError::Held { .. } => Failure::Other(anyhow::anyhow!("{error}; end it first: dogwatch stop")),
        other @ LockError::Io { .. } => Failure::other(other),
    })?;
    let accepted = journal::accept(&place.state, files).map_err(Failure::other)?;
    let head = record(place, &accepted, reason).map_err(Failure::other)?;
    let line = AnchorLine { journal: journal::journal_name(&place.state), anchored: head, is_acceptance: true };
    let failed = runtime.block_on(anchors::tell_acceptance(named, &place.workspace, &line));
    let Acceptance { first_bad, why, lost, kept, .. } = accepted;
    if printer.json {
        print::document(&json!({
            "first_bad": first_bad, "why": why, "lost": lost, "kept": kept, "head": head.head.hex(), "entries": head.head.seq,
        }))?;
    } else {
        print::line(format!("damage from entry {first_bad} on is accepted: {why}"))?;
        print::line(format!("{lost} entries are lost; the files as they were found are in {}", kept.display()))?;
        print::line(format!("entry {} says so; the daemon starts again", head.head.seq))?;
    }
    for (sink, error) in failed {
        printer.remark(format!("the anchor {} was not told: {error}", named.words(sink)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn record(place: &Place, accepted: &Acceptance, reason: &str) -> Result<journal::Anchored, journal::JournalError> {
    let event = Event::DamageAccepted {
        first_bad: accepted.first_bad,
        why: accepted.why.clone(),
        lost: accepted.lost,
        kept: accepted.kept.to_string_lossy().into_owned(),
        reason: reason.to_owned(),
    };
    let mut journal = Journal::open(&place.state)?;
    journal.append(clock::now(), &identity::own_author(), event)?;
    journal.commit()?;
    let head = journal.committed_at();
    journal.close()?;
    Ok(head)
}
