//! The same through the daemon, for everyone but its owner: which attempts there are says the world, what they printed
//! comes as a descriptor.

use super::{Logs, Printing};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::{AttemptId, Job};
use crate::output::Output;
use crate::rules;
use crate::wire::client::Client;
use crate::wire::handed::open_output;
use crate::wire::message::{Ask, Request, Said};
use crate::world::World;
use std::process::ExitCode;
use std::time::Duration;

/// How often a growing output is looked at: the kernel gives no watch on another user's file.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// `dogwatch logs` on a shared host.
pub(super) async fn run(session: &Session, logs: &Logs) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let attempt = choose(&world, logs)?;
    let welcome = client.welcome().clone();
    let asked = attempt.clone();
    let opened = tokio::task::spawn_blocking(move || open_output(&welcome, &asked)).await.map_err(Failure::other)?;
    let output = opened.map_err(Failure::other)?;
    let mut printing = Printing::new(logs);
    if logs.follow {
        follow(&mut client, &world, &attempt, &output, &mut printing).await?;
    } else {
        printing.up_to_end(&output)?;
    }
    printing.rest()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what comes until the end of the attempt is on record.
async fn follow(client: &mut Client, world: &World, attempt: &AttemptId, output: &Output, printing: &mut Printing) -> Result<(), Failure> {
    client.send(&Request { id: u64::MAX, ask: Ask::Tail { after: world.seq } }).await?;
    let mut ended = end_of(world, attempt);
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        // Asked before reading: what was written before the end is then read.
        let last = ended;
        output.look().map_err(Failure::other)?;
        printing.up_to_end(output)?;
        if last {
            return Ok(());
        }
        tokio::select! {
            _ = look.tick() => {}
            said = client.next() => if let Said::Entries(entries) = said? {
                ended |= entries.iter().any(|entry| {
                    matches!(&entry.event, crate::domain::Event::AttemptEnded { attempt: other, .. } if other == attempt)
                });
            },
        }
    }
}

fn end_of(world: &World, attempt: &AttemptId) -> bool {
    !world.running.contains(attempt)
}

/// The attempt that was asked for; without a step the one to look at first: failed, running, the last.
fn choose(world: &World, logs: &Logs) -> Result<AttemptId, Failure> {
    let of = |step: &crate::domain::StepName, number| AttemptId { job: Job::Step { run: logs.run.clone(), step: step.clone() }, number };
    let run = match (world.run(&logs.run), &logs.step, logs.attempt) {
        (Some(run), ..) => run,
        // Older than what the world keeps: whoever names it exactly gets what is kept of it.
        (None, Some(step), Some(number)) => return Ok(of(&step.as_str().into(), number)),
        (None, ..) => rules::find_run(world, &logs.run)?.1,
    };
    let mut rows: Vec<_> = run
        .steps
        .iter()
        .filter(|step| logs.step.as_ref().is_none_or(|wanted| *wanted == *step.name.as_str()))
        .flat_map(|step| step.attempts.iter().map(|attempt| (step.name.clone(), attempt)))
        .filter(|(_, attempt)| logs.attempt.is_none_or(|wanted| wanted == attempt.number))
        .collect();
    rows.sort_by_key(|(_, attempt)| attempt.starting_at);
    let failed = rows.iter().rposition(|(_, attempt)| attempt.end.as_ref().is_some_and(|end| !end.is_success()));
    let running = rows.iter().rposition(|(_, attempt)| attempt.end.is_none());
    let wanted = if logs.step.is_some() || logs.attempt.is_some() { None } else { failed.or(running) };
    let place = wanted.or_else(|| rows.len().checked_sub(1));
    let chosen = place.and_then(|place| rows.get(place)).map(|(step, attempt)| of(step, attempt.number));
    chosen.ok_or_else(|| Failure::usage(format!("there is no output of {}: nothing of it that fits has started", logs.run)))
}
