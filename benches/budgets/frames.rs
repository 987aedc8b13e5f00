//! Frames of the dashboard without a terminal, for counting instructions: `budgets --frames COUNT --rows ROWS --size CxR`
//! draws so many frames, with the cursor one row further each time, and ends. The difference between two counts is the
//! frames alone.

use crate::Failure;
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use dogwatch::console::app::{App, Options};
use dogwatch::console::link::News;
use dogwatch::console::msg::Msg;
use dogwatch::console::theme::{Depth, Theme};
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::{
    AlertCause, Author, CommandLine, Entry, Event, Fingerprint, FlowDefinition, IncidentId, Labels, Level, Severity, SourceId,
    StepDefinition,
};
use dogwatch::wire::message::{Said, VERSION, Welcome};
use dogwatch::world::{SHAPE, World};
use jiff::{SignedDuration, Timestamp};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::sync::Arc;
use std::time::Instant;

/// The time of the picture.
fn at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap_or_default()
}

/// Draws the frames that the words ask for: milliseconds per frame.
pub fn draw(words: &[String]) -> Result<f64, Failure> {
    let after = |name: &str| words.iter().skip_while(|word| *word != name).nth(1);
    let count: u32 = after("--frames").ok_or("--frames COUNT")?.parse()?;
    let rows: usize = after("--rows").ok_or("--rows ROWS")?.parse()?;
    let (cols, lines) = after("--size").and_then(|size| size.split_once('x')).ok_or("--size CxR")?;
    let area = Rect::new(0, 0, cols.parse()?, lines.parse()?);
    let mut app = connected(&world(rows))?;
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(std::io::sink()), options)?;
    let began = Instant::now();
    for number in 0..count {
        let key = if number / 20 % 2 == 0 { KeyCode::Down } else { KeyCode::Up };
        app.handle(Msg::Terminal(TerminalEvent::Key(KeyEvent::new(key, KeyModifiers::NONE))), at());
        terminal.draw(|frame| {
            app.draw(frame.buffer_mut());
        })?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e3 / f64::from(count.max(1)))
}

fn connected(world: &World) -> Result<App, Failure> {
    let theme =
        Theme::load("dark", &[], Depth::True).or_else(|_| Theme::load(Theme::built_in().next().unwrap_or("dark"), &[], Depth::True))?;
    let mut app = App::new(Options { theme, depth: Depth::True, ..Options::default() }, at());
    let welcome = Welcome {
        version: VERSION,
        shape: SHAPE.into(),
        release: env!("CARGO_PKG_VERSION").into(),
        pid: 1,
        level: Level::Operator,
        user: "ana".into(),
        workspace: "/srv/shop".into(),
        state: "/var/lib/dogwatch".into(),
        read_only: None,
        door: None,
    };
    app.handle(Msg::News(News::Connected(Box::new(welcome))), at());
    for part in world.parts() {
        app.handle(Msg::News(News::Said(Box::new(Said::Part(Box::new(part))))), at());
    }
    app.handle(Msg::News(News::Said(Box::new(Said::Live { seq: world.seq }))), at());
    Ok(app)
}

/// A world with so many flows and as many open incidents.
fn world(rows: usize) -> World {
    let mut world = World::new();
    for number in 0..rows {
        let flow = flow(number);
        apply(&mut world, Event::FlowDefined { flow: Arc::new(flow) });
        let labels: Labels = [("host".to_owned(), format!("host-{number:06}"))].into();
        let alert = Fingerprint::of(&labels);
        let severity = Severity::ALL[number % 4];
        let summary = format!("the disk of host-{number:06} is {} % full", 80 + number % 20);
        let notice = AlertNotice { labels: labels.clone(), severity, summary: summary.clone(), cause: AlertCause::Outside { link: None } };
        apply(&mut world, Event::AlertFiring { alert, source: SourceId::new("monitoring"), notice });
        let incident = IncidentId(number as u32 + 1);
        apply(&mut world, Event::IncidentOpened { incident, title: summary, severity, group: labels, alert, previous: None });
    }
    world
}

fn apply(world: &mut World, event: Event) {
    let at = at().saturating_sub(SignedDuration::from_hours(1)).unwrap_or_else(|_| at());
    let entry = Entry { seq: world.seq + 1, at, author: Author::Engine, event };
    world.apply(&entry);
}

fn flow(number: usize) -> FlowDefinition {
    let step = StepDefinition { run: Some(CommandLine::Shell("true".into())), ..StepDefinition::new("work") };
    FlowDefinition {
        file: format!("flows/flow-{number:06}.toml"),
        schedules: vec!["30 2 * * *".into()],
        steps: vec![step],
        ..FlowDefinition::new(&format!("flow-{number:06}"))
    }
}
