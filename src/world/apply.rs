//! `World::apply`: one arm per fact. Total: a fact about something unknown changes nothing.

use super::flow::{Attempt, Flow, Hold, Past, PastOutcome, Run, StepRun, StepState, Watch};
use super::incident::{Acknowledgement, Alert, Incident, IncidentAlert, Resolution};
use super::procedure::{Procedure, Tick, TickState};
use super::{Daemon, HISTORY_KEPT, Probe, RECENT_KEPT, RESOLVED_KEPT, RUNS_KEPT, Source, World, group_key, procedure_key, relate};
use crate::domain::incident::AlertNotice;
use crate::domain::run::{DefinitionChoice, Disposition, Occurrence, RunCause};
use crate::domain::source::Freshness;
use crate::domain::{
    AlertCause, AttemptEnd, AttemptId, Author, Digest, Entry, Event, Fingerprint, FlowDefinition, FlowId, Health, IncidentId, Job, Labels,
    Outcome, Params, Phase, ProbeDefinition, ProbeId, RunId, RunbookId, Severity, SourceId, Stage, StepName, Subject,
};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

impl World {
    /// Folds one entry into the world.
    pub fn apply(&mut self, entry: &Entry) {
        self.seq = entry.seq;
        self.at = entry.at;
        let (at, by) = (entry.at, entry.author.name());
        match &entry.event {
            Event::DaemonStarted { version, pid, boot_id, host } => self.daemon_started(version, *pid, boot_id, host, at),
            Event::DaemonStopped { .. } => self.daemon.iter_mut().for_each(|daemon| daemon.stopped_at = Some(at)),
            Event::WorkspaceLoaded { name, zone, max_running, group_by } => self.workspace_loaded(name, zone, *max_running, group_by),
            Event::WorkspaceRefused { errors } => self.workspace_errors.clone_from(errors),
            Event::SourceDefined { source, kind, capabilities } => {
                let since = at;
                let row = Source { kind: kind.clone(), capabilities: capabilities.clone(), freshness: Freshness::Fresh, since };
                self.sources.insert(source.clone(), row);
            }
            Event::SourceRemoved { source } => drop(self.sources.remove(source)),
            Event::SourceChanged { source, freshness } => self.source_changed(source, freshness, at),
            Event::FlowDefined { flow } => self.flow_defined(flow, at),
            Event::FlowRemoved { flow } => self.flow_removed(flow),
            Event::ProbeDefined { probe } => self.probe_defined(probe, at),
            Event::ProbeRemoved { probe } => self.probe_removed(probe),
            Event::RunbookDefined { runbook } => drop(self.runbooks.insert(runbook.id.clone(), runbook.clone())),
            Event::RunbookRemoved { runbook } => drop(self.runbooks.remove(runbook)),
            Event::OccurrenceSettled { occurrence, disposition } => self.occurrence_settled(occurrence, disposition),
            Event::RunCreated { run, cause, planned_at, date, params, definition, choice, carried } => {
                self.run_created(run, cause, *planned_at, *date, params, definition, *choice, carried, by, at);
            }
            Event::RunKillAsked { run, .. } => self.change_run(run, |run, _| run.kill_asked_by = Some(by.to_owned())),
            Event::AttemptStarting { attempt, boot_id } => self.attempt_starting(attempt, boot_id, at),
            Event::AttemptStarted { attempt, pid, started_at } => self.attempt_started(attempt, *pid, *started_at),
            Event::AttemptEnded { attempt, end, ended_at, output_bytes, survivors } => {
                self.attempt_ended(attempt, end, *ended_at, *output_bytes, survivors);
            }
            Event::RetryPlanned { run, step, at } => self.retry_planned(run, step, *at),
            Event::StepEnded { run, step, outcome } => self.step_ended(run, step, outcome),
            Event::RunEnded { run, outcome } => self.run_ended(run, outcome, at),
            Event::FlowHeld { flow, reason, until } => {
                let hold = Hold { by: by.to_owned(), reason: reason.clone(), since: at, until: *until };
                self.change_flow(flow, |flow| flow.hold = Some(hold));
            }
            Event::FlowReleased { flow } => self.change_flow(flow, |flow| flow.hold = None),
            Event::ProbeChanged { probe, from, to, reason } => self.probe_changed(probe, *from, *to, reason, at),
            Event::ProbeErring { probe, error } => self.change_probe(probe, |probe| probe.error.clone_from(error)),
            Event::AlertFiring { alert, source, notice } => self.alert_firing(*alert, source, notice, at),
            Event::AlertResolved { alert, .. } => self.alert_resolved(*alert, at),
            Event::IncidentOpened { incident, title, severity, group, alert, previous } => {
                self.incident_opened(*incident, title, *severity, group, *alert, *previous, at);
            }
            Event::IncidentJoined { incident, alert } => self.incident_joined(*incident, *alert),
            Event::SeverityRaised { incident, severity } => self.change_incident(*incident, |incident| incident.severity = *severity),
            Event::IncidentAcknowledged { incident, note } => self.incident_acknowledged(*incident, &entry.author, note.as_ref(), at),
            Event::AcknowledgementEnded { incident, .. } => self.change_incident(*incident, |incident| {
                incident.acknowledged = None;
                if incident.stage == Stage::Acknowledged {
                    incident.stage = Stage::Triggered;
                }
            }),
            Event::IncidentResolved { incident, reason } => self.incident_resolved(*incident, &entry.author, reason, at),
            Event::NoteSaved { note } => {
                if let Subject::Incident(incident) = &note.subject {
                    self.change_incident(*incident, |incident| {
                        incident.notes.retain(|other| other.path != note.path);
                        incident.notes.push(note.clone());
                    });
                }
            }
            Event::ProcedureAsked { attempt, command, params } => self.procedure_asked(attempt, command, params, by, at),
            Event::ProcedureTicked { runbook, step, subject, done } => self.procedure_ticked(runbook, step, subject, *done, by, at),
            Event::AttemptAdopted { .. }
            | Event::ProbeAsked { .. }
            | Event::ProcedureKillAsked { .. }
            | Event::Noted { .. }
            | Event::Marked { .. }
            | Event::Refused { .. }
            | Event::ClockStepped { .. }
            | Event::Unknown(_) => {}
        }
        self.touch(entry);
        relate::record(self, entry);
        if relate::is_told(&entry.event) {
            if self.recent.len() >= RECENT_KEPT {
                self.recent.pop_front();
            }
            self.recent.push_back(Arc::new(entry.clone()));
        }
    }

