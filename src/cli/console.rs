//! x
use super::args::Look;
use super::failure::Failure;
use super::session::Session;
use std::process::ExitCode;
pub fn open(_: &Session, _: &Look) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
