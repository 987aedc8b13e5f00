//! The work on an incident, pressed by action name through the real console: its page, its runbook, its notes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod night;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use dogwatch::console::link::News;
use dogwatch::console::{Action, App, Msg, Options, Out, Role, Screen, Theme};
use dogwatch::domain::note::NoteKind;
use dogwatch::domain::runbook::{Match, ParamKind, ProcedureExpectation, ProcedureParam, ProcedureStep};
use dogwatch::domain::{
    ApprovalRequest, AttemptId, Author, Command, CommandLine, Entry, Event, IncidentId, Job, Level, Params, Runbook, StepName, Subject,
};
use dogwatch::wire::message::{Ask, Said, VERSION, Welcome};
use dogwatch::world::{SHAPE, World};
use jiff::{SignedDuration, Timestamp};
use night::{night, person};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const TEXT: &str = "\
The load step stopped. **Do not rerun** before the rows are counted.

```sh run name=look
bin/last-error
```

Then compare with the [usual figures](https://wiki.example/rows):

| day | rows |
|-----|-----:|
| Mon | 1200 |

```sh run name=empty danger
bin/empty \"$DOGWATCH_PARAM_FLOW\"
```
";

fn step(name: &str, run: &str, danger: bool) -> ProcedureStep {
    ProcedureStep {
        name: name.into(),
        title: format!("{name} at it"),
        run: CommandLine::Shell(run.into()),
        params: if danger { vec![ProcedureParam { name: "flow".into(), default: "{flow}".into(), kind: ParamKind::Any }] } else { vec![] },
        expect: ProcedureExpectation::default(),
        danger,
        timeout: Duration::from_mins(10),
        line: TEXT.lines().position(|line| line.contains(&format!("name={name}"))).unwrap(),
        two_people: false,
        auto: None,
    }
}

/// The night until the incident is open and nobody has said a word, with a runbook that has text around its steps.
fn world() -> World {
    let mut night = night();
    let first_word = night.entries.iter().position(|entry| matches!(entry.event, Event::IncidentAcknowledged { .. })).unwrap();
    night.entries.truncate(first_word);
    let runbook = Runbook {
        id: "orders-load".into(),
        title: "The load step fails".into(),
        file: "runbooks/orders-load.md".into(),
        matches: vec![Match { flow: Some("nightly-*".into()), ..Match::default() }],
        text: TEXT.into(),
        steps: vec![step("look", "bin/last-error", false), step("empty", "bin/empty \"$DOGWATCH_PARAM_FLOW\"", true)],
        auto_max: None,
    };
    night.at("01:36:00", Author::Engine, Event::RunbookDefined { runbook: Arc::new(runbook) });
    World::fold(&night.entries)
}

/// A console whose daemon is played by hand, on a workspace and a state folder of its own.
struct Desk {
    app: App,
    now: Timestamp,
    size: (u16, u16),
    asked: Vec<Ask>,
    outs: Vec<Out>,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(size: (u16, u16)) -> Self {
        Self::again(tempfile::tempdir().unwrap(), size)
    }

    /// Another console on the same folders.
    fn again(folder: tempfile::TempDir, size: (u16, u16)) -> Self {
        let now = "2026-11-21T01:41:00Z".parse().unwrap();
        let state = Some(folder.path().join("state"));
        let options = Options { theme: Theme::told_apart(), state, ..Options::default() };
        let workspace = folder.path().join("workspace");
        std::fs::create_dir_all(&workspace).unwrap();
        let mut desk = Self { app: App::new(options, now), now, size, asked: Vec::new(), outs: Vec::new(), folder };
        let welcome = Welcome {
            version: VERSION,
            shape: SHAPE.into(),
            release: "0.1.0".into(),
            pid: 4711,
            level: Level::Operator,
            user: "ana".into(),
            workspace: workspace.to_str().unwrap().into(),
            state: "/var/lib/shop".into(),
            read_only: None,
            door: None,
        };
        desk.send(Msg::News(News::Connected(Box::new(welcome))));
        let world = world();
        for part in world.parts() {
            desk.said(Said::Part(Box::new(part)));
        }
        desk.said(Said::Live { seq: world.seq });
        desk.picture();
        desk
    }

    fn send(&mut self, msg: Msg) {
        for out in self.app.handle(msg, self.now) {
            match out {
                Out::Ask(request) => self.asked.push(request.ask),
                other => self.outs.push(other),
            }
        }
    }

    fn said(&mut self, said: Said) {
        self.send(Msg::News(News::Said(Box::new(said))));
    }

    /// The next entry of the journal arrives.
    fn entry(&mut self, author: Author, event: Event) {
        let seq = self.app.session.world.seq + 1;
        self.said(Said::Entries(vec![Arc::new(Entry { seq, at: self.now, author, event })]));
    }

    /// Does an action by its name, as its key would.
    fn press(&mut self, name: &str) {
        self.app.press(Action::named(name).unwrap());
        self.send(Msg::Woken);
        self.picture();
    }

    fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
            self.send(Msg::Terminal(crossterm::event::Event::Key(key)));
        }
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.send(Msg::Tick);
    }

    /// Commands that were asked for and are no dry runs.
    fn commands(&self) -> Vec<&Command> {
        let real = |ask| match ask {
            &Ask::Command { ref command, dry_run: false, .. } => Some(command),
            _ => None,
        };
        self.asked.iter().filter_map(real).collect()
    }

    fn open(&mut self, screen: Screen) {
        self.app.session.open(screen);
        self.send(Msg::Woken);
        self.picture();
    }

    fn note(&self, name: &str) -> PathBuf {
        self.folder.path().join("workspace/notes").join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.note(name)).unwrap()
    }

    /// The files in the recovery folder.
    fn kept(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("state/recovery")).map_or(0, Iterator::count)
    }

    fn buffer(&mut self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        self.app.draw(&mut buffer);
        buffer
    }

    fn picture(&mut self) -> String {
        let buffer = self.buffer();
        let row = |y| (0..self.size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..self.size.1).map(row).collect::<Vec<_>>().join("\n")
    }

    /// The page without head line and footer, and each row's roles: on top and, where there is any, below.
    fn picture_with_roles(&mut self) -> String {
        let (picture, buffer) = (self.picture(), self.buffer());
        let rows = 1..usize::from(self.size.1) - 1;
        let page = picture.lines().skip(rows.start).take(rows.len()).collect::<Vec<_>>().join("\n");
        let role = |color: Color| match color {
            Color::Indexed(index) => Role::ALL.get(usize::from(index) - 1).map(|(_, name)| *name),
            _ => None,
        };
        let mut roles = String::new();
        for y in 1..self.size.1 - 1 {
            let mut row: Vec<String> = Vec::new();
            for x in 0..self.size.0 {
                let cell = &buffer[(x, y)];
                let top = role(cell.fg).filter(|_| cell.symbol() != " ");
                let words = [top, role(cell.bg)].into_iter().flatten().collect::<Vec<_>>().join("/");
                if !words.is_empty() && row.last() != Some(&words) {
                    row.push(words);
                }
            }
            writeln!(roles, "{y:2} {}", row.join(" ")).unwrap();
        }
        format!("{page}\n\n{roles}")
    }
}