    fn touch(&mut self, entry: &Entry) {
        match &entry.event {
            Event::FlowDefined { .. }
            | Event::FlowRemoved { .. }
            | Event::OccurrenceSettled { .. }
            | Event::RunCreated { .. }
            | Event::RunKillAsked { .. }
            | Event::RetryPlanned { .. }
            | Event::StepEnded { .. }
            | Event::RunEnded { .. }
            | Event::FlowHeld { .. }
            | Event::FlowReleased { .. } => self.touched.flows = entry.seq,
            Event::AttemptStarting { .. } | Event::AttemptStarted { .. } | Event::AttemptEnded { .. } => {
                self.touched.flows = entry.seq;
                self.touched.runbooks = entry.seq;
            }
            Event::ProbeDefined { .. } | Event::ProbeRemoved { .. } | Event::ProbeChanged { .. } | Event::ProbeErring { .. } => {
                self.touched.probes = entry.seq;
            }
            Event::AlertFiring { .. } | Event::AlertResolved { .. } => {
                self.touched.incidents = entry.seq;
                self.touched.flows = entry.seq;
            }
            Event::IncidentOpened { .. }
            | Event::IncidentJoined { .. }
            | Event::SeverityRaised { .. }
            | Event::IncidentAcknowledged { .. }
            | Event::AcknowledgementEnded { .. }
            | Event::IncidentResolved { .. }
            | Event::NoteSaved { .. } => self.touched.incidents = entry.seq,
            Event::RunbookDefined { .. } | Event::RunbookRemoved { .. } | Event::ProcedureAsked { .. } | Event::ProcedureTicked { .. } => {
                self.touched.runbooks = entry.seq;
            }
            _ => {}
        }
    }

    // The workspace and its neighbours.

    fn daemon_started(&mut self, version: &str, pid: u32, boot_id: &str, host: &str, at: Timestamp) {
        self.daemon = Some(Daemon {
            version: version.to_owned(),
            pid,
            boot_id: boot_id.to_owned(),
            host: host.to_owned(),
            started_at: at,
            stopped_at: None,
        });
    }

    fn workspace_loaded(&mut self, name: &str, zone: &str, max_running: u32, group_by: &[String]) {
        name.clone_into(&mut self.name);
        zone.clone_into(&mut self.zone);
        self.max_running = max_running;
        self.group_by = group_by.to_vec();
        self.workspace_errors.clear();
    }

    fn source_changed(&mut self, source: &SourceId, freshness: &Freshness, at: Timestamp) {
        if let Some(row) = self.sources.get_mut(source) {
            row.freshness = freshness.clone();
            row.since = at;
        }
    }

