//! What comes after an incident, through commands and files: the write-up and its states, copies that name roles, action
//! items, the review and what is made of it, similar incidents, the search; and its bad input.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod night;
mod support;

use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::note::State;
use dogwatch::domain::review::Finding;
use dogwatch::domain::run::{DefinitionChoice, RunCause, Scope};
use dogwatch::domain::{AlertCause, Author, Entry, Event, Fingerprint, IncidentId, Labels, Outcome, RunId, Severity, SourceId, Stage};
use dogwatch::notes::shelf::place_draft;
use dogwatch::rules::review::{Proposal, review};
use dogwatch::rules::similar::similar;
use dogwatch::world::World;
use night::{Night, night, person};
use support::Workspace;

/// A workspace with a flow whose second step fails until it is repaired.
fn failing() -> Workspace {
    let workspace = Workspace::new();
    let script = "[[step]]\nname = \"load\"\nrun = \"test -e repaired || { echo 'psql: FATAL: role etl does not exist'; exit 1; }\"\n";
    workspace.file("flows/load.toml", script);
    workspace
}

/// One failure, brought back by a rerun.
fn fails_and_is_repaired(workspace: &Workspace) {
    std::fs::remove_file(workspace.root().join("repaired")).ok();
    assert_eq!(workspace.run(&["run", "load", "--wait"]).status.code(), Some(1));
    let run = workspace.json(&["runs", "load"])[0]["id"].as_str().unwrap().to_owned();
    workspace.file("repaired", "");
    workspace.ok(&["rerun", &run, "--reason", "repaired", "--wait"]);
}

#[test]
fn a_write_up_goes_from_draft_to_reviewed_and_its_words_stay() {
    let workspace = failing();
    fails_and_is_repaired(&workspace);
    let said = |args: &[&str]| {
        let output = workspace.run(args);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, words) = said(&["postmortem", "1", "--to", "reviewed"]);
    assert!(code == Some(1) && words.contains("no post-mortem yet"), "{code:?} {words}");
    let path = workspace.ok(&["postmortem", "1"]).trim().to_owned();
    let file = workspace.root().join(&path);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("## What people did") && text.contains("success after"), "{text}");
    let mine = text.replace("*What else helped?*", "Leo had seen it before.");
    std::fs::write(&file, &mine).unwrap();

    workspace.ok(&["postmortem", "1", "--to", "in-review"]);
    let now = std::fs::read_to_string(&file).unwrap();
    assert_eq!(now, mine.replacen("state = \"draft\"", "state = \"in review\"", 1), "one word of the head has changed");
    let (code, words) = said(&["postmortem", "1", "--to", "in-review"]);
    assert!(code == Some(1) && words.contains("is in review already"), "{words}");
    workspace.ok(&["postmortem", "1", "--to", "reviewed"]);
    let incident = workspace.json(&["incident", "1"]);
    assert_eq!((incident["stage"].as_str(), incident["write_up"]["state"].as_str()), (Some("reviewed"), Some("reviewed")));
    let by = incident["write_up"]["by"].as_str().expect("who said so is on record").to_owned();
    assert_eq!((incident["reviewed_by"].as_str(), incident["post_mortem"].as_str()), (Some(by.as_str()), Some(path.as_str())));
    assert!(workspace.ok(&["incident", "1"]).contains(&format!("reviewed by {by}\n")), "nobody had acknowledged it");

    workspace.ok(&["postmortem", "1"]);
    let again = std::fs::read_to_string(&file).unwrap();
    assert!(again.contains("Leo had seen it before.") && again.contains("state = \"reviewed\""), "{again}");
    workspace.ok(&["postmortem", "1", "--to", "draft"]);
    assert_eq!(workspace.json(&["incident", "1"])["stage"], "resolved");
    assert!(workspace.json(&["incident", "1"])["reviewed_by"].is_null());
    workspace.ok(&["verify"]);
}

