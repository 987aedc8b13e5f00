//! A probe as one row.

use crate::console::Session;
use crate::console::theme::Role;
use crate::console::view::clock;
use crate::console::view::readings::Ring;
use crate::console::widget::bars::Bar;
use crate::domain::{Health, ProbeId, Sample, Verdict};
use crate::world::Probe;
use std::time::Duration;

/// What is shown of a probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its state at a glance.
    pub glyph: &'static str,
    /// What the state means.
    pub role: Role,
    /// Its name.
    pub name: ProbeId,
    /// Why it is not well, or how fast it answers.
    pub words: String,
    /// The state and since when.
    pub when: String,
}

/// The row of a probe.
pub fn row(session: &Session, probe: &Probe) -> Row {
    let glyphs = &session.glyphs;
    let last = session.readings.of(&probe.definition.id).and_then(|ring| ring.samples.back());
    let (glyph, role) = look(session, probe);
    let latency = last.map(|sample| clock::duration(Duration::from_micros(sample.latency_us.into())));
    let words = match (&probe.error, probe.health) {
        (Some(error), _) => format!("cannot probe: {error}"),
        (None, Health::Up) => latency.unwrap_or_default(),
        (None, Health::Unknown) => "not looked at yet".into(),
        (None, Health::Soft { bad, of }) => format!("{bad} of {of}: {}", probe.reason),
        (None, Health::Down { good, of }) if good > 0 => format!("{good} of {of} good again"),
        (None, _) => probe.reason.clone(),
    };
    let words = match probe.flapping {
        Some(flapping) if words.is_empty() => flapping.to_string(),
        Some(flapping) => format!("{flapping}, {words}"),
        None => words,
    };
    let removed = if probe.removed { "gone " } else { "" };
    let when = match probe.health {
        Health::Unknown => String::new(),
        health => format!("{removed}{} {}", health.word(), session.age(probe.since)),
    };
    let glyph = if probe.removed { glyphs.absent } else { glyph };
    Row { glyph, role, name: probe.definition.id.clone(), words, when }
}

/// The symbol and the meaning of a probe's health.
pub fn look(session: &Session, probe: &Probe) -> (&'static str, Role) {
    let glyphs = &session.glyphs;
    match probe.health {
        Health::Down { .. } => (glyphs.bad, Role::Bad),
        Health::Soft { .. } | Health::Degraded => (glyphs.warning, Role::Warning),
        _ if probe.error.is_some() => (glyphs.unknown, Role::Unknown),
        Health::Up => (glyphs.good, Role::Good),
        Health::Unknown => (glyphs.waiting, Role::Muted),
    }
}

/// The last readings as bars: how long each answer took, and which failed.
pub fn bars(ring: Option<&Ring>, count: usize) -> Vec<Bar> {
    let samples = ring.map(|ring| &ring.samples);
    let skipped = samples.map_or(0, |samples| samples.len().saturating_sub(count));
    samples.into_iter().flatten().skip(skipped).map(bar).collect()
}

fn bar(sample: &Sample) -> Bar {
    match sample.verdict {
        Verdict::Ok => Bar::Value(f64::from(sample.latency_us), Role::Good),
        Verdict::Degraded => Bar::Value(f64::from(sample.latency_us), Role::Warning),
        Verdict::Failed => Bar::Bad,
        Verdict::Error | Verdict::Skipped => Bar::Absent,
    }
}

/// The latency of a full bar in microseconds: where it counts as degraded, or four times the usual.
pub fn full(probe: &Probe, ring: Option<&Ring>) -> f64 {
    if let Some(below) = probe.definition.expect.below {
        return below.as_secs_f64() * 1e6;
    }
    let mut latencies: Vec<u32> = ring
        .into_iter()
        .flat_map(|ring| &ring.samples)
        .filter(|sample| sample.verdict == Verdict::Ok)
        .map(|sample| sample.latency_us)
        .collect();
    latencies.sort_unstable();
    latencies.get(latencies.len() / 2).map_or(0.0, |median| 4.0 * f64::from(*median))
}

/// What the filter looks into.
pub fn searched(probe: &Probe) -> String {
    format!("{} {} {} {}", probe.definition.id, probe.definition.target, probe.health.word(), probe.reason)
}