const SUBJECT: Subject = Subject::Incident(IncidentId(1));
const NOTE: &str = "incident-1-nightly-orders-load-failed.md";
const POST_MORTEM: &str = "postmortem-1-nightly-orders-load-failed.md";

fn note() -> Screen {
    Screen::Note { kind: NoteKind::Note, subject: SUBJECT }
}

fn post_mortem() -> Screen {
    Screen::Note { kind: NoteKind::PostMortem, subject: SUBJECT }
}

fn runbook() -> Screen {
    Screen::Runbook { runbook: "orders-load".into(), subject: SUBJECT }
}

#[test]
fn an_incident_is_acknowledged_noted_and_written_up() {
    let mut desk = Desk::new((100, 30));
    desk.open(Screen::Incident(IncidentId(1)));
    desk.press("ack");
    desk.type_text("on it");
    desk.press("confirm");
    assert_eq!(desk.commands(), [&Command::Acknowledge { incident: IncidentId(1), note: Some("on it".into()) }]);
    desk.entry(person("ana"), Event::IncidentAcknowledged { incident: IncidentId(1), note: Some("on it".into()) });
    assert!(desk.picture().contains("ana works on it since"));

    desk.press("note");
    desk.type_text("the file is broken");
    assert!(desk.picture().contains("the file is broken"));
    desk.press("save");
    assert!(desk.text(NOTE).contains("incident = 1") && desk.text(NOTE).contains("the file is broken"));
    desk.press("leave-note");
    assert_eq!(desk.app.screen(), Some(&Screen::Incident(IncidentId(1))));

    desk.press("post-mortem");
    assert_eq!(desk.app.screen(), Some(&post_mortem()));
    desk.press("save");
    let written = desk.text(POST_MORTEM);
    assert!(written.contains("## Action items") && written.contains("incident 1 acknowledged: on it (ana, #"), "{written}");
    let recorded: Vec<_> = desk
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::RecordNote { note } => Some((note.kind, note.path.clone(), note.bytes)),
            _ => None,
        })
        .collect();
    assert_eq!(recorded[0].1, format!("notes/{NOTE}"));
    assert_eq!(recorded[1], (NoteKind::PostMortem, format!("notes/{POST_MORTEM}"), written.len() as u64));
}

