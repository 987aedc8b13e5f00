//! Facts about the record itself.

use super::Dice;
use dogwatch::domain::Event;
use dogwatch::domain::anchor::{Anchors, Sink, WhenUnavailable};

/// How many kinds [`Dice::trust`] makes.
pub const KINDS: usize = 5;

impl Dice {
    /// A fact of one of these kinds.
    pub fn trust(&mut self, kind: usize) -> Event {
        let sink = self.pick(&[Sink::File, Sink::Command, Sink::Syslog]);
        match kind {
            0 => {
                let when_unavailable = self.pick(&[WhenUnavailable::Continue, WhenUnavailable::Refuse]);
                let file = self.maybe(|_| "/var/log/anchor".to_owned());
                let command = self.maybe(|_| vec!["bin/anchor".to_owned()]);
                let syslog = self.maybe(|_| "/dev/log".to_owned());
                Event::AnchorsDefined { anchors: Anchors { file, command, syslog, when_unavailable } }
            }
            1 => Event::AnchorFailing { sink, error: self.words() },
            2 => Event::AnchorWorks { sink },
            3 => {
                let (first_bad, lost) = (1 + self.roll(9) as u64, self.roll(3) as u64);
                Event::DamageAccepted { first_bad, why: self.words(), lost, kept: "refused-1".into(), reason: self.words() }
            }
            _ => Event::EntryLost { why: self.words() },
        }
    }
}
