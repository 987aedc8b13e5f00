//! What the wire says: the replica follows, answers find those who asked.

use super::{App, Layer};
use crate::console::action::Action;
use crate::console::dialog::Preview;
use crate::console::link::News;
use crate::console::msg::Out;
use crate::console::session::{Connection, Pending, Tone};
use crate::console::view::{answer, readings};
use crate::domain::{Accepted, AttemptId, ChannelKind, Digest, Entry, Event, Job, Message, Refusal, Severity};
use crate::wire::message::{self, Answer, Ask, Said, Welcome};
use crate::world::SHAPE;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long an accepted request that leaves no entry of its own stays marked.
const SETTLES: SignedDuration = SignedDuration::from_secs(2);
/// Probes whose history is asked for at once: more than any screen shows, fewer than requests that may wait.
const HISTORIES: usize = 64;

impl Pending {
    /// Whether nothing more is to be waited for.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.answered.is_some_and(|at| self.seen || now.duration_since(at) > SETTLES)
    }
}

impl App {
    /// Takes in what the wire says. A part of the world is taken out of it: it is too large to be there twice.
    pub(super) fn news(&mut self, news: &mut News) {
        match news {
            News::Connected(welcome) => self.connected(welcome),
            News::Lost { reason } => {
                if !matches!(self.session.connection, Connection::Lost { .. }) {
                    self.session.connection = Connection::Lost { since: self.session.now, reason: reason.clone() };
                }
            }
            News::Said(said) => self.said(said),
        }
    }

    fn connected(&mut self, welcome: &Welcome) {
        let alike = welcome.version == message::VERSION && welcome.shape == SHAPE;
        self.session.read_only.clone_from(&welcome.read_only);
        self.session.welcome = Some(welcome.clone());
        if !alike {
            self.session.connection = Connection::OtherShape;
            return;
        }
        self.session.connection = Connection::Connecting;
        self.histories.clear(); // what a lost connection was asked comes no more
        self.session.ask(Ask::World { follow: true });
        // What was asked and not answered is asked again with its key: the daemon carries it out once.
        let again: Vec<_> = self.session.pending.values().filter(|pending| pending.answered.is_none()).map(|p| p.request.clone()).collect();
        self.session.outs.extend(again.into_iter().map(Out::Ask));
    }

    fn said(&mut self, said: &mut Said) {
        match said {
            Said::Part(part) => {
                let first = part.head.is_some();
                self.session.world.absorb(std::mem::take(&mut **part));
                if first {
                    self.zone();
                }
            }
            Said::Live { .. } => {
                self.session.connection = Connection::Live;
                self.ask_for_history();
            }
            Said::Entries(entries) => {
                for entry in &*entries {
                    self.entry(entry);
                }
                self.announced();
            }
            Said::Readings(readings) => readings.iter().for_each(|reading| self.session.readings.push(reading.clone())),
            Said::Answer { id, result } => self.answer(*id, result),
            Said::Resync => self.session.connection = Connection::Connecting,
            Said::ReadOnly { reason } => self.session.read_only.clone_from(reason),
            Said::Bye { reason } => self.session.toast(Tone::Bad, format!("the daemon ended the connection: {reason}")),
        }
    }

    fn entry(&mut self, entry: &Entry) {
        if entry.seq <= self.session.world.seq {
            return;
        }
        self.session.world.apply(entry);
        for pending in self.session.pending.values_mut() {
            pending.seen |= answer::is_of(&entry.event, &pending.command);
        }
        match &entry.event {
            Event::WorkspaceLoaded { .. } => self.zone(),
            Event::IncidentOpened { incident, title, severity, .. } if *severity >= Severity::High => {
                self.session.toast(Tone::Bad, format!("{severity} incident {incident}: {title}"));
            }
            Event::AcknowledgementAsked { incident, until } if self.session.asked_of_me().contains(incident) => {
                let until = self.session.time(*until);
                self.session.toast(Tone::Bad, format!("still on incident {incident}? without a word it comes back at {until}"));
            }
            Event::MessageDue { message } if self.rings(message) => self.session.outs.push(Out::Ring(message.subject.clone())),
            Event::ProcedureAsked { attempt, .. } if !entry.author.is_person() => {
                self.session.toast(Tone::Plain, format!("{} runs by itself", attempt_words(attempt)));
            }
            Event::RemediationHeldBack { runbook, step, reason, .. } => {
                self.session.toast(Tone::Bad, format!("runbook {runbook} {step} did not run by itself: {reason}"));
            }
            Event::ApprovalAsked { request, .. } if Some(entry.author.name()) != self.session.user() => {
                let key = self.session.options.keymap.key(Action::ApprovalsPage).unwrap_or_default();
                let words = format!("{} asks for a second person: runbook {} {} ({key})", entry.author, request.runbook, request.step);
                self.session.toast(Tone::Plain, words);
            }
            Event::ApprovalGiven { digest, .. } => self.tell_asker(digest, &format!("{} approved", entry.author)),
            Event::ApprovalEnded { digest, reason } => self.tell_asker(digest, &format!("void, {reason}")),
            Event::GlassBroken { attempt, reason } => {
                self.session.toast(Tone::Bad, format!("{} ran {} WITHOUT a second person: {reason}", entry.author, attempt_words(attempt)));
            }
            Event::ChecklistOpened { checklist, due, .. } => {
                let until = self.session.time(*due);
                self.session.toast(Tone::Plain, format!("checklist {checklist} is open, to be done by {until}"));
            }
            Event::ProbeRemoved { probe } => self.session.readings.retain(|other| other != probe),
            _ => {}
        }
        self.session.pending.retain(|_, pending| !pending.is_over(self.session.now));
    }

