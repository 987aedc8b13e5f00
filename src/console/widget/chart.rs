//! A probe's latency over time: one bar of blocks per column, with what the looks found below it.
//!
//! ```text
//!   812 ms ┤           ▄
//!          ┤         ▂ █ ▂
//!   200 ms ┼╌╌╌╌╌╌╌╌╌█╌█╌█╌╌╌╌╌  expected below
//!          ┤▂▂▁▂▂▃▂▂▂█▂█▂█  no data  ▂▂▂
//!           ●●●●●●●●●▲✗▲●●           ●●●
//!          02:00     02:30          03:00
//! ```

use super::paint::Painter;
use crate::console::glyph::Glyphs;
use crate::console::theme::Role;
use crate::domain::{Sample, Verdict};
use jiff::Timestamp;
use ratatui::layout::Rect;
use std::time::Duration;

/// A gap of at least so many columns is named.
const NAMED_GAP: u16 = 9;

/// What all looks within one column found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The worst verdict.
    pub worst: Verdict,
    /// The slowest answer, in microseconds; absent when none came.
    pub slowest: Option<u32>,
}

/// Readings by column of a stretch of time; a column without a reading is a gap, unless the rhythm is wider than a column.
pub fn columns(samples: &[Sample], from: Timestamp, to: Timestamp, every: Duration, width: u16) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = vec![None; usize::from(width)];
    let span = to.duration_since(from).as_secs_f64();
    if span <= 0.0 || width == 0 {
        return columns;
    }
    let per = f64::from(width) / span;
    // A reading stands for the time until the next one is due, with half a rhythm of patience.
    let reach = (every.as_secs_f64() * 1.5 * per).floor().max(1.0) as usize;
    for sample in samples.iter().filter(|sample| sample.at >= from && sample.at <= to) {
        let at = (sample.at.duration_since(from).as_secs_f64() * per) as usize;
        let answered = matches!(sample.verdict, Verdict::Ok | Verdict::Degraded);
        for (offset, column) in columns.iter_mut().skip(at.min(usize::from(width) - 1)).take(reach).enumerate() {
            let new = Column { worst: sample.verdict, slowest: answered.then_some(sample.latency_us) };
            *column = Some(match *column {
                // What was only reached into is replaced by a reading of its own.
                Some(old) if offset == 0 && reach == 1 => {
                    Column { worst: worse(old.worst, new.worst), slowest: old.slowest.max(new.slowest) }
                }
                _ => new,
            });
        }
    }
    columns
}

