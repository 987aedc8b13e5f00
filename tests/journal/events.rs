//! Facts of every kind, made from a stream of dice, with few enough names that they concern each other.

use dogwatch::domain::channel::{SecretRef, Setting};
use dogwatch::domain::condition::{After, AfterDate, AfterOn, Condition, Conditions, FileFact, FileWanted, MetBy, PoolNeed};
use dogwatch::domain::event::UnknownEvent;
use dogwatch::domain::flow::{Overlap, Retry};
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::note::{NoteKind, SavedNote};
use dogwatch::domain::probe::{Burning, Expectation, Pace, Target};
use dogwatch::domain::run::{DefinitionChoice, Disposition, Occurrence, RunCause, Scope};
use dogwatch::domain::runbook::{Match, ParamKind, ProcedureExpectation, ProcedureParam, ProcedureStep};
use dogwatch::domain::source::{Capability, Freshness};
use dogwatch::domain::*;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

mod duty;
mod outside;
mod procedures;
mod queue;
mod trust;
mod verbs;

/// All kinds of facts, the unknown one included.
pub const KINDS: usize = FIRST_OUTSIDE + outside::KINDS + 1;
/// The first kind about the record itself.
const FIRST_TRUST: usize = FIRST_PROCEDURE + procedures::KINDS;
/// The first kind about what comes from outside.
const FIRST_OUTSIDE: usize = FIRST_TRUST + trust::KINDS;
/// The first kind of an operator's verb.
const FIRST_VERB: usize = 63;
/// The first kind of what lies over incidents.
const FIRST_OF_QUEUE: usize = FIRST_VERB + verbs::KINDS;
/// The first kind about people and who was told.
const FIRST_DUTY: usize = FIRST_OF_QUEUE + queue::KINDS;
/// The first kind about second words and checklists.
const FIRST_PROCEDURE: usize = FIRST_DUTY + duty::KINDS;

