//! An incident → the draft of its post-mortem (RULES: post-mortem). Everything that dogwatch knows stands in marked
//! blocks that [`super::redraft`] renews; the lines in italics are for people to replace.

use super::actions;
use super::bullets::List;
use super::deeds;
use super::front::Front;
use super::impact::Impact;
use super::redraft::block;
use super::telling::{Naming, Teller, one_line, told};
use super::wording::{between, escape, span, utc};
use crate::domain::counted;
use crate::domain::note::NoteKind;
use crate::domain::{AttemptEnd, ChannelId, Entry, Event, Health, Job, Subject};
use crate::rules::objective;
use crate::world::{Incident, World};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// Marks on the common timeline that are younger than this at the first sign may have caused it.
const MARKS_BEFORE: SignedDuration = SignedDuration::from_hours(2);
/// An alert that comes later than this after the first sign is named under what did not go well: the wake-up of a
/// critical alert is expected within five minutes.
const SLOW_DETECTION: SignedDuration = SignedDuration::from_mins(5);
/// The same for the first explicit acknowledgement.
const SLOW_ACKNOWLEDGEMENT: SignedDuration = SignedDuration::from_mins(15);

/// Hex digits of a checksum that are shown: enough to tell files apart, short enough to read out.
const DIGEST_SHOWN: usize = 16;

/// What a post-mortem is drafted from.
#[derive(Debug, Clone, Copy)]
pub struct Drafting<'a> {
    /// What is known besides.
    pub world: &'a World,
    /// The incident.
    pub incident: &'a Incident,
    /// Its timeline, the oldest first: the world's, or all of it from the journal.
    pub timeline: &'a [Arc<Entry>],
    /// For what still lasts.
    pub now: Timestamp,
    /// Who asks for the draft.
    pub author: &'a str,
    /// Whether people are named by what they were and not by who they are.
    pub roles_instead_of_people: bool,
}

/// Drafts the whole post-mortem: front matter, headings, blocks, and the questions that only people can answer.
pub fn draft(drafting: &Drafting<'_>) -> String {
    let facts = Facts::of(drafting);
    let incident = drafting.incident;
    let title = format!("Incident {}: {}", incident.id, one_line(&incident.title));
    let author = facts.teller.naming.of(drafting.author);
    let front = Front::new(NoteKind::PostMortem, &Subject::Incident(incident.id), &title, drafting.now, &author);
    let mut text = front.render();
    text.push('\n');
    let mut part = |heading: &str, generated: Option<(&str, String)>, question: &str| {
        text.push_str(heading);
        text.push_str("\n\n");
        if let Some((name, body)) = generated {
            text.push_str(&block(name, &body));
            text.push('\n');
        }
        if !question.is_empty() {
            text.push_str(question);
            text.push_str("\n\n");
        }
    };
    part(&format!("# {}", escape(&title)), Some(("times", facts.times())), "");
    part("## Summary", Some(("summary", facts.summary())), "*What happened, for someone who was not there?*");
    part("## Impact", Some(("impact", facts.impact())), "*What did users and colleagues notice, and how many of them?*");
    part("## Detection", Some(("detection", facts.detection())), "*Could it have been seen earlier?*");
    part("## Timeline", Some(("timeline", facts.timeline())), "");
    part("## What people did", Some(("deeds", facts.deeds())), "");
    part("## Evidence", Some(("evidence", facts.evidence())), "");
    part("## Contributing factors", Some(("factors", facts.factors())), "*What made it possible, likely, or worse?*");
    part("## What went well", Some(("well", facts.well())), "*What else helped?*");
    part("## What did not go well", Some(("badly", facts.badly())), "*What else was slow, missing or misleading?*");
    part("## Where we were lucky", None, "*What could have gone worse, and why did it not?*");
    part("## Action items", Some(("actions", facts.actions())), "*Each with an owner and a date.*");
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The incident with what was read from its entries.
struct Facts<'a> {
    from: &'a Drafting<'a>,
    teller: Teller<'a>,
    impact: Impact,
}

impl<'a> Facts<'a> {
    fn of(from: &'a Drafting<'a>) -> Self {
        let naming = if from.roles_instead_of_people { Naming::roles(from.timeline.iter().map(|entry| &**entry)) } else { Naming::Names };
        let teller = Teller { world: Some(from.world), zone: TimeZone::UTC, naming };
        Self { from, teller, impact: Impact::of(from.timeline) }
    }

    fn detected_at(&self) -> Timestamp {
        self.from.incident.alerts.values().map(|alert| alert.since).fold(self.from.incident.opened_at, Timestamp::min)
    }

