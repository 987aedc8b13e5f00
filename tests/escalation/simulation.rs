//! Nights of alerts, acknowledgements and crashes by chance: whatever happens, each step of a chain is told once, in its
//! order, to each channel once; nobody is told of what is acknowledged; and every end is told to those who were told.

use super::{alert, at, night, over, people};
use crate::made::Made;
use dogwatch::domain::message::Fate;
use dogwatch::domain::people::Told;
use dogwatch::domain::*;
use dogwatch::world::World;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

struct Chance(u64);

impl Chance {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

const NAMES: [&str; 4] = ["ProbeDown", "DiskFull", "QueueLong", "CertEnds"];

/// The daemon dies, what was under way is lost with it, and the next one knows the journal alone.
fn crash(made: &mut Made, minutes: u64) {
    let world = World::fold(&made.entries);
    assert_eq!(world, made.world);
    made.world = world;
    made.now += SignedDuration::from_mins(i64::try_from(minutes).unwrap());
    let started = Report::DaemonStarted { version: "1".into(), pid: 2, boot_id: "boot".into(), host: "host".into() };
    made.report(&started);
    made.due();
}

fn one_night(seed: u64) -> Made {
    let mut chance = Chance(seed);
    let mut people = people();
    people.chains[0].repeat = u32::try_from(chance.below(3)).unwrap();
    if chance.below(2) == 0 {
        people.chains[0].steps[1].on = vec!["leo-hook".into()];
    }
    people.hours.off_hours = (chance.below(2) == 0).then(|| [Severity::Critical].into());
    let mut made = night(people);
    super::ack_lives(&mut made, if chance.below(2) == 0 { 30 } else { 0 });
    for _ in 0..120 {
        let name = NAMES[usize::try_from(chance.below(4)).unwrap()];
        match chance.below(11) {
            0 | 1 => {
                let severity = if chance.below(2) == 0 { Severity::Critical } else { Severity::High };
                let cause =
                    if chance.below(2) == 0 { AlertCause::Outside { link: None } } else { AlertCause::ProbeDown { probe: "p".into() } };
                super::define(&mut made, alert(name, severity, cause));
            }
            2 => drop(over(&mut made, name)),
            3 | 4 => {
                let open = made.world.open_groups.values().next().copied();
                // Where it is acknowledged already, that is refused.
                let _ = open.map(|incident| made.command(Command::Acknowledge { incident, note: None }));
            }
            5 => {
                let open = made.world.open_groups.values().next().copied();
                let _ = open.map(|incident| made.command(Command::Unacknowledge { incident }));
            }
            6 => crash(&mut made, chance.below(30)),
            _ => {}
        }
        let sending: Vec<_> = made.world.channels.values().filter_map(|channel| channel.sending.clone()).collect();
        for message in sending {
            match chance.below(8) {
                0 => drop(made.report(&Report::MessageFailed { message, error: "503".into(), fate: Fate::NotTaken, retry_after: None })),
                1 => {}
                _ => drop(made.report(&Report::MessageSent { message })),
            }
        }
        made.after(SignedDuration::from_secs(i64::try_from(chance.below(600)).unwrap()));
    }
    made
}

/// What has to hold of the record of any night.
fn laws(entries: &[Entry], seed: u64) {
    let mut chains: BTreeMap<IncidentId, (u64, Option<(u32, u32)>)> = BTreeMap::new();
    let mut acknowledged: BTreeSet<IncidentId> = BTreeSet::new();
    let mut over: BTreeSet<IncidentId> = BTreeSet::new();
    let mut told: BTreeMap<IncidentId, BTreeSet<Told>> = BTreeMap::new();
    let mut recoveries: BTreeMap<IncidentId, Vec<Told>> = BTreeMap::new();
    let mut ids: BTreeSet<MessageId> = BTreeSet::new();
    let mut owed: Vec<(Timestamp, IncidentId, Told)> = Vec::new();
    for entry in entries {
        let seq = entry.seq;
        match &entry.event {
            Event::EscalationStarted { incident, .. } => {
                assert!(
                    !acknowledged.contains(incident) && !over.contains(incident),
                    "seed {seed}, entry {seq}: a chain begins without need"
                );
                chains.insert(*incident, (seq, None));
            }
            Event::IncidentAcknowledged { incident, .. } => drop(acknowledged.insert(*incident)),
            Event::AcknowledgementEnded { incident, .. } => drop(acknowledged.remove(incident)),
            Event::IncidentResolved { incident, .. } => drop(over.insert(*incident)),
            Event::IncidentEscalated { incident, round, step, told: now, .. } => {
                assert!(!acknowledged.contains(incident), "seed {seed}, entry {seq}: told of what is acknowledged");
                assert!(!over.contains(incident), "seed {seed}, entry {seq}: told of what is over");
                let (_, last) = chains.get_mut(incident).unwrap();
                let expected = match *last {
                    None => (0, 0),
                    Some((round, 2)) => (round + 1, 0),
                    Some((round, step)) => (round, step + 1),
                };
                assert_eq!((*round, *step), expected, "seed {seed}, entry {seq}: a step was lost or came twice");
                *last = Some((*round, *step));
                told.entry(*incident).or_default().extend(now.iter().cloned());
                owed.extend(now.iter().map(|one| (entry.at, *incident, one.clone())));
            }
            Event::IncidentRetold { incident, told, .. } => owed.extend(told.iter().map(|one| (entry.at, *incident, one.clone()))),
            Event::RecoveryTold { incident, told } => {
                assert!(over.contains(incident));
                recoveries.entry(*incident).or_default().extend(told.iter().cloned());
                owed.extend(told.iter().map(|one| (entry.at, *incident, one.clone())));
            }
            Event::MessageDue { message } if message.point == Point::Storm => {}
            Event::MessageDue { message } => {
                assert!(ids.insert(message.id.clone()), "seed {seed}, entry {seq}: {} twice", message.subject);
                pay(&mut owed, entry.at, message.incident, &message.channel, message.person.as_ref());
            }
            Event::MessageHeldBack { message, .. } => {
                pay(&mut owed, entry.at, message.incident, &message.channel, message.person.as_ref());
            }
            _ => {}
        }
    }
    assert!(owed.is_empty(), "seed {seed}: facts without a message: {owed:?}");
    for (incident, told) in told.iter().filter(|(incident, _)| over.contains(incident)) {
        let mut recovered = recoveries.remove(incident).unwrap_or_default();
        recovered.sort();
        assert_eq!(recovered, told.iter().cloned().collect::<Vec<_>>(), "seed {seed}: the end of {incident} is told to all, once");
    }
    assert!(recoveries.is_empty(), "seed {seed}: an end was told of which nobody knew");
}

fn pay(
    owed: &mut Vec<(Timestamp, IncidentId, Told)>,
    at: Timestamp,
    incident: Option<IncidentId>,
    channel: &ChannelId,
    person: Option<&PersonId>,
) {
    let is = |(when, of, told): &(Timestamp, IncidentId, Told)| {
        *when == at && Some(*of) == incident && told.channel == *channel && told.person.as_ref() == person
    };
    let place = owed.iter().position(is).expect("a message follows from a fact");
    owed.remove(place);
}

#[test]
fn no_night_loses_or_repeats_a_message() {
    let (mut escalated, mut recovered, mut put_off) = (0, 0, 0);
    for seed in 0..60 {
        let mut made = one_night(seed);
        // Long enough for every end that waits for Monday.
        made.now = made.now.max(at("2026-11-24T12:00:00Z"));
        for _ in 0..20 {
            crash(&mut made, 5);
            super::take(&mut made);
        }
        laws(&made.entries, seed);
        let count = |is: fn(&Event) -> bool| made.entries.iter().filter(|entry| is(&entry.event)).count();
        escalated += count(|event| matches!(event, Event::IncidentEscalated { .. }));
        recovered += count(|event| matches!(event, Event::RecoveryTold { .. }));
        put_off += count(|event| matches!(event, Event::EscalationDeferred { .. }));
    }
    assert!(escalated > 400 && recovered > 40 && put_off > 20, "too little happens: {escalated} {recovered} {put_off}");
}
