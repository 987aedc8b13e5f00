//! Evidence as a person gets it: cut out of logs of any size by searching, bounded, masked, kept, exported.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use dogwatch::evidence::{Stamps, Window, cut};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;
use support::{Workspace, until};

const MAX: u64 = 5 << 20;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn stamps() -> Stamps {
    Stamps::found(b"2026-09-21T10:13:20Z x", None, &TimeZone::UTC, at(0)).unwrap()
}

fn window(from: i64, to: i64) -> Window {
    Window { from: at(from), to: at(to) }
}

#[test]
fn ten_gigabytes_are_searched_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::options().read(true).write(true).create_new(true).open(folder.path().join("huge.log")).unwrap();
    let size = 10_u64 << 30;
    file.set_len(size).unwrap();
    // A line in each MiB, the rest a hole that reads as NULs: as if each line were a MiB long.
    let lines = (size >> 20).cast_signed();
    for number in 0..lines {
        file.write_all_at(format!("\n{} line {number}\n", at(number * 10)).as_bytes(), (number as u64) << 20).unwrap();
    }
    let wanted = lines / 3;
    let found = cut(&file, &stamps(), window(wanted * 10, wanted * 10 + 25), MAX).unwrap();
    let text = String::from_utf8_lossy(&found.bytes).into_owned();
    for number in wanted..wanted + 3 {
        assert!(text.contains(&format!("line {number}\n")), "line {number} is missing");
    }
    assert!(!text.contains(&format!("line {}\n", wanted - 1)) && !text.contains(&format!("line {}\n", wanted + 3)));
    assert!(found.read < 128 << 20, "{} MiB were read of 10 GiB", found.read >> 20);
    assert!(found.bytes.len() as u64 <= MAX + 200 && !found.reaches_back);
}

/// Lines out of order by up to half a minute, some of which go on over several lines, as threads write them.
fn jumbled(lines: i64) -> Vec<(i64, String)> {
    let mut dice = 7_u64;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    (0..lines)
        .map(|number| {
            let second = number + roll(30).cast_signed();
            let more = if roll(10) == 0 { "\n  at shop.Cart.add(Cart.java:7)\n  ... 3 more" } else { "" };
            (second, format!("{} thread-{} request {number}{more}\n", at(second), roll(8)))
        })
        .collect()
}

#[test]
fn what_is_found_by_searching_is_what_reading_all_of_it_finds() {
    let lines = jumbled(60_000);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(lines.iter().map(|(_, line)| line.as_str()).collect::<String>().as_bytes()).unwrap();
    for (from, to) in [(0, 100), (-500, 3), (30_000, 30_600), (30_017, 30_017), (59_000, 90_000), (70_000, 80_000), (-90, -10)] {
        let wanted: String = lines.iter().filter(|(second, _)| (from..=to).contains(second)).map(|(_, line)| line.as_str()).collect();
        let found = cut(&file, &stamps(), window(from, to), 64 << 20).unwrap();
        assert!(String::from_utf8(found.bytes).unwrap() == wanted, "{from} to {to}");
        assert_eq!(found.left_out, 0);
        assert_eq!(found.reaches_back, from < lines[0].0, "{from}");
    }
    let (whole, most) = (file.metadata().unwrap().len(), cut(&file, &stamps(), window(30_000, 30_060), MAX).unwrap().read);
    assert!(most < whole / 2, "{most} of {whole} bytes were read for a minute");
}

#[test]
fn of_a_long_window_head_and_tail_are_kept_with_a_marker() {
    let mut file = tempfile::tempfile().unwrap();
    let text: String = (0..200_000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{} request {number} ok", at(number));
        text
    });
    file.write_all(text.as_bytes()).unwrap();
    let found = cut(&file, &stamps(), window(10, 199_000), 1 << 20).unwrap();
    let kept = String::from_utf8(found.bytes).unwrap();
    assert!(kept.starts_with(&format!("{} request 10 ok\n", at(10))) && kept.ends_with(&format!("{} request 199000 ok\n", at(199_000))));
    assert!(kept.contains("--- dogwatch: ") && kept.len() < (1 << 20) + 200, "{}", kept.len());
    assert!(found.left_out > 4 << 20 && found.read < 8 << 20, "{} left out, {} read", found.left_out, found.read);
}