#[test]
fn what_cannot_be_written_is_not_recorded() {
    let workspace = failing();
    fails_and_is_repaired(&workspace);
    workspace.ok(&["postmortem", "1"]);
    let facts = || workspace.json(&["events", "--last", "1000"]).as_array().unwrap().len();
    let before = facts();
    // Held folders: every save into them fails, for root too.
    std::fs::create_dir_all(workspace.root().join("runbooks")).unwrap();
    let folders = ["notes", "runbooks"].map(|name| std::fs::File::open(workspace.root().join(name)).unwrap());
    for folder in &folders {
        rustix::fs::flock(folder, rustix::fs::FlockOperation::LockExclusive).unwrap();
    }
    let commands: [&[&str]; 3] = [&["postmortem", "1", "--to", "reviewed"], &["postmortem", "1"], &["review", "1", "--accept", "runbook"]];
    for args in commands {
        let output = workspace.run(args);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && words.contains("was not saved"), "{args:?}: {words}");
    }
    assert_eq!(facts(), before, "nothing is on record");
    drop(folders);
    workspace.ok(&["postmortem", "1", "--to", "reviewed"]);
    workspace.ok(&["review", "1", "--accept", "runbook"]);
    assert_eq!(workspace.json(&["incident", "1"])["stage"], "reviewed");
    // What the daemon refuses for its state is refused before the file is touched, and is on record as before.
    let refused = workspace.run(&["postmortem", "1", "--to", "reviewed"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is reviewed already"));
    assert!(workspace.ok(&["events"]).contains("postmortem --to refused"));
}

#[test]
fn what_a_line_to_do_says_of_who_and_when_stands_in_the_action_item() {
    let workspace = failing();
    fails_and_is_repaired(&workspace);
    workspace.ok(&["note", "1", "!todo page support (owner: cloudsdk, due: 2026-12-24)"]);
    workspace.ok(&["note", "1", "!todo call the vendor @leo"]);
    workspace.ok(&["postmortem", "1"]);
    let actions = workspace.json(&["actions"]);
    let of = |text: &str| actions.as_array().unwrap().iter().find(|item| item["text"] == text).cloned().expect(text);
    let item = of("page support");
    assert_eq!((item["owner"].as_str(), item["due"].as_str()), (Some("cloudsdk"), Some("2026-12-24")));
    let item = of("call the vendor");
    assert_eq!((item["owner"].as_str(), item["due"].is_null()), (Some("leo"), true));
}

#[test]
fn a_copy_names_roles_and_never_goes_over_a_file() {
    let workspace = failing();
    fails_and_is_repaired(&workspace);
    let user = workspace.json(&["status"])["user"].as_str().unwrap().to_owned();
    let path = workspace.ok(&["postmortem", "1"]).trim().to_owned();
    let file = workspace.root().join(path);
    let text = std::fs::read_to_string(&file).unwrap() + &format!("- [ ] tell {user} (owner: {user}, due: 2020-01-01)\n");
    std::fs::write(&file, text).unwrap();
    let copy = workspace.beside("copy.md");
    let copy = copy.to_str().unwrap();
    workspace.ok(&["postmortem", "1", "--export", copy, "--roles"]);
    let copied = std::fs::read_to_string(copy).unwrap();
    assert!(!copied.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == user), "{user} is named:\n{copied}");
    assert!(copied.contains("tell operator (owner: operator, due: 2020-01-01)"), "{copied}");
    let refused = workspace.run(&["postmortem", "1", "--export", copy]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(copy).unwrap(), copied, "nothing was overwritten");

    let actions = workspace.json(&["actions", "--open"]);
    let own = actions.as_array().unwrap().iter().find(|item| item["due"] == "2020-01-01").unwrap();
    assert_eq!((own["overdue"].as_bool(), own["incident"].as_u64(), own["owner"].as_str()), (Some(true), Some(1), Some(user.as_str())));
    assert!(workspace.ok(&["actions"]).contains("overdue"));
}

