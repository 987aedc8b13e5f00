//! How far a call to the outside has come, so that a timeout can say where it struck.
//!
//! The phase is a task-local of the calling task: the shared client notes it while it connects for that task.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The name is being turned into addresses.
    Resolving,
    /// The connection is made, TLS included.
    Connecting,
    /// The request is out, no answer yet.
    Waiting,
    /// The answer's body is being read.
    Reading,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Resolving => "resolving the name",
            Self::Connecting => "connecting",
            Self::Waiting => "waiting for the answer",
            Self::Reading => "reading the answer",
        })
    }
}

/// The phase of one call, readable from outside of it.
#[derive(Debug, Clone)]
pub struct PhaseWatch(Arc<AtomicU8>);

tokio::task_local! {
    static WATCHED: PhaseWatch;
}

impl Default for PhaseWatch {
    fn default() -> Self {
        Self(Arc::new(AtomicU8::new(Phase::Connecting as u8)))
    }
}

impl PhaseWatch {
    /// How far the call has come; a used-again connection never leaves `Connecting` before its answer begins.
    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            0 => Phase::Resolving,
            1 => Phase::Connecting,
            2 => Phase::Waiting,
            _ => Phase::Reading,
        }
    }

    /// Notes where the call is.
    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    /// Runs a call whose phases are noted here.
    pub async fn watch<F: Future>(&self, call: F) -> F::Output {
        WATCHED.scope(self.clone(), call).await
    }
}

/// Notes the phase of the call that this task makes, if anyone watches it.
pub(super) fn enter(phase: Phase) {
    // Nobody watches where a connection is finished in the background for a later call: nothing to note then.
    let _unwatched = WATCHED.try_with(|watch| watch.enter(phase));
}

/// Wraps a client's connector so that it notes when it connects and when it has connected.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotePhase;

/// A connector that notes phases.
#[derive(Debug, Clone)]
pub(super) struct Noted<S>(S);

impl<S> Layer<S> for NotePhase {
    type Service = Noted<S>;

    fn layer(&self, connector: S) -> Noted<S> {
        Noted(connector)
    }
}

impl<S, R> Service<R> for Noted<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        enter(Phase::Connecting);
        let connecting = self.0.call(request);
        Box::pin(async move {
            let connected = connecting.await?;
            enter(Phase::Waiting);
            Ok(connected)
        })
    }
}