#[test]
fn a_line_of_a_hundred_megabytes_costs_neither_time_nor_room() {
    let mut file = tempfile::tempfile().unwrap();
    writeln!(file, "{} begins", at(0)).unwrap();
    write!(file, "{} ", at(5)).unwrap();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        file.write_all(&piece).unwrap();
    }
    writeln!(file, "\n{} ends with an error", at(10)).unwrap();
    let found = cut(&file, &stamps(), window(0, 60), 1 << 20).unwrap();
    let text = String::from_utf8(found.bytes).unwrap();
    assert!(text.len() < (1 << 20) + 300 && text.contains("begins") && text.ends_with("ends with an error\n"));
    assert!(found.read < 500 << 20, "{} read", found.read);
}

#[test]
fn what_comes_after_a_long_dump_is_found() {
    let mut file = tempfile::tempfile().unwrap();
    for number in 0..20_000 {
        writeln!(file, "{} before {number}", at(number)).unwrap();
    }
    let dump: String = (0..100_000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "  rows of a dump without any time {number}");
        text
    });
    file.write_all(dump.as_bytes()).unwrap();
    writeln!(file, "{} the error after the dump", at(30_000)).unwrap();
    let found = cut(&file, &stamps(), window(29_990, 30_010), MAX).unwrap();
    assert_eq!(String::from_utf8(found.bytes).unwrap(), format!("{} the error after the dump\n", at(30_000)));
}

/// A workspace whose flow fails, with logs that say why.
fn failing(evidence: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.file("dogwatch.toml", &format!("name = \"test\"\ntimezone = \"UTC\"\n{evidence}"));
    workspace.file("flows/load.toml", "labels = { service = \"shop\" }\n[[step]]\nname = \"load\"\nrun = \"exit 1\"\n");
    workspace
}

fn fail(workspace: &Workspace) -> Value {
    assert_eq!(workspace.run(&["run", "load", "--wait"]).status.code(), Some(1));
    until("the evidence is there", || (!capsules(workspace).is_empty()).then_some(()));
    capsules(workspace)[0].clone()
}

fn capsules(workspace: &Workspace) -> Vec<Value> {
    workspace.json(&["evidence", "1"])["capsules"].as_array().unwrap().clone()
}

fn now(back: i64) -> Timestamp {
    dogwatch::clock::now().checked_sub(SignedDuration::from_secs(back)).unwrap()
}

fn file<'c>(capsule: &'c Value, from: &str) -> &'c Value {
    capsule["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["from"].as_str().unwrap().ends_with(from))
        .unwrap_or_else(|| panic!("{from}: {capsule:#}"))
}

