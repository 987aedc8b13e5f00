//! Facts about alerts from outside, neighbours and the intake.

use super::Dice;
use dogwatch::domain::channel::SecretRef;
use dogwatch::domain::sent::{
    Credentials, IntakeCounts, IntakeDefinition, LabelMatcher, OutsideSilence, Repeats, SilenceOrder, SourceDefinition, SourceKind,
    SourceNote,
};
use dogwatch::domain::source::Capability;
use dogwatch::domain::{Event, SourceId};
use std::sync::Arc;
use std::time::Duration;

/// How many kinds [`Dice::outside`] makes.
pub const KINDS: usize = 15;

impl Dice {
    fn marker(&mut self) -> String {
        format!("dw-{}", self.roll(4))
    }

    fn silence_id(&mut self) -> String {
        format!("54c9df4f-{}", self.roll(4))
    }

    fn label_matchers(&mut self) -> Vec<LabelMatcher> {
        vec![
            LabelMatcher::exact("service", "shop"),
            LabelMatcher { name: "team".into(), value: self.words(), is_regex: true, is_equal: false },
        ]
    }

    fn order(&mut self) -> Arc<SilenceOrder> {
        Arc::new(SilenceOrder {
            marker: self.marker(),
            alert: self.maybe(Self::fingerprint),
            incident: self.maybe(Self::incident),
            matchers: self.label_matchers(),
            ends: self.at(),
            by: self.words(),
            comment: self.words(),
            id: self.maybe(Self::silence_id),
        })
    }

    fn source_definition(&mut self) -> Arc<SourceDefinition> {
        Arc::new(SourceDefinition {
            id: "warehouse".into(),
            kind: SourceKind::Alertmanager,
            url: "https://am.example".into(),
            credentials: self.maybe(|dice| Credentials::Basic { username: dice.words(), password: SecretRef::Env("AM".into()) }),
            ca_file: self.maybe(Self::words),
            every: Duration::from_secs(15),
            timeout: Duration::from_secs(10),
            silence_for: Duration::from_mins(15),
        })
    }

    /// A fact of one of these kinds.
    pub fn outside(&mut self, kind: usize) -> Event {
        let source = SourceId::new("warehouse");
        match kind {
            0 => Event::AlertExpires { alert: self.fingerprint(), at: self.at() },
            1 => Event::AlertsRepeated { repeats: vec![Repeats { alert: self.fingerprint(), count: self.roll(9_000) as u32 }] },
            2 => {
                let intake = IntakeDefinition { listen: "127.0.0.1:9099".into(), token: SecretRef::File("token".into()) };
                Event::IntakeDefined { intake: self.maybe(|_| Arc::new(intake)) }
            }
            3 => Event::IntakeListens { address: self.maybe(Self::words), error: self.maybe(Self::words) },
            4 => Event::IntakeCounted {
                counts: IntakeCounts { unauthorized: self.roll(9) as u64, malformed: 1, dropped: self.roll(2) as u64 },
            },
            5 => {
                Event::SourceNoted { source, note: SourceNote { hidden: self.roll(3) as u32, left_out: 1, words: self.maybe(Self::words) } }
            }
            6 => {
                let (starts, ends) = (self.at(), self.at());
                let silence = OutsideSilence {
                    id: self.silence_id(),
                    matchers: self.label_matchers(),
                    starts,
                    ends,
                    by: self.words(),
                    comment: self.words(),
                    is_over: false,
                };
                Event::SourceSilenceSeen { source, silence }
            }
            7 => Event::SourceSilenceGone { source, id: self.silence_id() },
            8 => Event::SourceSilenceAsked { source, order: self.order() },
            9 => Event::SourceSilenceProlonging { source, marker: self.marker(), ends: self.at() },
            10 => Event::SourceSilenceMade { source, marker: self.marker(), id: self.silence_id(), ends: self.at() },
            11 => Event::SourceSilenceFailed { source, marker: self.marker(), error: self.words(), next_at: self.maybe(Self::at) },
            12 => Event::SourceSilenceEnding { source, marker: self.marker(), reason: self.words() },
            13 => Event::SourceSilenceEnded { source, marker: self.marker(), incident: self.maybe(Self::incident), reason: self.words() },
            _ => Event::SourceDefined {
                source,
                kind: "alertmanager".into(),
                capabilities: vec![Capability::Acknowledge, Capability::Silence],
                definition: Some(self.source_definition()),
            },
        }
    }
}
