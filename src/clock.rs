//! The only reader of time. Everything else is given the time as an argument.

use jiff::Timestamp;

/// The time now, to the microsecond: what an entry stores.
#[expect(clippy::disallowed_methods, reason = "this is the place that may")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}
