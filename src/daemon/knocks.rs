//! Peers that were parted with: how often a user may be within a while, before it is answered only now and then. Speaking
//! the protocol wrongly in a loop costs neither the disk nor those who speak it right.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Partings that are free: a person's mistakes, an old program that tries again.
const FREE: u32 = 50;
/// Each of these long a further one is free.
const PER: Duration = Duration::from_millis(200);
/// Users that are remembered at the same time.
const USERS: usize = 1_024;

/// How often each user was parted with lately.
#[derive(Debug, Default)]
pub struct Knocks {
    users: Mutex<HashMap<u32, Row>>,
}

#[derive(Debug)]
struct Row {
    partings: u32,
    since: Instant,
}

impl Knocks {
    /// Counts a parting with a user.
    pub fn parted(&self, uid: u32, now: Instant) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= USERS && !users.contains_key(&uid) {
            users.retain(|_, row| row.left(now) > 0);
        }
        let row = users.entry(uid).or_insert(Row { partings: 0, since: now });
        row.partings = row.left(now).saturating_add(1).min(FREE * 2);
        row.since = now;
    }

    /// How long a connection of this user waits before it is heard; nothing where it need not.
    pub fn wait(&self, uid: u32, now: Instant) -> Option<Duration> {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let over = users.get(&uid)?.left(now).checked_sub(FREE)?;
        Some(PER * over.saturating_add(1))
    }
}

impl Row {
    /// Partings that still count.
    fn left(&self, now: Instant) -> u32 {
        let passed = now.duration_since(self.since).as_millis() / PER.as_millis();
        self.partings.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_waits_and_a_user_who_stops_is_heard_at_once_again() {
        let (knocks, now) = (Knocks::default(), Instant::now());
        for _ in 0..FREE {
            assert_eq!(knocks.wait(7, now), None);
            knocks.parted(7, now);
        }
        assert!(knocks.wait(7, now).is_some());
        assert_eq!(knocks.wait(8, now), None, "others wait for nobody");
        for _ in 0..10_000 {
            knocks.parted(7, now);
        }
        assert!(knocks.wait(7, now).unwrap() <= PER * (FREE + 1), "never longer than that");
        assert_eq!(knocks.wait(7, now + PER * FREE * 2), None);
    }
}
