//! Definitions and worlds for tests of the rules.
#![allow(dead_code, reason = "each test file uses a part of it")]

use dogwatch::domain::probe::Target;
use dogwatch::domain::*;
use dogwatch::rules::{self, Asked, Decision};
use dogwatch::world::World;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

pub fn step(name: &str, needs: &[&str]) -> StepDefinition {
    StepDefinition {
        run: Some(CommandLine::Shell(format!("bin/{name}"))),
        needs: needs.iter().map(|need| (*need).into()).collect(),
        ..StepDefinition::new(name)
    }
}

pub fn flow(id: &str, schedules: &[&str], steps: Vec<StepDefinition>) -> FlowDefinition {
    FlowDefinition {
        file: format!("flows/{id}.toml"),
        schedules: schedules.iter().map(|line| (*line).to_owned()).collect(),
        steps,
        ..FlowDefinition::new(id)
    }
}

pub fn probe(id: &str) -> ProbeDefinition {
    let target = Target::Tcp { address: "db:5432".into() };
    ProbeDefinition { file: "probes/shop.toml".into(), severity: Severity::Critical, ..ProbeDefinition::new(id, target) }
}

pub fn ana() -> Author {
    Author::Person { uid: 1000, user: "ana".into(), login_uid: None, sudo_claim: None }
}

/// A world with a clock, and what was asked of the outside.
pub struct Made {
    pub world: World,
    pub now: Timestamp,
    pub entries: Vec<Entry>,
    pub effects: Vec<Effect>,
    pub random: u64,
}

impl Made {
    pub fn at(now: &str) -> Self {
        Self { world: World::new(), now: now.parse().unwrap(), entries: vec![], effects: vec![], random: u64::MAX / 2 }
    }

    pub fn flow(mut self, flow: FlowDefinition) -> Self {
        self.carry_out(Decision { events: vec![Event::FlowDefined { flow: Arc::new(flow) }], effects: vec![] }, &Author::Engine);
        self
    }

    pub fn probe(mut self, probe: ProbeDefinition) -> Self {
        self.carry_out(Decision { events: vec![Event::ProbeDefined { probe: Arc::new(probe) }], effects: vec![] }, &Author::Engine);
        self
    }

    /// The entries that this decision led to.
    pub fn carry_out(&mut self, decision: Decision, author: &Author) -> Vec<Event> {
        let asked = Asked { author, now: self.now, boot_id: "boot", random: self.random, level: Level::Approver };
        let (entries, effects) = rules::carry_out(&mut self.world, decision, &asked);
        self.effects.extend(effects);
        let events = entries.iter().map(|entry| entry.event.clone()).collect();
        self.entries.extend(entries);
        events
    }

    #[allow(clippy::needless_pass_by_value, reason = "a command is written where it is asked")]
    pub fn command(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        let author = ana();
        let asked = Asked { author: &author, now: self.now, boot_id: "boot", random: self.random, level: Level::Approver };
        let decision = rules::decide(&self.world, &command, &asked)?;
        Ok(self.carry_out(decision, &author))
    }

    pub fn preview(&self, command: &Command) -> Result<Vec<String>, Refusal> {
        let author = ana();
        rules::preview(
            &self.world,
            command,
            &Asked { author: &author, now: self.now, boot_id: "boot", random: self.random, level: Level::Approver },
        )
    }

    pub fn report(&mut self, report: &Report) -> Vec<Event> {
        let asked = Asked { author: &Author::Engine, now: self.now, boot_id: "boot", random: self.random, level: Level::Approver };
        let decision = rules::report(&self.world, report, &asked);
        self.carry_out(decision, &Author::Engine)
    }

    /// Ends the attempt of a step that runs now.
    pub fn end(&mut self, step: &str, end: AttemptEnd) -> Vec<Event> {
        let attempt = self.running(step);
        self.report(&Report::AttemptEnded { attempt, end, ended_at: self.now, output_bytes: 0, survivors: vec![] })
    }

    pub fn start(&mut self, step: &str) -> Vec<Event> {
        let attempt = self.running(step);
        self.report(&Report::AttemptStarted { attempt, pid: 7, started_at: self.now })
    }

    fn running(&self, step: &str) -> AttemptId {
        let is = |attempt: &&AttemptId| match &attempt.job {
            Job::Step { step: name, .. } | Job::Procedure { step: name, .. } => name.as_str() == step,
        };
        self.world.running.iter().find(is).cloned().unwrap_or_else(|| panic!("{step} does not run"))
    }

    /// The names of the steps that run.
    pub fn steps(&self) -> Vec<String> {
        let name = |attempt: &AttemptId| match &attempt.job {
            Job::Step { step, .. } | Job::Procedure { step, .. } => step.to_string(),
        };
        self.world.running.iter().map(name).collect()
    }

    /// Carries out what is due until nothing is.
    pub fn due(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        for round in 0.. {
            assert!(round < 10_000, "something stays due");
            let keys = rules::agenda(&self.world);
            let Some(key) = keys.into_iter().find(|key| rules::next_due(&self.world, key).is_some_and(|at| at <= self.now)) else { break };
            let asked = Asked { author: &Author::Engine, now: self.now, boot_id: "boot", random: self.random, level: Level::Approver };
            let decision = rules::due(&self.world, &key, &asked);
            assert_ne!(decision, Decision::default(), "{key:?} is due, but nothing comes of it");
            events.extend(self.carry_out(decision, &Author::Engine));
        }
        events
    }

    /// Sets the clock, then carries out what is due.
    pub fn to(&mut self, now: &str) -> Vec<Event> {
        self.now = now.parse().unwrap();
        self.due()
    }

    pub fn after(&mut self, span: SignedDuration) -> Vec<Event> {
        self.now += span;
        self.due()
    }
}

/// The words of all settled occurrences, with the time of each.
pub fn settled(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::OccurrenceSettled { occurrence, disposition } => Some(format!("{} {}", occurrence.at, disposition.words())),
            _ => None,
        })
        .collect()
}

/// The kinds of some events, as the journal names them.
pub fn kinds(events: &[Event]) -> Vec<String> {
    let kind = |event: &Event| event.to_json().unwrap().split('"').nth(1).unwrap_or_default().to_owned();
    events.iter().map(kind).collect()
}
