//! Calendars and batch days: what a person writes, what `plan` makes of it, and what a daemon then does.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod made;
mod support;

use dogwatch::domain::calendar::{Blackout, Shift, WeekDay};
use dogwatch::domain::flow::{Missed, MissedPolicy};
use dogwatch::domain::*;
use dogwatch::rules::{self, DayRule, Decision, Schedule, why_flow};
use dogwatch::world::settled::Ending;
use jiff::civil::date;
use made::{Made, flow, settled, step};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Workspace, until};

const STEP: &str = "\n[[step]]\nname = \"s\"\nrun = \"true\"\n";

fn business_days() -> Calendar {
    let mut calendar = Calendar::new("business-days");
    calendar.yearly.insert("12-25".parse().unwrap(), "Christmas".into());
    calendar
}

fn defined(made: &mut Made, calendar: Calendar) -> Vec<Event> {
    made.carry_out(Decision { events: vec![Event::CalendarDefined { calendar: Arc::new(calendar) }], effects: vec![] }, &Author::Engine)
}

/// A world in which a flow follows the business days.
fn with_rule(now: &str, line: &str, rule: CalendarRule) -> Made {
    let mut made = Made::at(now);
    defined(&mut made, business_days());
    made.flow(FlowDefinition { calendar: Some(rule), ..flow("f", &[line], vec![step("s", &[])]) })
}

// Saturday 21 November 2026.
const FRIDAY: &str = "2026-11-20T12:00:00Z";

#[test]
fn what_a_calendar_leaves_out_is_recorded_and_is_no_miss() {
    let mut made = with_rule(FRIDAY, "30 2 * * *", CalendarRule::plain("business-days"));
    let late = FlowDefinition {
        must_start_by: Some("02:45".parse().unwrap()),
        missed: Missed { policy: MissedPolicy::All, ..Missed::default() },
        ..(*made.world.flow(&"f".into()).unwrap().definition).clone()
    };
    made = made.flow(late);
    // Nobody was there from Friday to Monday noon: only what was due is caught up, and nothing of the weekend alarms.
    let events = made.to("2026-11-23T02:40:00Z");
    assert_eq!(
        settled(&events),
        [
            "2026-11-21T02:30:00Z skipped (calendar business-days: Saturday)",
            "2026-11-22T02:30:00Z skipped (calendar business-days: Sunday)",
            "2026-11-23T02:30:00Z caught up",
        ]
    );
    assert_eq!(made.world.flow(&"f".into()).unwrap().watches.len(), 1, "one deadline is watched: Monday's");
    let counts = &made.world.flow(&"f".into()).unwrap().endings;
    assert_eq!(
        counts.last.iter().map(|last| last.ending).collect::<Vec<_>>(),
        [Ending::SkippedCalendar, Ending::SkippedCalendar, Ending::CaughtUp]
    );
    assert_eq!(counts.last[0].reason.as_deref(), Some("Saturday"));
}

#[test]
fn a_calendar_comes_before_a_hold_and_a_blackout_before_everything() {
    let mut made = with_rule(FRIDAY, "30 2 * * *", CalendarRule::plain("business-days"));
    made.command(Command::Hold { flow: "f".into(), until: None, reason: "upgrade".into() }).unwrap();
    let mut frozen = business_days();
    let (from, to) = (date(2026, 11, 23).at(0, 0, 0, 0), date(2026, 11, 24).at(0, 0, 0, 0));
    frozen.blackouts.push(Blackout { from, to, reason: "year-end freeze".into() });
    defined(&mut made, frozen);
    let events = made.to("2026-11-24T03:00:00Z");
    assert_eq!(
        settled(&events),
        [
            "2026-11-21T02:30:00Z skipped (calendar business-days: Saturday)",
            "2026-11-22T02:30:00Z skipped (calendar business-days: Sunday)",
            "2026-11-23T02:30:00Z skipped (calendar business-days: blackout: year-end freeze)",
            "2026-11-24T02:30:00Z skipped (held by ana, upgrade)",
        ]
    );
}

