//! Facts about what operators decide.

use super::Dice;
use dogwatch::domain::note::State;
use dogwatch::domain::review::Finding;
use dogwatch::domain::run::Disposition;
use dogwatch::domain::{AttemptEnd, Event, Outcome};

/// How many kinds [`Dice::verb`] makes.
pub const KINDS: usize = 16;

impl Dice {
    /// A fact of one of these kinds.
    pub fn verb(&mut self, kind: usize) -> Event {
        match kind {
            0 => Event::FlowIced { flow: self.flow(), reason: self.words(), until: self.maybe(Self::at) },
            1 => Event::FlowThawed { flow: self.flow() },
            2 => Event::NoopSet { flow: self.flow(), reason: self.words() },
            3 => Event::NoopWithdrawn { flow: self.flow() },
            4 => Event::StartForced { run: self.run(), step: self.maybe(Self::step), reason: self.words() },
            5 => {
                let (by, reason) = (self.words(), self.words());
                let outcomes = [
                    Outcome::SuccessForced { by: by.clone() },
                    Outcome::Skipped { reason: reason.clone(), by: Some(by.clone()) },
                    Outcome::Failed { cause: AttemptEnd::Declared { by, reason: reason.clone() } },
                ];
                Event::StepForced { run: self.run(), step: self.step(), outcome: self.pick(&outcomes), reason }
            }
            6 => Event::RunHeld { run: self.run(), reason: self.words(), until: self.maybe(Self::at) },
            7 => Event::RunReleased { run: self.run() },
            8 => Event::RunPrioritized { run: self.run(), priority: self.roll(256) as u8 },
            9 => Event::StepApproved { run: self.run(), step: self.step(), note: self.maybe(Self::words) },
            10 => Event::OccurrenceAsked { occurrence: self.occurrence() },
            11 => Event::AwayNoticed { from: self.at(), to: self.at() },
            13 => Event::WriteUpMoved { incident: self.incident(), state: self.pick(&[State::Draft, State::InReview, State::Reviewed]) },
            14 => {
                let findings = [
                    Finding::NoRunbook,
                    Finding::NoProbe,
                    Finding::HandStep { runbook: self.runbook(), step: self.step() },
                    Finding::HandRerun { flow: self.flow() },
                    Finding::Noisy { summary: self.words(), probe: self.maybe(Self::probe) },
                ];
                let (incident, finding, path) = (self.incident(), self.pick(&findings), self.maybe(Self::words));
                Event::ReviewDecided { incident, finding, accepted: self.roll(2) == 0, path }
            }
            12 => Event::MissesDismissed { misses: self.roll(9) as u32 },
            _ => {
                let disposition = Disposition::SkippedIced { by: self.words(), reason: self.words(), until: self.maybe(Self::at) };
                Event::OccurrenceSettled { occurrence: self.occurrence(), disposition }
            }
        }
    }
}
