//! The budgets of the project, measured: `cargo bench --bench budgets [-- --section NAME] [--quick]`.
//!
//! Every line names ours, the peer or limit that was measured in the same run, the ratio and the goal. A peer that is not
//! installed is said to be absent, with the package that brings it; `DOGWATCH_BENCH_INSTALL=1` installs those that Debian
//! has. Workspaces and state are made below the build folder, never the user's. The exit status is 0 unless a measurement
//! itself fails.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a program of one file each; a failed step ends its section")]

mod estate;
mod figure;
mod frames;
mod journal;
mod limits;
mod output;
mod peers;
mod process;
mod scene;
mod screen;
mod start;
mod steps;
mod storm;
mod terminal;

use figure::Figure;

/// What a section needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// The short form.
    pub quick: bool,
}

impl Effort {
    /// Runs of which the median is taken.
    pub fn runs(self) -> usize {
        if self.quick { 3 } else { 5 }
    }

    /// A size: the whole one, or the short form's.
    pub fn size(self, whole: usize, quick: usize) -> usize {
        if self.quick { quick } else { whole }
    }
}

/// Where a section puts its lines.
pub type Tell<'a> = &'a mut dyn FnMut(Figure);

/// Why a measurement failed.
pub type Failure = Box<dyn std::error::Error>;

type Section = (&'static str, fn(Effort, Tell<'_>) -> Result<(), Failure>);

const SECTIONS: [Section; 5] = [
    ("start", start::measure),
    ("steps", steps::measure),
    ("journal", journal::measure),
    ("screen", screen::measure),
    ("storm", storm::measure),
];

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let quick = words.iter().any(|word| word == "--quick");
    if words.iter().any(|word| word == "--frames") {
        return match frames::draw(&words) {
            Ok(took) => {
                println!("{took:.3} ms per frame");
                std::process::ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                std::process::ExitCode::FAILURE
            }
        };
    }
    let wanted = words.iter().skip_while(|word| *word != "--section").nth(1).cloned();
    if let Some(wanted) = wanted.as_ref().filter(|wanted| SECTIONS.iter().all(|(name, _)| name != wanted)) {
        eprintln!("there is no section `{wanted}`; there are: {}", SECTIONS.map(|(name, _)| name).join(", "));
        return std::process::ExitCode::from(2);
    }
    peers::install();
    let mut failed = false;
    let (mut met, mut missed, mut open) = (0, 0, 0);
    for (name, measure) in SECTIONS.into_iter().filter(|(name, _)| wanted.as_deref().is_none_or(|wanted| wanted == *name)) {
        println!("\n== {name}");
        let mut tell = |figure: Figure| {
            match figure.is_met() {
                Some(true) => met += 1,
                Some(false) => missed += 1,
                None => open += 1,
            }
            println!("{figure}");
        };
        if let Err(error) = measure(Effort { quick }, &mut tell) {
            println!("{name}: a measurement failed: {error}");
            failed = true;
        }
    }
    println!("\n{met} met, {missed} not met, {open} without a peer or goal");
    if failed { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS }
}
