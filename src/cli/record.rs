//! The record of an incident: its timeline, pins, the strip, evidence.

use super::args::{Evidence, IncidentShown, Pin};
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::json;
use super::print::{self, Printer};
use super::session::{Session, ask, follow};
use crate::clock;
use crate::domain::evidence::Capsule;
use crate::domain::{Command, Entry, IncidentId, Refusal, RefusalKind};
use crate::evidence::export::{Exported, Handover, export};
use crate::evidence::outputs::{self, Printed};
use crate::evidence::{Mask, folder_of};
use crate::json::{Value, json, tree};
use crate::notes::sorts::Shown;
use crate::notes::strip::{self, Strip};
use crate::notes::telling::{Teller, told};
use crate::notes::wording;
use crate::output::{Output, OutputError};
use crate::rules;
use crate::wire::handed::open_output;
use crate::wire::message::Welcome;
use crate::world::outside::happened;
use crate::world::{Incident, Overlay, World};
use jiff::Timestamp;
use std::fmt::Write as _; // writing into a String cannot fail
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Columns of the strip.
const COLUMNS: usize = 60;
/// Lanes of the strip.
const LANES: usize = 24;

/// `dogwatch incident`
pub async fn incident(session: &Session, printer: Printer, asked: IncidentShown) -> Result<ExitCode, Failure> {
    if asked.strip {
        return strip(session, printer, asked.incident, None).await;
    }
    let (_, world) = session.world().await?;
    let incident = rules::find_incident(&world, asked.incident)?;
    let lines = timeline(&world, incident, asked.only.into(), asked.grep.as_deref());
    if printer.json {
        let mut document = json::incident(&world, incident);
        if let Some(object) = document.as_object_mut() {
            object.insert("timeline".into(), tree(&lines).map_err(Failure::other)?);
            let similar = rules::similar::similar(&world, incident, 10);
            object.insert("similar".into(), tree(&similar).map_err(Failure::other)?);
        }
        print::document(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::line(format!("incident {}  {}  {}", incident.id, incident.severity, incident.listed()))?;
    let overlays = world.overlays(incident, clock::now());
    // What the stage is says who did it, and is not said again below.
    let (staged, overlays): (Vec<_>, Vec<_>) = overlays.into_iter().partition(|overlay| overlay.kind.word() == incident.stage.word());
    let stage = staged.first().map_or_else(|| stage_words(incident), |overlay| said(overlay, &world.zone));
    print::line(format!("opened {}, {stage}", local_time(incident.opened_at, &world.zone)))?;
    if let Some((source, row)) = rules::stale(&world, incident).filter(|_| incident.is_open()) {
        let (since, why) = (row.stale_since(), row.why_stale().unwrap_or_default());
        let age = wording::between(since, clock::now());
        print::line(format!("stale {age}: {source} does not answer since {}: {why}", local_time(since, &world.zone)))?;
    }
    if let Some(owner) = &incident.owner {
        print::line(format!("{} has it, since {}", owner.name, local_time(owner.since, &world.zone)))?;
    }
    for overlay in &overlays {
        print::line(said(overlay, &world.zone))?;
    }
    if let Some(out) = world.runs_out(incident).filter(|_| incident.is_open()) {
        print::line(format!("{} runs out at {}", out.what, local_time(out.at, &world.zone)))?;
    }
    for (fingerprint, alert) in &incident.alerts {
        let state = if alert.resolved_at.is_some() { "over  " } else { "fires " };
        print::line(format!("alert {fingerprint}  {state} {}  {}", alert.notice.severity, alert.notice.summary))?;
    }
    for words in incident.apart() {
        print::line(words)?;
    }
    if let Some(end) = &incident.resolved {
        print::line(format!("resolved {} by {}: {}", local_time(end.at, &world.zone), end.by, end.reason))?;
    }
    for note in &incident.notes {
        print::line(format!("{}: {}", note.kind, note.path))?;
    }
    for line in super::review::similar_lines(&world, incident) {
        print::line(line)?;
    }
    for todo in &incident.todos {
        print::line(format!("to do: {} ({})", todo.text, todo.by))?;
    }
    for capsule in &incident.evidence.capsules {
        print::line(format!("evidence {}: {} files", capsule.number, capsule.files.len()))?;
    }
    print::line("")?;
    for entry in &lines {
        let number = if asked.numbers { format!("{:>6} ", entry.seq) } else { String::new() };
        let pin = if incident.pins.contains(&entry.seq) { "* " } else { "  " };
        print::line(format!("{number}{pin}{}", timeline_line(entry, &world)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `silence 3 by ana until 03:00: deploy`.
fn said(overlay: &Overlay, zone: &str) -> String {
    let until = overlay.until.map(|until| format!(" until {}", local_time(until, zone))).unwrap_or_default();
    let reason = overlay.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{until}{reason}", overlay.words())
}

/// The stage, with who reviewed and who acknowledged where that is known; each is credited only with what they did.
fn stage_words(incident: &Incident) -> String {
    let reviewer = incident.reviewer().map(|reviewer| format!(" by {reviewer}")).unwrap_or_default();
    match (&incident.acknowledged, incident.stage) {
        (Some(ack), _) => format!("{}{reviewer}, acknowledged by {}", incident.stage, ack.by),
        (None, _) => format!("{}{reviewer}", incident.stage),
    }
}

/// The lines of a timeline that are wanted, in the order in which things happened.
fn timeline(world: &World, incident: &Incident, only: Shown, grep: Option<&str>) -> Vec<Arc<Entry>> {
    let (teller, facts) = (Teller::of(world), incident.facts(&world.outside));
    let wanted = grep.map(str::to_lowercase);
    let holds = |entry: &Entry| {
        let words = || format!("{} {}", teller.source(entry), teller.line(&entry.event)).to_lowercase();
        wanted.as_ref().is_none_or(|wanted| words().contains(wanted))
    };
    facts.into_iter().filter(|entry| only.holds(entry, Some(incident)) && holds(entry)).collect()
}

/// One line of a timeline: local time, who or what, what happened.
pub fn timeline_line(entry: &Entry, world: &World) -> String {
    let teller = Teller::of(world);
    format!("{}  {:<20} {}", local_time(happened(entry), &world.zone), teller.source(entry), teller.line(&entry.event))
}

/// `dogwatch pin`
pub async fn pin(session: &Session, printer: Printer, pin: Pin) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Pin { incident: pin.incident, entry: pin.line, pinned: !pin.remove }, &pin.care).await
}

/// `dogwatch strip`
pub async fn strip(session: &Session, printer: Printer, id: IncidentId, minutes: Option<i64>) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let incident = rules::find_incident(&world, id)?;
    let minutes = minutes.or_else(|| strip::SPANS.get(strip::fitting(incident, clock::now())).copied()).unwrap_or(60);
    let strip = Strip::of(&world, incident, strip::window(incident.first_sign_at, minutes), LANES);
    let teller = Teller::of(&world);
    if printer.json {
        let fact = |place: &usize| {
            strip.facts.get(*place).map(|entry| {
                json!({
                    "seq": entry.seq,
                    "at": happened(entry),
                    "source": teller.source(entry),
                    "words": teller.line(&entry.event),
                    "pinned": incident.pins.contains(&entry.seq),
                })
            })
        };
        let lanes: Vec<Value> = strip
            .lanes
            .iter()
            .map(|lane| json!({ "name": lane.name, "facts": lane.facts.iter().filter_map(fact).collect::<Vec<_>>() }))
            .collect();
        print::document(
            &json!({ "incident": id, "from": strip.from, "to": strip.to, "first_sign_at": strip.first_sign_at, "lanes": lanes }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let time = |at: Timestamp| local_time(at, &world.zone);
    print::line(format!("incident {id}  {}  first sign {}", incident.title, time(strip.first_sign_at)))?;
    print::line(format!("{:20} {}  to  {}", "", time(strip.from), time(strip.to)))?;
    for lane in &strip.lanes {
        print::line(format!("{:20} |{}|", crate::text::fit(&lane.name, 20, '~'), cells(&strip, &lane.facts)))?;
    }
    let mut marker = vec![' '; COLUMNS];
    if let Some(cell) = marker.get_mut(strip.column(strip.first_sign_at, COLUMNS)) {
        *cell = '^';
    }
    print::line(format!("{:20}  {}", "first sign", marker.iter().collect::<String>()))?;
    print::line("")?;
    for entry in &strip.facts {
        print::line(timeline_line(entry, &world))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How many facts each column holds: a figure, or `+` for more than nine.
fn cells(strip: &Strip, facts: &[usize]) -> String {
    let mut counts = [0_usize; COLUMNS];
    for at in facts.iter().filter_map(|fact| strip.happened(*fact)) {
        if let Some(count) = counts.get_mut(strip.column(at, COLUMNS)) {
            *count += 1;
        }
    }
    counts
        .iter()
        .map(|count| match count {
            0 => ' ',
            1..=9 => char::from_digit(*count as u32, 10).unwrap_or('+'),
            _ => '+',
        })
        .collect()
}

/// `dogwatch evidence`
pub async fn evidence(session: &Session, printer: Printer, asked: Evidence) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let id = asked.incident;
    rules::find_incident(&world, id)?;
    let state = client.welcome().state.clone();
    if asked.take {
        if asked.care.dry_run {
            return simple(session, printer, Command::TakeEvidence { incident: id }, &asked.care).await;
        }
        ask(&mut client, Command::TakeEvidence { incident: id }, &asked.care).await?;
        let number = world.incident(id).map_or(0, |incident| incident.evidence.last);
        let taken = |world: &World| world.incident(id)?.evidence.capsules.iter().find(|capsule| capsule.number > number).cloned();
        let capsule = follow(&mut client, taken).await?;
        return list(printer, id, &[capsule], &[]);
    }
    if let Some(path) = &asked.export {
        return hand_over(printer, &world, id, client.welcome(), path);
    }
    let incident = rules::find_incident(&world, id)?;
    let capsules: Vec<_> =
        incident.evidence.capsules.iter().filter(|capsule| asked.capsule.is_none_or(|number| number == capsule.number)).cloned().collect();
    let (printed, _) = outputs::of_incident(incident);
    if let Some(name) = &asked.show {
        if let Some(printed) = printed.iter().find(|printed| printed.name == *name) {
            return show_output(&world, client.welcome(), printed);
        }
        return show(id, &capsules, Path::new(&state), name);
    }
    if !incident.evidence.asked.is_empty() {
        printer.remark("some is being gathered")?;
    }
    let printed = if asked.capsule.is_none() { printed } else { Vec::new() };
    list(printer, id, &capsules, &printed)
}

fn list(printer: Printer, id: IncidentId, capsules: &[Arc<Capsule>], printed: &[Printed]) -> Result<ExitCode, Failure> {
    if printer.json {
        let row = |printed: &Printed| json!({ "name": printed.name, "printed_by": printed.attempt.to_string(), "ended": printed.ended() });
        let printed: Vec<Value> = printed.iter().map(row).collect();
        print::document(&json!({ "incident": id, "capsules": capsules, "outputs": printed }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if capsules.is_empty() {
        printer.remark(format!("no evidence was gathered; `dogwatch evidence {id} --take` gathers it"))?;
    }
    if capsules.is_empty() && printed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let outputs = printed.iter().map(|printed| {
        let from = format!("{}: {}", printed.attempt, printed.ended());
        vec!["-".into(), printed.name.clone(), String::new(), String::new(), String::new(), from]
    });
    let rows: Vec<Vec<String>> = capsules
        .iter()
        .flat_map(|capsule| {
            let own = capsule.problem.as_ref().map(|problem| {
                vec![capsule.number.to_string(), String::new(), String::new(), String::new(), String::new(), problem.clone()]
            });
            let files = capsule.files.iter().map(|file| {
                let figure = |number: u64| if number == 0 { String::new() } else { number.to_string() };
                let words = file.problem.clone().unwrap_or_default();
                let left_out = if file.left_out > 0 { format!("{} bytes left out ", file.left_out) } else { String::new() };
                vec![
                    capsule.number.to_string(),
                    if file.name.is_empty() { "-".into() } else { file.name.clone() },
                    file.bytes.to_string(),
                    file.first_error.map(|line| format!("line {line}")).unwrap_or_default(),
                    figure(file.masked),
                    format!("{} {left_out}{words}", file.from).trim_end().to_owned(),
                ]
            });
            own.into_iter().chain(files).collect::<Vec<_>>()
        })
        .chain(outputs)
        .collect();
    printer.table(&["#", "NAME", "BYTES", "FIRST ERROR", "MASKED", "FROM"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a file of a capsule, line by line, made safe.
fn show(id: IncidentId, capsules: &[Arc<Capsule>], state: &Path, name: &str) -> Result<ExitCode, Failure> {
    let found = capsules.iter().rev().find(|capsule| !name.is_empty() && capsule.files.iter().any(|file| file.name == name));
    let Some(capsule) = found else {
        let refusal = Refusal::new(RefusalKind::NotFound, format!("the evidence of incident {id} has no file `{name}`"));
        return Err(refusal.hint(format!("`dogwatch evidence {id}` lists its files")).into());
    };
    let output = Output::open(folder_of(state, id, capsule.number).join(name)).map_err(Failure::other)?;
    let mut at = 0;
    while at < output.len() {
        let lines = output.lines(at, 500).map_err(Failure::other)?;
        let Some(next) = lines.last().map(|line| line.next).filter(|next| *next > at) else { break };
        for line in &lines {
            print::line(line.text())?;
        }
        at = next;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what a step printed as it would be handed on: bounded, masked, made safe.
fn show_output(world: &World, welcome: &Welcome, printed: &Printed) -> Result<ExitCode, Failure> {
    let mask = Mask::new(&rules::masks(world), Path::new(&welcome.workspace));
    let opened = open_output(welcome, &printed.attempt).map_err(Failure::other)?;
    let kept = outputs::read(&opened, &mask).map_err(Failure::other)?;
    String::from_utf8_lossy(&kept.bytes).lines().try_for_each(print::line)?;
    Ok(ExitCode::SUCCESS)
}

fn hand_over(printer: Printer, world: &World, id: IncidentId, welcome: &Welcome, path: &Path) -> Result<ExitCode, Failure> {
    let incident = rules::find_incident(world, id)?;
    let (state, workspace) = (Path::new(&welcome.state), Path::new(&welcome.workspace));
    let mask = Mask::new(&rules::masks(world), workspace);
    let (printed, more) = outputs::of_incident(incident);
    let open = |printed: Printed| {
        let opened = open_output(welcome, &printed.attempt);
        (printed, opened)
    };
    let outputs: Vec<(Printed, Result<Output, OutputError>)> = printed.into_iter().map(open).collect();
    if more > 0 {
        printer.remark(format!("outputs of {more} more steps are left out; `dogwatch logs` prints them"))?;
    }
    let mut document = json::incident(world, incident);
    if let Some(object) = document.as_object_mut() {
        let facts = incident.facts(&world.outside);
        object.insert("timeline".into(), tree(&facts).map_err(Failure::other)?);
    }
    let handover = Handover {
        incident: id,
        state,
        capsules: &incident.evidence.capsules,
        outputs: &outputs,
        markdown: &markdown(world, incident),
        json: &document,
        mask: &mask,
        now: clock::now(),
    };
    let exported = write(&handover, path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let refusal = Refusal::new(RefusalKind::State, format!("{} exists already", path.display()));
            refusal.hint("nothing is written over: choose another name, or take that file away").into()
        }
        _ => Failure::other(anyhow::anyhow!("{}: {error}", path.display())),
    })?;
    if printer.json {
        print::document(&json!({ "path": path, "files": exported.files, "masked": exported.masked, "problems": exported.problems }))?;
    } else {
        print::line(format!("{}: {} files, {} places masked", path.display(), exported.files, exported.masked))?;
        for problem in &exported.problems {
            print::line(problem)?;
        }
    }
    Ok(if exported.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes the archive aside and puts it in its place when it is whole; a file that is there stays.
fn write(handover: &Handover<'_>, path: &Path) -> std::io::Result<Exported> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".dogwatch-evidence").tempfile_in(folder)?;
    let exported = export(handover, std::io::BufWriter::new(file.as_file_mut()))?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(exported)
}

/// The timeline for people who have no dogwatch, times in UTC.
fn markdown(world: &World, incident: &Incident) -> String {
    let teller = Teller { zone: jiff::tz::TimeZone::UTC, ..Teller::of(world) };
    let cell = |text: &str| wording::escape(&crate::text::line(text)).replace('\n', " ");
    let mut text = format!("# Incident {}: {}\n\n", incident.id, cell(&incident.title));
    let _ =
        writeln!(text, "{}, {}, opened {}, first sign {}\n", incident.severity, incident.stage, incident.opened_at, incident.first_sign_at);
    for todo in &incident.todos {
        let _ = writeln!(text, "- to do: {} ({})", cell(&todo.text), cell(&todo.by.to_string()));
    }
    text.push_str("\n| time (UTC) | who or what | what |\n|---|---|---|\n");
    let facts = incident.facts(&world.outside);
    for entry in told(&facts) {
        let pin = if incident.pins.contains(&entry.seq) { "**pinned** " } else { "" };
        let at = happened(entry).strftime("%Y-%m-%d %H:%M:%S");
        let _ = writeln!(text, "| {at} | {} | {pin}{} |", cell(&teller.source(entry)), cell(&teller.line(&entry.event)));
    }
    text
}
