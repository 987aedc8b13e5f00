//! The dashboard and what lies over it at three sizes: empty, busy, degraded, with its roles; no panic at any size;
//! hostile text stays text; a frame costs what is visible.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::link::News;
use dogwatch::console::paint_out::Picture;
use dogwatch::console::{App, Options, Theme};
use dogwatch::domain::{Event, Health, Level, Severity};
use dogwatch::wire::message::{Answer, Said};
use stage::{Stage, Story, ago, ana, now, readings, welcome};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn busy(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(&Story::busy(), size);
    for (probe, verdicts, latency) in [("home", "..........", 41), ("search", "......dddd", 600), ("checkout", "......xxxx", 90)] {
        stage.said(Said::Readings(readings(probe, verdicts, latency)));
    }
    stage
}

#[test]
fn empty() {
    for size in SIZES {
        let mut stage = Stage::with(&Story::new(), size);
        insta::assert_snapshot!(format!("empty_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn busy_night() {
    for size in SIZES {
        insta::assert_snapshot!(format!("busy_{}x{}", size.0, size.1), busy(size).picture_with_roles());
    }
}

#[test]
fn the_daemon_is_gone() {
    for size in SIZES {
        let mut stage = busy(size);
        stage.news(News::Lost { reason: "connection reset".into() });
        stage.wait(125);
        insta::assert_snapshot!(format!("gone_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn read_only_viewer_with_wrong_files() {
    let mut stage = Stage::alone((120, 40));
    stage.news(News::Connected(Box::new(dogwatch::wire::message::Welcome { level: Level::Viewer, ..welcome() })));
    let mut story = Story::busy();
    story.tell(30, ana(), Event::WorkspaceRefused { errors: vec!["flows/a.toml:3:1: unknown key `shedule`".into(), "another".into()] });
    stage.follow(&story.world());
    stage.said(Said::ReadOnly { reason: Some("no space left on the device".into()) });
    insta::assert_snapshot!("refused_120x40", stage.picture_with_roles());
}

#[test]
fn another_release() {
    let mut stage = Stage::alone((120, 40));
    let other = dogwatch::wire::message::Welcome { shape: "other".into(), release: "0.0.9".into(), ..welcome() };
    stage.news(News::Connected(Box::new(other)));
    assert!(stage.asked.is_empty(), "nothing is asked of a daemon that folds in another way");
    insta::assert_snapshot!("other_release_120x40", stage.picture_with_roles());
}

#[test]
fn a_dialog_the_palette_and_help() {
    let mut stage = busy((120, 40));
    stage.press("rerun");
    let id = stage.asked.last().unwrap().id;
    let lines = vec!["will run: load, report".to_owned(), "kept: fetch, check".to_owned()];
    stage.answer(id, Answer::Accepted(dogwatch::domain::Accepted::WouldDo(lines)));
    insta::assert_snapshot!("rerun_120x40", stage.picture_with_roles());
    stage.press("cancel");
    stage.press("command");
    stage.type_text("note");
    insta::assert_snapshot!("palette_120x40", stage.picture());
    stage.press("cancel");
    stage.press("help");
    insta::assert_snapshot!("help_120x40", stage.picture());
}

#[test]
fn only_ascii() {
    let options = Options { ascii: true, theme: Theme::told_apart(), ..Options::default() };
    let mut stage = busy((100, 30));
    stage.app = App::new(options, now());
    stage.news(News::Connected(Box::new(welcome())));
    stage.follow(&Story::busy().world());
    stage.press("rerun");
    let picture = stage.picture();
    assert!(picture.is_ascii(), "{picture}");
    insta::assert_snapshot!("ascii_100x30", picture);
}

#[test]
fn no_size_makes_it_panic() {
    let mut stage = busy((80, 24));
    let look = |stage: &mut Stage| {
        for width in 0..=12 {
            for height in 0..=6 {
                stage.size = (width, height);
                stage.buffer();
            }
        }
        // Sizes that a fixed recurrence scatters, up to a wall of screens.
        let mut seed = 7_u32;
        for _ in 0..200 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            stage.size = ((seed >> 8) as u16 % 300, (seed >> 20) as u16 % 120);
            stage.buffer();
        }
    };
    for name in ["pane-1", "pane-2", "pane-3", "pane-4", "zoom", "zoom", "help", "cancel", "command", "cancel", "pane-3", "rerun"] {
        stage.press(name);
        look(&mut stage);
    }
    stage.news(News::Lost { reason: "gone".into() });
    look(&mut stage);
}

#[test]
fn too_small_says_so() {
    let mut stage = busy((39, 12));
    assert!(stage.picture().starts_with("39×12 is too small: at least 40×12"), "{}", stage.picture());
    stage.size = (40, 12);
    assert!(stage.picture().contains("Incidents"));
}

/// Every text that comes from outside, each with everything that a terminal would obey or a reader not see.
const HOSTILE: &str = "a\x1b]52;c;eA==\x07\x1b[2J\u{9b}31m\r\n\u{202e}evil\u{2066}\u{200b}\u{e0041}\u{feff}\0👨\u{200d}👩\u{200d}👧🇮🇹e\u{301}\u{301}\u{301}\u{301}\u{301}";

#[test]
fn hostile_text_stays_text() {
    let mut story = Story::new();
    story.flow(HOSTILE, &[HOSTILE], 1, None);
    story.run(HOSTILE, 1, 60, &[20], Some(dogwatch::domain::AttemptEnd::SpawnError(HOSTILE.into())));
    story.tell(50, ana(), Event::FlowHeld { flow: HOSTILE.into(), reason: HOSTILE.into(), until: None });
    story.probe(HOSTILE, Health::Down { good: 0, of: 2 }, HOSTILE, 60);
    let run = dogwatch::domain::RunId::numbered(HOSTILE.into(), 1);
    story.incident(1, HOSTILE, Severity::High, 60, dogwatch::domain::AlertCause::RunFailed { run });
    let any = vec![dogwatch::domain::runbook::Match { flow: Some("*".into()), ..Default::default() }];
    story.runbook("r", HOSTILE, any, &[("step", HOSTILE, true)]);
    story.tell(40, ana(), Event::WorkspaceLoaded { name: HOSTILE.into(), zone: "UTC".into(), max_running: 1, group_by: vec![] });
    story.tell(40, ana(), Event::WorkspaceRefused { errors: vec![HOSTILE.into()] });
    for size in SIZES {
        let mut stage = Stage::with(&story, size);
        stage.news(News::Said(Box::new(Said::Bye { reason: HOSTILE.into() })));
        for name in ["pane-1", "pane-2", "pane-3", "pane-4", "run-step", "cancel", "pane-3", "ack", "cancel", "rerun"] {
            stage.press(name);
            for cell in stage.buffer().content() {
                let bad = |char: char| {
                    char.is_control()
                        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}' | '\u{1f1e6}'..='\u{1f1ff}')
                };
                assert!(!cell.symbol().chars().any(bad), "{:?}", cell.symbol());
            }
        }
        stage.news(News::Lost { reason: HOSTILE.into() });
        assert!(stage.picture().contains("\\x1b]52"), "the reader sees what is there");
    }
}

/// What an independent terminal shows after these bytes.
fn shown(terminal: &vt100::Parser) -> String {
    let (_, columns) = terminal.screen().size();
    terminal.screen().rows(0, columns.get()).map(|row| row.trim_end().to_owned() + "\n").collect()
}

#[test]
fn columns_stay_aligned_on_an_independent_terminal() {
    let mut story = Story::busy();
    let wide = "漢字🙂é\u{301}".repeat(20);
    story.probe(&wide, Health::Down { good: 0, of: 2 }, &wide, 60);
    story.incident(7, &wide, Severity::High, 60, dogwatch::domain::AlertCause::ProbeDown { probe: wide.as_str().into() });
    let mut stage = Stage::with(&story, (120, 40));
    let mut picture = Picture::default();
    let mut terminal = vt100::Parser::new(40.try_into().unwrap(), 120.try_into().unwrap(), 0);
    for name in ["down", "up", "pane-2", "down", "rerun", "cancel"] {
        stage.press(name);
        let bytes = picture.compose(120, 40, |buffer| stage.app.draw(buffer)).unwrap().to_vec();
        terminal.process(&bytes);
        assert_eq!(shown(&terminal), stage.picture());
    }
}

#[test]
fn a_slow_terminal_gets_a_dialog_first_and_the_rest_in_small_frames() {
    let (mut before, mut stage) = (Stage::with(&Story::new(), (120, 40)), Stage::with(&Story::busy(), (120, 40)));
    let mut picture = Picture::default();
    let mut terminal = vt100::Parser::new(40.try_into().unwrap(), 120.try_into().unwrap(), 0);
    terminal.process(picture.compose(120, 40, |buffer| before.app.draw(buffer)).unwrap());
    // Everything has changed, and a dialog asks something.
    stage.press("rerun");
    let mut frames = 0;
    loop {
        let (bytes, all) = picture.compose_part(120, 40, 2_048, |buffer| stage.app.draw(buffer)).unwrap();
        assert!(bytes.len() < 3_072, "{} bytes in frame {frames}", bytes.len());
        terminal.process(bytes);
        frames += 1;
        if frames == 1 {
            assert!(!all && terminal.screen().contents().contains("as it ran"), "{}", terminal.screen().contents());
        }
        if all {
            break;
        }
    }
    assert!(frames > 1, "{frames}");
    assert_eq!(shown(&terminal), stage.picture());
}

#[test]
fn a_cursor_key_costs_few_bytes_and_nothing_costs_none() {
    let mut story = Story::busy();
    for number in 100..160 {
        story.incident(number, "something is slow", Severity::Warning, 600, dogwatch::domain::AlertCause::Outside { link: None });
    }
    for theme in Theme::built_in() {
        let mut stage = Stage::with(&story, (120, 40));
        stage.app.session.theme = Theme::load(theme, &[], dogwatch::console::theme::Depth::True).unwrap();
        let mut picture = Picture::default();
        for name in ["down", "down", "down", "down"] {
            stage.press(name);
            picture.compose(120, 40, |buffer| stage.app.draw(buffer)).unwrap();
        }
        stage.press("down");
        let bytes = picture.compose(120, 40, |buffer| stage.app.draw(buffer)).unwrap().len();
        assert!((1..=400).contains(&bytes), "{theme}: {bytes} bytes for a cursor key");
        let idle = picture.compose(120, 40, |buffer| stage.app.draw(buffer)).unwrap().len();
        assert_eq!(idle, 0, "{theme}");
    }
}

#[test]
fn the_next_change_is_what_is_on_the_screen() {
    let mut stage = Stage::with(&Story::new(), (80, 24));
    stage.picture();
    let next = stage.app.next_change().unwrap();
    assert_eq!(next.duration_since(now()).as_secs(), 60, "only the clock of the head changes on an empty screen");
    let mut story = Story::new();
    story.incident(1, "young", Severity::Info, 3, dogwatch::domain::AlertCause::Outside { link: None });
    let mut stage = Stage::with(&story, (80, 24));
    stage.wait(10);
    stage.picture();
    let next = stage.app.next_change().unwrap();
    assert!(next <= ago(-15), "an age below a minute changes within five seconds: {next}");
}
