//! Wakes whoever looks at an output: rings once until it was heard, however often something changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wake-up that is shared between threads. Ringing an already ringing bell costs nothing and wakes nobody twice, so a
/// step that writes 1 GB/s cannot flood the console.
#[derive(Clone)]
pub struct Bell {
    rung: Arc<AtomicBool>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Bell {
    /// A bell that calls this when it rings; the call must not block.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { rung: Arc::default(), wake: Arc::new(wake) }
    }

    /// Says that there is something to see.
    pub fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
    }

    /// Says that the waker is about to look; the next ring wakes again. Returns whether it had rung.
    pub fn heard(&self) -> bool {
        self.rung.swap(false, Ordering::AcqRel)
    }
}

impl std::fmt::Debug for Bell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bell({})", self.rung.load(Ordering::Relaxed))
    }
}