/// A small generator of numbers: the same seed gives the same facts for ever, which the fixture needs.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(2) == 0).then(|| make(self))
    }

    fn words(&mut self) -> String {
        self.pick(&["", "disk full", "naïve ✓ 日本", "line\nbreak \u{1b}[31m", "\"quoted\" \\ \u{202e}"]).into()
    }

    pub fn at(&mut self) -> Timestamp {
        Timestamp::from_microsecond(1_790_000_000_000_000 + self.roll(86_400_000_000) as i64).unwrap()
    }

    fn flow(&mut self) -> FlowId {
        self.pick(&["nightly-orders", "heartbeat", "warehouse:load"]).into()
    }

    fn step(&mut self) -> StepName {
        self.pick(&["fetch", "check", "load"]).into()
    }

    fn probe(&mut self) -> ProbeId {
        self.pick(&["shop", "db"]).into()
    }

    fn runbook(&mut self) -> RunbookId {
        self.pick(&["batch-failed", "site-down"]).into()
    }

    fn run(&mut self) -> RunId {
        RunId::numbered(self.flow(), 1 + self.roll(4) as u32)
    }

    fn incident(&mut self) -> IncidentId {
        IncidentId(1 + self.roll(3) as u32)
    }

    fn labels(&mut self) -> Labels {
        let mut labels = Labels::new();
        for name in ["source", "service", "flow"] {
            if self.roll(2) == 0 {
                labels.insert(name.into(), self.pick(&["local", "shop", ""]).into());
            }
        }
        labels
    }

    fn fingerprint(&mut self) -> Fingerprint {
        Fingerprint(self.roll(4) as u64 * 0x0101_0101_0101_0101)
    }

    fn severity(&mut self) -> Severity {
        self.pick(&Severity::ALL)
    }

    fn span(&mut self) -> Duration {
        Duration::from_nanos(self.roll(100_000_000_000_000) as u64)
    }

    fn health(&mut self) -> Health {
        let (bad, of) = (self.roll(4) as u32, self.roll(4) as u32);
        self.pick(&[Health::Unknown, Health::Up, Health::Soft { bad, of }, Health::Degraded, Health::Down { good: bad, of }])
    }

    fn end(&mut self) -> AttemptEnd {
        let words = self.words();
        let code = self.roll(3) as i32;
        self.pick(&[
            AttemptEnd::Exit(code),
            AttemptEnd::Signal(9),
            AttemptEnd::SpawnError(words.clone()),
            AttemptEnd::Timeout,
            AttemptEnd::OutputLimit,
            AttemptEnd::Killed,
            AttemptEnd::NeverBegan,
            AttemptEnd::Unexpected(words),
            AttemptEnd::Lost,
        ])
    }

    fn outcome(&mut self) -> Outcome {
        let (cause, words) = (self.end(), self.words());
        self.pick(&[
            Outcome::Success,
            Outcome::SuccessForced { by: words.clone() },
            Outcome::Failed { cause },
            Outcome::Cancelled { by: words.clone() },
            Outcome::Skipped { reason: words.clone(), by: None },
            Outcome::UpstreamFailed,
            Outcome::Missed { reason: words },
            Outcome::Lost,
        ])
    }

    fn subject(&mut self) -> Subject {
        match self.roll(4) {
            0 => Subject::Incident(self.incident()),
            1 => Subject::Flow(self.flow()),
            2 => Subject::Probe(self.probe()),
            _ => Subject::Workspace,
        }
    }

    fn attempt(&mut self) -> AttemptId {
        let job = match self.roll(3) {
            0 => Job::Procedure { runbook: self.runbook(), subject: self.subject(), step: self.step() },
            _ => Job::Step { run: self.run(), step: self.step() },
        };
        AttemptId { job, number: self.roll(3) as u32 }
    }

    fn occurrence(&mut self) -> Occurrence {
        Occurrence {
            flow: self.flow(),
            schedule: "0 3 * * *".into(),
            planned: "2026-10-25T02:30:00".parse().unwrap(),
            zone: "Europe/Berlin".into(),
            pass: 1 + self.roll(2) as u8,
            at: self.at(),
            mark: self.maybe(|dice| dice.pick(&[run::DstMark::Moved, run::DstMark::Merged])),
            shifted_from: None,
        }
    }

    fn definition(&mut self) -> FlowDefinition {
        let step = |dice: &mut Self, name: &str, needs: &[&str]| StepDefinition {
            run: dice.maybe(|dice| dice.pick(&[CommandLine::Shell("echo".into()), CommandLine::Argv(vec!["true".into(), "-x".into()])])),
            needs: needs.iter().map(StepName::new).collect(),
            timeout: dice.maybe(Self::span),
            grace: dice.span(),
            output_max: dice.roll(1 << 30) as u64,
            retry: Retry { attempts: 1 + dice.roll(3) as u32, factor: 1.0 + dice.roll(1000) as f64 / 999.0, ..Retry::default() },
            idempotent: dice.roll(2) == 0,
            env: dice.labels().into_iter().collect(),
            folder: dice.maybe(Self::words),
            ..StepDefinition::new(name)
        };
        FlowDefinition {
            id: self.flow(),
            description: self.words(),
            file: "flows/nightly.toml".into(),
            zone: "Europe/Berlin".into(),
            schedules: vec!["0 3 * * *".into()],
            overlap: self.pick(&[Overlap::Skip, Overlap::Queue, Overlap::QueueAll, Overlap::Cancel, Overlap::Allow]),
            must_start_by: self.maybe(|_| "03:30".parse().unwrap()),
            must_finish_by: self.maybe(|_| "06:00".parse().unwrap()),
            severity: self.severity(),
            runbook: self.maybe(Self::runbook),
            labels: self.labels(),
            params: self.labels().into_iter().collect(),
            env: self.labels().into_iter().collect(),
            steps: vec![step(self, "fetch", &[]), step(self, "check", &["fetch"]), step(self, "load", &["check", "fetch"])],
            ..FlowDefinition::new("flow")
        }
    }

    fn calendar(&mut self) -> Calendar {
        let mut calendar = Calendar::new("business-days");
        calendar.holidays.insert("2026-04-06".parse().unwrap(), self.words());
        calendar.yearly.insert("12-25".parse().unwrap(), self.words());
        calendar.working.extend(self.maybe(|dice| ("2026-12-05".parse().unwrap(), dice.words())));
        let (from, to) = ("2026-12-24T18:00:00".parse().unwrap(), "2026-12-27T00:00:00".parse().unwrap());
        calendar.blackouts.extend(self.maybe(|dice| calendar::Blackout { from, to, reason: dice.words() }));
        calendar
    }

    fn probe_definition(&mut self) -> ProbeDefinition {
        let http =
            Target::Http { url: "http://127.0.0.1/".into(), method: "GET".into(), headers: self.labels(), body: None, ca_file: None };
        ProbeDefinition {
            id: self.probe(),
            file: "probes.toml".into(),
            target: self.pick(&[http, Target::Tcp { address: "db:5432".into() }, Target::Outside { description: "theirs".into() }]),
            every: self.span(),
            timeout: self.span(),
            expect: Expectation { below: self.maybe(Self::span), status: vec![200, 204], ..Expectation::default() },
            down_after: self.roll(4) as u32,
            up_after: self.roll(4) as u32,
            severity: self.severity(),
            runbook: self.maybe(Self::runbook),
            labels: self.labels(),
            keep_alive: self.roll(2) == 0,
            objective: None,
        }
    }

    fn runbook_definition(&mut self) -> Runbook {
        let id = self.runbook();
        let step = ProcedureStep {
            name: self.step(),
            title: self.words(),
            run: CommandLine::Shell("df -h".into()),
            params: vec![ProcedureParam { name: "date".into(), default: "{date}".into(), kind: ParamKind::Any }],
            expect: ProcedureExpectation { exit: 0, output: self.maybe(Self::words) },
            danger: self.roll(2) == 0,
            timeout: self.span(),
            line: self.roll(100),
            two_people: false,
            auto: None,
        };
        let matches = vec![Match { flow: Some("nightly-*".into()), labels: self.labels(), ..Match::default() }];
        Runbook { id, title: self.words(), file: "runbooks/x.md".into(), matches, text: self.words(), steps: vec![step], auto_max: None }
    }

    fn notice(&mut self) -> AlertNotice {
        let causes = [
            AlertCause::RunFailed { run: self.run() },
            AlertCause::NotStarted { flow: self.flow(), deadline: self.at() },
            AlertCause::NotFinished { flow: self.flow(), deadline: self.at() },
            AlertCause::ProbeDown { probe: self.probe() },
            AlertCause::Outside { link: None },
        ];
        AlertNotice { labels: self.labels(), severity: self.severity(), summary: self.words(), cause: self.pick(&causes) }
    }

    /// A fact of this kind.
    pub fn event(&mut self, kind: usize) -> Event {
        match kind {
            0 => Event::DaemonStarted { version: "0.1.0".into(), pid: 7, boot_id: "b".into(), host: "jump".into() },
            1 => Event::DaemonStopped { reason: self.words() },
            2 => Event::WorkspaceLoaded { name: "shop".into(), zone: "UTC".into(), max_running: 4, group_by: vec!["service".into()] },
            3 => Event::WorkspaceRefused { errors: vec![self.words()] },
            4 => Event::SourceDefined {
                source: "warehouse".into(),
                kind: "airflow".into(),
                capabilities: vec![Capability::Run, Capability::Output],
                definition: None,
            },
            5 => Event::SourceRemoved { source: "warehouse".into() },
            6 => Event::SourceChanged { source: "warehouse".into(), freshness: Freshness::Stale { reason: self.words() } },
            7 => Event::FlowDefined { flow: Arc::new(self.definition()) },
            8 => Event::FlowRemoved { flow: self.flow() },
            9 => Event::ProbeDefined { probe: Arc::new(self.probe_definition()) },
            10 => Event::ProbeRemoved { probe: self.probe() },
            11 => Event::RunbookDefined { runbook: Arc::new(self.runbook_definition()) },
            12 => Event::RunbookRemoved { runbook: self.runbook() },
            13 => {
                let dispositions = [
                    Disposition::Ran { run: self.run() },
                    Disposition::CaughtUp { run: self.run() },
                    Disposition::Missed { reason: self.words() },
                    Disposition::SkippedOverlap { run: self.run() },
                    Disposition::SkippedHeld { by: "ana".into(), reason: self.words(), until: self.maybe(Self::at) },
                ];
                Event::OccurrenceSettled { occurrence: self.occurrence(), disposition: self.pick(&dispositions) }
            }
            14 => {
                let causes = [
                    RunCause::Schedule(self.occurrence()),
                    RunCause::Person { reason: self.maybe(Self::words) },
                    RunCause::Rerun { of: self.run(), scope: Scope::From(self.step()), reason: self.words() },
                    RunCause::Source,
                ];
                Event::RunCreated {
                    run: self.run(),
                    cause: self.pick(&causes),
                    planned_at: self.at(),
                    date: "2026-11-20".parse().unwrap(),
                    params: self.labels().into_iter().collect(),
                    definition: self.definition().digest(),
                    choice: self.pick(&[DefinitionChoice::Ran, DefinitionChoice::Today]),
                    carried: self.maybe(|dice| vec![(dice.step(), dice.outcome())]).unwrap_or_default(),
                }
            }
            15 => Event::RunKillAsked { run: self.run(), reason: self.maybe(Self::words) },
            16 => Event::AttemptStarting { attempt: self.attempt(), boot_id: "b".into() },
            17 => Event::AttemptStarted { attempt: self.attempt(), pid: 42, started_at: self.at() },
            18 => Event::AttemptAdopted { attempt: self.attempt() },
            19 => Event::AttemptEnded {
                attempt: self.attempt(),
                end: self.end(),
                ended_at: self.at(),
                output_bytes: self.roll(1 << 40) as u64,
                survivors: self.maybe(|_| vec!["43 sleep".into()]).unwrap_or_default(),
            },
            20 => Event::RetryPlanned { run: self.run(), step: self.step(), at: self.at() },
            21 => Event::StepEnded { run: self.run(), step: self.step(), outcome: self.outcome() },
            22 => Event::RunEnded { run: self.run(), outcome: self.outcome() },
            23 => Event::FlowHeld { flow: self.flow(), reason: self.words(), until: self.maybe(Self::at) },
            24 => Event::FlowReleased { flow: self.flow() },
            25 => Event::ProbeAsked { probe: self.probe() },
            26 => Event::ProbeChanged { probe: self.probe(), from: self.health(), to: self.health(), reason: self.words() },
            27 => Event::ProbeErring { probe: self.probe(), error: self.maybe(Self::words) },
            28 => Event::AlertFiring { alert: self.fingerprint(), source: SourceId::local(), notice: self.notice() },
            29 => Event::AlertResolved { alert: self.fingerprint(), reason: self.words() },
            30 => Event::IncidentOpened {
                incident: self.incident(),
                title: self.words(),
                severity: self.severity(),
                group: self.labels(),
                alert: self.fingerprint(),
                previous: self.maybe(Self::incident),
            },
            31 => Event::IncidentJoined { incident: self.incident(), alert: self.fingerprint() },
            32 => Event::SeverityRaised { incident: self.incident(), severity: self.severity() },
            33 => Event::IncidentAcknowledged { incident: self.incident(), note: self.maybe(Self::words) },
            34 => Event::AcknowledgementEnded { incident: self.incident(), reason: self.words() },
            35 => Event::IncidentResolved { incident: self.incident(), reason: self.words() },
            36 => self.told_by_people(),
            37 => Event::NoteSaved {
                note: SavedNote {
                    kind: NoteKind::PostMortem,
                    subject: self.subject(),
                    path: "notes/1.md".into(),
                    digest: "d".into(),
                    bytes: 7,
                },
            },
            38 => Event::ProcedureAsked { attempt: self.attempt(), command: "df -h".into(), params: self.labels().into_iter().collect() },
            39 => Event::ProcedureKillAsked { attempt: self.attempt() },
            40 => Event::ProcedureTicked { runbook: self.runbook(), step: self.step(), subject: self.subject(), done: self.roll(2) == 0 },
            41 => match self.roll(2) {
                0 => Event::Refused { verb: "kill".into(), reason: self.words(), count: 3 },
                _ => Event::ClockStepped { by_seconds: (self.roll(2_000_000_000) as f64 - 1e9) / 7e5 },
            },
            42 => Event::RunTimedOut { run: self.run() },
            45 => Event::OccurrenceSettled {
                occurrence: Occurrence { shifted_from: self.maybe(|_| "2026-10-24".parse().unwrap()), ..self.occurrence() },
                disposition: Disposition::SkippedCalendar { calendar: "business-days".into(), reason: self.words() },
            },
            43 => Event::CalendarDefined { calendar: Arc::new(self.calendar()) },
            44 => match self.roll(2) {
                0 => Event::CalendarRemoved { calendar: "business-days".into() },
                _ => Event::BatchDayDefined { begins: "06:00".parse().unwrap() },
            },
            46 => Event::PoolsDefined { pools: [("warehouse".to_owned(), 1 + self.roll(4) as u32)].into() },
            47 => self.condition_met(),
            48 => Event::FileDelivered { flow: self.flow(), path: "in/*.csv".into(), file: self.file() },
            49 => Event::FileDuplicate { flow: self.flow(), path: "in/*.csv".into(), file: self.file(), of: "/in/0.csv".into() },
            50 => Event::FileSighted { flow: self.flow(), path: "in/*.csv".into(), words: self.words() },
            51 => Event::FlowDefined { flow: Arc::new(self.conditional()) },
            52..=60 => self.of_channels(kind - 52),
            61 => Event::ProbeBurning { probe: self.probe(), burning: self.maybe(Self::burning) },
            62 => Event::ProbeFlapping { probe: self.probe(), share: self.maybe(|dice| dice.roll(100) as u8) },
            verb if (FIRST_VERB..FIRST_OF_QUEUE).contains(&verb) => self.verb(verb - FIRST_VERB),
            kind if (FIRST_OF_QUEUE..FIRST_DUTY).contains(&kind) => self.of_queue(kind - FIRST_OF_QUEUE),
            duty if (FIRST_DUTY..FIRST_PROCEDURE).contains(&duty) => self.duty(duty - FIRST_DUTY),
            kind if (FIRST_PROCEDURE..FIRST_TRUST).contains(&kind) => self.procedure(kind - FIRST_PROCEDURE),
            trust if (FIRST_TRUST..FIRST_OUTSIDE).contains(&trust) => self.trust(trust - FIRST_TRUST),
            outside if (FIRST_OUTSIDE..KINDS - 1).contains(&outside) => self.outside(outside - FIRST_OUTSIDE),
            _ => {
                let json = r#"{"moon_rose": {"full" : true, "n":1.50}}"#;
                Event::Unknown(UnknownEvent(serde_json::value::RawValue::from_string(json.into()).unwrap()))
            }
        }
    }

    /// Facts about channels and messages.
    fn of_channels(&mut self, kind: usize) -> Event {
        let channel: ChannelId = self.pick(&["ops", "mail"]).into();
        let made = Message {
            id: self.pick(&["m1", "m2", "m3"]).into(),
            workspace: "shop".into(),
            channel: channel.clone(),
            point: self.pick(&[Point::Started, Point::Failed, Point::Late, Point::Storm, Point::Test]),
            subject: self.words(),
            text: self.words(),
            severity: self.severity(),
            flow: self.maybe(Self::flow),
            run: self.maybe(Self::run),
            step: self.maybe(Self::step),
            date: None,
            at: self.at(),
            incident: self.maybe(Self::incident),
            person: self.maybe(|_| "ana".into()),
        };
        let (message, error) = (made.named(), self.words());
        match kind {
            0 => {
                let secret = Setting::Secret(SecretRef::Env("HOOK".into()));
                let hook = ChannelKind::Webhook { url: secret, headers: [].into(), body: None, ca_file: None };
                let run = ChannelKind::Command { run: vec!["bin/tell".into()], env: [].into() };
                Event::ChannelDefined { channel: Arc::new(ChannelDefinition::new(channel.as_str(), self.pick(&[hook, run]))) }
            }
            1 => Event::ChannelRemoved { channel },
            2 => Event::MessageDue { message: Arc::new(made) },
            3 => Event::MessageHeldBack { message, point: made.point, severity: made.severity },
            4 => Event::MessageSending { message, number: 1 + self.roll(3) as u32 },
            5 => Event::MessageSent { message },
            6 => Event::MessageFailed { message, error, next_at: self.at() },
            7 => Event::MessageGivenUp { message, error },
            _ => Event::MessageUnknown { message, error },
        }
    }

    fn file(&mut self) -> FileFact {
        let file = format!("/in/{}.csv", self.roll(3));
        FileFact { file, size: self.roll(9) as u64, modified_at: self.at(), checksum: self.pick(&["aa", "bb", "cc"]).into() }
    }

    fn burning(&mut self) -> Burning {
        let pace = self.pick(&[Pace::Ticket, Pace::Page, Pace::Down]);
        Burning { pace, over: Duration::from_hours(1), rate: self.roll(10_000) as f64 / 10.0, gone_at: self.maybe(Self::at) }
    }

    fn condition_met(&mut self) -> Event {
        let (condition, by) = match self.roll(2) {
            0 => (Condition::After("heartbeat".into()), MetBy::Run(self.run())),
            _ => (Condition::File("in/*.csv".into()), MetBy::Files(vec![self.file()])),
        };
        Event::ConditionMet { run: self.run(), condition, by }
    }

    /// A flow that waits for others, for files, and for units.
    fn conditional(&mut self) -> FlowDefinition {
        let mut flow = self.definition();
        let after = After { flow: "heartbeat".into(), on: AfterOn::Success, date: AfterDate::Same, look_back: self.maybe(Self::span) };
        let file = FileWanted { path: "in/*.csv".into(), stable_for: self.span(), done_file: self.maybe(|_| "{path}.done".into()) };
        flow.conditions = Conditions {
            priority: self.roll(100) as u8,
            max_running: self.maybe(|dice| 1 + dice.roll(3) as u32),
            side_by_side: None,
            after: vec![after],
            files: vec![file],
        };
        for step in &mut flow.steps {
            step.pools = vec![PoolNeed { pool: "warehouse".into(), units: 1 + self.roll(3) as u32 }];
        }
        flow
    }

    fn told_by_people(&mut self) -> Event {
        match self.roll(2) {
            0 => Event::Noted { incident: self.incident(), text: self.words() },
            _ => Event::Marked { text: self.words() },
        }
    }

    /// A fact of any kind; the ones that carry runs and incidents along come more often.
    pub fn any(&mut self) -> Event {
        let kind = if self.roll(3) == 0 { self.pick(&[7, 14, 16, 17, 19, 21, 22, 28, 30, 35]) } else { self.roll(KINDS) };
        self.event(kind)
    }

    pub fn author(&mut self) -> Author {
        match self.roll(3) {
            0 => Author::Engine,
            1 => Author::Source("warehouse".into()),
            _ => Author::Person { uid: 1000, user: self.words(), login_uid: self.maybe(|_| 1000), sudo_claim: self.maybe(Self::words) },
        }
    }
}

