//! Stories pressed by action name through the real app.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::link::News;
use dogwatch::console::{Out, Outcome, Screen, Target};
use dogwatch::domain::run::{DefinitionChoice, Scope};
use dogwatch::domain::{
    Accepted, Author, Command, Event, IncidentId, Refusal, RefusalKind, RunId, Severity, SilenceId, Stage as IncidentStage,
};
use dogwatch::wire::message::{Answer, Ask, Said};
use jiff::SignedDuration;
use stage::{Stage, Story, ana, welcome};

fn busy() -> Stage {
    Stage::with(&Story::busy(), (120, 40))
}

fn toast(stage: &Stage) -> String {
    stage.app.toasts().last().map(|toast| toast.words.clone()).unwrap_or_default()
}

#[test]
fn an_incident_is_acknowledged_by_a_dialog_and_changes_when_its_entry_arrives() {
    let mut stage = busy();
    let before = stage.app.session.world.clone();
    stage.press("ack");
    assert!(stage.picture().contains("ack 41"), "{}", stage.picture());
    assert!(matches!(stage.asked.last().unwrap().ask, Ask::Command { dry_run: true, .. }), "what it would touch is asked first");
    assert!(stage.commands().is_empty());
    stage.type_text("on it");
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::Acknowledge { incident: IncidentId(41), note: Some("on it".into()) }]);
    let id = stage.asked.last().unwrap().id;
    stage.answer(id, Answer::Accepted(Accepted::Done));
    assert_eq!(stage.app.session.world, before, "nothing changes on the screen before the fact");
    assert!(stage.app.session.is_pending(&Target::Incident(IncidentId(41))));
    assert!(stage.picture().contains("↻41 critical"), "{}", stage.picture());
    stage.entry(ana(), Event::IncidentAcknowledged { incident: IncidentId(41), note: Some("on it".into()) });
    assert_eq!(stage.app.session.world.incident(IncidentId(41)).unwrap().stage, IncidentStage::Acknowledged);
    assert!(!stage.app.session.is_pending(&Target::Incident(IncidentId(41))));
    assert!(stage.picture().contains("acked ana"));
}

#[test]
fn a_rerun_is_previewed_and_confirming_sends_exactly_one_request() {
    let mut stage = busy();
    stage.press("rerun");
    let preview = stage.asked.last().unwrap().clone();
    let Ask::Command { command: Command::Rerun { run, scope, .. }, dry_run: true, .. } = &preview.ask else { panic!("{preview:?}") };
    assert_eq!((run.to_string(), scope), ("nightly-orders/7".to_owned(), &Scope::Failed));
    stage.answer(preview.id, Answer::Accepted(Accepted::WouldDo(vec!["will run: load, report".into()])));
    assert!(stage.picture().contains("will run: load, report"));
    stage.press("confirm");
    assert!(stage.commands().is_empty(), "a reason is asked for");
    assert!(stage.picture().contains("reason may not be empty"), "{}", stage.picture());
    stage.type_text("file repaired");
    stage.press("confirm");
    let run = RunId::numbered("nightly-orders".into(), 7);
    let wanted = Command::Rerun {
        run,
        scope: Scope::Failed,
        definition: DefinitionChoice::Ran,
        params: [].into(),
        date: None,
        reason: "file repaired".into(),
    };
    assert_eq!(stage.commands(), [&wanted]);
    stage.press("confirm");
    assert_eq!(stage.commands().len(), 1, "enter on the page opens something, it does not ask twice");
}

#[test]
fn another_scope_is_previewed_again() {
    let mut stage = busy();
    stage.press("rerun");
    // The reason has the focus, because it must be typed; the scope is the field after it, round the end.
    stage.press("next-field");
    stage.press("next-choice");
    let Ask::Command { command: Command::Rerun { scope, .. }, dry_run: true, .. } = &stage.asked.last().unwrap().ask else { panic!() };
    assert_eq!(*scope, Scope::All);
    stage.press("next-choice");
    let Ask::Command { command: Command::Rerun { scope, .. }, .. } = &stage.asked.last().unwrap().ask else { panic!() };
    assert_eq!(scope.to_string(), "from:fetch");
}

#[test]
fn a_refusal_says_why_and_what_to_do() {
    let mut stage = busy();
    stage.press("ack");
    stage.press("confirm");
    let id = stage.asked.last().unwrap().id;
    let refusal = Refusal::new(RefusalKind::State, "incident 41 is resolved").hint("open the later one");
    stage.said(Said::Answer { id, result: Err(refusal) });
    assert_eq!(toast(&stage), "ack incident 41: incident 41 is resolved (open the later one)");
    assert!(!stage.app.session.is_pending(&Target::Incident(IncidentId(41))));
}

