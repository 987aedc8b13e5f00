//! An instant in words that a person reads at 03:10: local, with the day where it is another one. A rule without state.

use crate::world::World;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An instant beside another: `18:36 CET` on the same local day, else `Mon 23 Nov 08:00 CET`, with the year where that is
/// another one too. A zone that this machine does not know is shown as UTC.
pub fn near(at: Timestamp, now: Timestamp, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone));
    let form = match () {
        () if at.date() == now.date() => "%H:%M %Z",
        () if at.year() == now.year() => "%a %-d %b %H:%M %Z",
        () => "%a %-d %b %Y %H:%M %Z",
    };
    at.strftime(form).to_string()
}

/// The same beside the last entry, in the workspace's zone: for previews.
pub(super) fn moment(world: &World, at: Timestamp) -> String {
    near(at, world.at, &world.zone)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn the_day_is_named_where_it_is_another_one() {
        let now = "2026-11-21T02:10:00Z".parse().unwrap();
        let said = |at: &str| near(at.parse().unwrap(), now, "Europe/Rome");
        assert_eq!(said("2026-11-21T17:36:27.761817Z"), "18:36 CET");
        assert_eq!(said("2026-11-21T23:30:00Z"), "Sun 22 Nov 00:30 CET", "the day is the local one");
        assert_eq!(said("2027-07-01T06:00:00Z"), "Thu 1 Jul 2027 08:00 CEST");
        assert_eq!(near(now, now, "Mars/Base"), "02:10 UTC");
    }
}
