//! Whether the machine was started anew, and when: by the kernel's own word.

use crate::clock;
use crate::domain::outside::{OutsideChange, OutsideKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The reboot since the boot that is on record; none where this is still that one.
pub(super) fn since(known: Option<&str>, zone: &TimeZone) -> Option<OutsideChange> {
    let boot_id = clock::boot_id().ok()?;
    if known.is_none_or(|known| known == boot_id) {
        return None;
    }
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    Some(change(boot_id, booted_at(&stat)?, zone))
}

fn change(boot_id: String, at: Timestamp, zone: &TimeZone) -> OutsideChange {
    let summary = format!("the machine was started at {}", at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z"));
    OutsideChange {
        kind: OutsideKind::Reboot,
        happened_at: at,
        until: None,
        summary,
        items: Vec::new(),
        count: 1,
        log: None,
        boot_id: Some(boot_id),
    }
}

/// The line `btime` of `/proc/stat`: seconds since 1970 (Linux, `proc_stat(5)`).
fn booted_at(stat: &str) -> Option<Timestamp> {
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    Timestamp::from_second(seconds.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_boot_is_a_change_with_the_kernels_time() {
        let own = clock::boot_id().unwrap();
        assert_eq!(since(Some(&own), &TimeZone::UTC), None);
        assert_eq!(since(None, &TimeZone::UTC), None, "the first sight is no change");
        let change = since(Some("another"), &TimeZone::UTC).unwrap();
        assert_eq!((change.kind, change.boot_id), (OutsideKind::Reboot, Some(own)));
        assert!(change.happened_at < clock::now());
        assert_eq!(booted_at("cpu 1 2\nbtime 1795000000\n").unwrap().as_second(), 1_795_000_000);
    }
}
