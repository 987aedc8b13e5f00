//! Chooses a face: console, daemon, supervisor or one-shot command; the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|face| face == "supervise") {
        return dogwatch::runner::supervisor::main();
    }
    ExitCode::SUCCESS
}
