//! Facts about what operators decide.

use super::Dice;
use dogwatch::domain::evidence::{Capsule, EvidenceDefinition, EvidenceFile, EvidenceSettings};
use dogwatch::domain::note::State;
use dogwatch::domain::outside::{LogMark, OutsideChange, OutsideKind, OutsideSettings};
use dogwatch::domain::review::Finding;
use dogwatch::domain::run::Disposition;
use dogwatch::domain::{AttemptEnd, Event, IncidentId, Outcome};
use std::sync::Arc;

/// How many kinds [`Dice::verb`] makes.
pub const KINDS: usize = 22;

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
            20 => Event::WriteUpMoved { incident: self.incident(), state: self.pick(&[State::Draft, State::InReview, State::Reviewed]) },
            21 => {
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
            14 => Event::EntryPinned {
                incident: IncidentId(self.roll(4) as u32 + 1),
                entry: self.roll(200) as u64,
                pinned: self.roll(2) == 0,
            },
            15 => Event::OutsideDefined { outside: OutsideSettings { dpkg_log: self.maybe(Self::words) } },
            16 => Event::OutsideChanged { change: self.change() },
            17 => {
                let definition = EvidenceDefinition { files: vec![self.words()], ..EvidenceDefinition::new("web") };
                let settings = EvidenceSettings { evidence: vec![definition], patterns: vec![self.words()], only_own: self.roll(2) == 0 };
                Event::EvidenceDefined { settings: Arc::new(settings) }
            }
            18 => {
                let (incident, number) = (IncidentId(self.roll(4) as u32 + 1), self.roll(3) as u32 + 1);
                Event::EvidenceAsked { incident, number, names: vec!["web".into()] }
            }
            19 => Event::EvidenceTaken { incident: IncidentId(self.roll(4) as u32 + 1), capsule: Arc::new(self.capsule()) },
            _ => {
                let disposition = Disposition::SkippedIced { by: self.words(), reason: self.words(), until: self.maybe(Self::at) };
                Event::OccurrenceSettled { occurrence: self.occurrence(), disposition }
            }
        }
    }

    fn change(&mut self) -> OutsideChange {
        let last_at = self.at();
        let log = LogMark { file: "/var/log/dpkg.log".into(), offset: self.roll(1_000) as u64, print: "0123456789abcdef".into(), last_at };
        OutsideChange {
            kind: self.pick(&[OutsideKind::Packages, OutsideKind::Reboot]),
            happened_at: self.at(),
            until: self.maybe(Self::at),
            summary: self.words(),
            items: vec![self.words()],
            count: self.roll(9) as u32,
            log: self.maybe(|_| log),
            boot_id: self.maybe(Self::words),
        }
    }

    fn capsule(&mut self) -> Capsule {
        let file = EvidenceFile {
            name: "web.error.log".into(),
            from: self.words(),
            bytes: self.roll(9_000) as u64,
            sha256: "0".repeat(64),
            first_error: self.maybe(|dice| dice.roll(9) as u64),
            masked: self.roll(9) as u64,
            left_out: self.roll(9) as u64,
            read: self.roll(9) as u64,
            problem: self.maybe(Self::words),
        };
        Capsule { number: self.roll(3) as u32 + 1, from: self.at(), to: self.at(), files: vec![file], problem: self.maybe(Self::words) }
    }
}