    fn times(&self) -> String {
        let incident = self.from.incident;
        let sign = incident.first_sign_at;
        let mut table = String::from("| | UTC | time to |\n|---|---|---|\n");
        let mut row = |what: &str, at: Option<Timestamp>, figure: String| {
            let at = at.map_or_else(|| "not yet".to_owned(), utc);
            // Writing into a text cannot fail.
            let _ = writeln!(table, "| {what} | {at} | {figure} |");
        };
        row("first sign", Some(sign), String::new());
        row("detected", Some(self.detected_at()), format!("detect: {}", between(sign, self.detected_at())));
        let acknowledged = incident.first_acknowledged_at;
        row(
            "acknowledged",
            acknowledged,
            acknowledged.map(|at| format!("acknowledge: {}", between(incident.opened_at, at))).unwrap_or_default(),
        );
        let mitigated = incident.mitigated_at;
        row("mitigated", mitigated, mitigated.map(|at| format!("mitigate: {}", between(incident.opened_at, at))).unwrap_or_default());
        let resolved = incident.resolved.as_ref().map(|resolution| resolution.at);
        row("resolved", resolved, resolved.map(|at| format!("resolve: {}", between(incident.opened_at, at))).unwrap_or_default());
        table
    }

    fn summary(&self) -> String {
        let incident = self.from.incident;
        let zone = TimeZone::get(&self.from.world.zone).unwrap_or(TimeZone::UTC);
        let local = incident.opened_at.to_zoned(zone).strftime("%H:%M %Z").to_string();
        let mut text = format!(
            "A {} incident, “{}”, was opened at {} UTC ({local})",
            incident.severity,
            escape(&one_line(&incident.title)),
            utc(incident.opened_at)
        );
        let end = match &incident.resolved {
            Some(end) => {
                let by = self.teller.naming.author(&end.by);
                format!(
                    " and resolved after {} by {}: {}.",
                    between(incident.opened_at, end.at),
                    escape(&by),
                    escape(&one_line(&end.reason))
                )
            }
            None => format!(" and is still {} after {}.", incident.stage, between(incident.opened_at, self.from.now)),
        };
        text.push_str(&end);
        let flows = incident.flows.iter().map(|flow| format!("flow {flow}"));
        let parts: Vec<_> = flows.chain(incident.probes.iter().map(|probe| format!("probe {probe}"))).collect();
        if !parts.is_empty() {
            let _ = write!(text, " Involved: {}.", escape(&parts.join(", ")));
        }
        text.push('\n');
        text
    }

    fn impact(&self) -> String {
        let mut list = List::default();
        for (probe, stretches) in self.impact.down.iter().filter(|(_, stretches)| !stretches.is_empty()) {
            let when: Vec<_> =
                stretches.iter().map(|down| format!("{} to {}", utc(down.from), down.to.map_or_else(|| "now".to_owned(), utc))).collect();
            let lasted = self.impact.down_for(probe, self.from.now);
            let objective = self.from.world.probe(probe).and_then(|probe| probe.definition.objective);
            let burnt = objective.map(|objective| {
                let share = objective::burnt_by(&objective, lasted) * 100.0;
                format!("; that is {share:.1}% of its error budget ({objective})")
            });
            list.push(&format!("probe {probe} was down for {}: {}{}", span(lasted), when.join("; "), burnt.unwrap_or_default()));
        }
        for (run, at, outcome) in &self.impact.failed {
            let outcome = Event::RunEnded { run: run.clone(), outcome: outcome.clone() };
            let again = self.impact.recovered.get(&run.flow);
            let until = again.map(|(good, end)| format!("; {good} succeeded {} later", between(*at, *end))).unwrap_or_default();
            list.push(&format!("{} at {}{until}", self.teller.line(&outcome), utc(*at)));
        }
        for (flow, start, deadline) in &self.impact.missed {
            list.push(&format!("{flow} had not {} by its deadline {}", if *start { "started" } else { "succeeded" }, utc(*deadline)));
        }
        list.or("No probe was down and no run failed: the entries show no impact.")
    }

    fn detection(&self) -> String {
        let mut list = List::default();
        if let Some(sign) = self.from.timeline.iter().find(|entry| is_sign(&entry.event)) {
            list.push(&format!("first sign at {}: {} ({})", utc(sign.at), self.teller.line(&sign.event), self.teller.source(sign)));
        }
        if let Some(alert) = self.from.incident.alerts.values().min_by_key(|alert| alert.since) {
            let after = between(self.from.incident.first_sign_at, alert.since);
            list.push(&format!("first alert {after} later: {} ({})", one_line(&alert.notice.summary), alert.source));
        }
        list.or("The entries do not show how it was noticed.")
    }