#[test]
fn an_incident_brings_its_evidence_and_one_archive_hands_it_on() {
    let workspace = failing(
        "[[evidence]]\nname = \"web\"\nservice = \"shop\"\nfiles = [\"logs/*.log\"]\n\
         [[evidence.commands]]\nname = \"who\"\nrun = [\"sh\", \"-c\", \"echo from $DOGWATCH_FROM; echo to $DOGWATCH_TO; echo key ${CANARY:-kept away}\"]\n\
         [[evidence]]\nname = \"other\"\nservice = \"elsewhere\"\nfiles = [\"logs/*.log\"]\n",
    );
    let log = format!("{} INFO long ago\n{} INFO started\n{} ERROR no role etl\n  at Load.java:7\n", now(7_200), now(60), now(30));
    workspace.file("logs/shop.log", &log);
    let capsule = fail(&workspace);
    let shop = file(&capsule, "logs/shop.log");
    assert_eq!((shop["name"].as_str(), shop["first_error"].as_u64()), (Some("web.shop.log"), Some(2)), "{capsule:#}");
    assert_eq!(capsule["files"].as_array().unwrap().len(), 2, "what is about another service stays out: {capsule:#}");
    let shown = workspace.ok(&["evidence", "1", "--show", "web.shop.log"]);
    assert!(shown.contains("no role etl\n  at Load.java:7") && !shown.contains("long ago"), "{shown}");
    let who = workspace.ok(&["evidence", "1", "--show", "web.who"]);
    assert!(who.starts_with("from 20") && who.contains("key kept away"), "{who}");
    let timeline = workspace.ok(&["incident", "1"]);
    assert!(timeline.contains("first error in web.shop.log line 2"), "{timeline}");

    workspace.ok(&["note", "1", "!todo", "create", "the", "role"]);
    workspace.ok(&["evidence", "1", "--take"]);
    assert_eq!(capsules(&workspace).len(), 2);
    let written = workspace.ok(&["postmortem", "1"]).trim().to_owned();
    let written = std::fs::read_to_string(workspace.root().join(written)).unwrap();
    let sum = &shop["sha256"].as_str().unwrap()[..16];
    assert!(
        written.contains(&format!("SHA-256 {sum}…, first error in line 2: `dogwatch evidence 1 --show web.shop.log --capsule 1`")),
        "{written}"
    );
    let archive = workspace.beside("out.tar.gz");
    workspace.ok(&["evidence", "1", "--export", archive.to_str().unwrap()]);
    let again = workspace.run(&["evidence", "1", "--export", archive.to_str().unwrap()]);
    assert_ne!(again.status.code(), Some(0), "nothing is written over");
    let words = String::from_utf8_lossy(&again.stderr);
    assert!(words.contains("exists already") && words.contains("choose another name"), "{words}");
    let unpacked = workspace.beside("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    let tar =
        std::process::Command::new("tar").args(["xzf", archive.to_str().unwrap(), "-C", unpacked.to_str().unwrap()]).status().unwrap();
    assert!(tar.success());
    let folder = unpacked.join("incident-1");
    let sums = std::process::Command::new("sha256sum").args(["-c", "--strict", "SHA256SUMS"]).current_dir(&folder).output().unwrap();
    assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stderr));
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["problems"], serde_json::json!([]));
    let markdown = std::fs::read_to_string(folder.join("timeline.md")).unwrap();
    assert!(markdown.contains("- to do: create the role") && markdown.contains("| who or what |"), "{markdown}");
    let json: Value = serde_json::from_slice(&std::fs::read(folder.join("timeline.json")).unwrap()).unwrap();
    assert_eq!(json["todos"][0]["text"], "create the role");
    assert!(folder.join("evidence/2/web.shop.log").is_file());

    // What was touched afterwards is told.
    let kept =
        std::fs::read_dir(workspace.state()).unwrap().flatten().map(|entry| entry.path()).find(|path| path.join("evidence").is_dir());
    let kept = kept.unwrap().join("evidence/1/1/web.shop.log");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&kept, "nothing to see\n").unwrap();
    let told = workspace.run(&["evidence", "1", "--export", workspace.beside("again.tar.gz").to_str().unwrap()]);
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stdout).contains("evidence/1/web.shop.log is not as it was gathered"));
}

/// Writes the archive and unpacks it: its folder and its manifest.
fn exported(workspace: &Workspace, name: &str) -> (std::path::PathBuf, Value) {
    let archive = workspace.beside(&format!("{name}.tar.gz"));
    workspace.ok(&["evidence", "1", "--export", archive.to_str().unwrap()]);
    let unpacked = workspace.beside(name);
    std::fs::create_dir(&unpacked).unwrap();
    let tar = std::process::Command::new("tar").args(["xzf", archive.to_str().unwrap(), "-C", unpacked.to_str().unwrap()]).status();
    assert!(tar.unwrap().success());
    let folder = unpacked.join("incident-1");
    let sums = std::process::Command::new("sha256sum").args(["-c", "--strict", "SHA256SUMS"]).current_dir(&folder).output().unwrap();
    assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stderr));
    let manifest = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    (folder, manifest)
}

