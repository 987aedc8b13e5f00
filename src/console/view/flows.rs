//! A flow as one row.

use crate::console::Session;
use crate::console::theme::Role;
use crate::console::view::clock;
use crate::console::widget::bars::Bar;
use crate::domain::{FlowId, Outcome, Phase};
use crate::rules::forecast::{self, Risk};
use crate::world::flow::PastOutcome;
use crate::world::{Flow, Run, StepState};

/// What is shown of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its state at a glance.
    pub glyph: &'static str,
    /// What the state means.
    pub role: Role,
    /// Its name.
    pub name: FlowId,
    /// What it does or why it does not.
    pub words: String,
    /// When: `−3m` how long ago it ended, `3m` how long it has been running, `+3m` how long until it is due.
    pub when: String,
}

/// The row of a flow.
pub fn row(session: &Session, flow: &Flow) -> Row {
    let (glyph, role, words, when) = told(session, flow);
    Row { glyph, role, name: flow.definition.id.clone(), words, when }
}

fn told(session: &Session, flow: &Flow) -> (&'static str, Role, String, String) {
    let glyphs = &session.glyphs;
    let active = flow.runs.iter().rev().find(|run| run.phase != Phase::Done);
    if let Some(watch) = flow.watches.iter().find(|watch| watch.start_missed || watch.finish_missed) {
        let (verb, by) = if watch.finish_missed { ("done", watch.finish_by) } else { ("started", watch.start_by) };
        let doing = active.map(|run| format!(", {}", run_words(session, flow, run))).unwrap_or_default();
        let by = by.map(|at| format!(" by {}", session.time(at))).unwrap_or_default();
        return (glyphs.late, Role::Bad, format!("late: not {verb}{by}{doing}"), String::new());
    }
    if let Some((_, risk, Some(told))) = forecast::breach(flow, session.now) {
        let end = told.p50.map(|end| format!(" {}", session.time(end))).unwrap_or_default();
        let due = told.due.map(|due| format!(", due {}", session.time(due))).unwrap_or_default();
        let doing = active.map(|run| format!(", {}", run_words(session, flow, run))).unwrap_or_default();
        let slack = told.slack().map(|slack| slack_words(session, slack)).unwrap_or_default();
        return (glyphs.late, Role::Warning, format!("{}:{end}{due}{doing}", risk.words()), slack);
    }
    if let Some(run) = active {
        let glyph = if run.phase == Phase::Running { glyphs.active } else { glyphs.waiting };
        let role = if run.phase == Phase::Running { Role::Active } else { Role::Waiting };
        let when = run.started_at.map(|at| session.age(at)).unwrap_or_default();
        return (glyph, role, run_words(session, flow, run), when);
    }
    if let Some(hold) = &flow.hold {
        let until = hold.until.map(|at| format!(" until {}", session.time(at))).unwrap_or_default();
        return (glyphs.held, Role::Waiting, format!("held by {}{until}: {}", hold.by, hold.reason), String::new());
    }
    let (glyph, role, words, ago) = idle(session, flow);
    // Where all is well, what comes next is what a reader plans with; where it is not, since when.
    let well = matches!(role, Role::Good | Role::Muted) && !flow.removed;
    let next = well.then(|| crate::rules::next_occurrence(&session.world, flow)).flatten().filter(|at| *at > session.now);
    match next {
        Some(at) => {
            let words = if ago.is_empty() { words } else { format!("{words}, {ago} ago") };
            (glyph, role, words, format!("+{}", session.until(at)))
        }
        None if ago.is_empty() => (glyph, role, words, ago),
        None => (glyph, role, words, format!("{}{ago}", glyphs.minus)),
    }
}