    fn timeline(&self) -> String {
        let mut text = String::from("All times in UTC; the number is the entry in the journal.\n");
        let mut day = None;
        let tellings = tellings(self.from.timeline);
        let is_shown = |entry: &Entry| !is_own_save(&entry.event) && !is_delivery(entry, &tellings);
        for entry in told(self.from.timeline).filter(|entry| is_shown(entry)) {
            let at = entry.at.to_zoned(TimeZone::UTC);
            if day.replace(at.date()) != Some(at.date()) {
                let _ = write!(text, "\n**{}**\n\n", at.date());
            }
            let (line, source) = (escape(&self.teller.line(&entry.event)), escape(&self.teller.source(entry)));
            let _ = writeln!(text, "- {} {line} ({source}, #{})", at.strftime("%H:%M:%S"), entry.seq);
        }
        let dropped = self.from.incident.timeline_dropped;
        if dropped > 0 && self.from.timeline.len() <= self.from.incident.timeline.len() {
            let _ = writeln!(text, "\n{dropped} later entries are only in the journal (`dogwatch events`).");
        }
        text
    }

    fn deeds(&self) -> String {
        let mut list = List::default();
        for line in deeds::lines(&self.teller, self.from.timeline) {
            list.push(&line);
        }
        list.or("The entries show nothing that a person ran or changed.")
    }

    /// What was gathered, with what it can be checked by and the command that shows it.
    fn evidence(&self) -> String {
        let id = self.from.incident.id;
        let mut list = List::default();
        for capsule in &self.from.incident.evidence.capsules {
            for file in capsule.files.iter().filter(|file| !file.name.is_empty()) {
                let error = file.first_error.map(|line| format!(", first error in line {line}")).unwrap_or_default();
                let size = counted(usize::try_from(file.bytes).unwrap_or(usize::MAX), "byte");
                let digest = crate::text::head(&file.sha256, DIGEST_SHOWN);
                let words = format!("{} from {}: {size}, SHA-256 {digest}…{error}", file.name, file.from);
                list.push_with(&words, &format!("dogwatch evidence {id} --show {} --capsule {}", file.name, capsule.number));
            }
            for file in capsule.files.iter().filter(|file| file.name.is_empty()) {
                list.push(&format!("nothing of {}: {}", file.from, file.problem.as_deref().unwrap_or("no line of the time")));
            }
        }
        if list.is_empty() {
            return list.or("None was gathered.");
        }
        list.push_with("all of it for hand-off", &format!("dogwatch evidence {id} --export FILE.tar.gz"));
        list.or("")
    }

    fn factors(&self) -> String {
        let incident = self.from.incident;
        let mut list = List::default();
        let mut causes: Vec<String> = Vec::new();
        for entry in self.from.timeline {
            let words = match &entry.event {
                Event::AttemptEnded { attempt, end, .. }
                    if !end.is_success() && *end != AttemptEnd::NeverBegan && !self.teller.is_expected(attempt, end) =>
                {
                    self.teller.line(&entry.event)
                }
                Event::ProbeErring { error: Some(_), .. } | Event::ProbeChanged { to: Health::Down { good: 0, .. }, .. } => {
                    self.teller.line(&entry.event)
                }
                _ => continue,
            };
            if !causes.contains(&words) {
                causes.push(words);
            }
        }
        for cause in &causes {
            list.push(cause);
        }
        for (run, _, _) in &self.impact.failed {
            let flow = self.from.world.flow(&run.flow);
            let pair = flow.and_then(|flow| Some((flow.run(run)?, flow.last_good(Some(run))?)));
            if let Some((_, good)) = pair.filter(|(bad, good)| bad.definition != good.definition) {
                list.push(&format!("the definition of {} was changed between the last good run {} and {run}", run.flow, good.id));
            }
        }
        let since = incident.first_sign_at.checked_sub(MARKS_BEFORE).unwrap_or(incident.first_sign_at);
        for entry in self.from.world.recent.iter().filter(|entry| (since..=incident.first_sign_at).contains(&entry.at)) {
            if let Event::Marked { text } = &entry.event {
                list.push(&format!("“{}” was marked {} before the first sign", one_line(text), between(entry.at, incident.first_sign_at)));
            }
        }
        if let Some(previous) = incident.previous {
            list.push(&format!("the same alert had opened incident {previous} before"));
        }
        list.or("The entries show none.")
    }

    fn well(&self) -> String {
        let incident = self.from.incident;
        let mut list = List::default();
        if let Some(at) = incident.first_acknowledged_at.filter(|at| at.duration_since(incident.opened_at) <= SLOW_ACKNOWLEDGEMENT) {
            list.push(&format!("acknowledged within {}", between(incident.opened_at, at)));
        }
        for procedure in self.from.world.procedures.values().filter(|walked| walked.subject == Subject::Incident(incident.id)) {
            if procedure.done() > 0 {
                list.push(&format!("runbook {} was walked, {} of its steps done", procedure.runbook, procedure.done()));
            }
        }
        for (flow, (run, at)) in &self.impact.recovered {
            list.push(&format!("{flow} was brought back by {run} at {}", utc(*at)));
        }
        list.or("The entries show nothing that stands out.")
    }

