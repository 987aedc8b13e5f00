//! The times at which a schedule fires, one after the other, across the changes of its zone's clocks (RULES: DST).

use super::{Day, Schedule};
use crate::domain::effect::Firing;
use crate::domain::run::DstMark;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// The times at which a schedule fires, in their order.
#[derive(Debug, Clone)]
pub struct Firings<'a> {
    schedule: &'a Schedule,
    segment: Option<Segment>,
    moved: VecDeque<Firing>,
    until: Timestamp,
    /// The day of the wall time that was found last.
    day: Option<Day>,
    /// From which wall time on was looked last, and what was found: between them nothing matches, also in another segment.
    looked: Option<(DateTime, Option<DateTime>)>,
}

impl Iterator for Firings<'_> {
    type Item = Firing;

    fn next(&mut self) -> Option<Firing> {
        loop {
            if let Some(moved) = self.moved.pop_front() {
                return (moved.at <= self.until).then_some(moved);
            }
            let wall = self.segment.as_ref()?.wall;
            let wall = self.look(wall);
            let segment = self.segment.as_mut()?;
            let found = wall.and_then(|wall| Some((wall, segment.offset.to_timestamp(wall).ok()?)));
            match (found, segment.end) {
                (Some((wall, at)), end) if end.is_none_or(|end| at < end) => {
                    if at > self.until {
                        self.segment = None;
                        return None;
                    }
                    segment.wall = wall.checked_add(SignedDuration::from_secs(1)).ok()?;
                    let shifted_from = self.day.as_ref().and_then(|day| day.shifted_from);
                    if let Some(firing) = self.schedule.firing(segment, wall, at, shifted_from) {
                        return Some(firing);
                    }
                }
                (_, Some(end)) if end <= self.until => self.cross(end),
                _ => {
                    self.segment = None;
                    return None;
                }
            }
        }
    }
}

impl Firings<'_> {
    /// The first matching wall time at or after `from`.
    fn look(&mut self, from: DateTime) -> Option<DateTime> {
        if let Some((looked, found)) = self.looked
            && looked <= from
            && found.is_none_or(|found| from <= found)
        {
            return found;
        }
        let found = self.schedule.next_wall(from, &mut self.day);
        self.looked = Some((from, found));
        found
    }

    /// Goes on into the segment that begins at a change of the clocks.
    fn cross(&mut self, change: Timestamp) {
        let before = self.segment.as_ref().map(|segment| segment.offset.to_datetime(change));
        let next = Segment::at(&self.schedule.zone, change, change);
        if let Some((looked, None)) = self.looked
            && next.wall >= looked
        {
            // Nothing matches ever again.
            self.segment = None;
            return;
        }
        if let Some(gap) = before.filter(|gap| self.schedule.fixed && *gap < next.wall) {
            let mut from = Some(gap);
            let mut day = None;
            while let Some(planned) = from.and_then(|from| self.schedule.next_wall(from, &mut day)).filter(|wall| *wall < next.wall) {
                let shifted_from = day.as_ref().and_then(|day| day.shifted_from);
                self.moved.push_back(Firing { planned, pass: 1, at: change, mark: Some(DstMark::Moved), shifted_from });
                from = planned.checked_add(SignedDuration::from_secs(1)).ok();
            }
        }
        self.segment = Some(next);
    }
}

impl Schedule {
    /// The times at which it fires after `after`, until and including `until`, in their order.
    pub fn firings(&self, after: Timestamp, until: Timestamp) -> Firings<'_> {
        let cursor = after.as_second().checked_add(1).and_then(|second| Timestamp::from_second(second).ok());
        let segment = cursor.map(|cursor| Segment::at(&self.zone, after, cursor));
        Firings { schedule: self, segment, moved: VecDeque::new(), until, day: None, looked: None }
    }

    /// What a matching wall time at an instant is: the second pass of a fixed time is nothing.
    fn firing(&self, segment: &Segment, planned: DateTime, at: Timestamp, shifted_from: Option<Date>) -> Option<Firing> {
        let second = segment.again_until.is_some_and(|until| planned < until);
        let fold = second || segment.again_from.is_some_and(|from| planned >= from);
        match (self.fixed && fold, second) {
            (true, true) => None,
            (true, false) => Some(Firing { planned, pass: 1, at, mark: Some(DstMark::Merged), shifted_from }),
            (false, second) => Some(Firing { planned, pass: 1 + u8::from(second), at, mark: None, shifted_from }),
        }
    }
}

/// A stretch of time in which the zone's offset does not change.
#[derive(Debug, Clone)]
struct Segment {
    offset: Offset,
    /// Wall times from here on are still to be looked at.
    wall: DateTime,
    end: Option<Timestamp>,
    /// Wall times before this one came in the stretch before as well.
    again_until: Option<DateTime>,
    /// Wall times from this one on come in the next stretch as well.
    again_from: Option<DateTime>,
}

impl Segment {
    /// The segment that holds `instant`, to be looked at from `cursor` on.
    fn at(zone: &TimeZone, instant: Timestamp, cursor: Timestamp) -> Self {
        let offset = zone.to_offset(instant);
        let nanosecond = SignedDuration::from_nanos(1);
        let before = |change: Timestamp| change.checked_sub(nanosecond).map_or(offset, |before| zone.to_offset(before));
        let end = zone.following(instant).map(|change| change.timestamp()).find(|change| zone.to_offset(*change) != offset);
        let begin = zone
            .preceding(instant.checked_add(nanosecond).unwrap_or(instant))
            .map(|change| change.timestamp())
            .find(|change| before(*change) != offset);
        Self {
            offset,
            wall: offset.to_datetime(cursor),
            end,
            again_until: begin.map(|begin| before(begin).to_datetime(begin)),
            again_from: end.map(|end| zone.to_offset(end).to_datetime(end)),
        }
    }
}
