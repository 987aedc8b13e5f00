//! What is kept comes back: from memory, from the file, after a restart, within its bytes.

use super::*;
use crate::domain::Verdict;
use std::fs;

const START: i64 = 1_790_000_000_000;

fn sample(turn: i64) -> Sample {
    let verdict = if turn % 50 == 7 { Verdict::Failed } else { Verdict::Ok };
    // A rhythm of a minute that is a few milliseconds late, and latencies that vary.
    let at = Timestamp::from_millisecond(START + turn * 60_000 + turn * 7 % 5).unwrap();
    Sample { at, verdict, latency_us: 1_000 + (turn * 7_919 % 30_011) as u32 }
}

fn at(turn: i64) -> Timestamp {
    Timestamp::from_millisecond(START + turn * 60_000).unwrap()
}

/// Pushes these turns for every probe and flushes after each second one, as a daemon does at this rhythm.
fn run(samples: &mut Samples, probes: &[ProbeId], turns: std::ops::Range<i64>) {
    for turn in turns {
        for probe in probes {
            samples.push(probe, sample(turn));
        }
        samples.flush(at(turn)).unwrap();
    }
}

#[test]
fn readings_come_back_from_memory_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let probe = ProbeId::new("shop");
    let wanted: Vec<Sample> = (0..4_000).map(sample).collect();
    let mut samples = Samples::open(folder.path());
    run(&mut samples, std::slice::from_ref(&probe), 0..1_000);
    for restart in 1..4_usize {
        assert_eq!(samples.since(&probe, at(0)), wanted[..restart * 1_000]);
        drop(samples);
        samples = Samples::open(folder.path());
        assert_eq!(samples.since(&probe, at(0)), wanted[..restart * 1_000], "after restart {restart}");
        let turn = i64::try_from(restart).unwrap() * 1_000;
        run(&mut samples, std::slice::from_ref(&probe), turn..turn + 1_000);
    }
    for from in [0, 1, 239, 240, 241, 999, 3_500, 3_999, 4_000] {
        assert_eq!(samples.since(&probe, at(from)), wanted[from as usize..], "from {from}");
    }
    assert!(samples.series[&probe].ring.len() <= RING_BLOCKS);
    assert_eq!(samples.since(&ProbeId::new("other"), at(0)), []);
}

#[test]
fn the_hours_are_those_of_the_readings_also_across_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let probe = ProbeId::new("shop");
    let mut samples = Samples::open(folder.path());
    for turn in 0..600 {
        run(&mut samples, std::slice::from_ref(&probe), turn..turn + 1);
        if turn % 37 == 0 {
            drop(samples);
            samples = Samples::open(folder.path());
        }
    }
    let mut whole: BTreeMap<i64, Open> = BTreeMap::new();
    for turn in 0..600 {
        let hour = hour_of(sample(turn).at.as_millisecond());
        whole.entry(hour).or_insert_with(|| Open::new(hour)).add(sample(turn));
    }
    let wanted: Vec<Hour> = whole.values().map(Open::hour).collect();
    assert_eq!(samples.hourly(&probe, at(0)), wanted);
    assert_eq!(samples.hourly(&probe, at(300)).len(), wanted.len() - 5);
}

#[test]
fn a_day_of_a_reading_takes_at_most_eight_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let probes: Vec<ProbeId> = (0..50).map(|number| ProbeId::new(format!("probe-{number}"))).collect();
    let mut samples = Samples::open(folder.path());
    run(&mut samples, &probes, 0..1_440);
    drop(samples);
    let bytes = fs::metadata(folder.path().join("samples.db")).unwrap().len();
    let each = bytes as f64 / (50.0 * 1_440.0);
    assert!(each <= 8.0, "{each:.2} bytes a reading, rollups included");
    assert_eq!(Samples::open(folder.path()).since(&probes[49], at(0)).len(), 1_440);
}

#[test]
fn a_broken_file_is_set_aside_and_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let probe = ProbeId::new("shop");
    let mut samples = Samples::open(folder.path());
    run(&mut samples, std::slice::from_ref(&probe), 0..500);
    drop(samples);
    let path = folder.path().join("samples.db");
    fs::write(&path, vec![0x55; 40_000]).unwrap();
    let mut samples = Samples::open(folder.path());
    assert!(folder.path().join("samples.db.broken").exists());
    run(&mut samples, std::slice::from_ref(&probe), 500..600);
    assert_eq!(samples.since(&probe, at(0)).len(), 100);
    // Broken while it runs: what is in memory goes into the new file.
    samples.store.as_mut().unwrap().spoil();
    run(&mut samples, std::slice::from_ref(&probe), 600..610);
    drop(samples);
    assert_eq!(Samples::open(folder.path()).since(&probe, at(0)).len(), 110);
}

#[test]
fn without_a_file_readings_stay_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no/such/folder");
    let probe = ProbeId::new("shop");
    let mut samples = Samples::open(&missing);
    run(&mut samples, std::slice::from_ref(&probe), 0..5_000);
    let kept = samples.since(&probe, at(0)).len();
    assert!((2_880..=3_120).contains(&kept), "about 3,000 in memory: {kept}");
    fs::create_dir_all(&missing).unwrap();
    run(&mut samples, std::slice::from_ref(&probe), 5_000..5_001);
    drop(samples);
    assert_eq!(Samples::open(&missing).since(&probe, at(0)).len(), 5_001, "all that waited is stored");
}

#[test]
fn old_readings_go_a_day_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let probe = ProbeId::new("shop");
    let mut samples = Samples::open(folder.path());
    run(&mut samples, std::slice::from_ref(&probe), 0..5 * 1_440);
    let keep = Retention { raw: SignedDuration::from_hours(24), hourly: SignedDuration::from_hours(72) };
    let now = at(5 * 1_440);
    samples.retain(now, keep).unwrap();
    drop(samples);
    let mut samples = Samples::open(folder.path());
    let first = samples.since(&probe, at(0))[0].at;
    assert!(first > at(1_000) && first < at(1_700), "one day, not all: {first}");
    for _ in 0..6 {
        samples.retain(now, keep).unwrap();
    }
    let left = samples.since(&probe, at(0));
    assert!(left[0].at <= at(4 * 1_440) && left[0].at > at(4 * 1_440 - 241), "a day is left: {}", left[0].at);
    let hours = samples.hourly(&probe, at(0)).len();
    assert!((72..=74).contains(&hours), "{hours}");
}
