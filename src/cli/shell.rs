//! For the shell: completions, the manual page, the table of keys. All made from the one declaration of each.

use super::args::Arguments;
use super::failure::Failure;
use clap::CommandFactory;
use std::io::Write;
use std::process::ExitCode;

/// `dogwatch completions`
pub fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "dogwatch", &mut script);
    out(&script)
}

/// `dogwatch man`
pub fn man() -> Result<ExitCode, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page).map_err(Failure::other)?;
    out(&page)
}

/// `dogwatch keys`
pub fn keys() -> Result<ExitCode, Failure> {
    out(crate::console::keymap::key_table_markdown().as_bytes())
}

fn out(bytes: &[u8]) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
