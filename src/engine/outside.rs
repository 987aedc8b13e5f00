//! Everything that the engine can ask of the outside, and nothing else.

use crate::channels::Courier;
use crate::domain::{AttemptId, Effect, IntakeDefinition};
use crate::feeds::Feeds;
use crate::prober::Prober;
use crate::runner::{ClaimError, Runner};
use crate::sources::Neighbours;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Who performs effects.
#[derive(Clone)]
pub struct Outside {
    /// Runs steps.
    pub runner: Runner,
    /// Looks at targets.
    pub prober: Prober,
    /// Sends messages.
    pub courier: Courier,
    /// Looks for files that flows wait for.
    pub feeds: Feeds,
    /// Reads neighbours and asks them for silences.
    pub neighbours: Neighbours,
    /// How alerts come in over HTTP now.
    pub intake: watch::Sender<Option<Arc<IntakeDefinition>>>,
    /// Reads the workspace's files; one pending request is enough.
    pub reload: mpsc::Sender<()>,
    /// Ends the daemon; the word says why.
    pub stop: mpsc::Sender<String>,
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
            Effect::SendMessage { message, channel } => self.courier.send(channel, message),
            Effect::WithholdVariables(variables) => self.runner.withhold(variables),
            Effect::WatchFeed(order) => self.feeds.watch(*order),
            Effect::ForgetFeed(flow) => self.feeds.forget(&flow),
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
