//! One look at one target, whatever its kind, within its time limit.

use super::clients::Clients;
use super::found::Found;
use super::http::{BodyRoom, HttpLook};
use super::tcp::TcpLook;
use crate::clock;
use crate::domain::probe::Target;
use crate::domain::{ProbeDefinition, ProbeResult, Sample};
use crate::sources::phase::{Phase, PhaseWatch};
use std::time::Duration;
use tokio::time::Instant;

/// What all looks share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// HTTP clients and the resolver.
    pub clients: Clients,
    /// Room for bodies.
    pub bodies: BodyRoom,
}

/// A probe, checked and ready to look.
#[derive(Debug)]
pub(super) struct Look {
    kind: Kind,
    /// A look that takes longer has failed.
    pub timeout: Duration,
}

#[derive(Debug)]
enum Kind {
    Http(Box<HttpLook>),
    Tcp(TcpLook),
    /// The definition cannot be used: each look says so.
    Unusable(String),
}

impl Look {
    /// Checks and compiles a definition; absent where a neighbour does the looking.
    pub fn prepare(probe: &ProbeDefinition) -> Option<Self> {
        let kind = match &probe.target {
            Target::Http { .. } => HttpLook::prepare(probe).map(|look| Kind::Http(Box::new(look))),
            Target::Tcp { address } => TcpLook::prepare(address).map(Kind::Tcp),
            Target::Outside { .. } => return None,
        };
        Some(Self { kind: kind.unwrap_or_else(Kind::Unusable), timeout: probe.timeout })
    }

    /// A look that always says that it cannot.
    #[cfg(test)]
    pub fn refused(reason: &str, timeout: Duration) -> Self {
        Self { kind: Kind::Unusable(reason.into()), timeout }
    }

    /// Looks once. `held_up` tells for how long dogwatch itself could not run so far.
    pub async fn look(&self, timeout: Duration, shared: &Shared, held_up: impl Fn() -> Duration) -> ProbeResult {
        let (at, began, held_before) = (clock::now(), Instant::now(), held_up());
        let phase = PhaseWatch::default();
        let found = match tokio::time::timeout(timeout, self.go(shared, &phase)).await {
            Ok(found) => found,
            Err(_elapsed) => {
                let overslept = began.elapsed().saturating_sub(timeout);
                too_late(phase.phase(), timeout, held_up().saturating_sub(held_before).max(overslept))
            }
        };
        let took = began.elapsed();
        let found = match &self.kind {
            Kind::Http(http) => http.judge_margins(found, took, at),
            Kind::Tcp(_) | Kind::Unusable(_) => found,
        };
        ProbeResult {
            sample: Sample { at, verdict: found.verdict, latency_us: u32::try_from(took.as_micros()).unwrap_or(u32::MAX) },
            reason: found.reason,
            certificate_ends: found.certificate_ends,
        }
    }

    async fn go(&self, shared: &Shared, phase: &PhaseWatch) -> Found {
        match &self.kind {
            Kind::Http(http) => http.look(&shared.clients, &shared.bodies, phase).await,
            Kind::Tcp(tcp) => tcp.look(&shared.clients, phase).await,
            Kind::Unusable(reason) => Found::error(reason.clone()),
        }
    }
}

/// A timeout is the target's, unless the name was still being resolved, or dogwatch itself could not run for a quarter
/// of the time: then nobody knows whether the answer came.
fn too_late(phase: Phase, timeout: Duration, held_up: Duration) -> Found {
    let limit = timeout.as_secs_f64();
    if held_up >= timeout / 4 {
        Found::error(format!("dogwatch itself was held up for {:.1} s of {limit} s", held_up.as_secs_f64()))
    } else if phase == Phase::Resolving {
        Found::error(format!("timed out after {limit} s while {phase}: the resolver of this host does not answer"))
    } else {
        Found::failed(format!("timed out after {limit} s while {phase}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Verdict;

    #[test]
    fn a_timeout_is_ours_when_we_were_held_up_or_nobody_told_the_address() {
        let limit = Duration::from_secs(10);
        let verdict = |phase, held: u64| too_late(phase, limit, Duration::from_millis(held)).verdict;
        assert_eq!(verdict(Phase::Connecting, 0), Verdict::Failed);
        assert_eq!(verdict(Phase::Reading, 2_400), Verdict::Failed);
        assert_eq!(verdict(Phase::Waiting, 2_500), Verdict::Error);
        assert_eq!(verdict(Phase::Resolving, 0), Verdict::Error);
        assert_eq!(too_late(Phase::Connecting, limit, Duration::ZERO).reason, "timed out after 10 s while connecting");
    }
}
