//! Notes as files: opened, saved, recovered, drafted, as a user and a hostile disk would have it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use dogwatch::domain::note::NoteKind;
use dogwatch::domain::{IncidentId, Subject};
use dogwatch::notes::recovery::Recovery;
use dogwatch::notes::save::{Base, OpenError, SIZE_MAX, SaveError, open, save};
use dogwatch::notes::{diff, front, naming, shelf};
use jiff::Timestamp;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_save_keeps_the_mode_and_leaves_nothing_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("note.md");
    let first = save(&path, "one\n", &Base::Absent).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let second = save(&path, "two\n", &Base::Digest(first.digest)).unwrap();
    assert_eq!(second.bytes, 4);
    assert_eq!(open(&path).unwrap().unwrap().base, Base::Digest(second.digest));
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
    assert_eq!(names(folder.path()), ["note.md"]);
}

#[test]
fn what_a_killed_save_left_is_swept_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".dogwatch-save-1-ThreadId1"), "half").unwrap();
    save(&folder.path().join("note.md"), "whole\n", &Base::Absent).unwrap();
    assert_eq!(names(folder.path()), ["note.md"]);
}

#[test]
fn two_editors_never_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("note.md");
    save(&path, "start\n", &Base::Absent).unwrap();
    let (ana, leo) = (open(&path).unwrap().unwrap(), open(&path).unwrap().unwrap());
    save(&path, "start\nana\n", &ana.base).unwrap();
    match save(&path, "start\nleo\n", &leo.base) {
        Err(SaveError::Conflict { theirs: Some(theirs), .. }) => assert_eq!(theirs, "start\nana\n"),
        other => panic!("expected a conflict, got {other:?}"),
    }
    assert_eq!(text_of(&path), "start\nana\n");
    // Leo has seen it now, and chooses his own.
    save(&path, "start\nleo\n", &Base::of("start\nana\n")).unwrap();
    assert_eq!(text_of(&path), "start\nleo\n");
}

#[test]
fn a_new_note_does_not_replace_one_that_came_meanwhile_nor_bring_back_one_that_went() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("note.md");
    std::fs::write(&path, "theirs\n").unwrap();
    assert!(matches!(save(&path, "mine\n", &Base::Absent), Err(SaveError::Conflict { theirs: Some(_), .. })));
    let opened = open(&path).unwrap().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(save(&path, "mine\n", &opened.base), Err(SaveError::Conflict { theirs: None, .. })));
    assert!(!path.exists());
}

#[test]
fn only_plain_files_of_a_bounded_size_are_opened_or_saved_over() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("target"), "secret").unwrap();
    symlink(at("target"), at("link.md")).unwrap();
    std::fs::create_dir(at("folder.md")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe.md"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, 0)
        .unwrap();
    for name in ["link.md", "folder.md", "pipe.md"] {
        assert!(matches!(open(&at(name)), Err(OpenError::NotPlain { .. })), "{name}");
        for base in [Base::Absent, Base::of("secret")] {
            assert!(matches!(save(&at(name), "x", &base), Err(SaveError::Target(OpenError::NotPlain { .. }))), "{name}");
        }
    }
    assert_eq!(text_of(&at("target")), "secret");
    let large = std::fs::File::create(at("large.md")).unwrap();
    large.set_len(2 << 30).unwrap();
    match open(&at("large.md")) {
        Err(OpenError::TooLarge { bytes, .. }) => assert_eq!(bytes, 2 << 30),
        other => panic!("{other:?}"),
    }
    std::fs::write(at("latin.md"), [b'c', 0xe9]).unwrap();
    assert!(matches!(open(&at("latin.md")), Err(OpenError::NotText { .. })));
    let too_much = "x".repeat(usize::try_from(SIZE_MAX).unwrap() + 1);
    assert!(matches!(save(&at("new.md"), &too_much, &Base::Absent), Err(SaveError::TooLarge { .. })));
}

