//! A large workspace with a long journal behind it: the same every time, made through the journal's own writer.

use crate::scene::{PATIENCE, Scene};
use crate::{Effort, Failure};
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::run::{DefinitionChoice, RunCause};
use dogwatch::domain::{
    AlertCause, AttemptEnd, AttemptId, Author, Event, Fingerprint, FlowId, IncidentId, Job, Labels, Outcome, Params, RunId, Severity,
    SourceId, StepName,
};
use dogwatch::journal::Journal;
use dogwatch::world::{SHAPE, World};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Flows of the estate.
pub const FLOWS: usize = 5_000;
/// Probes of the estate.
pub const PROBES: usize = 1_000;
/// Open incidents of the estate.
pub const INCIDENTS: usize = 10_000;
/// Where the probes of the estate look; whoever serves it listens there, see [`listen`].
const TARGET: &str = "127.0.0.1:47613";
/// Entries per commit while it is made.
const BATCH: usize = 2_000;

/// Entries behind the estate.
pub fn entries(effort: Effort) -> u64 {
    effort.size(1_000_000, 100_000) as u64
}

/// A copy of the estate, which is made once for each shape of the world.
pub fn scene(effort: Effort, max_running: u32) -> Result<Scene, Failure> {
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("estate-{SHAPE}-{}", entries(effort)));
    if !kept.join("whole").exists() {
        let made = Scene::new(16)?;
        make(&made, entries(effort))?;
        let _ = std::fs::remove_dir_all(&kept); // a part of one, from a run that was cut off
        copy(made.folder(), &kept)?;
        std::fs::write(kept.join("whole"), "")?;
    }
    listen();
    let scene = Scene::new(max_running)?;
    let settings = std::fs::read(scene.workspace().join("dogwatch.toml"))?;
    std::fs::remove_dir_all(scene.workspace())?;
    copy(&kept.join("workspace"), &scene.workspace())?;
    std::fs::write(scene.workspace().join("dogwatch.toml"), settings)?;
    copy(&kept.join("state"), &scene.state())?;
    // The state's folder is named after the workspace's path.
    let folder = std::fs::read_dir(scene.state())?.next().ok_or("the estate has no state")??.path();
    std::fs::rename(folder, scene.place()?.state)?;
    Ok(scene)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let done = Command::new("cp").args(["-a", "--reflink=auto"]).arg(from).arg(to).status()?;
    if done.success() { Ok(()) } else { Err("the estate could not be copied".into()) }
}

/// Takes the connections of the estate's probes for the rest of the run.
pub fn listen() {
    // Where somebody else listens there, they answer instead.
    if let Ok(listener) = std::net::TcpListener::bind(TARGET) {
        std::thread::spawn(move || for _taken in listener.incoming() {});
    }
}

fn flow_name(number: usize) -> String {
    format!("flow-{number:04}")
}

fn make(scene: &Scene, entries: u64) -> Result<(), Failure> {
    let began = std::time::Instant::now();
    eprintln!("(making an estate of {FLOWS} flows, {PROBES} probes, {INCIDENTS} incidents, {entries} entries)");
    for number in 0..FLOWS {
        scene.shell_flow(&flow_name(number), "true")?;
    }
    let mut probes = String::new();
    for number in 0..PROBES {
        write!(probes, "[probe-{number:04}]\ntcp = \"{TARGET}\"\nevery = \"1h\"\n\n")?;
    }
    std::fs::write(scene.workspace().join("probes/all.toml"), probes)?;
    listen();
    scene.serve()?.stop()?; // the definitions are recorded as the daemon records them
    let mut writer = Writer::open(&scene.place()?.state)?;
    for number in 0..INCIDENTS {
        writer.incident(number)?;
    }
    let mut turn = 0;
    while writer.world.seq < entries {
        writer.run(turn)?;
        turn += 1;
        if began.elapsed() > 4 * PATIENCE {
            return Err("making the estate takes too long".into());
        }
    }
    writer.close()
}

