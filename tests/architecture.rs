//! The arrow holds: imports point one way, the pure folders stay pure, and the map in ARCHITECTURE.md names every room.

#![expect(clippy::expect_used, reason = "a test that cannot read the sources has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders in the order of the arrow; each may use those before it.
const ORDER: &[&str] = &[
    "json",
    "domain",
    "world",
    "rules",
    "clock",
    "text",
    "journal",
    "output",
    "samples",
    "workspace",
    "sources",
    "feeds",
    "prober",
    "runner",
    "channels",
    "outside",
    "evidence",
    "anchors",
    "wire",
    "engine",
    "intake",
    "notes",
    "daemon",
    "console",
    "demo",
    "cli",
];

/// What a folder never uses although it stands later, and why.
const NEVER: &[(&str, &[&str], &str)] = &[
    (
        "console",
        &["engine", "journal", "sources", "daemon", "runner", "prober", "feeds", "channels", "outside", "evidence", "anchors", "intake"],
        "the console talks to the daemon over the wire alone",
    ),
    ("world", &["text", "clock"], "the fold knows entries only"),
    ("notes", &["engine", "journal"], "notes are files of the person, not of the daemon"),
];

/// What the pure folders never name.
const IMPURE: &[&str] = &[
    "tokio",
    "reqwest",
    "std::fs",
    "std::net",
    "std::process",
    "ratatui",
    "crossterm",
    "rusqlite",
    "SystemTime",
    "Instant",
    "crate::clock",
];

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("sources are text");
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 50, "the scan found {} files: it looks in the wrong place", found.len());
    found
}

/// The folder (or file) right below `src` that a source belongs to; `main` and `lib` belong to none.
fn room(path: &Path) -> Option<String> {
    let below = path.strip_prefix("src").ok()?;
    let first = below.components().next()?.as_os_str().to_string_lossy().into_owned();
    let name = first.trim_end_matches(".rs").to_owned();
    (!matches!(name.as_str(), "main" | "lib")).then_some(name)
}

/// The code of a source: comments and what is only for its tests left out.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Rooms that a source names by `crate::…`, also within braces.
fn used(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => top_level_names(group),
            None => vec![rest],
        };
        for name in names {
            let word: String = name.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if ORDER.contains(&word.as_str()) {
                rooms.insert(word);
            }
        }
    }
    rooms
}

/// The items of a brace group at its own level.
fn top_level_names(group: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(&group[begin..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(&group[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_point_one_way() {
    let place = |room: &str| ORDER.iter().position(|other| *other == room);
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(room) = room(&path) else { continue };
        let Some(own) = place(&room) else {
            wrong.push(format!("{}: the room `{room}` is not in the order of the arrow", path.display()));
            continue;
        };
        for other in used(&code(&text)) {
            if place(&other) > Some(own) {
                wrong.push(format!("{} uses crate::{other}, which comes later in the arrow", path.display()));
            }
            for (_, banned, why) in NEVER.iter().filter(|(name, ..)| *name == room) {
                if banned.contains(&other.as_str()) {
                    wrong.push(format!("{} uses crate::{other}: {why}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports run backwards:\n{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_stay_pure() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !matches!(room(&path).as_deref(), Some("domain" | "world" | "rules")) {
            continue;
        }
        let code = code(&text);
        wrong.extend(IMPURE.iter().filter(|name| code.contains(**name)).map(|name| format!("{} names {name}", path.display())));
    }
    assert!(wrong.is_empty(), "rules take the world and the time as arguments:\n{}", wrong.join("\n"));
}

#[test]
fn json_has_one_door() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if room(&path).as_deref() != Some("json") && code(&text).contains("serde_json") {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "each further serializer compiles all types again, so crate::json is the only way in and out: {wrong:?}");
}

#[test]
fn the_scan_sees_a_backward_import() {
    assert_eq!(used("use crate::{domain::{Entry, engine}, journal::Journal};"), BTreeSet::from(["domain".into(), "journal".into()]));
    assert_eq!(used("let x = crate::engine::Engine::inbox();"), BTreeSet::from(["engine".into()]));
}

#[test]
fn the_map_names_every_room() {
    let map = fs::read_to_string("ARCHITECTURE.md").expect("ARCHITECTURE.md is there");
    let rooms: BTreeSet<String> = sources().iter().filter_map(|(path, _)| room(path)).collect();
    let missing: Vec<_> = rooms.iter().filter(|room| !map.contains(&format!("`{room}"))).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not name {missing:?}");
    assert!(map.lines().count() <= 200, "ARCHITECTURE.md has {} lines; 200 is what a newcomer reads", map.lines().count());
}

#[test]
fn rooms_have_no_nameless_names() {
    let nameless = ["utils", "util", "helpers", "helper", "common", "manager", "handler", "types", "misc"];
    let found: Vec<_> = sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.components().any(|part| nameless.contains(&part.as_os_str().to_string_lossy().trim_end_matches(".rs"))))
        .collect();
    assert!(found.is_empty(), "a name that says nothing: {found:?}");
}