    /// Whether this terminal rings for a message: its person is told, or everyone is, or nobody in particular.
    fn rings(&self, message: &Message) -> bool {
        let session = &self.session;
        let Some(channel) = session.world.channel(&message.channel).filter(|_| session.options.bell) else { return false };
        let ChannelKind::Terminal { everyone } = channel.definition.kind else { return false };
        let mine = message.person.as_ref().is_none_or(|person| {
            let user = session.world.duty.people.people.get(person).map_or(person.as_str(), |person| person.user.as_str());
            session.user() == Some(user)
        });
        everyone || mine
    }

    /// Tells who asked for it what became of a request for a second person.
    fn tell_asker(&mut self, digest: &Digest, words: &str) {
        let Some(approval) = self.session.world.approvals.get(digest) else { return };
        if Some(approval.by.name()) == self.session.user() {
            let words = format!("runbook {} {}: {words}", approval.request.runbook, approval.request.step);
            self.session.toast(Tone::Plain, words);
        }
    }

    /// Asks for the last readings of the probes that stand first, so that a new console has its sparklines at once.
    fn ask_for_history(&mut self) {
        let unread = self.session.world.probes.values().filter(|probe| self.session.readings.of(&probe.definition.id).is_none());
        let mut first: Vec<_> = unread.map(|probe| (probe.urgency(), probe.definition.every)).collect();
        first.sort();
        for ((_, probe), every) in first.into_iter().take(HISTORIES) {
            let reaches = SignedDuration::try_from(every.saturating_mul(readings::KEPT as u32)).unwrap_or(SignedDuration::MAX);
            let since = self.session.now.checked_sub(reaches).unwrap_or(Timestamp::UNIX_EPOCH);
            let id = self.session.ask(Ask::Samples { probe: probe.clone(), since });
            self.histories.insert(id, probe);
        }
    }

    fn zone(&mut self) {
        // A zone that this host does not know is shown as UTC, and the head says so.
        self.session.zone = TimeZone::get(&self.session.world.zone).unwrap_or(TimeZone::UTC);
    }

    fn answer(&mut self, id: u64, result: &Result<Answer, Refusal>) {
        if let Some(probe) = self.histories.remove(&id) {
            // Without history there is only no sparkline: the readings that come draw it.
            if let Ok(Answer::Samples(samples)) = result {
                self.session.readings.fill(&probe, samples);
            }
            return;
        }
        for layer in &mut self.layers {
            if let Layer::Dialog(dialog) = layer
                && let Preview::Several(all) = &mut dialog.preview
                && let Some(one) = all.iter_mut().find(|one| one.id == id)
            {
                one.answer = Some(match result {
                    Ok(Answer::Accepted(Accepted::WouldDo(lines))) => Ok(lines.clone()),
                    Ok(_) => Ok(Vec::new()),
                    Err(refusal) => Err(refusal.clone()),
                });
            }
            if let Layer::Dialog(dialog) = layer
                && dialog.preview == Preview::Asked(id)
            {
                dialog.preview = match result {
                    Ok(Answer::Accepted(Accepted::WouldDo(lines))) => Preview::Lines(lines.clone()),
                    Ok(_) => Preview::None,
                    Err(refusal) => Preview::Refused(refusal.clone()),
                };
            }
        }
        if let Some(pending) = self.session.pending.get_mut(&id) {
            pending.answered = Some(self.session.now);
            let (verb, target) = (pending.command.verb(), pending.target.clone());
            match result {
                Ok(Answer::Accepted(Accepted::Silence(silence))) => {
                    self.session.toast(Tone::Good, format!("silence {silence} lasts"));
                }
                Ok(Answer::Accepted(Accepted::Incident(incident))) => {
                    self.session.toast(Tone::Good, format!("incident {incident} was made"));
                }
                Ok(Answer::Accepted(Accepted::Run(run))) => {
                    self.toast(Tone::Good, format!("{run} is on its way"), Some(run.clone()));
                    self.announced();
                }
                Ok(_) => {}
                Err(refusal) => {
                    self.session.pending.remove(&id);
                    let what = target.map(|target| format!(" {target}")).unwrap_or_default();
                    self.session.toast(Tone::Bad, format!("{verb}{what}: {}", one_line(refusal)));
                }
            }
        }
        for (_, page) in &mut self.pages {
            page.answered(id, result, &mut self.session);
        }
    }
}

fn one_line(refusal: &Refusal) -> String {
    match &refusal.hint {
        Some(hint) => format!("{} ({hint})", refusal.reason),
        None => refusal.reason.clone(),
    }
}

/// `runbook orders-load look`.
fn attempt_words(attempt: &AttemptId) -> String {
    match &attempt.job {
        Job::Procedure { runbook, step, .. } => format!("runbook {runbook} {step}"),
        Job::Step { run, step } => format!("{run} {step}"),
    }
}