/// Appends facts and folds them.
pub struct Writer {
    journal: Journal,
    pub world: World,
    state: PathBuf,
    at: Timestamp,
    in_batch: usize,
}

impl Writer {
    pub fn open(state: &Path) -> Result<Self, Failure> {
        let mut journal = Journal::open(state)?;
        let world = journal.load_world()?;
        Ok(Self { at: world.at, journal, world, state: state.to_owned(), in_batch: 0 })
    }

    pub fn write(&mut self, event: Event) -> Result<(), Failure> {
        self.at = self.at.checked_add(SignedDuration::from_millis(1))?;
        let entry = self.journal.append(self.at, &Author::Engine, event)?;
        self.world.apply(&entry);
        self.in_batch += 1;
        if self.in_batch >= BATCH {
            self.in_batch = 0;
            self.journal.commit()?;
        }
        Ok(())
    }

    /// Ends in order, with a checkpoint.
    pub fn close(mut self) -> Result<(), Failure> {
        self.journal.commit()?;
        Journal::checkpoint(&self.state, &self.world)?;
        Ok(self.journal.close()?)
    }

    /// Ends as a kill would: without a checkpoint.
    pub fn abandon(mut self) -> Result<(), Failure> {
        self.journal.commit()?;
        Ok(self.journal.close()?)
    }

    /// A queued run of a flow.
    pub fn queue(&mut self, flow: &FlowId) -> Result<RunId, Failure> {
        let known = self.world.flow(flow).ok_or("the flow is not defined")?;
        let (run, definition) = (RunId::numbered(flow.clone(), known.next_run), known.digest.clone());
        let date = self.at.to_zoned(jiff::tz::TimeZone::UTC).date();
        self.write(Event::RunCreated {
            run: run.clone(),
            cause: RunCause::Person { reason: None },
            planned_at: self.at,
            date,
            params: Params::new(),
            definition,
            choice: DefinitionChoice::default(),
            carried: Vec::new(),
        })?;
        Ok(run)
    }

    /// The turn's flow runs once; every fiftieth run fails.
    fn run(&mut self, turn: usize) -> Result<(), Failure> {
        let run = self.queue(&FlowId::new(flow_name(turn % FLOWS)))?;
        let step = StepName::new("work");
        let attempt = AttemptId { job: Job::Step { run: run.clone(), step: step.clone() }, number: 1 };
        let exit = i32::from(turn % 50 == 7);
        let end = AttemptEnd::Exit(exit);
        let outcome = if exit == 0 { Outcome::Success } else { Outcome::Failed { cause: end.clone() } };
        self.write(Event::AttemptStarting { attempt: attempt.clone(), boot_id: "6a1f0c8e-0000-4000-8000-000000000000".into() })?;
        self.write(Event::AttemptStarted { attempt: attempt.clone(), pid: 4_000 + turn as u32 % 30_000, started_at: self.at })?;
        self.write(Event::AttemptEnded { attempt, end, ended_at: self.at, output_bytes: 1_234, survivors: Vec::new() })?;
        self.write(Event::StepEnded { run: run.clone(), step, outcome: outcome.clone() })?;
        self.write(Event::RunEnded { run, outcome })
    }

    /// An alert from outside with an incident of its own.
    fn incident(&mut self, number: usize) -> Result<(), Failure> {
        let labels: Labels = [("alertname", "DiskFull".to_owned()), ("host", format!("host-{number:05}"))]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        let alert = Fingerprint::of(&labels);
        let severity = Severity::ALL[number % 4];
        let summary = format!("the disk of host-{number:05} is {} % full", 80 + number % 20);
        let notice = AlertNotice { labels: labels.clone(), severity, summary: summary.clone(), cause: AlertCause::Outside { link: None } };
        self.write(Event::AlertFiring { alert, source: SourceId::new("monitoring"), notice })?;
        let incident = IncidentId(self.world.next_incident);
        self.write(Event::IncidentOpened { incident, title: summary, severity, group: labels, alert, previous: None })
    }
}