#[test]
fn a_review_makes_the_runbook_that_was_missing_once() {
    let workspace = failing();
    fails_and_is_repaired(&workspace);
    workspace.ok(&["note", "1", "the", "role", "was", "dropped", "```sh", "run", "name=x"]);
    let found = workspace.json(&["review", "1"]);
    assert_eq!(found[0]["finding"], "no_runbook", "{found}");
    let path = found[0]["draft"]["path"].as_str().unwrap().to_owned();
    assert!(!workspace.root().join(&path).exists(), "nothing is written before it is accepted");
    let preview = workspace.ok(&["review", "1", "--accept", "runbook", "--dry-run"]);
    assert!(preview.contains(&path) && !workspace.root().join(&path).exists(), "{preview}");
    workspace.ok(&["review", "1", "--accept", "runbook"]);
    let text = std::fs::read_to_string(workspace.root().join(&path)).unwrap();
    assert!(text.contains("rerun of load") && text.contains("match = [{ flow = \"load\" }]") && !text.contains("```"), "{text}");
    workspace.ok(&["check"]);
    let again = workspace.run(&["review", "1", "--accept", "runbook"]);
    assert_eq!(again.status.code(), Some(1), "it was taken already");
    assert!(
        workspace.json(&["review", "1"]).as_array().unwrap().iter().all(|one| !one["decided"].is_null() || one["finding"] != "no_runbook")
    );
    let wrong = workspace.run(&["review", "1", "--accept", "unicorn"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("does not propose `unicorn`"));
}

#[test]
fn done_by_hand_twice_is_a_candidate_and_the_past_says_what_helped() {
    let workspace = failing();
    fails_and_is_repaired(&workspace);
    fails_and_is_repaired(&workspace);
    let incident = workspace.json(&["incident", "2"]);
    let similar = &incident["similar"][0];
    assert_eq!((similar["id"].as_u64(), similar["why"].as_str()), (Some(1), Some("the same alert")));
    assert_eq!(similar["fixed_by"][0], "rerun of load");
    let found = workspace.json(&["review", "2"]);
    let retry = found.as_array().unwrap().iter().find(|one| one["finding"]["hand_rerun"]["flow"] == "load").expect("a candidate");
    assert_eq!(retry["evidence"], "done by hand in incidents 2, 1");
    let preview = workspace.ok(&["review", "2", "--accept", "retry", "--dry-run"]);
    assert!(preview.contains("takes: load is run again by hand") && preview.contains("writes no file"), "{preview}");
    let preview = workspace.ok(&["review", "2", "--dismiss", "retry", "--dry-run"]);
    assert!(preview.contains("puts away: load is run again by hand"), "{preview}");
    let taken = workspace.ok(&["review", "1", "--accept", "retry"]);
    assert!(taken.contains("left to do by hand") && taken.contains("retry ="), "{taken}");
    workspace.ok(&["review", "2", "--dismiss", "retry"]);
    let waiting = workspace.json(&["review"]);
    let of_two = waiting.as_array().unwrap().iter().find(|row| row["incident"] == 2).unwrap();
    assert!(of_two["proposals"].as_array().unwrap().iter().all(|one| one["finding"] == "no_runbook"), "{waiting}");
}

#[test]
fn words_are_found_in_notes_runbooks_and_past_incidents() {
    let workspace = failing();
    workspace.file("runbooks/zebra.md", "# Stripes\n\nLook at the okapi first.\n");
    workspace.file("notes/free.md", "# Okapi and zebra\n\nboth were there\n");
    fails_and_is_repaired(&workspace);
    let hits = workspace.json(&["search", "okapi"]);
    let titles: Vec<_> = hits.as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Okapi and zebra", "Stripes"], "a title beats a text");
    assert_eq!(hits[1]["excerpt"][1], "Look at the okapi first.");
    assert_eq!(workspace.json(&["search", "rerun", "of", "load"])[0]["goes"]["incident"], 1);
    assert_eq!(workspace.json(&["search", "unicorn"]).as_array().unwrap().len(), 0);
    // A link, a pipe and a folder that look like notes are left alone and told.
    std::os::unix::fs::symlink("/etc/passwd", workspace.root().join("notes/link.md")).unwrap();
    std::fs::create_dir(workspace.root().join("notes/folder.md")).unwrap();
    let output = workspace.run(&["search", "okapi"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("link.md is a symbolic link") && told.contains("folder.md is a folder"), "{told}");
}

#[test]
fn figures_are_exported_for_a_spreadsheet() {
    let workspace = failing();
    fails_and_is_repaired(&workspace);
    let csv = workspace.ok(&["figures", "--since", "1d", "--csv"]);
    let rows = dogwatch::notes::csv::read(&csv);
    assert_eq!(rows[0][..3], ["service", "incidents", "open"]);
    assert_eq!((rows[1][0].as_str(), rows[1][1].as_str(), rows[2][0].as_str()), ("all", "1", "load"));
    let column = rows[0].iter().position(|name| name == "acknowledge_median_seconds").unwrap();
    assert_eq!(rows[1][column], "", "nobody acknowledged it: not known, not 0");
    let json = workspace.json(&["figures", "--by", "severity"]);
    assert_eq!((json["all"]["incidents"].as_u64(), json["all"]["acknowledge"]["known"].as_u64()), (Some(1), Some(0)));
    assert!(json["all"]["acknowledge"]["median"].is_null() && json["all"]["resolve"]["median"].is_number(), "{json}");
    assert_eq!(workspace.run(&["figures", "--since", "tomorrow"]).status.code(), Some(2));
}

/// A night's incident that a person sent in, about nothing that a probe looks at.
fn sent_in_by_hand() -> (World, Vec<Proposal>) {
    let mut night = Night { entries: Vec::new() };
    let labels: Labels =
        [("alertname".to_owned(), "Slow".to_owned()), ("service".to_owned(), "../../.ssh/authorized_keys".to_owned())].into();
    let alert = Fingerprint::of(&labels);
    let incident = IncidentId(1);
    let cause = AlertCause::Outside { link: None };
    let notice = AlertNotice { labels: labels.clone(), severity: Severity::High, summary: "customers call".into(), cause };
    night.at("01:00:00", person("ana"), Event::AlertFiring { alert, source: SourceId::local(), notice });
    let title = "customers call".to_owned();
    night.at(
        "01:00:00",
        Author::Engine,
        Event::IncidentOpened { incident, title, severity: Severity::High, group: labels, alert, previous: None },
    );
    night.at("01:30:00", person("ana"), Event::IncidentResolved { incident, reason: "cache emptied".into() });
    let world = World::fold(&night.entries);
    let found = review(&world, world.incident(incident).unwrap());
    (world, found)
}

#[test]
fn noticed_by_a_person_drafts_a_probe_that_stays_beneath_the_workspace() {
    let (_, found) = sent_in_by_hand();
    let missing = found.iter().find(|one| one.finding == Finding::NoProbe).unwrap();
    let draft = missing.draft.as_ref().unwrap();
    assert_eq!(draft.path, "probes/ssh-authorized-keys.toml");
    assert!(draft.with_address("").is_err() && draft.with_address("a\"\nb = 1").is_err() && draft.with_address("shop").is_err());
    let text = draft.with_address("https://shop.example/slow").unwrap();
    let read: toml::Table = toml::from_str(&text).unwrap();
    let probe = &read["ssh-authorized-keys"];
    assert_eq!(probe["http"].as_str(), Some("https://shop.example/slow"));
    assert_eq!(probe["labels"]["service"].as_str(), Some("../../.ssh/authorized_keys"));
    assert!(draft.with_address("db1:5432").unwrap().contains("tcp = \"db1:5432\""));
}

#[test]
fn a_draft_is_placed_only_where_reviews_draft_and_never_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for path in [
        "../x.md",
        "runbooks/../x.md",
        "runbooks/.x.md",
        "runbooks/a/b.md",
        "flows/x.toml",
        "runbooks/x.toml",
        "/etc/x.md",
        "probes/.toml",
        "x.md",
    ] {
        assert!(place_draft(root, path, "x").is_err(), "{path}");
    }
    place_draft(root, "runbooks/x.md", "one").unwrap();
    assert!(place_draft(root, "runbooks/x.md", "two").is_err());
    assert_eq!(std::fs::read_to_string(root.join("runbooks/x.md")).unwrap(), "one");
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), root.join("probes")).unwrap();
    assert!(place_draft(root, "probes/x.toml", "x").is_err(), "a link that leads out of the workspace");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_reviewed_incident_is_over_and_its_record_says_how_far() {
    let mut night = night();
    let incident = IncidentId(1);
    night.at("02:00:00", person("leo"), Event::WriteUpMoved { incident, state: State::Reviewed });
    let world = World::fold(&night.entries);
    let row = world.incident(incident).unwrap();
    assert_eq!((row.stage, row.is_open()), (Stage::Reviewed, false));
    let write_up = row.write_up.as_ref().unwrap();
    assert_eq!((write_up.by.as_deref(), write_up.authors.iter().next().map(String::as_str)), (Some("leo"), Some("ana")));
    let record = &world.records[&incident];
    assert_eq!((record.write_up, record.deeds_in_all), (Some(State::Reviewed), 1));
    assert_eq!(record.deeds[0].to_string(), "rerun of nightly-orders");
}