#[test]
fn a_key_that_cannot_be_used_says_why() {
    let mut stage = busy();
    stage.press("unack");
    assert_eq!(toast(&stage), "take ack back: nobody has acknowledged incident 41");
    stage.press("pane-1");
    stage.press("kill");
    assert_eq!(toast(&stage), "kill: no run of ledger is under way");
    assert!(stage.commands().is_empty() && stage.app.layers().is_empty());
}

#[test]
fn a_lost_daemon_stops_changes_and_what_was_asked_is_asked_again_with_its_key() {
    let mut stage = busy();
    stage.press("ack");
    stage.press("confirm");
    let asked = stage.asked.last().unwrap().clone();
    stage.news(News::Lost { reason: "killed".into() });
    stage.press("resolve");
    assert_eq!(toast(&stage), "resolve: the daemon cannot be reached");
    stage.asked.clear();
    stage.news(News::Connected(Box::new(welcome())));
    assert!(matches!(stage.asked[0].ask, Ask::World { follow: true }));
    assert_eq!(stage.asked[1], asked, "the same key: the daemon carries it out once");
}

#[test]
fn a_killing_is_typed() {
    let mut stage = busy();
    stage.press("pane-1");
    stage.press("down");
    stage.press("down");
    stage.press("kill");
    stage.press("confirm");
    assert!(stage.commands().is_empty());
    assert!(stage.picture().contains("type kill to go on"), "{}", stage.picture());
    stage.type_text("kill");
    stage.press("confirm");
    let run = RunId::numbered("settle-fx".into(), 1);
    assert_eq!(stage.commands(), [&Command::Kill { run, reason: None }]);
}

#[test]
fn a_filter_narrows_the_pane_and_is_taken_back() {
    let mut stage = busy();
    stage.press("filter");
    stage.type_text("slow");
    let picture = stage.picture();
    assert!(picture.contains("/slow") && picture.contains("search is slow") && !picture.contains("checkout is down"), "{picture}");
    stage.press("confirm");
    assert_eq!(stage.app.target(), Some(Target::Incident(IncidentId(39))));
    stage.press("back");
    assert!(stage.picture().contains("checkout is down"));
    assert_eq!(stage.app.target(), Some(Target::Incident(IncidentId(39))), "the cursor stays on its thing");
}

#[test]
fn the_cursor_stays_on_its_incident_when_rows_move() {
    let mut stage = busy();
    stage.press("down");
    assert_eq!(stage.app.target(), Some(Target::Incident(IncidentId(39))));
    let (title, labels) = ("everything burns".to_owned(), [("n".to_owned(), "42".to_owned())].into());
    let alert = dogwatch::domain::Fingerprint::of(&labels);
    let severity = Severity::Critical;
    stage.entry(Author::Engine, Event::IncidentOpened { incident: IncidentId(42), title, severity, group: labels, alert, previous: None });
    stage.picture();
    assert_eq!(stage.app.target(), Some(Target::Incident(IncidentId(39))));
    assert!(toast(&stage).contains("incident 42: everything burns"));
}

#[test]
fn marked_incidents_are_acknowledged_together() {
    let mut stage = busy();
    stage.press("mark");
    stage.press("mark");
    assert!(stage.picture().contains("2 marked"), "{}", stage.picture());
    stage.press("ack");
    stage.press("confirm");
    let acked: Vec<_> = stage.commands().iter().map(|command| format!("{command:?}")).collect();
    assert_eq!(acked.len(), 2, "{acked:?}");
}

#[test]
fn the_palette_finds_an_action_by_any_of_its_letters() {
    let mut stage = busy();
    stage.press("command");
    stage.type_text("acknowledge");
    stage.paste(&"x".repeat(100_000));
    stage.press("cancel");
    stage.press("command");
    stage.type_text("ack");
    stage.press("confirm");
    assert!(stage.picture().contains("ack 41"), "{}", stage.picture());
}

#[test]
fn help_runs_the_chosen_line() {
    let mut stage = busy();
    stage.press("help");
    stage.press("confirm");
    assert!(stage.picture().contains("ack 41"), "{}", stage.picture());
}

#[test]
fn a_paste_goes_into_the_focused_field_and_never_means_a_key() {
    let mut stage = busy();
    stage.paste("q\nq\n:quit\r\x1b[201~a");
    assert!(stage.commands().is_empty() && stage.outs.is_empty() && stage.app.layers().is_empty());
    stage.press("ack");
    stage.paste("line one\nline two\x1b[201~\r");
    assert!(stage.commands().is_empty(), "a line end in a paste confirms nothing");
    stage.press("confirm");
    let wanted = Command::Acknowledge { incident: IncidentId(41), note: Some("line one line two[201~".into()) };
    assert_eq!(stage.commands(), [&wanted]);
}

