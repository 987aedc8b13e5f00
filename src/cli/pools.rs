//! Pools: units, who holds them, who waits for them.

use super::failure::Failure;
use super::print::{self, Printer};
use super::session::Session;
use crate::rules;
use std::process::ExitCode;

/// Steps of a pool that are named in a row; `--json` names all.
const NAMED: usize = 4;

/// `dogwatch pools`
pub async fn pools(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let pools = rules::pools(&world);
    if printer.json {
        print::document(&pools)?;
        return Ok(ExitCode::SUCCESS);
    }
    if pools.is_empty() {
        printer.remark("there is no pool; write some under [pools] in dogwatch.toml")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = pools
        .iter()
        .map(|pool| {
            let holders = pool.holders.iter().map(|holder| format!("{} ({})", holder.attempt, holder.units));
            let waiting = pool.waiting.iter().map(|waiter| format!("{} {} ({})", waiter.run, waiter.step, waiter.units));
            vec![
                pool.name.clone(),
                pool.units.to_string(),
                pool.taken.to_string(),
                named(holders, pool.holders.len()),
                named(waiting, pool.waiting.len()),
            ]
        })
        .collect();
    printer.table(&["POOL", "UNITS", "TAKEN", "HELD BY", "WAITING"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn named(all: impl Iterator<Item = String>, count: usize) -> String {
    let mut words: Vec<String> = all.take(NAMED).collect();
    if count > words.len() {
        words.push(format!("{} more", count - words.len()));
    }
    words.join(", ")
}
