//! Facts about second words, steps that run by themselves, and checklists.

use super::Dice;
use dogwatch::domain::approval::TwoPeople;
use dogwatch::domain::checklist::{Check, ChecklistItem};
use dogwatch::domain::runbook::ProcedureExpectation;
use dogwatch::domain::{ApprovalRequest, Author, Checklist, ChecklistId, Digest, Event, Labels, ProcedureRules};
use std::sync::Arc;

/// How many kinds [`Dice::procedure`] makes.
pub const KINDS: usize = 14;

impl Dice {
    fn request_digest(&mut self) -> Digest {
        self.pick(&["aa11", "bb22", "cc33"]).into()
    }

    fn checklist(&mut self) -> ChecklistId {
        self.pick(&["before-the-day", "end-of-the-day"]).into()
    }

    fn request(&mut self) -> ApprovalRequest {
        ApprovalRequest {
            runbook: self.runbook(),
            revision: self.request_digest(),
            step: self.step(),
            subject: self.subject(),
            command: self.words(),
            argv: vec!["sh".into(), "-c".into(), self.words()],
            params: self.labels().into_iter().collect(),
            env: self.labels().into_iter().collect(),
            timeout: self.span(),
            expect: ProcedureExpectation::default(),
            host: "jump".into(),
            machine: self.words(),
            boot_id: "boot".into(),
            by: Author::Person { uid: 1000, user: self.words(), login_uid: self.maybe(|_| 1001), sudo_claim: None },
            after: self.roll(100) as u64,
            asked_at: self.at(),
            expires: self.at(),
        }
    }

    fn checklist_definition(&mut self) -> Checklist {
        let item = |name: &str, check: Check| ChecklistItem { name: name.into(), text: name.into(), check, line: 3 };
        Checklist {
            id: self.checklist(),
            schedules: vec!["30 7 * * *".into()],
            zone: "Europe/Rome".into(),
            calendar: None,
            slot: self.span(),
            severity: self.severity(),
            labels: Labels::new(),
            items: vec![
                item("read", Check::Hand),
                item("home", Check::ProbeUp { probe: self.probe() }),
                item("batch", Check::FlowDone { flow: self.flow(), by: self.maybe(|_| "06:00".parse().unwrap()) }),
            ],
            book: self.runbook_definition(),
        }
    }

    /// A fact of one of these kinds.
    pub fn procedure(&mut self, kind: usize) -> Event {
        let number = 1 + self.roll(3) as u32;
        match kind {
            0 => Event::ProcedureRulesDefined {
                rules: ProcedureRules { two_people: TwoPeople::Dangerous, machine: self.words(), ..ProcedureRules::default() },
            },
            1 => Event::ApprovalAsked { digest: self.request_digest(), request: Arc::new(self.request()) },
            2 => Event::ApprovalGiven { digest: self.request_digest(), note: self.maybe(Self::words) },
            3 => Event::ApprovalUsed { digest: self.request_digest(), attempt: self.attempt() },
            4 => Event::ApprovalEnded { digest: self.request_digest(), reason: self.words() },
            5 => Event::GlassBroken { attempt: self.attempt(), reason: self.words() },
            6 => Event::RemediationHeldBack { incident: self.incident(), runbook: self.runbook(), step: self.step(), reason: self.words() },
            7 => Event::ChecklistDefined { checklist: Arc::new(self.checklist_definition()) },
            8 => Event::ChecklistRemoved { checklist: self.checklist() },
            9 => Event::ChecklistOpened { checklist: self.checklist(), number, planned: self.maybe(Self::at), due: self.at() },
            10 => Event::ChecklistMissed { checklist: self.checklist(), missed: number, until: self.at() },
            11 => Event::ItemTicked {
                checklist: self.checklist(),
                number,
                item: self.pick(&["read", "home", "batch"]).into(),
                done: self.roll(2) == 0,
                note: self.maybe(Self::words),
                evidence: self.maybe(Self::attempt),
            },
            12 => Event::ChecklistDone { checklist: self.checklist(), number },
            _ => Event::ChecklistLeft { checklist: self.checklist(), number, reason: self.words(), unticked: vec![self.step()] },
        }
    }
}