    // Flows and runs.

    fn change_flow(&mut self, id: &FlowId, change: impl FnOnce(&mut Flow)) {
        let Some(flow) = self.flows.get_mut(id) else { return };
        let before = counted(flow);
        change(Arc::make_mut(flow));
        let after = counted(flow);
        let tally = &mut self.tally;
        for (count, before, after) in [
            (&mut tally.flows_failed, before.0, after.0),
            (&mut tally.flows_active, before.1, after.1),
            (&mut tally.flows_late, before.2, after.2),
        ] {
            shift(count, before, after);
        }
    }

    fn change_run(&mut self, id: &RunId, change: impl FnOnce(&mut Run, &mut Vec<Watch>)) {
        self.change_flow(&id.flow, |flow| {
            let Some(place) = flow.position(id) else { return };
            let Flow { runs, watches, .. } = flow;
            if let Some(run) = runs.get_mut(place) {
                change(Arc::make_mut(run), watches);
            }
        });
    }

    fn change_step(&mut self, run: &RunId, step: &StepName, change: impl FnOnce(&mut StepRun)) {
        self.change_run(run, |run, _| {
            if let Some(step) = run.step_mut(step) {
                change(step);
            }
        });
    }

    fn flow_defined(&mut self, definition: &Arc<FlowDefinition>, at: Timestamp) {
        let digest = definition.digest();
        if !self.flows.contains_key(&definition.id) {
            let flow = Flow {
                definition: definition.clone(),
                digest: digest.clone(),
                definitions: BTreeMap::new(),
                defined_at: at,
                removed: false,
                hold: None,
                settled: BTreeMap::new(),
                last_absence: None,
                next_run: 1,
                runs: VecDeque::new(),
                history: VecDeque::new(),
                watches: Vec::new(),
                incidents: Vec::new(),
                done: 0,
            };
            self.flows.insert(definition.id.clone(), Arc::new(flow));
        }
        self.change_flow(&definition.id, |flow| {
            // A schedule that is edited starts anew from now; one that stays goes on where it was.
            flow.settled
                .retain(|schedule, _| definition.schedules.contains(schedule) && !flow.removed && flow.definition.zone == definition.zone);
            for schedule in &definition.schedules {
                flow.settled.entry(schedule.clone()).or_insert(at);
            }
            flow.removed = false;
            flow.definition = definition.clone();
            flow.digest = digest.clone();
            flow.defined_at = at;
            flow.definitions.insert(digest, definition.clone());
            forget_definitions(flow);
            // A deadline that was taken away is watched no longer.
            for watch in &mut flow.watches {
                watch.start_by = watch.start_by.filter(|_| definition.must_start_by.is_some());
                watch.finish_by = watch.finish_by.filter(|_| definition.must_finish_by.is_some());
                watch.start_missed &= watch.start_by.is_some();
                watch.finish_missed &= watch.finish_by.is_some();
            }
            flow.watches.retain(Watch::is_open);
        });
        // Another rule for overlaps may let runs go that waited.
        let waiting: Vec<RunId> =
            self.flow(&definition.id).map(|flow| flow.active().map(|run| run.id.clone()).collect()).unwrap_or_default();
        for run in &waiting {
            self.queue_ready(run);
        }
    }

    fn flow_removed(&mut self, id: &FlowId) {
        self.change_flow(id, |flow| {
            flow.removed = true;
            flow.hold = None;
            flow.watches.clear();
        });
        let gone = self.flows.get(id).is_some_and(|flow| flow.runs.is_empty());
        if gone {
            self.flows.remove(id);
        }
    }

