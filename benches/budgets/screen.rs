//! The console in a real pseudo-terminal beside its peers in theirs, frames by instructions, and the large output file.

use crate::figure::{Figure, Goal, median, percentile};
use crate::peers::find;
use crate::scene::{Daemon, PATIENCE, Scene};
use crate::terminal::Terminal;
use crate::{Effort, Failure, Tell, estate, process};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Silence after which a reaction is complete.
const QUIET: Duration = Duration::from_millis(30);
/// A program of the field: name, its words, the package that brings it.
struct Peer {
    name: &'static str,
    words: Vec<String>,
    package: &'static str,
}

fn peers() -> [Peer; 2] {
    let words = |program: &str| find(program).map(|path| vec![path.to_string_lossy().into_owned()]).unwrap_or_default();
    [
        Peer { name: "bottom", words: words("btm"), package: "cargo install bottom" },
        Peer { name: "htop", words: words("htop"), package: "apt install htop" },
    ]
}

pub fn measure(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    crate::output::measure(effort, tell)?;
    frames(effort, tell)?;
    let empty = Scene::new(16)?;
    let scene = estate::scene(effort, 16)?;
    let (small, large) = (empty.serve()?, scene.serve()?);
    starts(effort, (&empty, small), (&scene, &large), tell)?;
    keys(effort, &scene, tell)?;
    idle(effort, &empty, tell)?;
    memory(&empty, &scene, tell)?;
    large.stop()
}

fn console(scene: &Scene) -> Vec<String> {
    let command = scene.program();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect()
}

fn starts(effort: Effort, empty: (&Scene, Daemon), estate: (&Scene, &Daemon), tell: Tell<'_>) -> Result<(), Failure> {
    let peers = peers();
    let (empty, small) = empty;
    let (mut ours, mut warm, mut cold) = (vec![], vec![], vec![]);
    let mut theirs: Vec<Vec<f64>> = peers.iter().map(|_| Vec::new()).collect();
    let first_frame = |words: &[String]| Terminal::start(words, &[])?.full_frame();
    for _ in 0..effort.size(15, 5) {
        ours.push(first_frame(&console(estate.0))?);
        warm.push(first_frame(&console(empty))?);
        for (peer, times) in peers.iter().zip(&mut theirs).filter(|(peer, _)| !peer.words.is_empty()) {
            times.push(first_frame(&peer.words)?);
        }
    }
    small.stop()?;
    for _ in 0..effort.runs() {
        cold.push(first_frame(&console(empty))?);
        let stopped = empty.program().arg("stop").stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if !stopped.success() {
            return Err("the daemon that the console started could not be stopped".into());
        }
    }
    let ours = median(ours);
    let goals = [Goal::RatioAtMost(1.0), Goal::None];
    for ((peer, times), goal) in peers.iter().zip(theirs).zip(goals) {
        let theirs = (!times.is_empty()).then(|| median(times));
        let name = format!("start → first full frame, {} flows behind it", estate::FLOWS);
        tell(Figure::new(name, ours, "ms").peer(peer.name, peer.package, theirs).goal(goal));
    }
    let warm = median(warm);
    tell(Figure::new("cold: no daemon runs → first frame", median(cold), "ms").against("warm", warm).goal(Goal::RatioAtMost(2.0)));
    instructions_of_the_start(estate.0, tell)
}

