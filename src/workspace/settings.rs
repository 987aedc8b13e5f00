//! `dogwatch.toml`: the workspace's name and zone, whose daemon it is, who may look and act, what is kept for how long.

use super::calendar::Calendars;
use super::channel;
use super::file::SourceFile;
use super::maintenance;
use super::messages::{self, ChannelNames};
use super::name::name_problem;
use super::people;
use super::table::{self, Keys, Table};
use crate::domain::approval::TwoPeople;
use crate::domain::condition::Pools;
use crate::domain::evidence::EvidenceSettings;
use crate::domain::message::Messages;
use crate::domain::outside::OutsideSettings;
use crate::domain::people::People;
use crate::domain::{AckLife, Anchors, ChannelDefinition, IntakeDefinition, MaintenanceWindow, ProcedureRules, SourceDefinition};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use toml::de::DeValue;

const DAY: Duration = Duration::from_hours(24);

/// What `dogwatch.toml` says beside the definitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The workspace's name. Default: its folder's name.
    pub name: String,
    /// IANA zone in which times are shown and schedules are read. Default `UTC`.
    pub zone: String,
    /// Labels whose equal values put alerts into one incident. Default `source` and `service` (RULES: grouping).
    pub group_by: Vec<String>,
    /// The Unix user whose daemon this workspace's is; anybody's where it is absent.
    pub daemon_user: Option<String>,
    /// Attempts that may run at the same time. Default 16.
    pub max_running: u32,
    /// The folder of the socket on a shared host, which the access groups may enter.
    pub socket_dir: Option<PathBuf>,
    /// Who may look and act; absent: the daemon's owner alone.
    pub access: Option<Access>,
    /// What is kept for how long.
    pub retention: Retention,
    /// How people are told.
    pub channels: Vec<ChannelDefinition>,
    /// Who is told at which key point of a flow that does not say so itself.
    pub messages: Messages,
    /// Pools with their units.
    pub pools: Pools,
    /// The local time at which a batch day begins. Default midnight.
    pub batch_day: Time,
    /// Neighbours.
    pub sources: Vec<SourceDefinition>,
    /// How alerts come in over HTTP; not at all where it is absent.
    pub intake: Option<IntakeDefinition>,
    /// Maintenance windows, sorted by name.
    pub maintenance: Vec<Arc<MaintenanceWindow>>,
    /// How long an acknowledgement lives without a sign of life. Default 30 minutes, asked 5 minutes before.
    pub ack: AckLife,
    /// People, rotas, hours and chains of escalation.
    pub people: People,
    /// Where changes of the machine are read from.
    pub outside: OutsideSettings,
    /// What is gathered for which incidents, and what is masked in it.
    pub evidence: EvidenceSettings,
    /// What is asked of steps of runbooks.
    pub procedure_rules: ProcedureRules,
    /// Where the head of the journal is told outside.
    pub anchors: Anchors,
}

/// Who may do what. A person has the highest level that names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// May look.
    pub viewers: Vec<Principal>,
    /// May act.
    pub operators: Vec<Principal>,
    /// May also give the second word.
    pub approvers: Vec<Principal>,
}

/// A Unix user, or a Unix group written with `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A user's name.
    User(String),
    /// A group's name, without the `@`.
    Group(String),
}

/// What is kept for how long. The journal is kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Every single probe reading. Default 14 days; rollups are kept longer.
    pub samples: Duration,
    /// Rollups of probe readings. Default 400 days: last year's season can be compared.
    pub rollups: Duration,
    /// Output of attempts. Default 30 days.
    pub output: Duration,
    /// After this a file of the journal is closed and the next one begun; none is removed. Default 31 days.
    pub journal_file: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { samples: DAY * 14, rollups: DAY * 400, output: DAY * 30, journal_file: DAY * 31 }
    }
}

const KEYS: Keys = Keys {
    known: &[
        "name",
        "timezone",
        "group_by",
        "daemon",
        "access",
        "retention",
        "batch_day",
        "channels",
        "messages",
        "pools",
        "source",
        "intake",
        "grouping",
        "maintenance",
        "ack",
        "outside",
        "evidence",
        "secrets",
        "remediation",
        "people",
        "rota",
        "override",
        "hours",
        "escalation",
        "anchor",
    ],
    later: &["guard"],
};
const GROUPING: Keys = Keys { known: &["by"], later: &[] };
const DAEMON: Keys = Keys { known: &["user", "max_running", "socket_dir"], later: &[] };
const BATCH_DAY: Keys = Keys { known: &["begins"], later: &[] };
const ACCESS: Keys = Keys { known: &["operators", "viewers", "approvers", "two_people", "approval_expires", "break_glass"], later: &[] };
const REMEDIATION: Keys = Keys { known: &["per_hour"], later: &[] };
const TWO_PEOPLE: &[(&str, TwoPeople)] = &[("dangerous", TwoPeople::Dangerous), ("all", TwoPeople::Always)];
const RETENTION: Keys = Keys { known: &["samples", "rollups", "output", "journal_file"], later: &[] };

