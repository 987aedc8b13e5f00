//! Canaries: secrets of a channel and of the daemon's environment turn up nowhere but where they were sent.

use crate::support::{Workspace, until};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

/// What nobody may find: in a variable, in a file, from a program.
const CANARIES: [(&str, &str); 3] = [("env", "canary-9f1c-env"), ("file", "canary-4d77-file"), ("command", "canary-b02e-command")];

/// Files below a folder that hold a text, with the text.
fn holding(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            holding(&path, found);
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            for (_, canary) in CANARIES {
                if bytes.windows(canary.len()).any(|window| window == canary.as_bytes()) {
                    found.push(format!("{} in {}", canary, path.display()));
                }
            }
        }
    }
}

/// Processes whose command line or environment holds one; the daemon's own environment is where one of them comes from.
fn processes(but: u32) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        for part in ["cmdline", "environ"] {
            let text = String::from_utf8_lossy(&std::fs::read(entry.path().join(part)).unwrap_or_default()).into_owned();
            for (_, canary) in CANARIES {
                if text.contains(canary) && !(part == "environ" && pid == but) {
                    found.push(format!("{canary} in {part} of {pid}: {}", text.replace('\0', " ")));
                }
            }
        }
    }
    found
}

#[test]
fn secrets_reach_their_channel_and_nothing_else() {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sink.local_addr().unwrap().port();
    let mut workspace = Workspace::new();
    let kept = workspace.beside("kept-secret");
    std::fs::write(&kept, format!("{}\n", CANARIES[1].1)).unwrap();
    std::fs::set_permissions(&kept, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let teller = workspace.beside("tell-secret");
    std::fs::write(&teller, format!("#!/bin/sh\necho {}\n", CANARIES[2].1)).unwrap();
    std::fs::set_permissions(&teller, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    workspace.set("HOOK_TOKEN", CANARIES[0].1);
    workspace.file(
        "dogwatch.toml",
        &format!(
            "name = \"test\"\ntimezone = \"UTC\"\n[channels.ops]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/hook\"\n\
             retry = {{ attempts = 1 }}\n[channels.ops.headers]\nauthorization = {{ env = \"HOOK_TOKEN\" }}\nx-api-key = {{ file = \"{}\" }}\n\
             x-auth-token = {{ command = [\"{}\"] }}\n",
            kept.display(),
            teller.display()
        ),
    );
    // A step that prints all it knows, and stays so that its process can be looked at.
    workspace.file(
        "flows/nosy.toml",
        "[[step]]\nname = \"look\"\nrun = \"env; cat /proc/self/environ; cat /proc/$PPID/environ; cat /proc/$PPID/cmdline; sleep 600\"\n",
    );
    let daemon = workspace.serve();
    workspace.ok(&["run", "nosy"]);
    let received = std::thread::spawn(move || {
        let (mut stream, _) = sink.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut chunk) {
            request.extend_from_slice(&chunk[..read]);
            if CANARIES.iter().all(|(_, canary)| String::from_utf8_lossy(&request).contains(canary)) {
                break;
            }
        }
        // A receiver that says back what it got: the error must not put it on record.
        let all = CANARIES.map(|(_, canary)| canary).join(" ");
        let _ = write!(stream, "HTTP/1.1 403 {all}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{all}", all.len());
        String::from_utf8_lossy(&request).into_owned()
    });
    let _failed = workspace.run(&["channels", "--test", "ops"]);
    let request = received.join().unwrap();
    for (place, canary) in CANARIES {
        assert!(request.contains(canary), "the one from {place} reaches the receiver: {request}");
    }
    let attempts = workspace.state();
    until("the step has printed", || {
        let mut printed = false;
        visit(&attempts, &mut |path| printed |= path.ends_with("output") && std::fs::metadata(path).is_ok_and(|facts| facts.len() > 100));
        printed.then_some(())
    });
    assert_eq!(processes(daemon), [""; 0], "no process holds one but the daemon, in the environment that it was started with");
    let status = std::fs::read_to_string(format!("/proc/{daemon}/status")).unwrap();
    assert!(!status.is_empty());
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(format!("/proc/{daemon}/environ")).unwrap());
    assert_eq!(owner, 0, "its memory and environment are root's alone to read");
    workspace.ok(&["kill", "nosy/1"]);
    workspace.ok(&["stop"]);
    let mut found = Vec::new();
    for folder in [workspace.state(), workspace.beside("run"), workspace.beside("home")] {
        holding(&folder, &mut found);
    }
    let log = std::fs::read_to_string(workspace.beside("daemon.log")).unwrap();
    found.extend(CANARIES.iter().filter(|(_, canary)| log.contains(canary)).map(|(_, canary)| format!("{canary} in the daemon's log")));
    assert_eq!(found, [""; 0], "journal, outputs, log, crash files");
}

fn visit(folder: &Path, each: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            visit(&entry.path(), each);
        } else {
            each(&entry.path());
        }
    }
}
