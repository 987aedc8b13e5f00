//! One gigabyte of a step's output: its end, a search, the memory that they take.

use crate::figure::{Figure, Goal, median};
use crate::limits::ms;
use crate::peers::find;
use crate::scene::PATIENCE;
use crate::terminal::Terminal;
use crate::{Effort, Failure, Tell, process};
use dogwatch::output::{Bell, Direction, Needle, Output, Search};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// What is looked for; only the last line has it.
const WANTED: &str = "the needle in the hay";

pub fn measure(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let folder = tempfile::Builder::new().prefix("budgets-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path().join("output");
    let megabytes = effort.size(1_000, 100);
    write(&path, megabytes)?;
    count_lines(&path)?; // brings the file into the page cache
    let (mut end, mut search, mut less, mut grep, mut lines, mut found) = (vec![], vec![], vec![], vec![], vec![], vec![]);
    let mut private = 0.0_f64;
    for _ in 0..effort.runs() {
        let began = Instant::now();
        let output = Output::open(&path)?;
        let last = output.tail(40)?;
        end.push(ms(began.elapsed()));
        if last.len() != 40 {
            return Err("the end of the file was not read".into());
        }
        let before = process::private_mib(std::process::id()).unwrap_or_default();
        search.push(searched(&output)?);
        private = private.max(process::private_mib(std::process::id()).unwrap_or_default() - before);
        if find("less").is_some() {
            less.push(less_end(&path)?);
        }
        if find("grep").is_some() {
            grep.push(grep_for(&path)?);
        }
        lines.push(count_lines(&path)?);
        found.push(find_bytes(&path)?);
    }
    let size = format!("{megabytes} MB output");
    let some = |values: Vec<f64>| (!values.is_empty()).then(|| median(values));
    tell(
        Figure::new(format!("{size}: its end"), median(end), "ms")
            .peer("less +G", "apt install less", some(less))
            .goal(Goal::RatioAtMost(2.0)),
    );
    let search = median(search);
    tell(Figure::new(format!("{size}: search"), search, "s").peer("grep -F", "apt install grep", some(grep)).goal(Goal::RatioAtMost(1.5)));
    tell(Figure::new(format!("{size}: search"), search, "s").against("find by memchr", median(found)));
    tell(Figure::new(format!("{size}: search"), search, "s").against("line count", median(lines)));
    tell(Figure::new(format!("{size}: private memory while searching"), private, "MiB").goal(Goal::AtMost(16.0)));
    Ok(())
}

fn write(path: &Path, megabytes: usize) -> Result<(), Failure> {
    let mut file = BufWriter::new(File::create(path)?);
    let (mut written, mut number) = (0, 0_u64);
    while written < megabytes * 1_000_000 {
        let line = format!(
            "2026-11-21T02:30:00Z INFO loader: row {number} of orders written, checksum {:016x}\n",
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        );
        file.write_all(line.as_bytes())?;
        written += line.len();
        number += 1;
    }
    writeln!(file, "{WANTED}")?;
    Ok(file.flush()?)
}

/// Seconds of a search from the first line to the last.
fn searched(output: &Output) -> Result<f64, Failure> {
    let needle = Arc::new(Needle::text(WANTED)?);
    let (ring, rung) = std::sync::mpsc::channel();
    let bell = Bell::new(move || ring.send(()).unwrap_or_default()); // nobody listens once it was found
    let began = Instant::now();
    let search = Search::start(output, &needle, Direction::Forward, 0, &bell)?;
    loop {
        match search.take() {
            Some(Ok(Some(_))) => return Ok(began.elapsed().as_secs_f64()),
            Some(other) => return Err(format!("the search found {other:?}").into()),
            None => rung.recv_timeout(PATIENCE)?,
        }
        bell.heard();
    }
}

fn less_end(path: &Path) -> Result<f64, Failure> {
    let words = ["less", "+G", "-n", &path.to_string_lossy()].map(str::to_owned);
    Terminal::start(&words, &[("LESS", ""), ("LESSHISTFILE", "-")])?.until(|terminal| terminal.text().contains(WANTED))
}

fn grep_for(path: &Path) -> Result<f64, Failure> {
    let began = Instant::now();
    let done = Command::new("grep").args(["-F", "-m1", WANTED]).arg(path).stdout(Stdio::null()).status()?;
    if done.success() { Ok(began.elapsed().as_secs_f64()) } else { Err("grep found nothing".into()) }
}

fn count_lines(path: &Path) -> Result<f64, Failure> {
    let mut lines = 0;
    by_blocks(path, |block| {
        lines += memchr::memchr_iter(b'\n', block).count();
        false
    })
}

fn find_bytes(path: &Path) -> Result<f64, Failure> {
    let finder = memchr::memmem::Finder::new(WANTED);
    by_blocks(path, |block| finder.find(block).is_some())
}

/// Seconds to show each block to a look, until it says that it has seen enough.
fn by_blocks(path: &Path, mut look: impl FnMut(&[u8]) -> bool) -> Result<f64, Failure> {
    let began = Instant::now();
    let mut file = File::open(path)?;
    let mut block = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 || look(&block[..read]) {
            return Ok(began.elapsed().as_secs_f64());
        }
    }
}