#[test]
fn why_says_that_the_next_time_will_be_skipped() {
    let made = with_rule(FRIDAY, "30 2 * * *", CalendarRule::plain("business-days"));
    let why: Vec<_> = why_flow(&made.world, &"f".into(), made.now).into_iter().map(|reason| reason.text).collect();
    assert!(why[0].contains("will be skipped (calendar business-days: Saturday)"), "{why:?}");
    assert_eq!(why[1], "its next time is Mon 2026-11-23 02:30 UTC");
    assert_eq!(rules::next_occurrence(&made.world, made.world.flow(&"f".into()).unwrap()), Some("2026-11-23T02:30:00Z".parse().unwrap()));
}

#[test]
fn a_shifted_occurrence_runs_once_and_says_where_it_came_from() {
    let rule = CalendarRule { shift: Some(Shift::Previous), ..CalendarRule::plain("business-days") };
    let mut made = with_rule("2026-11-26T00:00:00Z", "30 2 28,29 * *", rule);
    let events = made.to("2026-11-30T00:00:00Z");
    let [Event::OccurrenceSettled { occurrence, .. }] =
        &events.iter().filter(|event| matches!(event, Event::OccurrenceSettled { .. })).collect::<Vec<_>>()[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(occurrence.planned, date(2026, 11, 27).at(2, 30, 0, 0));
    assert_eq!(occurrence.shifted_from, Some(date(2026, 11, 28)));
}

#[test]
fn an_edited_calendar_fires_nothing_for_days_that_have_passed() {
    // The third business day of November has passed; a new holiday makes it a later day that has passed as well.
    let rule = CalendarRule { day: Some(3), ..CalendarRule::plain("business-days") };
    let mut made = with_rule("2026-11-01T00:00:00Z", "30 2 * * *", rule);
    assert_eq!(settled(&made.to("2026-11-04T02:30:00Z")), ["2026-11-04T02:30:00Z ran"]);
    made.end("s", AttemptEnd::Exit(0));
    made.now = "2026-11-20T00:00:00Z".parse().unwrap();
    let mut edited = business_days();
    edited.holidays.insert(date(2026, 11, 4), "declared late".into());
    defined(&mut made, edited.clone());
    assert_eq!(settled(&made.due()), [""; 0]);
    assert_eq!(settled(&made.to("2026-12-03T02:30:00Z")), ["2026-12-03T02:30:00Z ran"]);
    // The same holds where the flow's own rule is edited: the last business day but ten has passed.
    made.end("s", AttemptEnd::Exit(0));
    made.now = "2026-12-20T00:00:00Z".parse().unwrap();
    let rule = CalendarRule { day: Some(10), ..CalendarRule::plain("business-days") };
    made = made.flow(FlowDefinition { calendar: Some(rule), ..flow("f", &["30 2 * * *"], vec![step("s", &[])]) });
    assert_eq!(settled(&made.due()), [""; 0]);
}

#[test]
fn the_search_for_a_next_time_always_ends() {
    let began = Instant::now();
    // The only business days have passed.
    let mut past = Calendar { weekend: WeekDay::ALL.into(), ..Calendar::new("past") };
    past.working.insert(date(2020, 5, 5), String::new());
    let rules = [
        CalendarRule::plain("past"),
        CalendarRule { shift: Some(Shift::Next), ..CalendarRule::plain("past") },
        CalendarRule { day: Some(1), ..CalendarRule::plain("past") },
    ];
    for rule in rules {
        let days = DayRule { calendar: Arc::new(past.clone()), rule };
        let schedule = Schedule::with_calendar("0 0 * * *", "Europe/Rome", Some(days)).unwrap();
        assert_eq!(schedule.next_running("2026-01-01T00:00:00Z".parse().unwrap()), None);
    }
    // The end of all time.
    let schedule = Schedule::parse("0 0 29 2 *", "Europe/Rome").unwrap();
    assert_eq!(schedule.next("9996-03-01T00:00:00Z".parse().unwrap()), None);
    assert_eq!(schedule.next(jiff::Timestamp::MAX), None);
    let every = Schedule::parse("* * * * * *", "Pacific/Kiritimati").unwrap();
    assert!(every.firings("9999-12-30T21:59:00Z".parse().unwrap(), jiff::Timestamp::MAX).count() < 100);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_batch_day_shows_what_was_planned_against_what_became_of_it() {
    let mut made = with_rule("2026-11-22T05:00:00Z", "30 2,14,23 * * *", CalendarRule::plain("business-days"));
    let begins = "06:00".parse().unwrap();
    made.carry_out(Decision { events: vec![Event::BatchDayDefined { begins }], effects: vec![] }, &Author::Engine);
    made = made.flow(flow("late", &["30 7 * * *"], vec![step("l", &[])]));
    for (at, end) in [("2026-11-22T07:30:00Z", Some("l")), ("2026-11-23T02:30:00Z", Some("s")), ("2026-11-23T14:30:00Z", None)] {
        made.to(at);
        let end = end.map(|step| (step, if step == "l" { AttemptEnd::Exit(1) } else { AttemptEnd::Exit(0) }));
        if let Some((step, end)) = end {
            made.end(step, end);
        }
    }
    assert_eq!(rules::batch_day_of(&made.world, "2026-11-23T02:30:00Z".parse().unwrap()), date(2026, 11, 22));
    // The night from Sunday to Monday: two occurrences of Sunday are left out, the one of Monday 02:30 ran.
    let sunday = rules::batch_day(&made.world, date(2026, 11, 22), made.now);
    let f = sunday.rows.iter().find(|row| row.flow.as_str() == "f").unwrap();
    assert_eq!((f.planned(), f.count(Ending::SkippedCalendar), f.count(Ending::Ran), f.to_come), (3, 2, 1, 0));
    assert!(f.is_complete && f.carried_over.is_none());
    assert_eq!(f.last_run.as_ref().map(|(run, words)| (run.to_string(), *words)), Some(("f/1".into(), "success")));
    // Monday: one is running, two are to come, the last of them at 02:30 of Tuesday.
    let monday = rules::batch_day(&made.world, date(2026, 11, 23), made.now);
    let f = monday.rows.iter().find(|row| row.flow.as_str() == "f").unwrap();
    assert_eq!((f.planned(), f.count(Ending::Ran), f.to_come, f.next), (3, 1, 2, Some("2026-11-23T23:30:00Z".parse().unwrap())));
    // The failure of Sunday was not made good: the next run failed to come to its end as well.
    let late = made.world.flow(&"late".into()).unwrap();
    assert_eq!(late.last_run().unwrap().id.to_string(), "late/2");
    let carried = rules::carried_over(&made.world, late, made.now).unwrap();
    assert_eq!((carried.run.to_string(), carried.since), ("late/1".into(), date(2026, 11, 22)));
    made.end("l", AttemptEnd::Exit(0));
    assert_eq!(rules::carried_over(&made.world, made.world.flow(&"late".into()).unwrap(), made.now), None, "a success makes it good");
    // A day in the future is read from the same timetable: Friday has three, the last of them on Saturday, left out.
    let friday = rules::batch_day(&made.world, date(2026, 11, 27), made.now);
    let f = friday.rows.iter().find(|row| row.flow.as_str() == "f").unwrap();
    assert_eq!((f.to_come, f.to_skip), (2, 1));
}

#[test]
fn steps_are_told_their_batch_day() {
    let mut made = with_rule("2026-11-23T00:00:00Z", "30 2 * * *", CalendarRule::plain("business-days"));
    made.carry_out(
        Decision { events: vec![Event::BatchDayDefined { begins: "06:00".parse().unwrap() }], effects: vec![] },
        &Author::Engine,
    );
    made.to("2026-11-23T02:30:00Z");
    let env = |made: &Made| match made.effects.last() {
        Some(Effect::StartAttempt(order)) => (order.env["DOGWATCH_DATE"].clone(), order.env["DOGWATCH_BATCH_DAY"].clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(env(&made), ("2026-11-23".into(), "2026-11-22".into()));
    made.end("s", AttemptEnd::Exit(0));
    // A date that a person gives is the batch day as well.
    made.command(Command::Run { flow: "f".into(), params: Params::new(), date: Some(date(2026, 11, 3)), reason: None }).unwrap();
    assert_eq!(env(&made), ("2026-11-03".into(), "2026-11-03".into()));
}

/// A flow of these lines in a zone.
fn in_zone(workspace: &Workspace, name: &str, zone: &str, lines: &str) {
    workspace.file(&format!("flows/{name}.toml"), &format!("timezone = \"{zone}\"\nschedule = {lines}\n{STEP}"));
}

#[test]
fn plan_shows_the_nights_on_which_clocks_change() {
    let workspace = Workspace::new();
    let nights = [
        ("Europe/Rome", "2026-03-29T00:00Z", "2026-10-25T00:00Z"),
        ("America/New_York", "2026-03-08T06:00Z", "2026-11-01T05:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:00Z", "2026-04-04T14:00Z"),
        ("Africa/Cairo", "2026-04-23T21:00Z", "2026-10-29T20:00Z"),
    ];
    let mut said = String::new();
    for (zone, spring, autumn) in nights {
        // A fixed time (a list of hours is several), an hourly schedule, and steps.
        let name = zone.rsplit('/').next().unwrap().to_lowercase().replace('_', "-");
        in_zone(&workspace, &format!("{name}-fixed"), zone, r#"["30 0,1,2 * * *", "@daily", "45 23,1 * * *"]"#);
        in_zone(&workspace, &format!("{name}-hourly"), zone, r#""30 * * * *""#);
        in_zone(&workspace, &format!("{name}-steps"), zone, r#""*/20 0-2 * * *""#);
        for (season, from) in [("forward", spring), ("back", autumn)] {
            let to = from.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(210);
            said.extend([zone, ", clocks ", season, "\n"]);
            let flows = ["fixed", "hourly", "steps"].map(|kind| format!("{name}-{kind}"));
            let args = ["plan", "--from", from, "--to", &to.to_string(), &flows[0], &flows[1], &flows[2]];
            said += &workspace.ok(&args);
        }
    }
    insta::assert_snapshot!(said);
}

const CALENDAR: &str = r#"
holidays = ["2026-12-31", { date = "12-25", name = "Christmas" }, { date = 2026-12-26, name = "St Stephen" }]
working = [{ date = "2026-12-19", name = "stocktaking" }]

[[blackout]]
from = "2026-12-24T18:00"
to = "2026-12-27"
reason = "year-end freeze"
"#;

#[test]
fn plan_shows_what_a_calendar_does() {
    let workspace = Workspace::new();
    workspace.file("dogwatch.toml", "name = \"test\"\ntimezone = \"Europe/Rome\"\nbatch_day = \"06:00\"\n");
    workspace.file("calendars/business-days.toml", CALENDAR);
    for (name, schedule, calendar) in [
        ("plain", "0 19 18-26 12 *", "\"business-days\""),
        ("next", "0 3 1,25,26,27 * *", "{ name = \"business-days\", shift = \"next\" }"),
        ("previous", "0 3 25,31 * *", "{ name = \"business-days\", shift = \"previous\" }"),
        ("last", "30 4 * * *", "{ name = \"business-days\", day = -1 }"),
        ("first", "@quarterly", "{ name = \"business-days\", day = 1 }"),
        ("second-before", "0 5 27 12 *", "{ name = \"business-days\", offset = -2 }"),
    ] {
        workspace.file(&format!("flows/{name}.toml"), &format!("schedule = \"{schedule}\"\ncalendar = {calendar}\n{STEP}"));
    }
    insta::assert_snapshot!(workspace.ok(&["plan", "--from", "2026-12-18", "--to", "2027-01-10"]));
    let rows = workspace.json(&["plan", "--from", "2026-12-25", "--to", "2026-12-26", "plain"]);
    let row = &rows[0];
    assert_eq!((row["runs"].as_bool(), row["calendar"].as_str()), (Some(false), Some("business-days")), "{row}");
    assert_eq!(row["reason"], "blackout: year-end freeze");
    let shifted = &workspace.json(&["plan", "--from", "2026-12-28", "--to", "2026-12-29", "next"])[0];
    assert_eq!((&shifted["shifted_from"], &shifted["batch_day"]), (&"2026-12-27".into(), &"2026-12-27".into()), "{shifted}");
    assert_eq!(shifted["stands_for"], serde_json::json!(["2026-12-25", "2026-12-26"]));
    // The far end of time is a wrong time, or an empty plan, and no crash.
    assert!(workspace.run(&["plan", "--from", "9999-12-29", "--to", "9999-12-30"]).status.success());
    assert_eq!(workspace.run(&["plan", "--from", "9999-12-31"]).status.code(), Some(2));
    assert_eq!(workspace.run(&["plan", "--from", "99999-01-01"]).status.code(), Some(2));
}

#[test]
fn every_mistake_about_calendars_is_told_at_once() {
    let workspace = Workspace::new();
    let calendar = |name: &str, text: &str| workspace.file(&format!("calendars/{name}.toml"), text);
    calendar("business-days", "include = [\"italy\"]\n");
    calendar("italy", "holidays = [\"12-25\"]\n");
    calendar("b", "include = [\"itly\"]\n");
    calendar(
        "wrong",
        "weekend = [\"sat\", \"sunn\"]\nholidays = [\"2026-02-30\", \"2026-5-1\", 7, \"05-01\", \"05-01\", { name = \"x\" }]\n\
         working = [\"05-01\"]\ncolour = 1\n[[blackout]]\nfrom = \"2026-01-02\"\nto = \"2026-01-01\"\nreason = \"backwards\"\n\
         [[blackout]]\nfrom = \"noon\"\n",
    );
    calendar("never", "weekend = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\n");
    let flow = |name: &str, lines: &str| workspace.file(&format!("flows/{name}.toml"), &format!("{lines}\n{STEP}"));
    flow("unknown", "schedule = \"0 0 * * *\"\ncalendar = \"busines-days\"");
    flow("idle", "calendar = \"italy\"");
    flow("christmas", "schedule = \"0 0 25 12 *\"\ncalendar = \"business-days\"");
    flow("two-days", "schedule = \"0 0 15 * *\"\ncalendar = { name = \"italy\", day = 1 }");
    flow("rule", "schedule = \"0 0 * * *\"\ncalendar = { name = \"italy\", day = 0, shift = \"nxt\", ofset = 2 }");
    flow("both", "schedule = \"0 0 * * *\"\ncalendar = { name = \"italy\", day = 2, shift = \"next\", offset = 99 }");
    flow("far-day", "schedule = \"0 0 * 2 *\"\ncalendar = { name = \"italy\", day = 25 }");
    flow("short", "schedule = [\"31 2 *\", \"0 0 0 1 1 * 9999\", \"0 0 30 2 *\"]");
    insta::assert_snapshot!(errors(&workspace));
    let workspace = Workspace::new();
    for (name, part) in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")] {
        workspace.file(&format!("calendars/{name}.toml"), &format!("include = [\"{part}\"]\n"));
    }
    assert_eq!(errors(&workspace), "calendars/a.toml:1:12: these calendars include each other: a includes b includes c includes a");
}

fn errors(workspace: &Workspace) -> String {
    let refused: serde_json::Value = serde_json::from_slice(&workspace.run(&["check", "--json"]).stdout).unwrap();
    let lines: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    lines.join("\n")
}

#[test]
fn a_calendar_that_is_edited_while_the_daemon_runs_counts_at_once() {
    let mut workspace = Workspace::new();
    workspace.file("calendars/shop.toml", "weekend = []\n");
    workspace.file("flows/tick.toml", &format!("schedule = \"* * * * * *\"\ncalendar = \"shop\"\noverlap = \"allow\"\n{STEP}"));
    workspace.serve();
    until("it runs", || workspace.json(&["runs"]).as_array().filter(|runs| !runs.is_empty()).map(|_| ()));
    let closed = "weekend = []\n[[blackout]]\nfrom = \"2020-01-01\"\nto = \"2100-01-01\"\nreason = \"closed\"\n";
    workspace.file("calendars/shop.toml", closed);
    let words = "skipped (calendar shop: blackout: closed)";
    until("why says so", || workspace.ok(&["why", "tick"]).contains(words).then_some(()));
    let batch = until("it is left out", || Some(workspace.ok(&["batch"])).filter(|batch| batch.contains("blackout: closed")));
    assert!(batch.contains("tick") && batch.contains("to come will be skipped"), "{batch}");
    assert!(workspace.json(&["batch"])["flows"][0]["settled"]["skipped_calendar"].as_u64() > Some(0));
    // A wrong edit is told, and the old calendar stays.
    workspace.file("calendars/shop.toml", "weekend = [\"sonday\"]\n");
    until("the error is told", || {
        let errors = workspace.json(&["status"])["workspace_errors"].clone();
        errors.as_array().filter(|errors| errors.iter().any(|error| error.as_str().unwrap().contains("sonday"))).map(|_| ())
    });
    assert!(workspace.ok(&["why", "tick"]).contains("closed"));
    workspace.file("calendars/shop.toml", "weekend = []\n");
    let before = workspace.json(&["runs"])[0]["id"].as_str().unwrap().to_owned();
    until("it runs again", || (workspace.json(&["runs"])[0]["id"].as_str() != Some(&before)).then_some(()));
}
