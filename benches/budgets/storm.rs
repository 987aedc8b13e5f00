//! Ten thousand alerts a second into the intake while a person presses keys: nothing is lost, repeats make no entries,
//! memory is bounded, and the keys are answered.

use crate::figure::{Figure, Goal, percentile};
use crate::scene::{PATIENCE, Scene};
use crate::terminal::Terminal;
use crate::{Effort, Failure, Tell, process};
use dogwatch::journal::{Page, Reader};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Alerts in each second of the storm.
const RATE: u64 = 10_000;
/// Alerts in one request, as a busy Alertmanager groups them.
const TOGETHER: u64 = 100;
/// Different alerts among them.
const DIFFERENT: u64 = 1_000;
/// Senders at the same time.
const SENDERS: u64 = 4;
/// Silence after which a reaction is complete.
const QUIET: Duration = Duration::from_millis(30);
const TOKEN: &str = "storm";

pub fn measure(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let seconds = effort.size(60, 10) as u64;
    let scene = Scene::new(4)?;
    let token = scene.workspace().join("token");
    std::fs::write(&token, TOKEN)?;
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600))?;
    let settings = scene.workspace().join("dogwatch.toml");
    let mut text = std::fs::read_to_string(&settings)?;
    text.push_str("\n[intake]\nlisten = \"127.0.0.1:0\"\ntoken = { file = \"token\" }\n");
    std::fs::write(&settings, text)?;
    let daemon = scene.serve()?;
    let address = address(&scene)?;
    let pid = daemon.pid();
    let calm = process::pss_mib(pid).unwrap_or(f64::NAN);

    let command = scene.program();
    let words: Vec<String> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy().into_owned()).collect();
    let mut terminal = Terminal::start(&words, &[])?;
    terminal.full_frame()?;

    let (over, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| {
            let (address, over, taken) = (address.clone(), over.clone(), taken.clone());
            std::thread::spawn(move || send(&address, number, &over, &taken).map_err(|error| error.to_string()))
        })
        .collect();
    let began = Instant::now();
    let (mut times, mut pressed_in_all) = (Vec::new(), 0_u32);
    while began.elapsed() < Duration::from_secs(seconds) {
        let key = if pressed_in_all / 10 % 2 == 0 { "\x1b[B" } else { "\x1b[A" };
        pressed_in_all += 1;
        let pressed = Instant::now();
        terminal.press(key)?;
        if let (Some(first), _) = terminal.until_quiet(QUIET, Duration::from_secs(2))? {
            times.push(crate::limits::ms(first - pressed));
        }
    }
    over.store(true, Ordering::Relaxed);
    let mut sent = 0;
    for sender in senders {
        sent += sender.join().map_err(|_| "a sender ended badly")??;
    }
    let took = began.elapsed().as_secs_f64();
    let (peak, taken) = (process::peak_mib(pid).unwrap_or(f64::NAN), taken.load(Ordering::Relaxed));
    drop(terminal);
    daemon.stop()?;

    tell(Figure::new("storm: alerts answered per second, deduplicated", taken as f64 / took, "/s").goal(Goal::AtLeast(RATE as f64 * 0.95)));
    tell(Figure::new("storm: alerts sent and not answered for", sent as f64 - taken as f64, "").goal(Goal::AtMost(0.0)));
    tell(Figure::new("storm: key → first byte, p99", percentile(&mut times, 99.0), "ms").goal(Goal::AtMost(50.0)));
    tell(Figure::new("storm: daemon's memory at its peak", peak, "MiB").against("before", calm).goal(Goal::AtMost(200.0)));
    let (fired, counted, entries) = recorded(&scene)?;
    tell(
        Figure::new("storm: alerts fired and repeats counted", (fired + counted) as f64, "")
            .against("taken", taken as f64)
            .goal(Goal::RatioAtLeast(1.0)),
    );
    tell(Figure::new("storm: entries in the journal", entries as f64, "").goal(Goal::AtMost(DIFFERENT as f64 * (4.0 + took / 60.0 * 2.0))));
    Ok(())
}

/// Where the intake listens.
fn address(scene: &Scene) -> Result<String, Failure> {
    let began = Instant::now();
    loop {
        let output = scene.program().args(["sources", "--json"]).output()?;
        let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if let Some(address) = read["intake"]["address"].as_str() {
            return Ok(address.to_owned());
        }
        if began.elapsed() > PATIENCE {
            return Err("the intake does not listen".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends its share of the storm; how many alerts it sent. All that were answered for are added up.
fn send(address: &str, number: u64, over: &AtomicBool, taken: &AtomicU64) -> Result<u64, Failure> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let pause = Duration::from_secs_f64((TOGETHER * SENDERS) as f64 / RATE as f64);
    let (began, mut turn, mut sent) = (Instant::now(), 0_u32, 0);
    while !over.load(Ordering::Relaxed) {
        let first = (u64::from(turn) * SENDERS + number) * TOGETHER % DIFFERENT;
        let alerts: Vec<_> = (first..first + TOGETHER)
            .map(|alert| serde_json::json!({"name": "Storm", "labels": {"service": format!("s{}", alert % 50), "host": format!("h{alert}")}, "severity": "warning"}))
            .collect();
        let body = serde_json::to_vec(&alerts)?;
        let head = format!("POST /alerts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat())?;
        sent += TOGETHER;
        let answer = answer(&mut answers)?;
        taken.fetch_add(answer["taken"].as_u64().unwrap_or(0), Ordering::Relaxed);
        turn += 1;
        // The storm keeps its rate: who was held up sends the sooner.
        if let Some(left) = (pause * turn).checked_sub(began.elapsed()) {
            std::thread::sleep(left);
        }
    }
    Ok(sent)
}

fn answer(answers: &mut impl BufRead) -> Result<serde_json::Value, Failure> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            return Err("the intake ended the connection".into());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    answers.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

/// Alerts that fired, repeats that were counted, and all entries.
fn recorded(scene: &Scene) -> Result<(u64, u64, u64), Failure> {
    use dogwatch::domain::Event;
    let reader = Reader::open(&scene.place()?.state)?;
    let (mut fired, mut counted, mut after) = (0, 0, 0);
    loop {
        let page = reader.entries(&Page { after: Some(after), limit: 1_000, ..Page::default() })?;
        let Some(last) = page.last() else { return Ok((fired, counted, after)) };
        after = last.seq;
        for entry in &page {
            match &entry.event {
                Event::AlertFiring { .. } => fired += 1,
                Event::AlertsRepeated { repeats } => counted += repeats.iter().map(|repeat| u64::from(repeat.count)).sum::<u64>(),
                _ => {}
            }
        }
    }
}