#[test]
fn labels_alone_make_alike_and_another_matter_is_not() {
    let mut night = night();
    let mut add = |number: u32, pairs: &[(&str, &str)], ended: bool| {
        let labels: Labels = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (alert, incident) = (Fingerprint::of(&labels), IncidentId(number));
        let notice = AlertNotice {
            labels: labels.clone(),
            severity: Severity::High,
            summary: "x".into(),
            cause: AlertCause::Outside { link: None },
        };
        night.at("02:00:00", Author::Engine, Event::AlertFiring { alert, source: "prom".into(), notice });
        let title = format!("number {number}");
        night.at(
            "02:00:00",
            Author::Engine,
            Event::IncidentOpened { incident, title, severity: Severity::High, group: labels, alert, previous: None },
        );
        if ended {
            night.at("02:10:00", Author::Engine, Event::AlertResolved { alert, reason: "over".into() });
            night.at("02:10:00", Author::Engine, Event::IncidentResolved { incident, reason: "over".into() });
        }
    };
    add(2, &[("alertname", "DiskFull"), ("service", "shop"), ("env", "prod"), ("host", "db1")], true);
    add(3, &[("alertname", "Other"), ("service", "mail"), ("env", "test"), ("host", "mx")], true);
    add(4, &[("alertname", "DiskFull"), ("service", "shop"), ("env", "prod"), ("host", "db2")], false);
    let world = World::fold(&night.entries);
    let found = similar(&world, world.incident(IncidentId(4)).unwrap(), 10);
    assert_eq!(found.iter().map(|row| row.id.0).collect::<Vec<_>>(), [2], "{found:?}");
    assert_eq!(found[0].why, "alertname=DiskFull env=prod service=shop");
    assert_eq!(found[0].fixed_by, ["by itself: over"]);
}

