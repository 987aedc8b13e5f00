//! Many peers, slow peers, peers that lie about lengths: each is closed by a limit of its own, and who behaves is served.

use crate::peers::{knock, parted, resident_kib};
use crate::support::{Workspace, until};
use dogwatch::domain::{Command as Asked, Params};
use dogwatch::wire::message::{Ask, HELLO_MAX, Hello, REQUEST_MAX, Request, VERSION};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// What the daemon may need with all of this at once.
const MEMORY_KIB: u64 = 150 * 1024;
/// As long as the daemon waits for a greeting, and a busy machine's delay.
const DEADLINE: Duration = Duration::from_secs(20);
/// Connections of one user that are served at the same time.
const SERVED: usize = 256;
/// Connections of a crowd.
const CROWD: usize = 10_000;

fn hello() -> Vec<u8> {
    let hello = Hello { version: VERSION, shape: dogwatch::world::SHAPE.into(), release: "test".into(), sudo_claim: None };
    let mut line = serde_json::to_vec(&hello).unwrap();
    line.push(b'\n');
    line
}

fn greeted(workspace: &Workspace) -> UnixStream {
    let mut stream = knock(workspace);
    stream.write_all(&hello()).unwrap();
    let mut byte = [0];
    while stream.read(&mut byte).unwrap() == 1 && byte != *b"\n" {}
    stream
}

/// Sends a byte now and then until the daemon has closed the connection; how long that took.
fn drip(mut stream: UnixStream, bytes: &[u8]) -> (Duration, String) {
    let began = Instant::now();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let (mut said, mut chunk) = (Vec::new(), [0; 4096]);
    for byte in bytes.iter().cycle() {
        assert!(began.elapsed() < DEADLINE, "a peer that sends a byte now and then is served for ever");
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => said.extend_from_slice(&chunk[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    (began.elapsed(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn who_sends_a_byte_now_and_then_is_closed_by_a_deadline_before_and_after_the_greeting() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let mut friend = workspace.wire();
    let (before, after) = (knock(&workspace), greeted(&workspace));
    std::thread::scope(|scope| {
        let before = scope.spawn(|| drip(before, b"{"));
        let after = scope.spawn(|| drip(after, b"["));
        let answer = friend.command("beside-the-slow", Asked::Mark { text: "served".into() }).unwrap();
        assert!(answer.is_ok(), "{answer:?}");
        let (_, said) = before.join().unwrap();
        assert!(said.contains("no hello") || said.contains("not ended"), "{said}");
        let (_, said) = after.join().unwrap();
        assert!(said.contains("begun and not ended"), "{said}");
    });
}

#[test]
fn no_length_makes_the_daemon_wait_or_grow() {
    let mut workspace = Workspace::new();
    let pid = workspace.serve();
    // A length of 4 GiB as binary protocols say it, then much of what it promises.
    let mut length = knock(&workspace);
    length.write_all(&u32::MAX.to_be_bytes()).unwrap();
    let _closed = (0..64).any(|_| length.write_all(&[0; HELLO_MAX]).is_err());
    parted(length);
    // A request without an end, from a peer that is known; and many that stop before the limit.
    let mut endless = greeted(&workspace);
    let said = (0..64).find_map(|_| endless.write_all(&vec![b'x'; REQUEST_MAX / 4]).err());
    if said.is_none() {
        assert!(parted(endless).contains("longer than"));
    }
    let held: Vec<_> = (0..SERVED - 56)
        .map(|_| {
            let mut stream = greeted(&workspace);
            stream.write_all(&vec![b'x'; REQUEST_MAX - 1]).unwrap();
            stream
        })
        .collect();
    workspace.wire().command("beside-the-long", Asked::Mark { text: "served".into() }).unwrap().unwrap();
    let resident = resident_kib(pid);
    assert!(resident < MEMORY_KIB, "{resident} KiB with {} half-sent requests", held.len());
}

#[test]
fn ten_thousand_connections_are_refused_with_a_reason_and_who_is_there_is_served() {
    let limit = getrlimit(Resource::Nofile);
    let needed = CROWD as u64 + 500;
    assert!(limit.maximum.is_none_or(|maximum| maximum >= needed), "this test needs {needed} descriptors: raise `ulimit -Hn`");
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limit.maximum }).unwrap();
    let mut workspace = Workspace::new();
    let pid = workspace.serve();
    let mut friend = workspace.wire();
    let socket = workspace.socket().unwrap();
    let mut crowd: Vec<UnixStream> = (0..CROWD).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    friend.command("among-a-crowd", Asked::Mark { text: "still served".into() }).unwrap().unwrap();
    let resident = resident_kib(pid);
    assert!(resident < MEMORY_KIB, "{resident} KiB");
    let mut refused = 0;
    for stream in &mut crowd {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        let crowded = said.contains("connections of user");
        assert!(crowded || said.contains("no hello came"), "everyone is told why: {said}");
        refused += usize::from(crowded);
    }
    // Some may have come in for those who had not greeted in time.
    assert!(refused >= CROWD - 2 * SERVED, "{refused} of {CROWD} were refused");
    // None of the crowd has gone away. It holds no place for longer than a greeting may take.
    until("a new peer is served beside the crowd", || workspace.wire_now().map(drop));
    workspace.wire().command("after-the-crowd", Asked::Mark { text: "served".into() }).unwrap().unwrap();
}

#[test]
fn a_peer_that_dies_within_a_message_changes_nothing_and_an_old_message_is_not_carried_out_again() {
    let mut workspace = Workspace::new();
    workspace.file("flows/job.toml", "[[step]]\nname = \"it\"\nrun = \"true\"\n");
    workspace.serve();
    let command = Asked::Run { flow: "job".into(), params: Params::new(), date: None, reason: None };
    let request = Request { id: 1, ask: Ask::Command { key: "recorded".into(), command, dry_run: false } };
    let frame = serde_json::to_vec(&request).unwrap();
    // Cut at every place: the whole message but its end is still no message.
    for cut in (1..=frame.len()).step_by(7).chain([frame.len()]) {
        let mut stream = greeted(&workspace);
        stream.write_all(&frame[..cut.min(frame.len())]).unwrap();
    }
    let replay = || {
        let mut stream = greeted(&workspace);
        stream.write_all(&frame).unwrap();
        stream.write_all(b"\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let said = parted(stream);
        assert!(said.contains("job/1"), "{said}");
        said
    };
    let first = replay();
    for _ in 0..20 {
        assert_eq!(replay(), first, "answered as the first time");
    }
    assert_eq!(workspace.json(&["runs"]).as_array().unwrap().len(), 1, "carried out once");
}