    fn badly(&self) -> String {
        let incident = self.from.incident;
        let mut list = List::default();
        let detection = self.detected_at().duration_since(incident.first_sign_at);
        if detection > SLOW_DETECTION {
            list.push(&format!("it took {} from the first sign to the first alert", span(detection)));
        }
        match incident.first_acknowledged_at {
            None => list.push("nobody acknowledged it"),
            Some(at) if at.duration_since(incident.opened_at) > SLOW_ACKNOWLEDGEMENT => {
                list.push(&format!("it took {} until someone acknowledged it", between(incident.opened_at, at)));
            }
            Some(_) => {}
        }
        if self.has_no_runbook() {
            list.push("no runbook was there for it");
        }
        for entry in self.from.timeline {
            if let Event::AttemptEnded { end: AttemptEnd::Lost, .. } | Event::AcknowledgementEnded { .. } = &entry.event {
                list.push(&self.teller.line(&entry.event));
            }
        }
        list.or("The entries show nothing that stands out.")
    }

    fn actions(&self) -> String {
        let mut list = List::to_tick();
        for entry in self.from.timeline {
            let (Event::Noted { text, .. } | Event::IncidentAcknowledged { note: Some(text), .. }) = &entry.event else { continue };
            for promise in text.lines().filter_map(actions::promise) {
                let naming = &self.teller.naming;
                let owner = promise.owner.map_or_else(|| naming.author(&entry.author), |owner| naming.of(owner));
                let due = promise.due.map(|due| format!(", due: {due}")).unwrap_or_default();
                list.push(&format!("{} (owner: {owner}{due}, #{})", one_line(promise.what), entry.seq));
            }
        }
        if self.has_no_runbook() {
            list.push("write a runbook for this (owner: nobody yet)");
        }
        list.or("None yet: a line that begins with `!todo` in the incident's timeline becomes one.")
    }

    /// Whether neither its flows nor its probes name a runbook, and none was walked.
    fn has_no_runbook(&self) -> bool {
        let (world, incident) = (self.from.world, self.from.incident);
        let subject = Subject::Incident(incident.id);
        let walked = world.procedures.values().any(|procedure| procedure.subject == subject);
        let flows = incident.flows.iter().filter_map(|flow| world.flow(flow)).any(|flow| flow.definition.runbook.is_some());
        let probes = incident.probes.iter().filter_map(|probe| world.probe(probe)).any(|probe| probe.definition.runbook.is_some());
        !(walked || flows || probes)
    }
}

/// Whether a fact shows trouble before any alert.
fn is_sign(event: &Event) -> bool {
    match event {
        Event::ProbeChanged { to, .. } => matches!(to, Health::Soft { .. } | Health::Down { .. }),
        // What a runbook's step finds is an answer, not a sign.
        Event::AttemptEnded { attempt, end, .. } => {
            matches!(attempt.job, Job::Step { .. }) && !end.is_success() && *end != AttemptEnd::NeverBegan
        }
        Event::AlertFiring { .. } => true,
        _ => false,
    }
}

/// Writing the post-mortem is no part of what it tells: its draft would change with every save.
fn is_own_save(event: &Event) -> bool {
    matches!(event, Event::NoteSaved { note } if note.kind == NoteKind::PostMortem)
}

/// The instants and channels on which people were told, of entries that name them all in one line.
fn tellings(timeline: &[Arc<Entry>]) -> BTreeSet<(Timestamp, &ChannelId)> {
    let told = timeline.iter().filter_map(|entry| match &entry.event {
        Event::IncidentEscalated { told, .. } | Event::IncidentRetold { told, .. } | Event::RecoveryTold { told, .. } => {
            Some(told.iter().map(|told| (entry.at, &told.channel)))
        }
        _ => None,
    });
    told.flatten().collect()
}

/// Whether a fact only tells how a message travelled: on its way, taken, or due where the chain's own line says who was told.
/// That one did not arrive is kept.
fn is_delivery(entry: &Entry, tellings: &BTreeSet<(Timestamp, &ChannelId)>) -> bool {
    match &entry.event {
        Event::MessageHeldBack { .. } | Event::MessageSending { .. } | Event::MessageSent { .. } => true,
        Event::MessageDue { message } => tellings.contains(&(entry.at, &message.channel)),
        _ => false,
    }
}