#[test]
fn a_post_mortem_that_is_opened_again_keeps_what_was_written() {
    let mut desk = Desk::new((100, 30));
    desk.open(post_mortem());
    desk.press("save");
    let written = desk.text(POST_MORTEM).replace("*Could it have been seen earlier?*", "The probe was too slow.");
    std::fs::write(desk.note(POST_MORTEM), &written).unwrap();
    desk.press("leave-note");
    desk.entry(person("ana"), Event::Noted { incident: IncidentId(1), text: "!todo probe more often".into() });
    desk.open(post_mortem());
    desk.press("save");
    let again = desk.text(POST_MORTEM);
    assert!(again.contains("The probe was too slow.") && again.contains("- [ ] probe more often (owner: ana, #"), "{again}");
}

#[test]
fn typed_text_survives_a_crash_and_is_offered_with_what_differs() {
    let mut desk = Desk::new((100, 30));
    desk.open(note());
    desk.type_text("not saved yet");
    desk.wait(3);
    assert_eq!(desk.kept(), 1);
    assert!(desk.picture().contains("not saved, kept for recovery"));
    // The console is gone without a word; another one opens the note.
    let mut desk = Desk::again(desk.folder, (100, 30));
    desk.open(note());
    let offer = desk.picture();
    assert!(offer.contains("text that was not saved") && offer.contains("+ not saved yet"), "{offer}");
    desk.press("confirm");
    assert!(desk.picture().contains("not saved yet"));
    desk.press("save");
    assert!(desk.text(NOTE).contains("not saved yet"));
    assert_eq!(desk.kept(), 0);
}

#[test]
fn a_conflict_shows_both_versions_and_nothing_is_overwritten() {
    for (turns, mine, theirs) in [(0, true, true), (1, true, false), (2, false, true)] {
        let mut desk = Desk::new((100, 40));
        desk.open(note());
        desk.press("save");
        let other = format!("{}their line\n", desk.text(NOTE));
        std::fs::write(desk.note(NOTE), &other).unwrap();
        desk.type_text("my line");
        desk.press("save");
        assert_eq!(desk.text(NOTE), other);
        let shown = desk.picture();
        assert!(
            shown.contains("someone else has changed this note") && shown.contains("- their line") && shown.contains("+ my line"),
            "{shown}"
        );
        for _ in 0..turns {
            desk.press("next-choice");
        }
        desk.press("confirm");
        desk.press("save");
        let text = desk.text(NOTE);
        assert_eq!((text.contains("my line"), text.contains("their line")), (mine, theirs), "{text}");
    }
}

#[test]
fn a_new_note_in_which_nobody_has_written_closes_without_a_question() {
    let mut desk = Desk::new((100, 30));
    desk.open(note());
    desk.press("leave-note");
    assert_eq!(desk.app.screen(), Some(&Screen::Dashboard));
    assert!(!desk.note(NOTE).exists() && desk.kept() == 0);
}

#[test]
fn leaving_unsaved_text_asks_and_each_answer_does_what_it_says() {
    for (turns, saved, kept) in [(0, true, 0), (1, false, 1), (2, false, 0)] {
        let mut desk = Desk::new((100, 30));
        desk.open(note());
        desk.type_text("words");
        desk.press("leave-note");
        assert!(desk.picture().contains("the note is not saved"));
        for _ in 0..turns {
            desk.press("next-choice");
        }
        desk.press("confirm");
        assert_eq!(desk.app.screen(), Some(&Screen::Dashboard));
        assert_eq!((desk.note(NOTE).exists(), desk.kept()), (saved, kept), "{turns}");
    }
}

#[test]
fn the_editor_undoes_finds_pastes_and_previews() {
    let mut desk = Desk::new((100, 30));
    desk.open(note());
    let pasted = "# Found\nalpha beta\nalpha gamma\u{1b}[31m\n";
    desk.send(Msg::Terminal(crossterm::event::Event::Paste(pasted.into())));
    let text = desk.picture();
    assert!(text.contains("alpha gamma[31m"), "{text}");
    desk.press("undo");
    assert!(!desk.picture().contains("alpha"));
    desk.press("redo");
    desk.press("note-find");
    desk.type_text("al.ha b");
    desk.press("confirm");
    desk.type_text("X");
    assert!(desk.picture().contains("Xalpha beta"));
    desk.press("note-preview");
    let shown = desk.picture();
    assert!(shown.contains("preview") && shown.contains("Found") && !shown.contains("# Found"), "{shown}");
    desk.press("leave-note");
    assert!(desk.picture().contains("# Found"));
}