#[test]
fn what_steps_printed_is_handed_on_masked_and_bounded() {
    let workspace = failing("[secrets]\npatterns = ['card (\\d{16})']\n");
    let load = "labels = { service = \"shop\" }\n[[step]]\nname = \"load\"\nrun = \"echo no role etl password=canary-flow; exit 3\"\n";
    workspace.file("flows/load.toml", load);
    let book = "# Role\n\n```sh run name=\"look\"\necho paid with card 1234567812345678; echo the role is gone\n```\n\n\
                ```sh run name=\"long\"\necho first; yes a line of many | head -n 300000; echo last\n```\n";
    workspace.file("runbooks/role.md", book);
    assert_eq!(workspace.run(&["run", "load", "--wait"]).status.code(), Some(1));
    for step in ["look", "look", "long"] {
        assert_eq!(workspace.run(&["runbook", "role", "--run", step, "--incident", "1"]).status.code(), Some(0));
    }
    let run = workspace.json(&["runs"])[0]["id"].as_str().unwrap().replace('/', "-");
    let flow = format!("outputs/{run}-load.1.txt");
    let names = [flow.as_str(), "outputs/role-look.1.txt", "outputs/role-look.2.txt", "outputs/role-long.1.txt"];
    let listed = workspace.json(&["evidence", "1"])["outputs"].as_array().unwrap().clone();
    assert_eq!(listed.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    let shown = workspace.ok(&["evidence", "1", "--show", "outputs/role-look.2.txt"]);
    assert_eq!(shown, "paid with card ***\nthe role is gone\n");

    let (folder, manifest) = exported(&workspace, "first");
    assert_eq!(manifest["problems"], serde_json::json!([]));
    let printed = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(printed(&flow), "no role etl password=***\n");
    assert_eq!(printed("outputs/role-look.1.txt"), shown);
    let long = printed("outputs/role-long.1.txt");
    assert!(
        long.starts_with("first\na line") && long.ends_with("a line of many\nlast\n") && long.len() < (1 << 20) + 200,
        "{}",
        long.len()
    );
    let row = |manifest: &Value, name: &str| {
        manifest["files"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == name)
            .unwrap_or_else(|| panic!("{name}: {manifest:#}"))
            .clone()
    };
    assert_eq!(row(&manifest, &flow)["ended"], "exit 3");
    assert!(row(&manifest, names[3])["left_out_bytes"].as_u64().unwrap() > 1 << 20);

    // What retention has removed is named, and is no fault of the archive.
    let mut gone = 0;
    walk(&workspace.state(), &mut |path| {
        if path.ends_with("look.1/output") {
            std::fs::remove_file(path).unwrap();
            gone += 1;
        }
    });
    assert_eq!(gone, 1);
    let (folder, manifest) = exported(&workspace, "second");
    assert!(row(&manifest, names[1])["gone"].as_str().unwrap().contains("retention"), "{manifest:#}");
    assert!(!folder.join(names[1]).exists() && folder.join(names[2]).exists());
}

#[test]
fn what_came_after_the_opening_is_kept_too_also_where_the_daemon_died_meanwhile() {
    let mut workspace = failing("[[evidence]]\nname = \"web\"\nfiles = [\"logs/*.log\"]\nafter = \"3s\"\n");
    workspace.serve();
    workspace.file("logs/shop.log", &format!("{} ERROR no role etl\n", now(5)));
    let first = fail(&workspace);
    workspace.kill_daemon();
    let later = now(-1);
    workspace.file("logs/shop.log", &format!("{} ERROR no role etl\n{later} INFO gave up\n{} INFO much later\n", now(5), now(-60)));
    workspace.serve();
    until("it is gathered once more", || (capsules(&workspace).len() == 2).then_some(()));
    let both = capsules(&workspace);
    assert_eq!(both[0], first, "what was gathered at the opening stays");
    let to = |capsule: &Value| capsule["to"].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(to(&both[1]) > later && to(&both[1]).duration_since(to(&both[0])) < SignedDuration::from_secs(4), "{both:#?}");
    let shown = workspace.ok(&["evidence", "1", "--show", "web.shop.log"]);
    assert!(shown.contains("no role etl") && shown.contains("gave up") && !shown.contains("much later"), "{shown}");
    assert!(workspace.ok(&["incident", "1"]).contains("evidence 2 is gathered: web"));
    // Once: neither a restart nor the time brings a third.
    workspace.kill_daemon();
    workspace.serve();
    workspace.ok(&["note", "1", "done"]);
    assert_eq!(workspace.json(&["evidence", "1"])["capsules"].as_array().unwrap().len(), 2);
}

#[test]
fn secrets_are_nowhere_in_the_archive_nor_in_the_journal() {
    let mut workspace = failing(
        "[secrets]\npatterns = ['card (\\d{16})']\n\
         [channels.hook]\nkind = \"command\"\nrun = [\"true\"]\nenv = { HOOK = { env = \"HOOK_SECRET\" } }\n\
         [[evidence]]\nname = \"web\"\nfiles = [\"logs/*\"]\n[[evidence.commands]]\nname = \"env\"\nrun = [\"sh\", \"-c\", \"env; printf 'password=canary-%s\\n' printed\"]\n",
    );
    workspace.set("HOOK_SECRET", "canary-of-the-hook");
    let canaries =
        ["canary-typed", "canary-url", "canary-token", "canary-of-the-hook", "canary-printed", "1234567812345678", "canarykeycanarykey"];
    let key = "canarykeycanarykeycanarykeycanarykeycanarykeycanarykeycanarykey1";
    let log = format!(
        "{0} login password=canary-typed ok\n{0} dial https://etl:canary-url@db/x\n{0} {{\"token\": \"canary-token\"}}\n\
         {0} sent canary-of-the-hook\n{0} paid with card 1234567812345678\n{0} -----BEGIN PRIVATE KEY-----\n{key}\n{key}\n-----END PRIVATE KEY-----\n",
        now(20)
    );
    workspace.file("logs/shop.log", &log);
    workspace.file("logs/password=canary-typed.log", &format!("{} ok\n", now(20)));
    let capsule = fail(&workspace);
    assert!(file(&capsule, "shop.log")["masked"].as_u64().unwrap() >= 7, "{capsule:#}");
    workspace.ok(&["note", "1", "they use password=canary-note"]);
    let archive = workspace.beside("out.tar.gz");
    workspace.ok(&["evidence", "1", "--export", archive.to_str().unwrap()]);
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(File::open(&archive).unwrap()).read_to_end(&mut unpacked).unwrap();
    let holds = |bytes: &[u8], canary: &str| bytes.windows(canary.len()).any(|piece| piece == canary.as_bytes());
    assert!(holds(&unpacked, "login password=***"), "the archive is what it should be");
    // A person's own line stays as it was typed in the journal, and is masked in what is handed on.
    for canary in canaries.into_iter().chain(["canary-note"]) {
        assert!(!holds(&unpacked, canary), "{canary} is in the archive");
    }
    workspace.ok(&["stop"]);
    let mut seen = BTreeMap::new();
    walk(&workspace.state(), &mut |path| drop(seen.insert(path.to_owned(), std::fs::read(path).unwrap())));
    assert!(seen.keys().any(|path| path.ends_with("journal.db")), "{:?}", seen.keys());
    for (path, bytes) in &seen {
        for canary in canaries {
            assert!(!holds(bytes, canary), "{canary} is in {}", path.display());
        }
    }
}

fn walk(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => walk(&entry.path(), see),
            kind if kind.is_file() => see(&entry.path()),
            _ => {}
        }
    }
}