fn worse(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict| match verdict {
        Verdict::Skipped => 0,
        Verdict::Ok => 1,
        Verdict::Error => 2,
        Verdict::Degraded => 3,
        Verdict::Failed => 4,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// The latency that a share of the answers did not exceed, exactly: nearest rank over all answers that came.
pub fn percentiles<const N: usize>(samples: &[Sample], shares: [f64; N]) -> Option<[Duration; N]> {
    let answered = samples.iter().filter(|sample| matches!(sample.verdict, Verdict::Ok | Verdict::Degraded));
    let mut latencies: Vec<u32> = answered.map(|sample| sample.latency_us).collect();
    if latencies.is_empty() {
        return None;
    }
    latencies.sort_unstable();
    Some(shares.map(|share| {
        let rank = (share * latencies.len() as f64).ceil() as usize;
        let latency = latencies.get(rank.clamp(1, latencies.len()) - 1).copied().unwrap_or_default();
        Duration::from_micros(u64::from(latency))
    }))
}

/// How a verdict looks.
pub fn look(verdict: Verdict, glyphs: &Glyphs) -> (&'static str, Role) {
    match verdict {
        Verdict::Ok => (glyphs.good, Role::Good),
        Verdict::Degraded => (glyphs.warning, Role::Warning),
        Verdict::Failed => (glyphs.bad, Role::Bad),
        Verdict::Error => (glyphs.unknown, Role::Unknown),
        Verdict::Skipped => (glyphs.absent, Role::Muted),
    }
}

/// Paints the bars and, in the last row, what was found. `top` is the latency of the highest row.
pub fn draw(painter: &mut Painter<'_>, area: Rect, columns: &[Option<Column>], top: Duration, limit: Option<Duration>, glyphs: &Glyphs) {
    if area.height < 2 || area.width == 0 {
        return;
    }
    let rows = area.height - 1;
    let top_us = top.as_micros().max(1) as f64;
    if let Some(limit) = limit.filter(|limit| *limit <= top) {
        let from_bottom = (limit.as_micros() as f64 / top_us * f64::from(rows)).ceil().max(1.0) as u16;
        let y = area.y + rows.saturating_sub(from_bottom.min(rows));
        let dash = if glyphs.ascii { "-" } else { "╌" };
        painter.text(area.x, y, area.width, Role::Muted, &dash.repeat(usize::from(area.width)));
    }
    let mut gap = 0;
    for (place, column) in columns.iter().enumerate().take(usize::from(area.width)) {
        let x = area.x + place as u16;
        let Some(column) = column else {
            gap += 1;
            continue;
        };
        name_gap(painter, area, x, gap);
        gap = 0;
        let (symbol, role) = look(column.worst, glyphs);
        painter.text(x, area.bottom() - 1, 1, role, symbol);
        let Some(slowest) = column.slowest else { continue };
        let eighths = ((f64::from(slowest) / top_us).min(1.0) * f64::from(rows) * 8.0).round().max(1.0) as u16;
        for row in 0..rows {
            let filled = eighths.saturating_sub(row * 8).min(8);
            if filled == 0 {
                break;
            }
            let block = glyphs.bars.get(usize::from(filled) - 1).copied().unwrap_or_default();
            painter.text(x, area.bottom() - 2 - row, 1, role, block);
        }
    }
    name_gap(painter, area, area.x + area.width.min(columns.len() as u16), gap);
}

/// Names the gap that ends before `x`.
fn name_gap(painter: &mut Painter<'_>, area: Rect, x: u16, gap: u16) {
    if gap >= NAMED_GAP {
        let at = x.saturating_sub(gap) + (gap - 7) / 2;
        painter.text(at, area.bottom() - 2, 7, Role::Unknown, "no data");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn sample(at: i64, verdict: Verdict, latency_us: u32) -> Sample {
        Sample { at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at), verdict, latency_us }
    }

    #[test]
    fn percentiles_are_exact_and_of_answers_only() {
        let mut samples: Vec<_> = (1..=100).map(|number| sample(number, Verdict::Ok, number as u32 * 1000)).collect();
        samples.push(sample(101, Verdict::Failed, 10_000_000));
        let found = percentiles(&samples, [0.5, 0.9, 0.99]).unwrap();
        assert_eq!(found, [50, 90, 99].map(Duration::from_millis));
        assert_eq!(percentiles(&samples[100..], [0.5]), None);
    }

    #[test]
    fn a_gap_is_a_gap_and_a_slow_rhythm_is_none() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let samples = [sample(0, Verdict::Ok, 1), sample(10, Verdict::Ok, 1), sample(60, Verdict::Failed, 1)];
        let shown = columns(&samples, at(0), at(100), Duration::from_secs(10), 100);
        assert!(shown[..25].iter().all(Option::is_some), "one reading each 10 s fills its columns");
        assert!(shown[25..60].iter().all(Option::is_none));
        assert_eq!(shown[60].unwrap(), Column { worst: Verdict::Failed, slowest: None });
    }

    #[test]
    fn many_readings_in_a_column_show_the_worst() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let samples: Vec<_> =
            (0..100).map(|second| sample(second, if second == 41 { Verdict::Failed } else { Verdict::Ok }, 100 + second as u32)).collect();
        let shown = columns(&samples, at(0), at(100), Duration::from_secs(1), 10);
        assert_eq!(shown[4].unwrap(), Column { worst: Verdict::Failed, slowest: Some(149) });
        assert_eq!(shown[5].unwrap(), Column { worst: Verdict::Ok, slowest: Some(159) });
    }
}