/// The name of a fact's kind. Without a wildcard: a new variant does not compile before it has a row here, above, and in
/// the next fixture.
pub fn name(event: &Event) -> &'static str {
    match event {
        Event::DaemonStarted { .. } => "daemon_started",
        Event::DaemonStopped { .. } => "daemon_stopped",
        Event::WorkspaceLoaded { .. } => "workspace_loaded",
        Event::WorkspaceRefused { .. } => "workspace_refused",
        Event::SourceDefined { .. } => "source_defined",
        Event::SourceRemoved { .. } => "source_removed",
        Event::SourceChanged { .. } => "source_changed",
        Event::FlowDefined { .. } => "flow_defined",
        Event::FlowRemoved { .. } => "flow_removed",
        Event::ProbeDefined { .. } => "probe_defined",
        Event::ProbeRemoved { .. } => "probe_removed",
        Event::RunbookDefined { .. } => "runbook_defined",
        Event::RunbookRemoved { .. } => "runbook_removed",
        Event::OccurrenceSettled { .. } => "occurrence_settled",
        Event::RunCreated { .. } => "run_created",
        Event::RunKillAsked { .. } => "run_kill_asked",
        Event::AttemptStarting { .. } => "attempt_starting",
        Event::AttemptStarted { .. } => "attempt_started",
        Event::AttemptAdopted { .. } => "attempt_adopted",
        Event::AttemptEnded { .. } => "attempt_ended",
        Event::RetryPlanned { .. } => "retry_planned",
        Event::StepEnded { .. } => "step_ended",
        Event::RunEnded { .. } => "run_ended",
        Event::FlowHeld { .. } => "flow_held",
        Event::FlowReleased { .. } => "flow_released",
        Event::ProbeAsked { .. } => "probe_asked",
        Event::ProbeChanged { .. } => "probe_changed",
        Event::ProbeErring { .. } => "probe_erring",
        Event::ProbeBurning { .. } => "probe_burning",
        Event::ProbeFlapping { .. } => "probe_flapping",
        Event::AlertFiring { .. } => "alert_firing",
        Event::AlertResolved { .. } => "alert_resolved",
        Event::IncidentOpened { .. } => "incident_opened",
        Event::IncidentJoined { .. } => "incident_joined",
        Event::SeverityRaised { .. } => "severity_raised",
        Event::IncidentAcknowledged { .. } => "incident_acknowledged",
        Event::AcknowledgementEnded { .. } => "acknowledgement_ended",
        Event::IncidentResolved { .. } => "incident_resolved",
        Event::Noted { .. } => "noted",
        Event::Marked { .. } => "marked",
        Event::NoteSaved { .. } => "note_saved",
        Event::ProcedureAsked { .. } => "procedure_asked",
        Event::ProcedureKillAsked { .. } => "procedure_kill_asked",
        Event::ProcedureTicked { .. } => "procedure_ticked",
        Event::Refused { .. } => "refused",
        Event::ClockStepped { .. } => "clock_stepped",
        Event::ChannelDefined { .. } => "channel_defined",
        Event::ChannelRemoved { .. } => "channel_removed",
        Event::MessageDue { .. } => "message_due",
        Event::MessageHeldBack { .. } => "message_held_back",
        Event::MessageSending { .. } => "message_sending",
        Event::MessageSent { .. } => "message_sent",
        Event::MessageFailed { .. } => "message_failed",
        Event::MessageGivenUp { .. } => "message_given_up",
        Event::MessageUnknown { .. } => "message_unknown",
        Event::PoolsDefined { .. } => "pools_defined",
        Event::ConditionMet { .. } => "condition_met",
        Event::FileDelivered { .. } => "file_delivered",
        Event::FileDuplicate { .. } => "file_duplicate",
        Event::FileSighted { .. } => "file_sighted",
        Event::RunTimedOut { .. } => "run_timed_out",
        Event::CalendarDefined { .. } => "calendar_defined",
        Event::CalendarRemoved { .. } => "calendar_removed",
        Event::BatchDayDefined { .. } => "batch_day_defined",
        Event::FlowIced { .. } => "flow_iced",
        Event::FlowThawed { .. } => "flow_thawed",
        Event::NoopSet { .. } => "noop_set",
        Event::NoopWithdrawn { .. } => "noop_withdrawn",
        Event::StartForced { .. } => "start_forced",
        Event::StepForced { .. } => "step_forced",
        Event::RunHeld { .. } => "run_held",
        Event::RunReleased { .. } => "run_released",
        Event::RunPrioritized { .. } => "run_prioritized",
        Event::StepApproved { .. } => "step_approved",
        Event::OccurrenceAsked { .. } => "occurrence_asked",
        Event::AwayNoticed { .. } => "away_noticed",
        Event::MissesDismissed { .. } => "misses_dismissed",
        Event::AlertExpires { .. } => "alert_expires",
        Event::AlertsRepeated { .. } => "alerts_repeated",
        Event::IntakeDefined { .. } => "intake_defined",
        Event::IntakeListens { .. } => "intake_listens",
        Event::IntakeCounted { .. } => "intake_counted",
        Event::SourceNoted { .. } => "source_noted",
        Event::SourceSilenceSeen { .. } => "source_silence_seen",
        Event::SourceSilenceGone { .. } => "source_silence_gone",
        Event::SourceSilenceAsked { .. } => "source_silence_asked",
        Event::SourceSilenceProlonging { .. } => "source_silence_prolonging",
        Event::SourceSilenceMade { .. } => "source_silence_made",
        Event::SourceSilenceFailed { .. } => "source_silence_failed",
        Event::SourceSilenceEnding { .. } => "source_silence_ending",
        Event::SourceSilenceEnded { .. } => "source_silence_ended",
        Event::IncidentMitigated { .. } => "incident_mitigated",
        Event::MitigationEnded { .. } => "mitigation_ended",
        Event::IncidentSnoozed { .. } => "incident_snoozed",
        Event::SnoozeEnded { .. } => "snooze_ended",
        Event::IncidentClaimed { .. } => "incident_claimed",
        Event::IncidentUnclaimed { .. } => "incident_unclaimed",
        Event::IncidentHandedOver { .. } => "incident_handed_over",
        Event::AcknowledgementAsked { .. } => "acknowledgement_asked",
        Event::IncidentMerged { .. } => "incident_merged",
        Event::IncidentSplit { .. } => "incident_split",
        Event::SilenceMade { .. } => "silence_made",
        Event::SilenceExtended { .. } => "silence_extended",
        Event::SilenceEnded { .. } => "silence_ended",
        Event::AlertMuted { .. } => "alert_muted",
        Event::MaintenanceDefined { .. } => "maintenance_defined",
        Event::MaintenanceBegan { .. } => "maintenance_began",
        Event::MaintenanceEnded { .. } => "maintenance_ended",
        Event::AckLifeDefined { .. } => "ack_life_defined",
        Event::PeopleDefined { .. } => "people_defined",
        Event::OverrideMade { .. } => "override_made",
        Event::OverrideEnded { .. } => "override_ended",
        Event::EscalationStarted { .. } => "escalation_started",
        Event::EscalationDeferred { .. } => "escalation_deferred",
        Event::IncidentEscalated { .. } => "incident_escalated",
        Event::EscalationExhausted { .. } => "escalation_exhausted",
        Event::EscalationEnded { .. } => "escalation_ended",
        Event::IncidentRetold { .. } => "incident_retold",
        Event::RecoveryTold { .. } => "recovery_told",
        Event::EntryPinned { .. } => "entry_pinned",
        Event::OutsideDefined { .. } => "outside_defined",
        Event::OutsideChanged { .. } => "outside_changed",
        Event::EvidenceDefined { .. } => "evidence_defined",
        Event::EvidenceAsked { .. } => "evidence_asked",
        Event::EvidenceTaken { .. } => "evidence_taken",
        Event::WriteUpMoved { .. } => "write_up_moved",
        Event::ReviewDecided { .. } => "review_decided",
        Event::ProcedureRulesDefined { .. } => "procedure_rules_defined",
        Event::ApprovalAsked { .. } => "approval_asked",
        Event::ApprovalGiven { .. } => "approval_given",
        Event::ApprovalUsed { .. } => "approval_used",
        Event::ApprovalEnded { .. } => "approval_ended",
        Event::GlassBroken { .. } => "glass_broken",
        Event::RemediationHeldBack { .. } => "remediation_held_back",
        Event::ChecklistDefined { .. } => "checklist_defined",
        Event::ChecklistRemoved { .. } => "checklist_removed",
        Event::ChecklistOpened { .. } => "checklist_opened",
        Event::ChecklistMissed { .. } => "checklist_missed",
        Event::ItemTicked { .. } => "item_ticked",
        Event::ChecklistDone { .. } => "checklist_done",
        Event::ChecklistLeft { .. } => "checklist_left",
        Event::AnchorsDefined { .. } => "anchors_defined",
        Event::AnchorFailing { .. } => "anchor_failing",
        Event::AnchorWorks { .. } => "anchor_works",
        Event::DamageAccepted { .. } => "damage_accepted",
        Event::EntryLost { .. } => "entry_lost",
        Event::Unknown(_) => "unknown",
    }
}

/// How many names [`name`] knows.
pub const NAMES: usize = 147;