#[test]
fn a_huge_paste_is_cut_and_said_so() {
    let mut stage = busy();
    stage.press("comment");
    stage.paste(&"a".repeat(5 << 20));
    assert_eq!(toast(&stage), "the pasted text was cut at 64 KiB");
    stage.press("confirm");
    let [Command::Note { text, .. }] = stage.commands()[..] else { panic!("{:?}", stage.commands().len()) };
    assert_eq!(text.len(), 64 << 10);
}

#[test]
fn leaving_says_what_goes_on() {
    let mut stage = busy();
    stage.press("quit");
    let picture = stage.picture();
    assert!(picture.contains("One run goes on.") && picture.contains("Nobody has acknowledged 2 incidents."), "{picture}");
    stage.press("confirm");
    assert_eq!(stage.outs, [Out::Quit(Outcome::Left)]);
}

#[test]
fn a_runbook_step_runs_for_the_selected_incident() {
    let mut stage = busy();
    stage.press("pane-4");
    stage.press("down");
    stage.press("run-step");
    assert!(stage.picture().contains("bin/rows --table staging_orders"), "{}", stage.picture());
    stage.press("confirm");
    let [Command::RunProcedure { step, subject, confirmed, .. }] = stage.commands()[..] else { panic!() };
    assert_eq!((step.as_str(), subject.to_string(), confirmed), ("count-the-rows", "incident 41".to_owned(), &None));
    stage.press("down");
    stage.press("run-step");
    stage.press("confirm");
    assert_eq!(stage.commands().len(), 1, "a dangerous step is typed");
    stage.type_text("empty-the-staging-table");
    stage.press("confirm");
    let Command::RunProcedure { confirmed, .. } = stage.commands()[1] else { panic!() };
    assert_eq!(confirmed.as_deref(), Some("empty-the-staging-table"));
}

#[test]
fn the_runbook_follows_what_is_selected() {
    let mut stage = busy();
    assert!(stage.picture().contains("The load step fails"));
    stage.press("down");
    stage.press("down");
    let picture = stage.picture();
    assert!(picture.contains("The shop does not answer"), "{picture}");
    stage.press("pane-1");
    stage.press("down");
    assert!(stage.picture().contains("named by nightly-orders"));
}

#[test]
fn copying_is_explicit_and_can_be_switched_off() {
    let mut stage = busy();
    assert!(stage.outs.is_empty());
    stage.press("copy");
    assert_eq!(stage.outs, [Out::Copy("incident 41".into())]);
    stage.app.session.options.clipboard = false;
    stage.press("copy");
    assert_eq!(stage.outs.len(), 1);
    assert_eq!(toast(&stage), "copy: copying is switched off");
}

#[test]
fn what_a_page_shows_can_be_copied_also_where_it_is_no_target() {
    let mut stage = busy();
    stage.press("silences");
    stage.press("copy");
    assert_eq!((stage.outs.len(), toast(&stage)), (0, "copy: there is nothing to copy".into()));
    let (matchers, until) = (vec!["service=shop".parse().unwrap()], stage.app.session.now + SignedDuration::from_hours(1));
    stage.entry(ana(), Event::SilenceMade { silence: SilenceId(1), matchers, until, reason: "index rebuild".into() });
    stage.press("copy");
    assert_eq!(stage.outs, [Out::Copy("service=\"shop\"".into())]);
}

#[test]
fn a_click_selects_and_the_wheel_scrolls() {
    use crossterm::event::{Event as TerminalEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut stage = busy();
    let mouse = |kind, column, row| {
        dogwatch::console::Msg::Terminal(TerminalEvent::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
    };
    stage.send(mouse(MouseEventKind::Down(MouseButton::Left), 4, 3));
    assert_eq!(stage.app.target(), Some(Target::Flow("nightly-orders".into())));
    stage.send(mouse(MouseEventKind::ScrollDown, 4, 3));
    assert_eq!(stage.app.target(), Some(Target::Flow("settle-fx".into())));
    assert_eq!(stage.app.screen(), Some(&Screen::Dashboard));
}

#[test]
fn typed_letters_in_a_dialog_are_text_not_keys() {
    let mut stage = busy();
    stage.press("comment");
    stage.type_text("q: what? a/b j k G");
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::Note { incident: IncidentId(41), text: "q: what? a/b j k G".into() }]);
}
