//! `[[escalation]]`: who is told of an incident of which severity, in which order.

use super::rotas::rota_named;
use super::{DAY_HOURS, HOUR, Known, person_named, unknown};
use crate::domain::people::{Chain, Person, Rota, Rung, Whom};
use crate::domain::{ChannelId, PersonId, RotaId, Severity};
use crate::workspace::error::nearest;
use crate::workspace::flow::SEVERITIES;
use crate::workspace::table::{At, Keys, Table, word_of};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const ESCALATION: Keys = Keys { known: &["severity", "step", "repeat", "patience"], later: &[] };
const STEP: Keys = Keys { known: &["wait", "tell"], later: &[] };

/// Steps that a chain may have.
const STEPS_MAX: usize = 20;

/// Reads the chains.
pub(super) fn read(top: &Table<'_>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota], known: &Known<'_>) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for table in top.tables("escalation", &ESCALATION) {
        let severities = severities(&table, "severity");
        if table.value("severity").is_none() {
            table.file.wrong_but(table.at.clone(), "a chain needs the key `severity`", "one of critical, high, warning, info, or a list");
        }
        if let Some(twice) = severities.iter().find(|severity| chains.iter().any(|chain| chain.severities.contains(severity))) {
            table.file.wrong(table.place("severity"), format!("there is a chain for {twice} already"));
            continue;
        }
        let steps = table.tables("step", &STEP);
        if steps.is_empty() || steps.len() > STEPS_MAX {
            let reason = format!("a chain has 1 to {STEPS_MAX} steps");
            table.file.wrong_but(table.place("step"), reason, "`[[escalation.step]]` with `wait` and `tell`");
        }
        let patience = table.span("patience", Duration::from_mins(1)..=HOUR * DAY_HOURS);
        chains.push(Chain {
            severities,
            steps: steps.iter().map(|table| rung(table, people, rotas, known)).collect(),
            repeat: table.whole("repeat", 0..=20).map_or(0, |repeat| repeat as u32),
            patience: patience.unwrap_or(Duration::from_mins(15)),
        });
    }
    chains
}

fn rung(table: &Table<'_>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota], known: &Known<'_>) -> Rung {
    let mut tell: Vec<Whom> = Vec::new();
    for text in table.texts("tell") {
        match whom(table, &text, people, rotas, known) {
            Some(whom) if tell.contains(&whom) => table.file.wrong(text.at, format!("`{whom}` is named twice")),
            Some(whom) => tell.push(whom),
            None => {}
        }
    }
    if table.texts("tell").is_empty() {
        table.file.wrong_but(table.at.clone(), "a step needs the key `tell`", "such as [\"rota:primary\", \"person:lea\"]");
    }
    Rung { wait: table.span("wait", Duration::ZERO..=HOUR * DAY_HOURS).unwrap_or_default(), tell }
}

fn whom(table: &Table<'_>, text: &At<&str>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota], known: &Known<'_>) -> Option<Whom> {
    let Some((kind, name)) = text.value.split_once(':') else {
        let hint = "one of rota:NAME, person:NAME, team:NAME, channel:NAME";
        table.file.wrong_but(text.at.clone(), format!("`{}` does not say who that is", text.value), hint);
        return None;
    };
    match kind {
        "rota" => rota_named(table, text, name, rotas).then(|| Whom::Rota(RotaId::new(name))),
        "person" => {
            let id = person_named(table, text, name, people)?;
            if people.get(&id).is_some_and(|person| person.channels.is_empty()) {
                let hint = format!("give `[people.{name}]` channels");
                table.file.wrong_but(text.at.clone(), format!("`{name}` has no channel on which to be told"), hint);
            }
            Some(Whom::Person(id))
        }
        "team" => {
            let teams: BTreeSet<&str> = people.values().flat_map(|person| &person.teams).map(String::as_str).collect();
            if !teams.contains(name) {
                unknown(table, "team", text, name, teams.into_iter(), &format!("give a person teams = [\"{name}\"]"));
                return None;
            }
            Some(Whom::Team(name.to_owned()))
        }
        "channel" => known.channels.checked(table, text, name).then(|| Whom::Channel(ChannelId::new(name))),
        _ => {
            let reason = format!("`{kind}` is nobody who can be told");
            match nearest(kind, ["rota", "person", "team", "channel"]) {
                Some(word) => table.file.wrong_but(text.at.clone(), reason, format!("did you mean `{word}:{name}`?")),
                None => table.file.wrong_but(text.at.clone(), reason, "one of rota:NAME, person:NAME, team:NAME, channel:NAME"),
            }
            None
        }
    }
}

/// The severities that a key names.
pub(super) fn severities(table: &Table<'_>, key: &str) -> BTreeSet<Severity> {
    table.texts(key).iter().filter_map(|text| word_of(table.file, key, text, SEVERITIES)).collect()
}
