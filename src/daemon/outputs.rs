//! Opens outputs for those who may look but cannot read the daemon's files.

use crate::domain::{AttemptId, Refusal, RefusalKind};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use std::fs::File;
use std::io;
use std::path::{Component, Path};

/// Opens an attempt's output for reading. The names come from a peer: nothing but a file below `attempts` is opened,
/// whatever they say.
pub(super) fn open(state: &Path, attempt: &AttemptId) -> Result<File, Refusal> {
    let missing = || {
        Refusal::new(RefusalKind::NotFound, format!("no output of {attempt} is kept"))
            .hint("it has not begun, or is older than the retention")
    };
    let failed = |error: &io::Error| Refusal::new(RefusalKind::Failed, format!("the output of {attempt} cannot be opened: {error}"));
    let path = attempt.folder().join("output");
    if path.components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(missing());
    }
    let attempts = match rustix::fs::open(state.join("attempts"), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(attempts) => attempts,
        Err(rustix::io::Errno::NOENT) => return Err(missing()),
        Err(error) => return Err(failed(&error.into())),
    };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(&attempts, &path, flags, Mode::empty(), beneath) {
        Ok(file) => {
            let file = File::from(file);
            match file.metadata() {
                Ok(facts) if facts.is_file() => Ok(file),
                Ok(_) => Err(missing()),
                Err(error) => Err(failed(&error)),
            }
        }
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::XDEV | rustix::io::Errno::LOOP) => Err(missing()),
        Err(error) => Err(failed(&error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Job, Subject};
    use std::os::unix::fs::symlink;

    fn of(runbook: &str, step: &str) -> AttemptId {
        let job = Job::Procedure { runbook: runbook.into(), subject: Subject::Workspace, step: step.into() };
        AttemptId { job, number: 1 }
    }

    #[test]
    fn only_outputs_below_attempts_are_opened_whatever_a_peer_names() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let right = of("r", "s");
        let place = state.join("attempts").join(right.folder());
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("output"), "printed").unwrap();
        assert_eq!(io::read_to_string(open(state, &right).unwrap()).unwrap(), "printed");

        let secret = folder.path().join("secret.1");
        std::fs::create_dir(&secret).unwrap();
        std::fs::write(secret.join("output"), "secret").unwrap();
        let absolute = folder.path().to_string_lossy().into_owned();
        symlink(&secret, place.parent().unwrap().join("link.1")).unwrap();
        std::fs::create_dir(place.parent().unwrap().join("folder.1")).unwrap();
        std::fs::create_dir(place.parent().unwrap().join("folder.1/output")).unwrap();
        for (runbook, step) in [
            ("../../..", "secret"),
            (absolute.as_str(), "secret"),
            ("r", "../../../../secret"),
            ("r", "link"),
            ("r", "folder"),
            ("r", "none"),
        ] {
            let refusal = open(state, &of(runbook, step)).expect_err(step);
            assert_eq!(refusal.kind, RefusalKind::NotFound, "{runbook} {step}: {refusal}");
        }
    }
}
