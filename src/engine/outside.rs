//! Everything that the engine can ask of the outside, and nothing else.

use crate::anchors::Teller;
use crate::channels::Courier;
use crate::domain::{AttemptId, Effect, IntakeDefinition, Level};
use crate::evidence::Gatherer;
use crate::feeds::Feeds;
use crate::outside::Machine;
use crate::prober::Prober;
use crate::runner::{ClaimError, Runner};
use crate::samples::Readings;
use crate::sources::Neighbours;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// What a user may do now, by the workspace's files and the system's groups as they are at this moment.
#[derive(Clone)]
pub struct Roles(Arc<dyn Fn(u32) -> Option<Level> + Send + Sync>);

impl Roles {
    /// Roles that this function knows.
    pub fn new(of: impl Fn(u32) -> Option<Level> + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    /// What a user may do; nothing where they may not even look.
    pub fn of(&self, uid: u32) -> Option<Level> {
        (self.0)(uid)
    }
}

impl std::fmt::Debug for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Roles")
    }
}

/// Who performs effects.
#[derive(Clone)]
pub struct Outside {
    /// Runs steps.
    pub runner: Runner,
    /// Looks at targets.
    pub prober: Prober,
    /// Keeps every reading.
    pub readings: Readings,
    /// Sends messages.
    pub courier: Courier,
    /// Looks for files that flows wait for.
    pub feeds: Feeds,
    /// Looks at what changes on the machine.
    pub machine: Machine,
    /// Gathers evidence.
    pub gatherer: Gatherer,
    /// Tells the head of the journal outside.
    pub anchors: Teller,
    /// Reads neighbours and asks them for silences.
    pub neighbours: Neighbours,
    /// How alerts come in over HTTP now.
    pub intake: watch::Sender<Option<Arc<IntakeDefinition>>>,
    /// Reads the workspace's files; one pending request is enough.
    pub reload: mpsc::Sender<()>,
    /// Ends the daemon; the word says why.
    pub stop: mpsc::Sender<String>,
    /// Who may do what: asked again before a second word is used.
    pub roles: Roles,
}

impl Outside {
    /// Takes an attempt's folder and lock, before its entry is written.
    pub(super) fn claim(&self, attempt: &AttemptId) -> Result<(), ClaimError> {
        self.runner.claim(attempt)
    }

    /// Gives a claim back whose entry was not written.
    pub(super) fn disclaim(&self, attempt: &AttemptId) {
        self.runner.disclaim(attempt);
    }

    /// Does what an entry on disk asks for.
    pub(super) fn perform(&self, effect: Effect) {
        match effect {
            Effect::StartAttempt(order) => self.runner.start(*order),
            Effect::KillAttempt { attempt } => self.runner.kill(&attempt),
            Effect::WatchProbe(probe) => self.prober.watch(probe),
            Effect::ForgetProbe(probe) => self.prober.forget(&probe),
            Effect::ProbeNow(probe) => self.prober.now(&probe),
            Effect::SetRhythm { probe, every } => self.prober.set_rhythm(&probe, every),
            Effect::RecallLooks { probe, single, hours } => self.readings.recall(probe, single, hours),
            Effect::SendMessage { message, channel } => self.courier.send(channel, message),
            Effect::WithholdVariables(variables) => self.runner.withhold(variables),
            Effect::WatchFeed(order) => self.feeds.watch(*order),
            Effect::ForgetFeed(flow) => self.feeds.forget(&flow),
            Effect::WatchOutside(order) => self.machine.watch(*order),
            Effect::TakeEvidence(order) => self.gatherer.gather(*order),
            Effect::Anchor(anchors) => self.anchors.tell_at(&anchors),
            Effect::WatchSource(definition) => self.neighbours.watch(definition),
            Effect::ForgetSource(source) => self.neighbours.forget(&source),
            Effect::AskSource(order) => self.neighbours.ask(*order),
            Effect::ListenForAlerts(definition) => drop(self.intake.send_replace(definition)),
            // The engine counts it itself, before anything is performed.
            Effect::CountRepeat(_) => {}
            // A full channel means that the same request is already waiting.
            Effect::ReloadWorkspace => drop(self.reload.try_send(())),
            Effect::StopDaemon => drop(self.stop.try_send("asked to".into())),
        }
    }
}