/// A rerun of the same flow in two incidents, told as entries.
#[test]
fn a_machine_that_acts_is_no_hand() {
    let mut night = night();
    let cause = RunCause::Rerun { of: "nightly-orders/2".parse().unwrap(), scope: Scope::Failed, reason: "retry".into() };
    let run = RunId::numbered("nightly-orders".into(), 3);
    let created = Event::RunCreated {
        run: run.clone(),
        cause,
        planned_at: "2026-11-21T02:00:00Z".parse().unwrap(),
        date: "2026-11-20".parse().unwrap(),
        params: dogwatch::domain::Params::new(),
        definition: dogwatch::world::World::fold(&night.entries).flow(&"nightly-orders".into()).unwrap().digest.clone(),
        choice: DefinitionChoice::Ran,
        carried: vec![],
    };
    night.entries.truncate(night.entries.len() - 1);
    night.at("01:55:00", Author::Engine, created);
    night.at("01:56:00", Author::Engine, Event::RunEnded { run, outcome: Outcome::Success });
    night.at("01:57:00", person("ana"), Event::IncidentResolved { incident: IncidentId(1), reason: "over".into() });
    let entries: Vec<Entry> = night.entries;
    let world = World::fold(&entries);
    assert_eq!(world.records[&IncidentId(1)].deeds_in_all, 1, "only leo's rerun");
}
