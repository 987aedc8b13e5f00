//! Pictures of real screens: `cargo run --example screenshots [FOLDER]`. Starts the demo of the program as built, drives
//! it with keys in a pseudo-terminal, and keeps what an emulator shows as SVG and PNG, in `screenshots/` or in FOLDER.

mod album;
mod color;
mod keyboard;
mod shape;
mod story;
mod svg;
mod terminal;

use anyhow::{Context as _, Result, ensure};
use std::path::PathBuf;
use std::process::Command;

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("screenshots"), PathBuf::from);
    let album = album::Album::open(folder)?;
    story::tell(&program()?, &album)?;
    println!("{} pictures in {}", album.count(), album.folder().display());
    Ok(())
}

/// The program beside this one, brought up to date by cargo: `cargo run --example` alone does not build it.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|examples| examples.parent()).context("this is not below target/")?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Together with this one, so that both are built from the same dependencies, once.
    build.args(["build", "--quiet", "--bin", "dogwatch", "--example", "screenshots"]);
    if folder.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    ensure!(build.status()?.success(), "the program does not build");
    Ok(folder.join("dogwatch"))
}