#[test]
fn the_persons_own_editor_gets_the_saved_file_and_its_text_comes_back() {
    let mut desk = Desk::new((100, 30));
    desk.open(note());
    desk.type_text("first");
    desk.press("note-in-editor");
    assert_eq!(desk.outs, [Out::Edit(desk.note(NOTE))]);
    let text = desk.text(NOTE).replace("first", "first, then vi");
    std::fs::write(desk.note(NOTE), text).unwrap();
    desk.send(Msg::Edited { file: desk.note(NOTE), result: Ok(()) });
    assert!(desk.picture().contains("first, then vi"));
    let recorded = desk.commands().into_iter().filter(|command| matches!(command, Command::RecordNote { .. })).count();
    assert_eq!(recorded, 2);
}

#[test]
fn a_note_that_is_no_plain_file_is_refused_with_words() {
    let mut desk = Desk::new((100, 30));
    std::fs::create_dir_all(desk.folder.path().join("workspace/notes")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", desk.note(NOTE)).unwrap();
    desk.open(note());
    assert!(desk.picture().contains("symbolic link"));
    desk.type_text("x");
    desk.press("leave-note");
    assert_eq!(desk.app.screen(), Some(&Screen::Dashboard));
}

#[test]
fn a_runbook_step_asks_runs_and_its_output_opens() {
    let mut desk = Desk::new((100, 30));
    desk.open(runbook());
    desk.press("run-step");
    desk.press("confirm");
    let subject = SUBJECT;
    let (runbook, step) = ("orders-load".into(), StepName::new("look"));
    let run = Command::RunProcedure { runbook, step: step.clone(), subject: subject.clone(), params: Params::new(), confirmed: None };
    assert_eq!(desk.commands(), [&run]);
    let attempt = AttemptId { job: Job::Procedure { runbook: "orders-load".into(), subject, step }, number: 1 };
    desk.entry(person("ana"), Event::ProcedureAsked { attempt: attempt.clone(), command: "bin/last-error".into(), params: Params::new() });
    assert_eq!(desk.app.screen(), Some(&Screen::Output(attempt)));
}

#[test]
fn a_dangerous_step_is_typed_with_its_parameters_filled_in() {
    let mut desk = Desk::new((100, 30));
    desk.open(runbook());
    desk.press("down");
    desk.press("run-step");
    let asked = desk.picture();
    assert!(asked.contains("bin/empty \"$DOGWATCH_PARAM_FLOW\"") && asked.contains("nightly-orders"), "{asked}");
    desk.press("confirm");
    assert!(desk.commands().is_empty(), "it must be typed first");
    desk.type_text("empty");
    desk.press("confirm");
    match desk.commands().as_slice() {
        [Command::RunProcedure { params, confirmed, .. }] => {
            assert_eq!(params.get("flow").map(String::as_str), Some("nightly-orders"));
            assert_eq!(confirmed.as_deref(), Some("empty"));
        }
        other => panic!("{other:?}"),
    }
}

/// The runbook with one step that asks for a day and for two people.
fn of_a_day(desk: &mut Desk) -> ProcedureStep {
    let day = ProcedureParam { name: "day".into(), default: String::new(), kind: ParamKind::Date };
    let expect = ProcedureExpectation { exit: 3, output: Some("^5$".into()) };
    let step = ProcedureStep { params: vec![day], expect, two_people: true, ..step("look", "bin/count \"$DOGWATCH_PARAM_DAY\"", false) };
    let runbook = Runbook {
        id: "orders-load".into(),
        title: "The load step fails".into(),
        file: "runbooks/orders-load.md".into(),
        matches: Vec::new(),
        text: TEXT.into(),
        steps: vec![step.clone()],
        auto_max: None,
    };
    desk.entry(Author::Engine, Event::RunbookDefined { runbook: Arc::new(runbook) });
    step
}

#[test]
fn a_dialog_finds_no_fault_before_anything_is_typed() {
    let mut desk = Desk::new((100, 30));
    of_a_day(&mut desk);
    desk.open(runbook());
    assert!(desk.picture().contains("expects exit 3 and output that matches `^5$`, within 10m"), "{}", desk.picture());
    desk.press("run-step");
    let asked = desk.picture();
    assert!(asked.contains("fill in `day` to see what it does") && !asked.contains("not ``"), "{asked}");
    let previews = |desk: &Desk| desk.asked.iter().filter(|ask| matches!(ask, Ask::Command { dry_run: true, .. })).count();
    assert_eq!(previews(&desk), 0);
    desk.press("confirm");
    assert!(desk.commands().is_empty(), "and nothing is done without it");
    desk.type_text("2026-11-21");
    desk.press("confirm");
    assert_eq!(desk.commands().len(), 1);
}

#[test]
fn the_second_word_that_counts_is_shown_at_the_step() {
    let mut desk = Desk::new((120, 30));
    let step = of_a_day(&mut desk);
    desk.open(runbook());
    let digest = |desk: &mut Desk, who: &str, after: u64| {
        let request = ApprovalRequest {
            runbook: "orders-load".into(),
            revision: "0011223344556677".into(),
            step: step.name.clone(),
            subject: SUBJECT,
            command: step.run.to_string(),
            argv: Vec::new(),
            params: Params::new(),
            env: Params::new(),
            timeout: step.timeout,
            expect: step.expect.clone(),
            host: "jump".into(),
            machine: "m".into(),
            boot_id: "boot".into(),
            by: person(who),
            after,
            asked_at: desk.now,
            expires: desk.now + SignedDuration::from_mins(15),
        };
        let digest = request.digest();
        desk.entry(person(who), Event::ApprovalAsked { digest: digest.clone(), request: Arc::new(request) });
        digest
    };
    let mine = digest(&mut desk, "ana", 1);
    digest(&mut desk, "leo", 2);
    assert!(desk.picture().contains("two people: waits for a second person, asked by ana"), "{}", desk.picture());
    desk.entry(person("leo"), Event::ApprovalGiven { digest: mine, note: None });
    assert!(desk.picture().contains("two people: approved by leo, run it now"), "{}", desk.picture());
    desk.now += SignedDuration::from_mins(1);
    let done = Event::ProcedureTicked { runbook: "orders-load".into(), step: step.name.clone(), subject: SUBJECT, done: true };
    desk.entry(person("ana"), done);
    let done = desk.picture();
    assert!(done.contains("✓ 1 look at it") && !done.contains("waits for a second") && !done.contains("run it now"), "{done}");
}

#[test]
fn a_step_is_ticked_by_hand_and_back() {
    let mut desk = Desk::new((100, 30));
    desk.open(runbook());
    for done in [true, false] {
        desk.press("tick-step");
        match desk.commands().last() {
            Some(Command::Tick { done: asked, step, .. }) => assert_eq!((*asked, step.as_str()), (done, "look")),
            other => panic!("{other:?}"),
        }
        let (runbook, step) = ("orders-load".into(), "look".into());
        desk.entry(person("ana"), Event::ProcedureTicked { runbook, step, subject: SUBJECT, done });
        assert_eq!(desk.picture().contains("✓ 1 look at it"), done);
    }
}

#[test]
fn lines_of_a_timeline_are_filtered_and_lead_on() {
    let mut desk = Desk::new((120, 40));
    desk.open(Screen::Incident(IncidentId(1)));
    desk.press("filter");
    desk.type_text("exit 3");
    desk.press("confirm");
    let shown = desk.picture();
    assert!(shown.contains("/exit 3") && shown.contains("load failed: exit 3") && !shown.contains("incident 1 opened"), "{shown}");
    desk.press("open");
    assert!(matches!(desk.app.screen(), Some(Screen::Output(_))), "{:?}", desk.app.screen());
}

#[test]
fn pages_look_as_they_should() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = Desk::new(size);
        let at = format!("{}x{}", size.0, size.1);
        desk.open(Screen::Incident(IncidentId(1)));
        insta::assert_snapshot!(format!("incident_{at}"), desk.picture_with_roles());
        desk.open(runbook());
        insta::assert_snapshot!(format!("runbook_{at}"), desk.picture_with_roles());
        desk.open(post_mortem());
        insta::assert_snapshot!(format!("post_mortem_{at}"), desk.picture_with_roles());
        desk.press("note-preview");
        insta::assert_snapshot!(format!("post_mortem_preview_{at}"), desk.picture_with_roles());
    }
}

#[test]
fn every_page_is_drawn_at_any_size() {
    for screen in [Screen::Incident(IncidentId(1)), Screen::Incident(IncidentId(999)), runbook(), post_mortem(), note()] {
        let mut desk = Desk::new((80, 24));
        desk.open(screen);
        for size in [(0, 0), (1, 1), (3, 2), (40, 12), (41, 13), (300, 100)] {
            desk.size = size;
            desk.picture();
            for action in [Action::Down, Action::PageDown, Action::Up, Action::Bottom, Action::LineDown] {
                desk.app.press(action);
                desk.picture();
            }
        }
    }
}