/// Runs in a mount namespace of its own, where the folder in `DOGWATCH_TEST_FULL` is a file system of 64 KiB.
#[test]
fn a_full_disk_leaves_the_old_file_and_says_how_much_is_needed() {
    const FOLDER: &str = "DOGWATCH_TEST_FULL";
    let Some(folder) = std::env::var_os(FOLDER) else {
        let folder = tempfile::tempdir().unwrap();
        let test = std::env::current_exe().unwrap();
        let script = r#"mount -t tmpfs -o size=64k tmpfs "$DOGWATCH_TEST_FULL" && exec "$0" --exact a_full_disk_leaves_the_old_file_and_says_how_much_is_needed"#;
        let done = std::process::Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .arg(test)
            .env(FOLDER, folder.path())
            .output()
            .expect("unshare (util-linux) is needed for this test");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&done.stderr));
        return;
    };
    let path = Path::new(&folder).join("note.md");
    let old = save(&path, "old\n", &Base::Absent).unwrap();
    let text = "x".repeat(100_000);
    match save(&path, &text, &Base::Digest(old.digest)) {
        Err(error @ SaveError::NoSpace { needed: 100_000, .. }) => {
            assert!(error.to_string().contains("100000 bytes are needed"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(text_of(&path), "old\n");
    assert_eq!(names(Path::new(&folder)), ["note.md"]);
}

fn when(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn unsaved_text_is_offered_once_until_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("note.md");
    save(&path, "saved\n", &Base::Absent).unwrap();
    let opened = open(&path).unwrap().unwrap();
    let recovery = Recovery::new(folder.path()).unwrap();
    assert_eq!(recovery.offer(&path, Some(&opened)), None);
    let later = Timestamp::try_from(opened.modified).unwrap() + jiff::SignedDuration::from_secs(5);
    recovery.keep(&path, &opened.base, "saved\nand typed\n", later).unwrap();
    let found = recovery.offer(&path, Some(&opened)).unwrap();
    assert_eq!((found.text.as_str(), found.older_than_note), ("saved\nand typed\n", false));
    assert_eq!(found.base, opened.base);
    assert_eq!(diff::lines(&opened.text, &found.text), [diff::Line::Same("saved"), diff::Line::Added("and typed")]);
    let kept = recovery.file(&path);
    assert_eq!(std::fs::metadata(&kept).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(kept.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    recovery.forget(&path).unwrap();
    assert_eq!(recovery.offer(&path, Some(&opened)), None);
    recovery.forget(&path).unwrap();
}

#[test]
fn an_older_recovery_says_so_and_an_equal_or_damaged_one_is_not_offered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("note.md");
    save(&path, "newer\n", &Base::Absent).unwrap();
    let opened = open(&path).unwrap().unwrap();
    let recovery = Recovery::new(folder.path()).unwrap();
    recovery.keep(&path, &Base::of("older\n"), "older, typed\n", when("2020-01-01T00:00:00Z")).unwrap();
    assert!(recovery.offer(&path, Some(&opened)).unwrap().older_than_note);
    recovery.keep(&path, &opened.base, "newer\r\n", when("2020-01-01T00:00:00Z")).unwrap();
    assert_eq!(recovery.offer(&path, Some(&opened)), None);
    for damage in ["", "{", "{\"note\":3}", "\0\0\0"] {
        std::fs::write(recovery.file(&path), damage).unwrap();
        assert_eq!(recovery.offer(&path, Some(&opened)), None, "{damage:?}");
    }
}

#[test]
fn another_users_recovery_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("note.md");
    let recovery = Recovery::new(folder.path()).unwrap();
    recovery.keep(&path, &Base::Absent, "typed\n", when("2026-11-21T02:00:00Z")).unwrap();
    assert!(recovery.offer(&path, None).is_some());
    let other = Recovery::of(folder.path(), rustix::process::geteuid().as_raw() + 1).unwrap();
    assert_eq!(other.offer(&path, None), None);
    let kept = recovery.file(&path);
    std::fs::remove_file(&kept).unwrap();
    // A link that someone planted is never followed.
    let planted = folder.path().join("planted.json");
    std::fs::write(&planted, "{}").unwrap();
    symlink(&planted, &kept).unwrap();
    assert_eq!(recovery.offer(&path, None), None);
}

#[test]
fn a_note_is_found_again_under_its_old_title() {
    let workspace = tempfile::tempdir().unwrap();
    let subject = Subject::Incident(IncidentId(41));
    let at = when("2026-11-21T02:00:00Z");
    let id = naming::id(NoteKind::Note, &subject, at);
    let place = shelf::find(workspace.path(), &id, "Checkout is down").unwrap();
    assert_eq!((place.relative.as_str(), place.opened.is_none()), ("notes/incident-41-checkout-is-down.md", true));
    let text = front::Front::new(NoteKind::Note, &subject, "Checkout is down", at, "ana").render();
    save(&place.path, &text, &Base::Absent).unwrap();
    // Another flow's note whose name begins alike is not it.
    save(&workspace.path().join("notes/incident-41-a.md"), &text.replace("incident-41", "incident-41-a"), &Base::Absent).unwrap();
    let again = shelf::find(workspace.path(), &id, "Another title").unwrap();
    assert_eq!((again.relative.as_str(), again.opened.unwrap().text), ("notes/incident-41-checkout-is-down.md", text));
}

#[test]
fn a_notes_folder_that_leads_out_of_the_workspace_is_refused() {
    let (workspace, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(outside.path(), workspace.path().join("notes")).unwrap();
    assert!(matches!(shelf::find(workspace.path(), "incident-1", "x"), Err(shelf::ShelfError::Outside { .. })));
}