/// Instructions from the start to the first full frame: the counter is read at that moment, from outside.
fn instructions_of_the_start(scene: &Scene, tell: Tell<'_>) -> Result<(), Failure> {
    let name = "instructions until the first full frame";
    if find("valgrind").is_none() || find("callgrind_control").is_none() {
        tell(Figure::new(name, f64::NAN, "").peer("valgrind", "apt install valgrind", None));
        return Ok(());
    }
    let count = |words: Vec<String>| -> Result<f64, Failure> {
        let out = scene.folder().join("callgrind.out");
        let mut all: Vec<String> = ["valgrind", "--tool=callgrind", "-q"].map(str::to_owned).into();
        all.push(format!("--callgrind-out-file={}", out.display()));
        all.extend(words);
        let mut terminal = Terminal::start(&all, &[])?;
        terminal.full_frame()?;
        let dumped = Command::new("callgrind_control")
            .args(["-d", &terminal.pid()?.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !dumped.success() {
            return Err("callgrind gave no dump".into());
        }
        let began = Instant::now();
        loop {
            let text = std::fs::read_to_string(out.with_extension("out.1")).unwrap_or_default();
            let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
            if let Some(total) = total {
                let _ = std::fs::remove_file(out.with_extension("out.1"));
                return Ok(total.split_whitespace().next().unwrap_or_default().parse()?);
            }
            if began.elapsed() > PATIENCE {
                return Err("callgrind wrote no dump".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let ours = count(console(scene))?;
    tell(Figure::new(name, ours, "").goal(Goal::AtMost(20e6)));
    for peer in peers().into_iter().filter(|peer| !peer.words.is_empty()) {
        tell(Figure::new(name, ours, "").against(peer.name, count(peer.words)?));
    }
    Ok(())
}

fn keys(effort: Effort, scene: &Scene, tell: Tell<'_>) -> Result<(), Failure> {
    let peers = peers();
    let mut all = vec![("ours", console(scene))];
    all.extend(peers.iter().filter(|peer| !peer.words.is_empty()).map(|peer| (peer.name, peer.words.clone())));
    let presses = effort.size(100, 30);
    let mut found = Vec::new();
    for (name, words) in all {
        let mut terminal = Terminal::start(&words, &[])?;
        terminal.full_frame()?;
        terminal.until_quiet(Duration::from_millis(500), Duration::from_secs(5))?;
        let (mut times, mut bytes) = (Vec::new(), Vec::new());
        for number in 0..presses {
            let key = if number / 10 % 2 == 0 { "\x1b[B" } else { "\x1b[A" };
            let pressed = Instant::now();
            terminal.press(key)?;
            if let (Some(first), count) = terminal.until_quiet(QUIET, Duration::from_secs(2))? {
                times.push(crate::limits::ms(first - pressed));
                bytes.push(count as f64);
            }
        }
        found.push((name, times, bytes));
    }
    let (_, mut times, bytes) = found.remove(0);
    let p99 = percentile(&mut times, 99.0);
    let (time, bytes) = (median(times), median(bytes));
    for peer in &peers {
        let theirs = found.iter().find(|(name, _, _)| *name == peer.name);
        let goal = if peer.name == "bottom" { Goal::RatioAtMost(1.5) } else { Goal::None };
        let name = format!("key → first byte, {} incidents", estate::INCIDENTS);
        tell(Figure::new(name, time, "ms").peer(peer.name, peer.package, theirs.map(|(_, times, _)| median(times.clone()))).goal(goal));
    }
    tell(Figure::new("key → first byte, p99", p99, "ms").goal(Goal::AtMost(16.0)));
    for peer in &peers {
        let theirs = found.iter().find(|(name, _, _)| *name == peer.name).map(|(_, _, bytes)| median(bytes.clone()));
        tell(Figure::new("bytes per cursor key", bytes, "B").peer(peer.name, peer.package, theirs).goal(Goal::AtMost(400.0)));
    }
    Ok(())
}

fn idle(effort: Effort, scene: &Scene, tell: Tell<'_>) -> Result<(), Failure> {
    let span = Duration::from_secs(effort.size(20, 5) as u64);
    let _daemon = scene.serve()?;
    let look = |words: &[String]| -> Result<(f64, f64, f64), Failure> {
        let mut terminal = Terminal::start(words, &[])?;
        terminal.full_frame()?;
        terminal.until_quiet(Duration::from_secs(1), Duration::from_secs(3))?;
        let pid = terminal.pid()?;
        let before = (process::cpu_ns(pid), process::wakeups(pid));
        let began = Instant::now();
        let mut bytes = 0;
        while began.elapsed() < span {
            bytes += terminal.until_quiet(QUIET, span.saturating_sub(began.elapsed()))?.1;
        }
        let seconds = began.elapsed().as_secs_f64();
        Ok(((process::cpu_ns(pid) - before.0) / seconds / 1e7, bytes as f64 / seconds, (process::wakeups(pid) - before.1) / seconds))
    };
    let (cpu, bytes, wakeups) = look(&console(scene))?;
    let htop = peers().into_iter().find(|peer| peer.name == "htop" && !peer.words.is_empty()).map(|peer| look(&peer.words)).transpose()?;
    let line = |name: &str, value, unit, theirs, most| {
        Figure::new(format!("idle: {name}"), value, unit).peer("htop", "apt install htop", theirs).goal(Goal::AtMost(most))
    };
    tell(line("processor", cpu, "%", htop.map(|htop| htop.0), 0.1));
    tell(line("written", bytes, "B/s", htop.map(|htop| htop.1), 20.0));
    tell(line("wake-ups", wakeups, "/s", htop.map(|htop| htop.2), 2.0));
    Ok(())
}

fn memory(empty: &Scene, scene: &Scene, tell: Tell<'_>) -> Result<(), Failure> {
    let _daemon = empty.serve()?;
    for (name, scene, most) in [("a small workspace", empty, 12.0), ("5,000 flows, 1,000 probes, 10,000 incidents", scene, 48.0)] {
        let mut terminal = Terminal::start(&console(scene), &[])?;
        terminal.full_frame()?;
        terminal.until_quiet(Duration::from_secs(2), Duration::from_secs(5))?;
        let resident = process::pss_mib(terminal.pid()?).ok_or("the console is gone")?;
        tell(Figure::new(format!("console's memory: {name}"), resident, "MiB").goal(Goal::AtMost(most)));
    }
    Ok(())
}

/// Instructions per frame: the difference between a count of frames and twice as many.
fn frames(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    if find("valgrind").is_none() {
        tell(Figure::new("instructions per frame", f64::NAN, "").peer("valgrind", "apt install valgrind", None));
        return Ok(());
    }
    let own = std::env::current_exe()?;
    let rows: &[usize] = if effort.quick { &[100, 1_000] } else { &[100, 10_000, 100_000] };
    for (size, most) in [("200x60", 10e6), ("120x40", 4.5e6)] {
        let mut first = None;
        for rows in rows {
            let once = instructions(&own, 40, *rows, size)?;
            let twice = instructions(&own, 80, *rows, size)?;
            let frame = (twice - once) / 40.0;
            tell(Figure::new(format!("instructions per frame at {size}, {rows} rows of each kind"), frame, "").goal(Goal::AtMost(most)));
            if let Some(first) = first {
                let name = format!("the same at {size}: {rows} rows against 100");
                tell(Figure::new(name, frame, "").against("100 rows", first).goal(Goal::RatioAtMost(1.02)));
            }
            first.get_or_insert(frame);
        }
    }
    Ok(())
}

fn instructions(own: &Path, count: u32, rows: usize, size: &str) -> Result<f64, Failure> {
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args(["--frames", &count.to_string(), "--rows", &rows.to_string(), "--size", size])
        .output()?;
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    let total = words.lines().find_map(|line| line.split_once("Collected :")).map(|(_, count)| count.trim().to_owned());
    Ok(total.ok_or_else(|| format!("valgrind counted nothing: {words}"))?.parse()?)
}
