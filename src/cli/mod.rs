//! Arguments, and one file per family of one-shot commands. Each that changes something sends the same request as its
//! key in the console.

mod approvals;
mod args;
mod channels;
mod checklists;
mod console;
mod daemon;
mod demo;
mod failure;
mod figures;
mod flows;
mod incidents;
mod journal;
mod json;
mod logs;
mod oncall;
mod outside;
mod plan;
mod pools;
mod postmortem;
mod print;
mod probes;
mod queue;
mod record;
mod review;
mod runbooks;
mod session;
mod shell;
mod verbs;
mod verify;
mod workspace;

pub use args::{Arguments, Verb};
pub use failure::Failure;

use clap::Parser;
use print::Printer;
use session::Session;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with its arguments, and says how it ended.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print(); // nowhere left to say that it cannot be printed
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let quiet = arguments.quiet;
    match run(arguments) {
        Ok(code) => code,
        Err(failure) => {
            failure.print(quiet);
            failure.code()
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let runtime = |threads| {
        let mut builder =
            if threads > 1 { tokio::runtime::Builder::new_multi_thread() } else { tokio::runtime::Builder::new_current_thread() };
        builder.worker_threads(threads).enable_all().build().map_err(Failure::other)
    };
    let printer = Printer::new(&arguments);
    let session = Session::new(&arguments);
    match arguments.verb {
        None => console::open(&session, &arguments.look),
        Some(Verb::Demo(ref demo)) => demo::run(&session, demo, &arguments.look),
        Some(Verb::DemoShop(ref shop)) => runtime(1)?.block_on(demo::shop(shop)),
        Some(Verb::DemoFetch(ref asked)) => demo::fetch(asked),
        Some(Verb::Serve(ref serve)) => daemon::serve(&session, serve, &runtime(2)?),
        Some(Verb::Init { ref dir }) => workspace::init(printer, dir.as_deref()),
        Some(Verb::Check { ref dir }) => workspace::check(&session, printer, dir.as_deref()),
        Some(Verb::Plan(ref plan)) => plan::plan(&session, printer, plan),
        Some(Verb::Verify(ref asked)) => verify::run(&session, printer, asked, &runtime(1)?),
        Some(Verb::Logs(ref logs)) => logs::run(&session, logs, || runtime(2)),
        Some(Verb::Runbook(ref runbook)) => runbooks::runbook(&session, printer, runbook, &runtime(1)?),
        Some(Verb::Completions { shell }) => shell::completions(shell),
        Some(Verb::Man) => shell::man(),
        Some(Verb::Keys) => shell::keys(),
        Some(verb) => runtime(1)?.block_on(online(&session, printer, verb)),
    }
}

/// Commands that talk to the daemon.
async fn online(session: &Session, printer: Printer, verb: Verb) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Stop => daemon::stop(session, printer).await,
        Verb::Status => daemon::status(session, printer).await,
        Verb::Reload => daemon::reload(session, printer).await,
        Verb::Batch(batch) => plan::batch(session, printer, batch).await,
        Verb::Flows => flows::flows(session, printer).await,
        Verb::Runs { flow } => flows::runs(session, printer, flow.as_deref()).await,
        Verb::Pools => pools::pools(session, printer).await,
        Verb::Run(run) => flows::run(session, printer, run).await,
        Verb::Rerun(rerun) => flows::rerun(session, printer, rerun).await,
        Verb::Kill(kill) => flows::kill(session, printer, kill).await,
        Verb::Hold(hold) => verbs::hold(session, printer, hold).await,
        Verb::Release(release) => verbs::release(session, printer, release).await,
        Verb::Ice(ice) => verbs::ice(session, printer, ice).await,
        Verb::Thaw(thaw) => verbs::thaw(session, printer, thaw).await,
        Verb::Noop(noop) => verbs::noop(session, printer, noop).await,
        Verb::Force(force) => verbs::force(session, printer, force).await,
        Verb::Skip(decide) => verbs::skip(session, printer, decide).await,
        Verb::Ok(decide) => verbs::ok(session, printer, decide).await,
        Verb::Fail(decide) => verbs::fail(session, printer, decide).await,
        Verb::Prioritize(prioritize) => verbs::prioritize(session, printer, prioritize).await,
        Verb::Approve(approve) => approvals::approve(session, printer, approve).await,
        Verb::Approvals => approvals::approvals(session, printer).await,
        Verb::Catchup(catchup) => verbs::catchup(session, printer, catchup).await,
        Verb::Misses(misses) => verbs::misses(session, printer, misses).await,
        Verb::Holds => verbs::holds(session, printer).await,
        Verb::Why { object } => flows::why(session, printer, &object).await,
        Verb::Probes => probes::probes(session, printer).await,
        Verb::Probe(probe) => probes::probe(session, printer, probe).await,
        Verb::Incidents { all } => incidents::incidents(session, printer, all).await,
        Verb::Incident(shown) => record::incident(session, printer, shown).await,
        Verb::Pin(pin) => record::pin(session, printer, pin).await,
        Verb::Strip(strip) => record::strip(session, printer, strip.incident, strip.span).await,
        Verb::Evidence(evidence) => record::evidence(session, printer, evidence).await,
        Verb::Ack(ack) => incidents::ack(session, printer, ack).await,
        Verb::Unack(unack) => incidents::unack(session, printer, unack).await,
        Verb::Resolve(resolve) => incidents::resolve(session, printer, resolve).await,
        Verb::Note(note) => incidents::note(session, printer, note).await,
        Verb::Oncall(asked) => oncall::oncall(session, printer, asked).await,
        Verb::Override(asked) => oncall::stand_in(session, printer, asked).await,
        Verb::Postmortem(asked) => postmortem::run(session, printer, asked).await,
        Verb::Review(asked) => review::review(session, printer, asked).await,
        Verb::Actions(asked) => review::actions(session, printer, asked).await,
        Verb::Search(asked) => review::search(session, printer, asked).await,
        Verb::Handover(asked) => review::handover(session, printer, asked).await,
        Verb::Figures(asked) => figures::run(session, printer, asked).await,
        Verb::Mark(mark) => incidents::mark(session, printer, mark).await,
        Verb::Alert(alert) => outside::alert(session, printer, alert).await,
        Verb::Sources => outside::sources(session, printer).await,
        Verb::Source(source) => outside::source(session, printer, source).await,
        Verb::Mitigate(asked) => queue::mitigate(session, printer, asked).await,
        Verb::Snooze(asked) => queue::snooze(session, printer, asked).await,
        Verb::Unsnooze(asked) => queue::unsnooze(session, printer, asked).await,
        Verb::Claim(asked) => queue::claim(session, printer, asked).await,
        Verb::Give(asked) => queue::give(session, printer, asked).await,
        Verb::Merge(asked) => queue::merge(session, printer, asked).await,
        Verb::Split(asked) => queue::split(session, printer, asked).await,
        Verb::Silence(asked) => queue::silence(session, printer, asked).await,
        Verb::Extend(asked) => queue::extend(session, printer, asked).await,
        Verb::Unsilence(asked) => queue::unsilence(session, printer, asked).await,
        Verb::Silences { all } => queue::silences(session, printer, all).await,
        Verb::Runbooks(asked) => runbooks::runbooks(session, printer, &asked).await,
        Verb::Checklists => checklists::checklists(session, printer).await,
        Verb::Checklist(asked) => checklists::checklist(session, printer, asked).await,
        Verb::Channels(asked) => channels::channels(session, printer, asked).await,
        Verb::Events(events) => journal::events(session, printer, events).await,
        _ => Err(Failure::usage("this command runs without a daemon")),
    }
}
