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
const STEP: Keys = Keys { known: &["wait", "tell", "on"], later: &[] };

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
    let (named, channels) = (table.texts("tell"), table.texts("on"));
    let on = known.channels.those(table, &channels);
    // Where a channel does not exist, that is told; who has none of the others is not.
    let exist = channels.iter().all(|text| on.iter().any(|channel| channel.as_str() == text.value));
    let mut tell: Vec<Whom> = Vec::new();
    for text in &named {
        match whom(table, text, people, rotas, known) {
            Some(whom) if tell.contains(&whom) => table.file.wrong(text.at.clone(), format!("`{whom}` is named twice")),
            Some(whom) => {
                if exist {
                    have_one_of(table, text, &members(&whom, people, rotas), &on);
                }
                tell.push(whom);
            }
            None => {}
        }
    }
    if named.is_empty() {
        table.file.wrong_but(table.at.clone(), "a step needs the key `tell`", "such as [\"rota:primary\", \"person:lea\"]");
    }
    is_of_use(table, &named);
    Rung { wait: table.span("wait", Duration::ZERO..=HOUR * DAY_HOURS).unwrap_or_default(), tell, on }
}

/// Whom a step may mean: the person, everybody of the rota or of the team.
fn members<'a>(whom: &Whom, people: &'a BTreeMap<PersonId, Person>, rotas: &[Rota]) -> Vec<(&'a PersonId, &'a Person)> {
    let is_one = |(id, person): &(&PersonId, &Person)| match whom {
        Whom::Person(named) => *id == named,
        Whom::Rota(named) => rotas.iter().any(|rota| rota.id == *named && rota.people.contains(id)),
        Whom::Team(named) => person.teams.contains(named),
        Whom::Channel(_) => false,
    };
    people.iter().filter(is_one).collect()
}

/// Whoever a step may mean has one of the channels that it names. Who has no channel at all is told already.
fn have_one_of(table: &Table<'_>, text: &At<&str>, members: &[(&PersonId, &Person)], on: &[ChannelId]) {
    let names = on.iter().map(ChannelId::as_str).collect::<Vec<_>>().join(", ");
    let reachable = |person: &Person| person.channels.is_empty() || person.channels.iter().any(|channel| on.contains(channel));
    for (id, _) in members.iter().filter(|(_, person)| !on.is_empty() && !reachable(person)) {
        let reason = format!("`{id}` has none of the channels {names}");
        table.file.wrong_but(text.at.clone(), reason, format!("give `[people.{id}]` one of them"));
    }
}

/// The channels of a step are those of people: without one, and without people, they say nothing.
fn is_of_use(table: &Table<'_>, tell: &[At<&str>]) {
    let Some(on) = table.value("on") else { return };
    if on.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        let hint = "leave `on` out, and people are told on all of their channels";
        table.file.wrong_but(on.span(), "`on` names no channel", hint);
    }
    if !tell.is_empty() && tell.iter().all(|text| text.value.starts_with("channel:")) {
        let hint = "leave `on` out, or name a rota, a person or a team in `tell`";
        table.file.wrong_but(on.span(), "`on` is for people, and this step tells only channels", hint);
    }
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
