//! Chooses a face: console, daemon, supervisor or one-shot command; the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First and lean: a supervisor is started for every step.
    if std::env::args_os().nth(1).is_some_and(|face| face == "supervise") {
        return dogwatch::runner::supervisor::main();
    }
    dogwatch::sources::http_client::install_crypto();
    dogwatch::cli::main(std::env::args_os())
}
