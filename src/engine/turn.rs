//! One turn: decide everything that has queued, make it durable with one commit, then publish, answer, perform.

use super::{Asking, Input, Published, Running};
use crate::clock;
use crate::domain::{Accepted, AttemptEnd, AttemptId, Author, Command, Effect, Entry, Event, Level, Refusal, RefusalKind, Report};
use crate::journal::JournalError;
use crate::json;
use crate::rules::{self, Asked, Decision};
use crate::wire::message::Reading;
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Entries that may follow from one input; more would be a rule that never comes to rest.
const FOLLOW_MAX: usize = 200_000;

/// A way back with what goes there.
type Answered = (oneshot::Sender<Result<Accepted, Refusal>>, Result<Accepted, Refusal>);

/// What a turn has gathered until its commit.
#[derive(Default)]
pub(super) struct Turn {
    entries: Vec<Arc<Entry>>,
    pub(super) effects: Vec<Effect>,
    claims: Vec<AttemptId>,
    answers: Vec<Answered>,
    reports: Vec<Report>,
    watchers: Vec<oneshot::Sender<super::Watched>>,
}

impl Running {
    pub(super) fn turn(&mut self, inputs: Vec<Input>) {
        let now = clock::now();
        let mut turn = Turn::default();
        // While nothing can be written, every turn is likely to fail: the world is put aside instead of read back.
        let aside = self.read_only.is_some().then(|| self.world.clone());
        let taken = self.take(inputs, now, &mut turn);
        let done = taken.and_then(|()| self.journal.commit());
        match done {
            Ok(()) => {
                self.committed(turn, now);
                // A commit may be durable while what came after it failed: nothing more is promised from here on.
                if let Some(why) = self.journal.broken() {
                    let reason = format!("recording stopped: {why}; restart the daemon, then run `dogwatch verify`");
                    self.set_read_only(Some(reason));
                }
            }
            Err(error) => self.refused(turn, &error, aside),
        }
        self.tidy_when_due(now);
        self.checkpoint_when_due();
    }

    fn take(&mut self, inputs: Vec<Input>, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let kept = std::mem::take(&mut self.kept);
        let mut failure = Ok(());
        let mut closes = false;
        for report in kept {
            self.take_report(report, now, turn, &mut failure);
        }
        for input in inputs {
            match input {
                Input::Report(report) => self.take_report(report, now, turn, &mut failure),
                Input::Command(asking) => self.take_command(*asking, now, turn, &mut failure),
                Input::Forbidden { author, verb, reason } => {
                    if let Some(event) = self.refusals.note(&author, &verb, &reason, now) {
                        failure = failure.and_then(|()| self.record(&author, vec![event], now, turn));
                    }
                }
                Input::Watch { answer } => turn.watchers.push(answer),
                Input::Close => closes = true,
            }
        }
        failure?;
        for key in self.agenda.due(now) {
            let decision = rules::due(&self.world, &key, &self.asked(now));
            self.carry_out(&Author::Engine, decision, now, turn)?;
            self.agenda.look(&self.world, key);
        }
        for (author, event) in if closes { self.refusals.all() } else { self.refusals.due(now) } {
            self.record(&author, vec![event], now, turn)?;
        }
        while let Some(event) = self.repeated.due(if closes { Timestamp::MAX } else { now }) {
            self.record(&Author::Engine, vec![event], now, turn)?;
        }
        Ok(())
    }