    fn occurrence_settled(&mut self, occurrence: &Occurrence, disposition: &Disposition) {
        self.change_flow(&occurrence.flow, |flow| {
            let settled = flow.settled.entry(occurrence.schedule.clone()).or_insert(occurrence.at);
            *settled = occurrence.at.max(*settled);
            match disposition {
                Disposition::Ran { .. } | Disposition::CaughtUp { .. } => {}
                absent => flow.last_absence = Some((occurrence.at, absent.words())),
            }
            if !matches!(disposition, Disposition::SkippedHeld { .. }) {
                flow.watches.extend(watch_of(&flow.definition, occurrence.at));
            }
        });
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one fact")]
    fn run_created(
        &mut self,
        id: &RunId,
        cause: &RunCause,
        planned_at: Timestamp,
        date: Date,
        params: &Params,
        digest: &Digest,
        choice: DefinitionChoice,
        carried: &[(StepName, Outcome)],
        by: &str,
        at: Timestamp,
    ) {
        self.change_flow(&id.flow, |flow| {
            let Some(definition) = flow.definitions.get(digest).cloned() else { return };
            let steps = definition.steps.iter().map(|step| {
                let kept = carried.iter().find(|(name, _)| *name == step.name);
                let state = kept.map_or(StepState::Waiting, |(_, outcome)| StepState::Done { outcome: outcome.clone() });
                StepRun { name: step.name.clone(), state, carried: kept.is_some(), attempts: Vec::new() }
            });
            let run = Run {
                id: id.clone(),
                cause: cause.clone(),
                planned_at,
                date,
                params: params.clone(),
                definition: digest.clone(),
                choice,
                author: by.to_owned(),
                phase: Phase::Waiting,
                outcome: None,
                created_at: at,
                started_at: None,
                ended_at: None,
                kill_asked_by: None,
                steps: steps.collect(),
            };
            flow.next_run = flow.next_run.max(id.number().map_or(0, |number| number.saturating_add(1)));
            flow.runs.push_back(Arc::new(run));
        });
        self.queue_ready(id);
    }

    /// Puts the steps of a run whose needs are met into the queue for a slot.
    fn queue_ready(&mut self, id: &RunId) {
        if !id.flow.source().is_local() || !self.may_start(id) {
            return;
        }
        let mut found = Vec::new();
        let definition = self.flow(&id.flow).and_then(|flow| flow.definition_of(flow.run(id)?).cloned());
        self.change_run(id, |run, _| {
            let Some(definition) = definition else { return };
            if run.phase == Phase::Done || run.kill_asked_by.is_some() {
                return;
            }
            let successes: BTreeSet<&StepName> = run.steps.iter().filter(|step| step.state.is_success()).map(|step| &step.name).collect();
            let named = run.named_step();
            let waiting = definition.steps.iter().zip(&run.steps).filter(|(_, step)| step.state == StepState::Waiting);
            let ready = waiting.filter(|(step, _)| named == Some(&step.name) || step.needs.iter().all(|need| successes.contains(need)));
            let ready: BTreeSet<StepName> = ready.map(|(step, _)| step.name.clone()).collect();
            for step in run.steps.iter_mut().filter(|step| ready.contains(&step.name)) {
                step.state = StepState::Queued;
                found.push(step.name.clone());
            }
            if run.phase == Phase::Waiting && !found.is_empty() {
                run.phase = Phase::Queued;
            }
        });
        self.ready.extend(found.into_iter().map(|step| (id.clone(), step)));
    }

    /// Whether a run may start now: with `overlap = "queue"` and its kin, an earlier run that is not done holds it back.
    fn may_start(&self, id: &RunId) -> bool {
        let Some(flow) = self.flow(&id.flow) else { return false };
        if flow.definition.overlap == crate::domain::flow::Overlap::Allow {
            return true;
        }
        flow.active().next().is_none_or(|first| first.id == *id)
    }

    fn attempt_starting(&mut self, attempt: &AttemptId, boot_id: &str, at: Timestamp) {
        self.running.insert(attempt.clone());
        if let Job::Procedure { runbook, subject, step } = &attempt.job
            && let Some(tick) = self.tick_mut(runbook, subject, step)
        {
            tick.boot_id = Some(boot_id.to_owned());
        }
        if let Job::Step { run, step } = &attempt.job {
            self.no_retry(run, step);
            self.unqueue(run, step);
            self.change_run(run, |run, _| {
                run.phase = Phase::Running;
                if let Some(step) = run.step_mut(step) {
                    step.state = StepState::Running;
                    step.attempts.push(Attempt {
                        number: attempt.number,
                        boot_id: boot_id.to_owned(),
                        starting_at: at,
                        started_at: None,
                        pid: None,
                        ended_at: None,
                        end: None,
                        output_bytes: 0,
                        survivors: Vec::new(),
                    });
                }
            });
        }
    }

    fn attempt_started(&mut self, attempt: &AttemptId, pid: u32, started_at: Timestamp) {
        let Job::Step { run, step } = &attempt.job else { return };
        self.change_run(run, |run, watches| {
            begun(run, watches, started_at);
            if let Some(row) = run.step_mut(step).and_then(|step| step.attempts.iter_mut().find(|row| row.number == attempt.number)) {
                row.pid = Some(pid);
                row.started_at = Some(started_at);
            }
        });
    }

    fn attempt_ended(&mut self, attempt: &AttemptId, end: &AttemptEnd, ended_at: Timestamp, output_bytes: u64, survivors: &[String]) {
        self.running.remove(attempt);
        match &attempt.job {
            Job::Step { run, step } => self.change_run(run, |run, watches| {
                let rows = run.step_mut(step).map(|step| &mut step.attempts);
                let Some(row) = rows.and_then(|rows| rows.iter_mut().find(|row| row.number == attempt.number)) else { return };
                row.ended_at = Some(ended_at);
                row.end = Some(end.clone());
                row.output_bytes = output_bytes;
                row.survivors = survivors.to_vec();
                // It may have started and ended while no daemon watched.
                if !matches!(end, AttemptEnd::NeverBegan | AttemptEnd::SpawnError(_) | AttemptEnd::Lost) {
                    let starting_at = row.starting_at;
                    begun(run, watches, starting_at);
                }
            }),
            Job::Procedure { runbook, subject, step } => {
                let definition = self.runbooks.get(runbook).and_then(|book| book.steps.iter().find(|other| other.name == *step));
                let expected = AttemptEnd::Exit(definition.map_or(0, |step| step.expect.exit));
                let tick = self.tick_mut(runbook, subject, step);
                if let Some(tick) = tick.filter(|tick| tick.attempt.as_ref() == Some(attempt)) {
                    tick.state = if *end == expected { TickState::Passed } else { TickState::Failed };
                    tick.end = Some(end.clone());
                    tick.at = ended_at;
                }
            }
        }
    }

    fn retry_planned(&mut self, run: &RunId, step: &StepName, at: Timestamp) {
        self.no_retry(run, step);
        self.unqueue(run, step);
        self.change_step(run, step, |step| step.state = StepState::RetryAt { at });
        if self.run(run).is_some_and(|run| run.step(step).is_some_and(|step| step.state == StepState::RetryAt { at })) {
            self.retrying.insert((at, run.clone(), step.clone()));
        }
    }

    /// Forgets the planned retry of a step, where it has one.
    fn no_retry(&mut self, run: &RunId, step: &StepName) {
        if let Some(StepState::RetryAt { at }) = self.run(run).and_then(|run| run.step(step)).map(|step| step.state.clone()) {
            self.retrying.remove(&(at, run.clone(), step.clone()));
        }
    }

    /// Takes a step out of the queue. Only a step that is queued is looked for, and usually it is the first: the queue may
    /// be very long.
    fn unqueue(&mut self, run: &RunId, step: &StepName) {
        if self.ready.front().is_some_and(|(r, s)| r == run && s == step) {
            self.ready.pop_front();
        } else if self.run(run).and_then(|run| run.step(step)).is_some_and(|step| step.state == StepState::Queued) {
            self.ready.retain(|(r, s)| r != run || s != step);
        }
    }

    fn step_ended(&mut self, run: &RunId, step: &StepName, outcome: &Outcome) {
        self.no_retry(run, step);
        self.unqueue(run, step);
        self.change_step(run, step, |step| step.state = StepState::Done { outcome: outcome.clone() });
        self.queue_ready(run);
    }

    fn run_ended(&mut self, id: &RunId, outcome: &Outcome, at: Timestamp) {
        if self.run(id).is_some_and(|run| run.steps.iter().any(|step| step.state == StepState::Queued)) {
            self.ready.retain(|(run, _)| run != id);
        }
        self.change_flow(&id.flow, |flow| {
            let Some(place) = flow.position(id) else { return };
            let Some(run) = flow.runs.get_mut(place).map(Arc::make_mut) else { return };
            if run.phase == Phase::Done {
                return;
            }
            run.phase = Phase::Done;
            run.outcome = Some(outcome.clone());
            run.ended_at = Some(at);
            let planned_at = run.planned_at;
            let whole = outcome.is_success() && run.is_whole();
            let past = past_of(run, outcome, at);
            if whole {
                flow.watches.retain(|watch| watch.planned_at > planned_at);
            }
            if flow.history.len() >= HISTORY_KEPT {
                flow.history.pop_front();
            }
            flow.history.push_back(past);
            flow.done += 1;
            while flow.done > RUNS_KEPT {
                let Some(oldest) = flow.runs.iter().position(|run| run.phase == Phase::Done) else { break };
                flow.runs.remove(oldest);
                flow.done -= 1;
            }
            forget_definitions(flow);
        });
        let next = self.flow(&id.flow).and_then(|flow| flow.active().next()).map(|run| run.id.clone());
        if let Some(next) = next {
            self.queue_ready(&next);
        }
    }

    // Probes.

    fn change_probe(&mut self, id: &ProbeId, change: impl FnOnce(&mut Probe)) {
        let Some(probe) = self.probes.get_mut(id) else { return };
        let counted = |probe: &Probe| (probe.health.is_down(), matches!(probe.health, Health::Degraded | Health::Soft { .. }));
        let before = counted(probe);
        change(Arc::make_mut(probe));
        let after = counted(probe);
        shift(&mut self.tally.probes_down, before.0, after.0);
        shift(&mut self.tally.probes_degraded, before.1, after.1);
    }

    fn probe_defined(&mut self, definition: &Arc<ProbeDefinition>, at: Timestamp) {
        if !self.probes.contains_key(&definition.id) {
            let probe = Probe {
                definition: definition.clone(),
                removed: false,
                health: Health::Unknown,
                since: at,
                reason: String::new(),
                first_bad_at: None,
                error: None,
                incidents: Vec::new(),
            };
            self.probes.insert(definition.id.clone(), Arc::new(probe));
        }
        self.change_probe(&definition.id, |probe| {
            if probe.definition.target != definition.target {
                probe.health = Health::Unknown;
                probe.since = at;
                probe.reason.clear();
                probe.first_bad_at = None;
            }
            probe.error = None;
            probe.removed = false;
            probe.definition = definition.clone();
        });
    }

    fn probe_removed(&mut self, id: &ProbeId) {
        self.change_probe(id, |probe| probe.health = Health::Unknown);
        self.probes.remove(id);
    }

    fn probe_changed(&mut self, id: &ProbeId, from: Health, to: Health, reason: &str, at: Timestamp) {
        self.change_probe(id, |probe| {
            if from.word() != to.word() {
                probe.since = at;
            }
            probe.health = to;
            reason.clone_into(&mut probe.reason);
            match to {
                Health::Up | Health::Unknown | Health::Degraded => probe.first_bad_at = None,
                Health::Soft { .. } | Health::Down { .. } => drop(probe.first_bad_at.get_or_insert(at)),
            }
        });
    }

    // Alerts and incidents.

    fn change_incident(&mut self, id: IncidentId, change: impl FnOnce(&mut Incident)) {
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        let counted = |incident: &Incident| (incident.is_open(), incident.is_open() && incident.acknowledged.is_none());
        let before = counted(incident);
        change(Arc::make_mut(incident));
        let after = counted(incident);
        shift(&mut self.tally.open, before.0, after.0);
        shift(&mut self.tally.unacknowledged, before.1, after.1);
    }

    fn alert_firing(&mut self, id: Fingerprint, source: &SourceId, notice: &AlertNotice, at: Timestamp) {
        let fresh = || Alert { fingerprint: id, source: source.clone(), notice: notice.clone(), since: at, count: 0, incident: None };
        let alert = Arc::make_mut(self.alerts.entry(id).or_insert_with(|| Arc::new(fresh())));
        alert.notice = notice.clone();
        alert.count = alert.count.saturating_add(1);
        if let Some(incident) = alert.incident {
            self.change_incident(incident, |incident| {
                if let Some(row) = incident.alerts.get_mut(&id) {
                    row.notice = notice.clone();
                }
            });
        }
        let (AlertCause::NotStarted { flow, deadline } | AlertCause::NotFinished { flow, deadline }) = &notice.cause else { return };
        let is_start = matches!(notice.cause, AlertCause::NotStarted { .. });
        self.change_flow(flow, |flow| {
            for watch in &mut flow.watches {
                watch.start_missed |= is_start && watch.start_by.is_some_and(|by| by <= *deadline);
                watch.finish_missed |= !is_start && watch.finish_by.is_some_and(|by| by <= *deadline);
            }
        });
    }

    fn alert_resolved(&mut self, id: Fingerprint, at: Timestamp) {
        let Some(alert) = self.alerts.remove(&id) else { return };
        if let Some(incident) = alert.incident {
            self.change_incident(incident, |incident| {
                if let Some(row) = incident.alerts.get_mut(&id) {
                    row.resolved_at = Some(at);
                }
            });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one fact")]
    fn incident_opened(
        &mut self,
        id: IncidentId,
        title: &str,
        severity: Severity,
        group: &Labels,
        alert: Fingerprint,
        previous: Option<IncidentId>,
        at: Timestamp,
    ) {
        let incident = Incident {
            id,
            title: title.to_owned(),
            severity,
            group: group.clone(),
            stage: Stage::Triggered,
            opened_at: at,
            first_sign_at: at,
            alerts: BTreeMap::new(),
            flows: BTreeSet::new(),
            probes: BTreeSet::new(),
            acknowledged: None,
            first_acknowledged_at: None,
            resolved: None,
            previous,
            next: None,
            timeline: Vec::new(),
            timeline_dropped: 0,
            notes: Vec::new(),
        };
        if self.incidents.insert(id, Arc::new(incident)).is_none() {
            self.tally.open += 1;
            self.tally.unacknowledged += 1;
        }
        self.next_incident = self.next_incident.max(id.0.saturating_add(1));
        self.open_groups.insert(group_key(group), id);
        if let Some(previous) = previous {
            self.change_incident(previous, |incident| incident.next = Some(id));
        }
        self.incident_joined(id, alert);
    }

    fn incident_joined(&mut self, id: IncidentId, fingerprint: Fingerprint) {
        let Some(alert) = self.alerts.get_mut(&fingerprint).map(Arc::make_mut) else { return };
        alert.incident = Some(id);
        let alert = alert.clone();
        let last = self.last_incident.entry(fingerprint).or_insert(id);
        *last = id.max(*last);
        let flow = alert.notice.cause.flow().cloned();
        let probe = alert.notice.cause.probe().cloned();
        let mut first_sign = alert.since;
        if let Some(flow) = &flow {
            self.change_flow(flow, |flow| push_once(&mut flow.incidents, id));
        }
        if let Some(probe) = &probe {
            self.change_probe(probe, |probe| push_once(&mut probe.incidents, id));
            first_sign = self.probe(probe).and_then(|probe| probe.first_bad_at).map_or(first_sign, |bad| bad.min(first_sign));
        }
        let row = IncidentAlert { source: alert.source, notice: alert.notice, since: alert.since, resolved_at: None };
        let earlier = relate::before(self, &row.notice.cause);
        first_sign =
            earlier.iter().filter(|entry| relate::is_bad_sign(&entry.event)).map(|entry| entry.at).fold(first_sign, Timestamp::min);
        self.change_incident(id, |incident| {
            incident.alerts.insert(fingerprint, row);
            incident.flows.extend(flow);
            incident.probes.extend(probe);
            incident.first_sign_at = incident.first_sign_at.min(first_sign);
            incident.timeline.extend(earlier);
            incident.timeline.sort_by_key(|entry| entry.seq);
            incident.timeline.dedup_by_key(|entry| entry.seq);
        });
    }

    fn incident_acknowledged(&mut self, id: IncidentId, by: &Author, note: Option<&String>, at: Timestamp) {
        self.change_incident(id, |incident| {
            incident.acknowledged = Some(Acknowledgement { by: by.clone(), at, note: note.cloned() });
            incident.first_acknowledged_at.get_or_insert(at);
            if incident.stage == Stage::Triggered {
                incident.stage = Stage::Acknowledged;
            }
        });
    }

    fn incident_resolved(&mut self, id: IncidentId, by: &Author, reason: &str, at: Timestamp) {
        if !self.incident(id).is_some_and(Incident::is_open) {
            return;
        }
        self.change_incident(id, |incident| {
            incident.stage = Stage::Resolved;
            incident.resolved = Some(Resolution { by: by.clone(), at, reason: reason.to_owned() });
        });
        let Some(incident) = self.incidents.get(&id).cloned() else { return };
        let key = group_key(&incident.group);
        if self.open_groups.get(&key) == Some(&id) {
            self.open_groups.remove(&key);
        }
        for flow in &incident.flows {
            self.change_flow(flow, |flow| flow.incidents.retain(|other| *other != id));
        }
        for probe in &incident.probes {
            self.change_probe(probe, |probe| probe.incidents.retain(|other| *other != id));
        }
        for fingerprint in incident.alerts.keys() {
            if let Some(alert) = self.alerts.get_mut(fingerprint).filter(|alert| alert.incident == Some(id)) {
                // A person resolved it while the alert still fires: the alert stays on record with the ended incident.
                Arc::make_mut(alert).count = 0;
            }
        }
        self.resolved.push_back(id);
        while self.resolved.len() > RESOLVED_KEPT {
            if let Some(oldest) = self.resolved.pop_front() {
                for alert in self.incidents.remove(&oldest).iter().flat_map(|incident| incident.alerts.keys()) {
                    if self.last_incident.get(alert) == Some(&oldest) {
                        self.last_incident.remove(alert);
                    }
                }
                let prefix = format!("{}/", Subject::Incident(oldest).slug());
                self.procedures.retain(|key, _| !key.starts_with(&prefix));
            }
        }
    }

    // Runbooks.

    fn procedure_mut(&mut self, runbook: &RunbookId, subject: &Subject) -> &mut Procedure {
        let fresh = || Procedure { runbook: runbook.clone(), subject: subject.clone(), ticks: BTreeMap::new() };
        Arc::make_mut(self.procedures.entry(procedure_key(runbook, subject)).or_insert_with(|| Arc::new(fresh())))
    }

    fn tick_mut(&mut self, runbook: &RunbookId, subject: &Subject, step: &StepName) -> Option<&mut Tick> {
        self.procedures.get_mut(&procedure_key(runbook, subject)).and_then(|procedure| Arc::make_mut(procedure).ticks.get_mut(step))
    }

    fn procedure_asked(&mut self, attempt: &AttemptId, command: &str, params: &Params, by: &str, at: Timestamp) {
        let Job::Procedure { runbook, subject, step } = &attempt.job else { return };
        let procedure = self.procedure_mut(runbook, subject);
        let runs = procedure.ticks.get(step).map_or(0, |tick| tick.runs).max(attempt.number);
        let tick = Tick {
            state: TickState::Running,
            by: by.to_owned(),
            at,
            command: Some(command.to_owned()),
            params: params.clone(),
            attempt: Some(attempt.clone()),
            boot_id: None,
            end: None,
            runs,
        };
        procedure.ticks.insert(step.clone(), tick);
    }

    fn procedure_ticked(&mut self, runbook: &RunbookId, step: &StepName, subject: &Subject, done: bool, by: &str, at: Timestamp) {
        let state = if done { TickState::ByHand } else { TickState::Open };
        let procedure = self.procedure_mut(runbook, subject);
        let fresh =
            Tick { state, by: by.to_owned(), at, command: None, params: Params::new(), attempt: None, boot_id: None, end: None, runs: 0 };
        let tick = procedure.ticks.entry(step.clone()).or_insert(fresh);
        tick.state = state;
        by.clone_into(&mut tick.by);
        tick.at = at;
    }
}

/// A run has begun: it waits for nothing any more, nor do the occurrences before it.
fn begun(run: &mut Run, watches: &mut Vec<Watch>, at: Timestamp) {
    run.started_at.get_or_insert(at);
    for watch in watches.iter_mut().filter(|watch| watch.planned_at <= run.planned_at) {
        watch.start_by = None;
        watch.start_missed = false;
    }
    watches.retain(Watch::is_open);
}

/// What a flow counts as: failed, active, late.
fn counted(flow: &Flow) -> (bool, bool, bool) {
    let failed = flow.history.back().is_some_and(|past| past.outcome == PastOutcome::Bad);
    let active = flow.runs.iter().rev().any(|run| run.phase != Phase::Done);
    (failed && !flow.removed, active, flow.is_late())
}

fn shift(count: &mut u32, before: bool, after: bool) {
    match (before, after) {
        (false, true) => *count += 1,
        (true, false) => *count = count.saturating_sub(1),
        _ => {}
    }
}

fn push_once(list: &mut Vec<IncidentId>, id: IncidentId) {
    if !list.contains(&id) {
        list.push(id);
    }
}

/// Keeps today's definition and those that kept runs ran with.
fn forget_definitions(flow: &mut Flow) {
    if flow.definitions.len() > 1 {
        let used: BTreeSet<_> = flow.runs.iter().map(|run| run.definition.clone()).collect();
        let today = flow.digest.clone();
        flow.definitions.retain(|digest, _| *digest == today || used.contains(digest));
    }
}

fn past_of(run: &Run, outcome: &Outcome, at: Timestamp) -> Past {
    let took = run.started_at.and_then(|start| Duration::try_from(at.duration_since(start)).ok()).unwrap_or_default();
    let outcome = match outcome {
        Outcome::Success | Outcome::SuccessForced { .. } => PastOutcome::Good,
        Outcome::Skipped { .. } | Outcome::Missed { .. } => PastOutcome::Absent,
        _ => PastOutcome::Bad,
    };
    Past { outcome, took }
}

/// The deadlines of an occurrence, where its flow has any: local times of its date, or of the next day where earlier.
fn watch_of(definition: &FlowDefinition, planned_at: Timestamp) -> Option<Watch> {
    let zone = jiff::tz::TimeZone::get(&definition.zone).ok()?;
    let planned = planned_at.to_zoned(zone.clone());
    let instant = |time: Time| {
        let mut date = planned.date();
        if time < planned.time() {
            date = date.tomorrow().ok()?;
        }
        zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok().map(|zoned| zoned.timestamp())
    };
    let start_by = definition.must_start_by.and_then(instant);
    let finish_by = definition.must_finish_by.and_then(instant);
    (start_by.is_some() || finish_by.is_some()).then_some(Watch {
        planned_at,
        start_by,
        finish_by,
        start_missed: false,
        finish_missed: false,
    })
}