/// A flow that neither runs nor is held or late: how its last run ended, and how long ago.
fn idle(session: &Session, flow: &Flow) -> (&'static str, Role, String, String) {
    let glyphs = &session.glyphs;
    let ago = |run: &Run| run.ended_at.map(|at| session.age(at)).unwrap_or_default();
    match flow.last_done() {
        Some(run) if run.outcome.as_ref().is_some_and(Outcome::is_success) => {
            let gone = if flow.removed { "gone; " } else { "" };
            let took =
                run.started_at.zip(run.ended_at).and_then(|(start, end)| std::time::Duration::try_from(end.duration_since(start)).ok());
            let took = took.map(|took| format!(" in {}", clock::duration(took))).unwrap_or_default();
            (glyphs.good, if flow.removed { Role::Muted } else { Role::Good }, format!("{gone}done{took}"), ago(run))
        }
        Some(run) => {
            let (glyph, role) = match run.outcome {
                Some(Outcome::Lost) => (glyphs.unknown, Role::Unknown),
                Some(Outcome::Failed { .. } | Outcome::UpstreamFailed) | None => (glyphs.bad, Role::Bad),
                Some(_) => (glyphs.waiting, Role::Muted),
            };
            (glyph, role, run_words(session, flow, run), ago(run))
        }
        None if flow.removed => (glyphs.absent, Role::Muted, "its file is gone".into(), String::new()),
        None => {
            let words = match (&flow.last_absence, flow.definition.schedules.first()) {
                (Some((at, words)), _) => format!("{} {words}", session.time(*at)),
                (None, Some(schedule)) => format!("not run yet, {schedule}"),
                (None, None) => "by hand".into(),
            };
            (glyphs.waiting, Role::Muted, words, String::new())
        }
    }
}

/// What a risk means.
pub fn risk_role(risk: Risk) -> Role {
    match risk {
        Risk::OnTime | Risk::Unknown => Role::Muted,
        Risk::AtRisk | Risk::WillBeLate => Role::Warning,
        Risk::Late => Role::Bad,
    }
}

/// Time to spare before a deadline, or missing: `+12m`, `−8m`.
pub fn slack_words(session: &Session, slack: jiff::SignedDuration) -> String {
    let sign = if slack.is_negative() { session.glyphs.minus } else { "+" };
    format!("{sign}{}", clock::duration(std::time::Duration::try_from(slack.abs()).unwrap_or_default()))
}

/// What a run does, or how it ended, in few words: `3/5 convert`, `load failed 3/3`.
pub fn run_words(session: &Session, flow: &Flow, run: &Run) -> String {
    let (done, all) = run.progress();
    let killing = if run.kill_asked_by.is_some() && run.phase != Phase::Done { "ending, " } else { "" };
    if let Some(step) = run.telling_step() {
        let limit = flow.definition_of(run).and_then(|definition| definition.step(&step.name)).map_or(1, |step| step.retry.attempts);
        let attempt = step.attempts.last().map_or(0, |attempt| attempt.number);
        let tries = if limit > 1 || attempt > 1 { format!(" {attempt}/{}", limit.max(attempt)) } else { String::new() };
        return match &step.state {
            StepState::RetryAt { at } => format!("{killing}{done}/{all} {} again in {}", step.name, session.until(*at)),
            StepState::Done { outcome: Outcome::Lost } => format!("{} lost: nobody knows how it ended", step.name),
            StepState::Done { outcome: Outcome::Failed { cause } } => format!("{} failed{tries}: {cause}", step.name),
            _ => format!("{killing}{done}/{all} {}{tries}", step.name),
        };
    }
    match (&run.outcome, run.phase) {
        (Some(Outcome::Cancelled { by }), _) => format!("ended by {by}"),
        (Some(outcome), _) => outcome.word().to_owned(),
        (None, Phase::Waiting) => format!("{killing}waits for an earlier run"),
        (None, Phase::Queued) => format!("{killing}waits for a free slot"),
        (None, _) => format!("{killing}{done}/{all}"),
    }
}

/// The last runs as bars: how long each took, and which went wrong.
pub fn bars(flow: &Flow, count: usize) -> Vec<Bar> {
    let skipped = flow.history.len().saturating_sub(count);
    let past = flow.history.iter().skip(skipped).map(|past| match past.outcome {
        PastOutcome::Good => Bar::Value(past.took.as_secs_f64(), Role::Good),
        PastOutcome::Bad => Bar::Bad,
        PastOutcome::Absent => Bar::Absent,
    });
    past.collect()
}

/// What the filter looks into.
pub fn searched(flow: &Flow) -> String {
    let state = if flow.hold.is_some() { "held" } else { flow.last_run().and_then(|run| run.outcome.as_ref()).map_or("", Outcome::word) };
    format!("{} {} {state}", flow.definition.id, flow.definition.description)
}
