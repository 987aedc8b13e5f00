//! Why a try did not succeed, and what that says about the message. Part of sending.

use crate::domain::message::Fate;
use crate::sources::secret::NoSecret;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Characters of an error that are kept.
const WORDS_MAX: usize = 300;

/// A try that did not succeed.
#[derive(Debug)]
pub(super) struct Fault {
    /// Why, in one line.
    pub words: String,
    /// What became of the message.
    pub fate: Fate,
    /// The wait that the receiver asked for.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// It did not arrive; later it may.
    pub fn not_taken(words: impl Display) -> Self {
        Self::new(words, Fate::NotTaken)
    }

    /// It did not arrive, and never will.
    pub fn refused(words: impl Display) -> Self {
        Self::new(words, Fate::Refused)
    }

    /// It may have arrived.
    pub fn unsure(words: impl Display) -> Self {
        Self::new(words, Fate::Unsure)
    }

    fn new(words: impl Display, fate: Fate) -> Self {
        let safe = |letter: char| if letter.is_control() { ' ' } else { letter };
        let words = words.to_string().trim().chars().take(WORDS_MAX).map(safe).collect();
        Self { words, fate, retry_after: None }
    }
}

impl From<NoSecret> for Fault {
    fn from(missing: NoSecret) -> Self {
        Self::not_taken(missing)
    }
}

/// Whether a try has come to where the message may be with the receiver; readable when its deadline cuts it.
#[derive(Debug, Default)]
pub(super) struct Turning(AtomicBool);

impl Turning {
    /// From here on the message may have arrived.
    pub fn pass(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The deadline has cut the try.
    pub fn too_late(&self, timeout: Duration) -> Fault {
        let seconds = timeout.as_secs_f64();
        if self.0.load(Ordering::Relaxed) {
            Fault::unsure(format!("no answer within {seconds} s, the message was on its way"))
        } else {
            Fault::not_taken(format!("not reached within {seconds} s"))
        }
    }
}