/// Reads the file; what is wrong is noted in it. `root` is the workspace, `folder` the name that is taken where the file
/// gives none; `calendars` are those that it may name, absent where nobody asks.
pub(super) fn read(file: &SourceFile, root: &Path, folder: &str, calendars: Option<&Calendars>) -> Settings {
    let parsed = table::parse(file);
    let top = Table::open(file, parsed.get_ref(), 0..0, &KEYS);
    let daemon = top.table("daemon", &DAEMON);
    let channels = channel::read(&top, root);
    let names = ChannelNames::of(&channels);
    let zone = zone(&top, "timezone").unwrap_or_else(|| "UTC".to_owned());
    let given = top.table("access", &ACCESS);
    let access = given.as_ref().map(|access| Access {
        viewers: principals(access, "viewers"),
        operators: principals(access, "operators"),
        approvers: principals(access, "approvers"),
    });
    Settings {
        name: name(&top, folder),
        maintenance: maintenance::windows(&top, &zone),
        ack: maintenance::ack(&top),
        people: people::read(&top, &people::Known { channels: &names, calendars, zone: &zone }),
        zone,
        group_by: group_by(&top),
        daemon_user: daemon.as_ref().and_then(user),
        max_running: daemon.as_ref().and_then(|daemon| daemon.whole("max_running", 1..=10_000)).map_or(16, |number| number as u32),
        socket_dir: daemon.as_ref().and_then(socket_dir),
        procedure_rules: procedure_rules(&top, given.as_ref(), access.as_ref()),
        access,
        retention: top.table("retention", &RETENTION).map_or_else(Retention::default, |given| retention(&given)),
        messages: messages::read(&top, &Messages::default(), &names).unwrap_or_default(),
        channels: channels.into_iter().map(|(_, channel)| channel).collect(),
        pools: super::conditions::defined_pools(&top),
        batch_day: batch_day(&top).unwrap_or_default(),
        outside: super::evidence::outside(&top),
        evidence: super::evidence::read(&top),
        anchors: super::anchor::read(&top),
        sources: super::outside::sources(&top, root),
        intake: super::outside::intake(&top, root),
    }
}

/// `batch_day = "06:00"`, or a table with `begins`.
fn batch_day(top: &Table<'_>) -> Option<Time> {
    match top.value("batch_day")?.get_ref() {
        DeValue::Table(_) => top.table("batch_day", &BATCH_DAY)?.time("begins"),
        _ => top.time("batch_day"),
    }
}

/// A zone's name that exists, from a key.
pub(super) fn zone(table: &Table<'_>, key: &str) -> Option<String> {
    let text = table.text(key)?;
    if let Ok(zone) = TimeZone::get(text.value) {
        return Some(zone.iana_name().unwrap_or(text.value).to_owned());
    }
    let reason = format!("there is no time zone `{}`", text.value);
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    match super::error::nearest(text.value, names.iter().map(String::as_str)) {
        Some(name) => table.file.wrong_but(text.at, reason, format!("did you mean `{name}`?")),
        None => table.file.wrong_but(text.at, reason, "zones are named as in `Europe/Rome` or `UTC`"),
    }
    None
}

fn name(top: &Table<'_>, folder: &str) -> String {
    let Some(text) = top.text("name") else {
        // The folder's name is made fit: it becomes part of the state folder's name.
        let fit: String = folder.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).take(64).collect();
        return if name_problem(&fit).is_none() { fit } else { "workspace".to_owned() };
    };
    if let Some(problem) = name_problem(text.value) {
        top.file.wrong(text.at, format!("`name`: {problem}"));
    }
    text.value.to_owned()
}

fn group_by(top: &Table<'_>) -> Vec<String> {
    let table = top.table("grouping", &GROUPING);
    let given = table.as_ref().filter(|table| table.value("by").is_some());
    let labels = match (given, top.value("group_by")) {
        (Some(table), Some(_)) => {
            top.file.wrong_but(table.place("by"), "`grouping.by` and `group_by` say the same twice", "keep one of them");
            return Vec::new();
        }
        (Some(table), None) => table.texts("by"),
        (None, Some(_)) => top.texts("group_by"),
        (None, None) => return vec!["source".to_owned(), "service".to_owned()],
    };
    for label in &labels {
        if label.value.is_empty() || !label.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            top.file.wrong(label.at.clone(), format!("`{}` is not the name of a label", label.value));
        }
    }
    labels.into_iter().map(|label| label.value.to_owned()).collect()
}