    fn asked(&self, now: Timestamp) -> Asked<'_> {
        // Only jitter needs it: the last entry's time and number differ every time.
        let random = (now.as_nanosecond() as u64 ^ self.world.seq).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Asked { author: &Author::Engine, now, boot_id: &self.boot_id, random, level: Level::Approver }
    }

    fn take_report(&mut self, report: Report, now: Timestamp, turn: &mut Turn, failure: &mut Result<(), JournalError>) {
        if let Report::Probed { probe, result } = &report {
            self.outside.readings.push(probe, result.sample);
            self.tell_consoles(Published::Reading(Reading {
                probe: probe.clone(),
                sample: result.sample,
                reason: result.reason.clone(),
                certificate_ends: result.certificate_ends,
            }));
        }
        if failure.is_ok() {
            *failure = self.decide_on(&report, now, turn);
        }
        if !matches!(report, Report::Probed { .. }) {
            turn.reports.push(report);
        }
    }

    fn decide_on(&mut self, report: &Report, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        match report {
            // Whether its target flaps decides what a change of its health means.
            Report::Probed { probe, result } => self.count_look(probe, result.sample, now, turn)?,
            Report::LooksRecalled(recalled) => self.count_recalled(recalled, now, turn)?,
            _ => {}
        }
        let decision = rules::report(&self.world, report, &self.asked(now));
        self.carry_out(&Author::Engine, decision, now, turn)?;
        match report {
            Report::Probed { probe, result } => self.judge_budget(probe, result.sample.verdict, now, turn),
            _ => Ok(()),
        }
    }

    fn take_command(&mut self, asking: Asking, now: Timestamp, turn: &mut Turn, failure: &mut Result<(), JournalError>) {
        let Asking { author, level, key, command, dry_run, answer } = asking;
        if failure.is_err() {
            turn.answers.push((answer, Ok(Accepted::Done)));
            return;
        }
        let outcome = self.decide((&author, level), key.as_deref(), &command, dry_run, now, turn);
        match outcome {
            Ok(result) => turn.answers.push((answer, result)),
            Err(error) => {
                *failure = Err(error);
                turn.answers.push((answer, Ok(Accepted::Done)));
            }
        }
    }

    /// Carries a command out, or refuses it; the outer error is the journal's.
    fn decide(
        &mut self,
        (author, level): (&Author, Level),
        key: Option<&str>,
        command: &Command,
        dry_run: bool,
        now: Timestamp,
        turn: &mut Turn,
    ) -> Result<Result<Accepted, Refusal>, JournalError> {
        if dry_run {
            return Ok(rules::preview(&self.world, command, &Asked { author, level, ..self.asked(now) }).map(Accepted::WouldDo));
        }
        if let Some(earlier) = key.map(|key| self.journal.answered(key)).transpose()?.flatten() {
            return Ok(Ok(json::read(&earlier).unwrap_or(Accepted::Done)));
        }
        if let Some((lost, refusal)) = self.lost_word(author, command) {
            self.record(&Author::Engine, vec![lost], now, turn)?;
            if let Some(event) = self.refusals.note(author, command.verb(), &refusal.reason, now) {
                self.record(author, vec![event], now, turn)?;
            }
            return Ok(Err(refusal));
        }
        match rules::decide(&self.world, command, &Asked { author, level, ..self.asked(now) }) {
            Ok(decision) => {
                let mut accepted = made(&decision);
                // An alert that ends is looked up before it is gone, one that is sent in once it has its incident.
                let ended = rules::incident_of(&self.world, command);
                self.carry_out(author, decision, now, turn)?;
                if let Some(incident) = rules::incident_of(&self.world, command).or(ended).filter(|_| accepted == Accepted::Done) {
                    accepted = Accepted::Incident(incident);
                }
                if let Some(key) = key {
                    self.journal.remember(key, now, &json::text(&accepted).unwrap_or_default())?;
                }
                Ok(Ok(accepted))
            }
            Err(refusal) => {
                if let Some(event) = self.refusals.note(author, command.verb(), &refusal.reason, now) {
                    self.record(author, vec![event], now, turn)?;
                }
                Ok(Err(refusal))
            }
        }
    }

    /// The second word on a command, where who gave it may give it no longer: it is void before it is used.
    fn lost_word(&self, author: &Author, command: &Command) -> Option<(Event, Refusal)> {
        let (digest, second) = rules::second_word_on(&self.world, command, author)?;
        let Author::Person { uid, user, .. } = second else { return None };
        if self.outside.roles.of(*uid) >= Some(Level::Approver) {
            return None;
        }
        let reason = format!("{user}, who approved it, is no approver any more");
        let refusal = Refusal::new(RefusalKind::Forbidden, reason.clone()).hint("ask for it anew");
        Some((Event::ApprovalEnded { digest: digest.clone(), reason }, refusal))
    }

    fn carry_out(&mut self, author: &Author, decision: Decision, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        self.record(author, decision.events, now, turn)?;
        for effect in decision.effects {
            match effect {
                Effect::CountRepeat(alert) => self.repeated.note(alert, now),
                effect => turn.effects.push(effect),
            }
        }
        Ok(())
    }

    /// Appends and applies events, and whatever follows from them, until nothing does.
    pub(super) fn record(&mut self, author: &Author, events: Vec<Event>, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let mut pending: VecDeque<(Author, Event)> = events.into_iter().map(|event| (author.clone(), event)).collect();
        let mut followed = 0;
        while let Some((author, event)) = pending.pop_front() {
            let unclaimed = self.claim(&event, turn);
            let entry = self.journal.append(now, &author, event)?;
            self.world.apply(&entry);
            self.agenda.touch(&self.world, &entry.event);
            let decision = rules::follow(&self.world, &entry, &self.asked(now));
            followed += decision.events.len();
            if followed > FOLLOW_MAX {
                tracing::error!(seq = entry.seq, "a rule does not come to rest; what would follow is left out");
                return Ok(());
            }
            // Depth first: what follows from a fact comes before the next fact, or two facts could each start one step.
            for event in decision.events.into_iter().rev() {
                pending.push_front((Author::Engine, event));
            }
            turn.effects.extend(decision.effects);
            if let Some((attempt, why)) = unclaimed {
                turn.effects.retain(|effect| !matches!(effect, Effect::StartAttempt(order) if order.attempt == attempt));
                let end = AttemptEnd::SpawnError(why);
                let event = Event::AttemptEnded { attempt, end, ended_at: now, output_bytes: 0, survivors: Vec::new() };
                pending.push_front((Author::Engine, event));
            }
            turn.entries.push(Arc::new(entry));
        }
        Ok(())
    }

    /// Takes the attempt's lock before the entry says that it may have begun; where that fails, says why.
    fn claim(&self, event: &Event, turn: &mut Turn) -> Option<(AttemptId, String)> {
        let Event::AttemptStarting { attempt, .. } = event else { return None };
        match self.outside.claim(attempt) {
            Ok(()) => {
                turn.claims.push(attempt.clone());
                None
            }
            Err(error) => Some((attempt.clone(), error.to_string())),
        }
    }

    fn committed(&mut self, turn: Turn, now: Timestamp) {
        if !turn.entries.is_empty() {
            self.set_read_only(None);
            self.tidy_due.get_or_insert(now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now));
            self.outside.anchors.note(self.journal.committed_at());
            self.tell_consoles(Published::Entries(turn.entries));
        }
        for watcher in turn.watchers {
            // A console that has gone meanwhile needs no world.
            let _ = watcher.send(self.watched());
        }
        for (answer, result) in turn.answers {
            let _ = answer.send(result);
        }
        for effect in turn.effects {
            self.outside.perform(effect);
        }
    }

    /// Nothing of the turn is on disk: nothing is published, everyone is told, reports are kept for later.
    fn refused(&mut self, turn: Turn, error: &JournalError, aside: Option<World>) {
        for attempt in &turn.claims {
            self.outside.disclaim(attempt);
        }
        self.restore(aside);
        self.set_read_only(Some(error.to_string()));
        if !error.is_final() {
            self.kept.extend(turn.reports);
        }
        // Ending a step works even now; the supervisor records it.
        for effect in turn.effects {
            if matches!(effect, Effect::KillAttempt { .. }) {
                self.outside.perform(effect);
            }
        }
        let refusal = Refusal::new(RefusalKind::ReadOnly, format!("nothing was recorded: {error}"))
            .hint("what was typed is kept where it was typed; ask again when the cause is gone");
        for (answer, _) in turn.answers {
            let _ = answer.send(Err(refusal.clone()));
        }
        for watcher in turn.watchers {
            let _ = watcher.send(self.watched());
        }
    }
}

/// What a decision makes that whoever asked may want to follow.
fn made(decision: &Decision) -> Accepted {
    let made = decision.events.iter().find_map(|event| match event {
        Event::RunCreated { run, .. } => Some(Accepted::Run(run.clone())),
        Event::MessageDue { message } => Some(Accepted::Message(message.id.clone())),
        Event::SilenceMade { silence, .. } => Some(Accepted::Silence(*silence)),
        Event::IncidentSplit { new, .. } => Some(Accepted::Incident(*new)),
        Event::ApprovalAsked { digest, .. } => Some(Accepted::Approval(digest.clone())),
        _ => None,
    });
    made.unwrap_or(Accepted::Done)
}