#[test]
fn what_is_no_readable_log_is_told_and_waited_for_by_nobody() {
    let workspace = failing(
        "[[evidence]]\nname = \"odd\"\nfiles = [\"odd/gone.log\", \"odd/pipe\", \"odd/folder\", \"odd/loop\", \"odd/binary\", \"odd/old.log\", \"odd/*.none\", \
         \"odd/rotated.log\", \"odd/a\\u001b]0;owned\\u0007.log\"]\ncommands = [{ name = \"hangs\", run = [\"sleep\", \"600\"], timeout = \"200ms\" }, \
         { name = \"talks\", run = [\"yes\", \"an error\"], timeout = \"1s\", max_bytes = 4096 }, { name = \"missing\", run = [\"no-such-program\"] }]\n",
    );
    let odd = workspace.root().join("odd");
    std::fs::create_dir_all(odd.join("folder")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, odd.join("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, 0)
        .unwrap();
    std::os::unix::fs::symlink("loop", odd.join("loop")).unwrap();
    std::fs::write(odd.join("binary"), [b"\0\xff\x1b]0;owned\x07".as_slice(), &[0xfe; 5_000]].concat()).unwrap();
    workspace.file("odd/old.log", &format!("{} long over\n", now(90_000)));
    workspace.file("odd/a\u{1b}]0;owned\u{7}.log", &format!("{} \u{1b}]52;c;aGk=\u{7} ERROR \u{202e}gpj.exe\n", now(20)));
    let mut packed = flate2::write::GzEncoder::new(File::create(odd.join("rotated.log.1.gz")).unwrap(), flate2::Compression::fast());
    write!(packed, "{} ERROR before midnight\n{} INFO rotated\n", now(300), now(200)).unwrap();
    packed.finish().unwrap();
    workspace.file("odd/rotated.log", &format!("{} INFO after midnight\n", now(100)));
    let capsule = fail(&workspace);
    for (from, words) in [
        ("gone.log", "is not there"),
        ("odd/pipe", "is a pipe"),
        ("odd/folder", "is a folder"),
        ("odd/loop", "leads round in a circle"),
        ("odd/binary", "tell no time"),
        ("old.log", "no line in the window"),
        ("*.none", "no file fits"),
        ("command hangs", "was ended after 0.2 s"),
        ("command talks", "was ended after 1 s"),
        ("command missing", "did not start"),
    ] {
        let problem = file(&capsule, from)["problem"].as_str().unwrap_or_default();
        assert!(problem.contains(words), "{from}: {problem}");
    }
    assert!(file(&capsule, "rotated.log")["problem"].is_null());
    assert_eq!(file(&capsule, "rotated.log.1.gz")["first_error"], 1, "the window reaches into the rotated file");
    let hostile = capsule["files"].as_array().unwrap().iter().find(|file| file["from"].as_str().unwrap().contains("owned")).unwrap();
    assert!(hostile["name"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{hostile}");
    // On a terminal nothing of it is obeyed: neither the name nor the text.
    for said in [workspace.ok(&["evidence", "1"]), workspace.ok(&["evidence", "1", "--show", hostile["name"].as_str().unwrap()])] {
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
    }
    let talks = file(&capsule, "command talks");
    assert!(talks["bytes"].as_u64().unwrap() < 5_000 && talks["left_out"].as_u64().unwrap() > 0, "{talks}");
}

#[test]
fn mistakes_about_evidence_are_told_with_their_place() {
    let workspace = failing(
        "[secrets]\npatterns = ['(', '']\n[outside]\ndpkg_log = \"log\"\n[[evidence]]\nname = \"a\"\nfile = [\"x\"]\n[[evidence]]\nfiles = [\"x\"]\n\
         [[evidence]]\nname = \"b\"\nfiles = [\"x\"]\ntime_format = \"seconds\"\nbefore = \"300d\"\nmax_bytes = \"1GiB\"\ncommands = [{ name = \"c\", run = \"ls\" }]\n",
    );
    let output = workspace.run(&["check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for words in [
        "is no regular expression",
        "matches an empty text",
        "`dpkg_log` is a path from the root",
        "unknown key `file`",
        "needs `files` or `commands`",
        "needs the key `name`",
        "no format of strftime",
        "`before` must be between",
        "`max_bytes` must be between",
        "`run` must be a list",
    ] {
        assert!(said.contains(words), "{words}:\n{said}");
    }
    let workspace = failing("");
    assert_eq!(workspace.run(&["run", "load", "--wait"]).status.code(), Some(1));
    let refused = workspace.run(&["evidence", "1", "--take"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("write [[evidence]]"), "{refused:?}");
}
