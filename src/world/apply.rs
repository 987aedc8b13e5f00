//! `World::apply`: one arm per fact. Total: a fact about something unknown changes nothing.

mod approvals;
mod calendars;
mod checklists;
mod conditions;
mod duty;
mod flows;
mod incidents;
mod messages;
mod misses;
mod overlays;
mod probes;
mod procedures;
mod record;
mod reviews;
mod runs;
mod sources;
mod touched;
mod verbs;

use super::hold::{Hold, Noop};
use super::overlay::{Owner, Snooze};
use super::run::Decided;
use super::{Daemon, ItemTick, MadeOverride, RECENT_KEPT, ReviewDecision, World, relate};
use crate::domain::{Entry, Event, IncidentId, Stage};
use jiff::Timestamp;
use std::sync::Arc;

impl World {
    /// Folds one entry into the world.
    pub fn apply(&mut self, entry: &Entry) {
        let last_sign = (self.seq > 0).then_some(self.at);
        self.seq = entry.seq;
        self.at = entry.at;
        let (at, by) = (entry.at, entry.author.name());
        match &entry.event {
            Event::DaemonStarted { version, pid, boot_id, host } => self.daemon_started(version, *pid, boot_id, host, last_sign, at),
            Event::DaemonStopped { .. } => self.daemon.iter_mut().for_each(|daemon| daemon.stopped_at = Some(at)),
            Event::WorkspaceLoaded { name, zone, max_running, group_by } => self.workspace_loaded(name, zone, *max_running, group_by),
            Event::WorkspaceRefused { errors } => self.workspace_errors.clone_from(errors),
            Event::SourceDefined { source, kind, capabilities, definition } => {
                self.source_defined(source, kind, capabilities, definition.as_ref(), at);
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
            Event::RunKillAsked { run, .. } => self.run_kill_asked(run, by),
            Event::RunTimedOut { run } => self.run_timed_out(run, by),
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
                self.flow_held(flow, hold);
            }
            Event::FlowReleased { flow } => self.flow_released(flow),
            Event::ProbeChanged { probe, from, to, reason } => self.probe_changed(probe, *from, *to, reason, at),
            Event::ProbeBurning { probe, burning } => self.change_probe(probe, |probe| probe.burning.clone_from(burning)),
            Event::ProbeFlapping { probe, share } => self.probe_flapping(probe, *share, at),
            Event::ProbeErring { probe, error } => self.change_probe(probe, |probe| probe.error.clone_from(error)),
            Event::AlertFiring { alert, source, notice } => self.alert_firing(*alert, source, notice, &entry.author, at),
            Event::AlertResolved { alert, .. } => self.alert_resolved(*alert, at),
            Event::IncidentOpened { incident, title, severity, group, alert, previous } => {
                self.incident_opened(*incident, title, *severity, group, *alert, *previous, at);
            }
            Event::IncidentJoined { incident, alert } => {
                self.incident_joined(*incident, *alert);
                self.escalation_joined(*incident, at);
            }
            Event::SeverityRaised { incident, severity } => self.change_incident(*incident, |incident| incident.severity = *severity),
            Event::IncidentAcknowledged { incident, note } => self.incident_acknowledged(*incident, &entry.author, note.as_ref(), at),
            Event::AcknowledgementEnded { incident, .. } => self.change_incident(*incident, |incident| {
                incident.acknowledged = None;
                if incident.stage == Stage::Acknowledged {
                    incident.stage = Stage::Triggered;
                }
            }),
            Event::IncidentResolved { incident, reason } => self.incident_resolved(*incident, &entry.author, reason, at),
            Event::NoteSaved { note } => self.note_saved(note, &entry.author),
            Event::ProcedureAsked { attempt, command, params } => {
                self.procedure_asked(attempt, command, params, by, at);
                self.remedy_begun(attempt, &entry.author, at);
            }
            Event::ProcedureTicked { runbook, step, subject, done } => self.procedure_ticked(runbook, step, subject, *done, by, at),
            Event::ChannelDefined { channel } => self.channel_defined(channel),
            Event::ChannelRemoved { channel } => self.channel_removed(channel),
            Event::MessageDue { message } => self.message_due(message, entry.seq, at),
            Event::MessageHeldBack { message, point, severity } => self.message_held_back(message, *point, *severity, at),
            Event::MessageSending { message, number } => self.message_sending(message, *number),
            Event::MessageSent { message } => self.message_sent(message, at),
            Event::MessageFailed { message, error, next_at } => self.message_failed(message, error, *next_at, at),
            Event::MessageGivenUp { message, error } => self.message_given_up(message, error, at),
            Event::MessageUnknown { message, error } => self.message_unknown(message, error, at),
            Event::PoolsDefined { pools } => self.pools_defined(pools),
            Event::ConditionMet { run, condition, by } => self.condition_met(run, condition, by),
            Event::FileDelivered { flow, path, file } => self.file_delivered(flow, path, file, at),
            Event::FileDuplicate { flow, path, file, of } => self.file_duplicate(flow, path, file, of, at),
            Event::FileSighted { flow, path, words } => self.file_sighted(flow, path, words, at),
            Event::CalendarDefined { calendar } => self.calendar_defined(calendar, at),
            Event::CalendarRemoved { calendar } => drop(self.calendars.remove(calendar)),
            Event::BatchDayDefined { begins } => self.batch_day = *begins,
            Event::FlowIced { flow, reason, until } => {
                let ice = Hold { by: by.to_owned(), reason: reason.clone(), since: at, until: *until };
                self.change_flow(flow, |flow| flow.ice = Some(ice));
            }
            Event::FlowThawed { flow } => self.change_flow(flow, |flow| {
                flow.ice = None;
                flow.thawed_at = Some(at);
            }),
            Event::NoopSet { flow, reason } => {
                let noop = Noop { by: by.to_owned(), reason: reason.clone(), since: at };
                self.change_flow(flow, |flow| flow.noop = Some(noop));
            }
            Event::NoopWithdrawn { flow } => self.change_flow(flow, |flow| flow.noop = None),
            Event::StartForced { run, step, .. } => self.start_forced(run, step.as_ref(), by, at),
            Event::StepForced { run, step, outcome, reason } => {
                self.step_forced(run, step, outcome, Decided { by: by.to_owned(), reason: reason.clone(), at });
            }
            Event::RunHeld { run, reason, until } => {
                self.run_held(run, Hold { by: by.to_owned(), reason: reason.clone(), since: at, until: *until });
            }
            Event::RunReleased { run } => self.run_released(run),
            Event::RunPrioritized { run, priority } => self.run_prioritized(run, *priority),
            Event::StepApproved { run, step, note } => {
                let approved = Decided { by: by.to_owned(), reason: note.clone().unwrap_or_default(), at };
                self.change_step(run, step, |step| step.approved = Some(Box::new(approved)));
            }
            Event::OccurrenceAsked { occurrence } => self.occurrence_asked(occurrence),
            Event::AwayNoticed { from, to } => self.away_noticed(*from, *to),
            Event::MissesDismissed { .. } => self.away = None,
            Event::IncidentMitigated { incident, .. } => {
                self.incident_mitigated(*incident, by, at);
                self.escalation_rests(*incident);
            }
            Event::AlertExpires { alert, at } => self.alert_expires(*alert, *at),
            Event::AlertsRepeated { repeats } => self.alerts_repeated(repeats),
            Event::IntakeDefined { intake } => self.intake_defined(intake.as_ref(), at),
            Event::IntakeListens { address, error } => self.intake_listens(address.as_ref(), error.as_ref(), at),
            Event::IntakeCounted { counts } => self.intake_counted(*counts, at),
            Event::SourceNoted { source, note } => self.change_source(source, |row| row.note = note.clone()),
            Event::SourceSilenceSeen { source, silence } => self.change_source(source, |row| {
                row.silences.insert(silence.id.clone(), silence.clone());
            }),
            Event::SourceSilenceGone { source, id } => self.change_source(source, |row| drop(row.silences.remove(id))),
            Event::SourceSilenceAsked { source, order } => self.source_silence_asked(source, order, at),
            Event::SourceSilenceProlonging { source, marker, ends } => self.change_silencing(source, marker, |row| row.prolonging(*ends)),
            Event::SourceSilenceMade { source, marker, id, ends } => self.source_silence_made(source, marker, (id, *ends), at),
            Event::SourceSilenceFailed { source, marker, error, next_at } => {
                self.change_silencing(source, marker, |row| row.failed(error, *next_at));
            }
            Event::SourceSilenceEnding { source, marker, reason } => self.source_silence_ending(source, marker, reason),
            Event::SourceSilenceEnded { source, marker, .. } => self.source_silence_ended(source, marker),
            Event::MitigationEnded { incident, .. } => self.mitigation_ended(*incident),
            Event::IncidentSnoozed { incident, until, reason } => {
                self.incident_snoozed(*incident, Snooze { by: by.to_owned(), reason: reason.clone(), since: at, until: *until });
                self.escalation_rests(*incident);
            }
            Event::SnoozeEnded { incident, .. } => self.change_incident(*incident, |incident| incident.snoozed = None),
            Event::IncidentClaimed { incident } => {
                self.incident_owned(*incident, Some(Owner { name: by.to_owned(), by: by.to_owned(), since: at }));
            }
            Event::IncidentUnclaimed { incident } => self.incident_owned(*incident, None),
            Event::IncidentHandedOver { incident, to, .. } => {
                self.incident_owned(*incident, Some(Owner { name: to.clone(), by: by.to_owned(), since: at }));
            }
            Event::AcknowledgementAsked { incident, until } => self.acknowledgement_asked(*incident, *until),
            Event::IncidentMerged { incident, into } => {
                self.incident_merged(*incident, *into, &entry.author, at);
                self.escalation_merged(*incident, *into, at);
            }
            Event::IncidentSplit { incident, new, title, severity, alerts } => {
                self.incident_split(*incident, *new, title, *severity, alerts, at);
            }
            Event::SilenceMade { silence, matchers, until, reason } => self.silence_made(*silence, matchers, by, reason, at, *until),
            Event::SilenceExtended { silence, until } => self.silence_extended(*silence, *until),
            Event::SilenceEnded { silence, reason } => self.silence_ended(*silence, reason, at),
            Event::MaintenanceDefined { windows } => self.maintenance_defined(windows),
            Event::MaintenanceBegan { window, until } => self.maintenance_changed(window, Some(*until), at),
            Event::MaintenanceEnded { window } => self.maintenance_changed(window, None, at),
            Event::AckLifeDefined { life } => self.ack_life = *life,
            Event::PeopleDefined { people } => self.duty.define(people, entry.seq),
            Event::OverrideMade { rota, person, from, to, reason } => {
                let (rota, person, reason, by) = (rota.clone(), person.clone(), reason.clone(), by.to_owned());
                self.duty.make(MadeOverride { rota, person, from: *from, to: *to, reason, by, at }, entry.seq);
            }
            Event::OverrideEnded { rota, from } => self.duty.end(rota, *from, at, entry.seq),
            Event::EscalationStarted { incident, severity, next_at } => {
                self.escalation_started(*incident, *severity, *next_at, entry.seq, at);
            }
            Event::EscalationDeferred { incident, until, reason } => self.escalation_put_off(*incident, *until, reason, at),
            Event::IncidentEscalated { incident, round, step, told, next_at, .. } => {
                self.incident_escalated(*incident, (*round, *step), told, *next_at, at);
            }
            Event::EscalationExhausted { incident } => self.escalation_exhausted(*incident, at),
            Event::EscalationEnded { incident, .. } => self.escalation_rests(*incident),
            Event::IncidentRetold { incident, .. } => self.incident_retold(*incident, at),
            Event::RecoveryTold { incident, .. } => self.recovery_told(*incident),
            Event::EntryPinned { incident, entry, pinned } => self.entry_pinned(*incident, *entry, *pinned),
            Event::OutsideDefined { outside } => self.outside.settings = outside.clone(),
            Event::OutsideChanged { change } => self.outside_changed(change, entry),
            Event::EvidenceDefined { settings } => self.evidence = settings.clone(),
            Event::EvidenceAsked { incident, number, names } => self.evidence_asked(*incident, *number, names, entry.author.is_person()),
            Event::EvidenceTaken { incident, capsule } => self.evidence_taken(*incident, capsule),
            Event::Noted { incident, text } => self.noted(*incident, text, entry),
            Event::Marked { .. } => self.outside.keep(entry),
            Event::WriteUpMoved { incident, state } => self.write_up_moved(*incident, *state, by, at),
            Event::ReviewDecided { incident, finding, accepted, path } => {
                let (finding, by, accepted, path) = (finding.clone(), by.to_owned(), *accepted, path.clone());
                self.review_decided(*incident, ReviewDecision { finding, accepted, by, at, path });
            }
            Event::ProcedureRulesDefined { rules } => self.procedure_rules_defined(rules),
            Event::ApprovalAsked { digest, request } => self.approval_asked(digest, request, &entry.author),
            Event::ApprovalGiven { digest, note } => self.approval_given(digest, &entry.author, note.as_ref(), at),
            Event::ApprovalUsed { digest, attempt } => self.change_approval(digest, |approval| approval.used = Some(attempt.clone())),
            Event::ApprovalEnded { digest, reason } => self.change_approval(digest, |approval| approval.ended = Some(reason.clone())),
            Event::ChecklistDefined { checklist } => self.checklist_defined(checklist, at),
            Event::ChecklistRemoved { checklist } => drop(self.checklists.remove(checklist)),
            Event::ChecklistOpened { checklist, number, planned, due } => {
                self.checklist_opened(checklist, *number, *planned, *due, by, at);
            }
            Event::ChecklistMissed { checklist, until, .. } => self.checklist_missed(checklist, *until),
            Event::ItemTicked { checklist, number, item, done, note, evidence } => {
                let tick = ItemTick { done: *done, by: by.to_owned(), at, note: note.clone(), evidence: evidence.clone() };
                self.item_ticked(checklist, *number, item, tick);
            }
            Event::ChecklistDone { checklist, number } => self.checklist_over(checklist, *number, None, at),
            Event::ChecklistLeft { checklist, number, reason, .. } => self.checklist_over(checklist, *number, Some(reason), at),
            Event::AnchorsDefined { anchors } => self.anchors_defined(anchors),
            Event::AnchorFailing { sink, error } => self.anchor_failing(*sink, error, at),
            Event::AnchorWorks { sink } => drop(self.anchors_failing.remove(sink)),
            Event::DamageAccepted { .. }
            | Event::EntryLost { .. }
            | Event::AttemptAdopted { .. }
            | Event::ProbeAsked { .. }
            | Event::ProcedureKillAsked { .. }
            | Event::Refused { .. }
            | Event::ClockStepped { .. }
            | Event::AlertMuted { .. }
            | Event::GlassBroken { .. }
            | Event::RemediationHeldBack { .. }
            | Event::Unknown(_) => {}
        }
        self.touch(entry);
        relate::record(self, entry);
        if entry.event.is_told() {
            if self.recent.len() >= RECENT_KEPT {
                self.recent.pop_front();
            }
            self.recent.push_back(Arc::new(entry.clone()));
        }
    }

    fn daemon_started(&mut self, version: &str, pid: u32, boot_id: &str, host: &str, last_sign: Option<Timestamp>, at: Timestamp) {
        self.outside.begun(boot_id, at);
        self.daemon = Some(Daemon {
            version: version.to_owned(),
            pid,
            boot_id: boot_id.to_owned(),
            host: host.to_owned(),
            started_at: at,
            stopped_at: None,
            last_sign,
        });
        // It does not listen before it says so.
        self.intake.iter_mut().for_each(|intake| intake.address = None);
    }

    fn workspace_loaded(&mut self, name: &str, zone: &str, max_running: u32, group_by: &[String]) {
        name.clone_into(&mut self.name);
        zone.clone_into(&mut self.zone);
        self.max_running = max_running;
        self.group_by = group_by.to_vec();
        self.workspace_errors.clear();
    }
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