fn user(daemon: &Table<'_>) -> Option<String> {
    let text = daemon.text("user")?;
    if let Some(problem) = account_problem(text.value) {
        daemon.file.wrong(text.at, format!("`user`: {problem}"));
        return None;
    }
    Some(text.value.to_owned())
}

fn socket_dir(daemon: &Table<'_>) -> Option<PathBuf> {
    let text = daemon.text("socket_dir")?;
    if !text.value.starts_with('/') {
        daemon.file.wrong(text.at, "`socket_dir` is a path from the root, such as `/run/dogwatch-ops`");
        return None;
    }
    Some(PathBuf::from(text.value))
}

fn principals(access: &Table<'_>, key: &str) -> Vec<Principal> {
    let read = |text: table::At<&str>| {
        let (name, is_group) = text.value.strip_prefix('@').map_or((text.value, false), |name| (name, true));
        if let Some(problem) = account_problem(name) {
            access.file.wrong_but(text.at, format!("`{key}`: {problem}"), "a Unix user such as `ana`, or a group such as `@ops`");
            return None;
        }
        Some(if is_group { Principal::Group(name.to_owned()) } else { Principal::User(name.to_owned()) })
    };
    access.texts(key).into_iter().filter_map(read).collect()
}

/// What is asked of steps of runbooks; the machine is known where the files are read.
fn procedure_rules(top: &Table<'_>, given: Option<&Table<'_>>, access: Option<&Access>) -> ProcedureRules {
    let mut rules = ProcedureRules::default();
    if let Some(per_hour) = top.table("remediation", &REMEDIATION).and_then(|table| table.whole("per_hour", 0..=1_000)) {
        rules.auto_per_hour = per_hour as u32;
    }
    let Some(given) = given else { return rules };
    let words = given.texts("two_people");
    for word in &words {
        match TWO_PEOPLE.iter().find(|(name, _)| *name == word.value) {
            Some((_, which)) if rules.two_people != TwoPeople::Always => rules.two_people = *which,
            Some(_) => {}
            None => given.file.wrong_but(word.at.clone(), format!("`two_people`: unknown `{}`", word.value), "known here: dangerous, all"),
        }
    }
    if rules.two_people != TwoPeople::Never && access.is_some_and(|access| access.approvers.is_empty()) {
        given.file.wrong_but(given.place("two_people"), "`two_people` without `approvers`: nobody could approve", "name them in approvers");
    }
    rules.approval_expires = given.span("approval_expires", Duration::from_mins(1)..=DAY).unwrap_or(rules.approval_expires);
    rules.break_glass = given.flag("break_glass").unwrap_or(false);
    rules
}

/// What the name of a Unix user or group cannot be; directory services allow more than the classic letters.
pub(super) fn account_problem(name: &str) -> Option<&'static str> {
    let is_wrong = |character: char| character.is_control() || character.is_whitespace() || ":,/@".contains(character);
    if name.is_empty() || name.len() > 256 || name.starts_with('-') || name.contains(is_wrong) {
        Some("this is not the name of a Unix user or group")
    } else {
        None
    }
}

fn retention(given: &Table<'_>) -> Retention {
    let default = Retention::default();
    let limits = || Duration::from_hours(1)..=DAY * 3660;
    Retention {
        samples: given.span("samples", limits()).unwrap_or(default.samples),
        rollups: given.span("rollups", limits()).unwrap_or(default.rollups),
        output: given.span("output", limits()).unwrap_or(default.output),
        journal_file: given.span("journal_file", limits()).unwrap_or(default.journal_file),
    }
}

/// What must be known of a workspace even where its files are wrong: its name, and the folder of its socket.
pub(super) struct Glance {
    /// The name, or the folder's name.
    pub name: String,
    /// The folder of the socket.
    pub socket_dir: Option<PathBuf>,
    /// The Unix user whose daemon this workspace's is.
    pub daemon_user: Option<String>,
    /// Where the head of the journal is told outside.
    pub anchors: Anchors,
}

/// Where the workspace in this folder tells the head of its journal, also where its files are wrong.
pub fn anchors(root: &Path) -> Anchors {
    glance(root).anchors
}

/// Looks at `dogwatch.toml` without telling its errors; [`super::load`] tells them.
pub(super) fn glance(root: &std::path::Path) -> Glance {
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = SourceFile::read(root, super::WORKSPACE_FILE).unwrap_or_else(|_| SourceFile::of_text(super::WORKSPACE_FILE, ""));
    let settings = read(&file, root, &folder, None);
    let name = if name_problem(&settings.name).is_none() { settings.name } else { "workspace".to_owned() };
    Glance { name, socket_dir: settings.socket_dir, daemon_user: settings.daemon_user, anchors: settings.anchors }
}
