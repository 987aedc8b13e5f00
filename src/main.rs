//! Chooses a face: console, daemon, supervisor or one-shot command; the exit code.

fn main() {}
