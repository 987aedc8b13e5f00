//! The disk is full.

use crate::support::Workspace;
use std::path::PathBuf;
use std::process::Command;

/// A small disk over a folder, gone at the end.
pub struct SmallDisk(pub PathBuf);

impl SmallDisk {
    pub fn over(folder: PathBuf, size: &str) -> Self {
        Self::with(folder, &format!("size={size},mode=0700"))
    }

    pub fn with(folder: PathBuf, options: &str) -> Self {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder).status();
        assert!(mounted.unwrap().success(), "a tmpfs can be mounted");
        Self(folder)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
#[ignore = "needs root: mounts a small disk"]
fn a_full_disk_refuses_what_is_new_keeps_what_was_said_and_goes_on_when_there_is_room() {
    let mut workspace = Workspace::new();
    let disk = SmallDisk::over(workspace.state(), "64m");
    workspace.serve();
    workspace.ok(&["mark", "before"]);
    let filler = disk.0.join("filler");
    let full = Command::new("dd").args(["if=/dev/zero", "bs=64k"]).arg(format!("of={}", filler.display())).output().unwrap();
    assert!(!full.status.success(), "the disk is full now");

    let mut said = Vec::new();
    let refusal = (0..20_000).find_map(|number| {
        let output = workspace.run(&["mark", &format!("mark {number} {}", "x".repeat(4_000))]);
        if output.status.success() {
            said.push(format!("mark {number} "));
            return None;
        }
        assert_eq!(output.status.code(), Some(1));
        Some(String::from_utf8_lossy(&output.stderr).into_owned())
    });
    let refusal = refusal.expect("a full disk refuses at some time");
    assert!(refusal.contains("space") || refusal.contains("full"), "{refusal}");
    workspace.ok(&["status"]);

    std::fs::remove_file(&filler).unwrap();
    workspace.ok(&["mark", "after"]);
    let events = workspace.ok(&["events", "--last", "100000"]);
    for line in said.iter().map(String::as_str).chain(["before", "after"]) {
        assert!(events.contains(line), "{line} was acknowledged");
    }
    workspace.ok(&["verify"]);
}
