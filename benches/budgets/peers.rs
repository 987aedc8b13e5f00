//! Programs of the field, where they are installed.

use crate::Failure;
use crate::limits::{Fifo, ms};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Programs that Debian brings: name and package.
const PACKAGES: [(&str, &str); 9] = [
    ("htop", "htop"),
    ("at", "at"),
    ("tsp", "task-spooler"),
    ("parallel", "parallel"),
    ("valgrind", "valgrind"),
    ("less", "less"),
    ("sqlite3", "sqlite3"),
    ("grep", "grep"),
    ("lnav", "lnav"),
];

/// Installs what is missing when `DOGWATCH_BENCH_INSTALL=1` and the user may.
pub fn install() {
    if std::env::var("DOGWATCH_BENCH_INSTALL").as_deref() != Ok("1") {
        return;
    }
    let missing: Vec<&str> = PACKAGES.iter().filter(|(program, _)| find(program).is_none()).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("not installed, because only root can: {}", missing.join(" "));
        return;
    }
    let done = Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    if !done.is_ok_and(|status| status.success()) {
        println!("could not be installed: {}", missing.join(" "));
    }
}

/// A program on the path.
pub fn find(program: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(home).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A pueue daemon with folders of its own; ended when dropped.
pub struct Pueue {
    daemon: Child,
    config: PathBuf,
    program: PathBuf,
}

impl Pueue {
    /// Starts one, where pueue is installed.
    pub fn start(folder: &Path, parallel: u32) -> Result<Option<Self>, Failure> {
        let (Some(program), Some(server)) = (find("pueue"), find("pueued")) else { return Ok(None) };
        let folder = folder.join("pueue");
        std::fs::create_dir_all(&folder)?;
        let config = folder.join("pueue.yml");
        let at = folder.display();
        std::fs::write(
            &config,
            format!(
                "client: {{}}\ndaemon: {{}}\nshared:\n  pueue_directory: {at}\n  runtime_directory: {at}\n  use_unix_socket: true\n  unix_socket_path: {at}/s\n"
            ),
        )?;
        let daemon =
            Command::new(server).arg("-c").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let pueue = Self { daemon, config, program };
        let began = Instant::now();
        while !pueue.ask(&["parallel", &parallel.to_string()])? {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("pueued does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(pueue))
    }

    fn ask(&self, words: &[&str]) -> Result<bool, Failure> {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(&self.config).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status()?.success())
    }

    /// Milliseconds from the command line to a process that spoke.
    pub fn add_until_spoken(&self, fifo: &Fifo) -> Result<f64, Failure> {
        let began = Instant::now();
        self.ask(&["add", "--", &fifo.script()])?;
        fifo.wait()?;
        Ok(ms(began.elapsed()))
    }

    /// Short tasks per second.
    pub fn short_tasks(&self, count: usize) -> Result<f64, Failure> {
        let began = Instant::now();
        for _ in 0..count {
            self.ask(&["add", "--", "true"])?;
        }
        self.ask(&["wait", "--all", "--quiet"])?;
        Ok(count as f64 / began.elapsed().as_secs_f64())
    }
}

impl Drop for Pueue {
    fn drop(&mut self) {
        let _ = self.daemon.kill(); // it may have ended already
        let _ = self.daemon.wait();
    }
}

/// Short tasks per second of `xargs -P 4`.
pub fn xargs(count: usize) -> Result<f64, Failure> {
    piped("xargs", &["-P", "4", "-n", "1", "true"], count)
}

/// Short tasks per second of GNU parallel, where it is installed.
pub fn parallel(count: usize) -> Result<Option<f64>, Failure> {
    find("parallel").map(|_| piped("parallel", &["--will-cite", "-j", "4", "true"], count)).transpose()
}

fn piped(program: &str, words: &[&str], count: usize) -> Result<f64, Failure> {
    let numbers = (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join("\n") + "\n";
    let began = Instant::now();
    let mut child = Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(numbers.as_bytes())?;
    child.wait()?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// Short tasks per second of task-spooler, where it is installed.
pub fn task_spooler(folder: &Path, count: usize) -> Result<Option<f64>, Failure> {
    let Some(program) = find("tsp") else { return Ok(None) };
    let socket = std::env::temp_dir().join(format!("budgets-tsp-{}", std::process::id()));
    let tsp = |words: &[&str]| -> Result<String, Failure> {
        let mut command = Command::new(&program);
        command.args(words).env("TS_SOCKET", &socket).env("TMPDIR", folder).stdin(Stdio::null()).stderr(Stdio::null());
        Ok(String::from_utf8_lossy(&command.output()?.stdout).into_owned())
    };
    tsp(&["-S", "4"])?;
    let began = Instant::now();
    for _ in 0..count {
        tsp(&["-n", "true"])?;
    }
    tsp(&["-w"])?;
    while tsp(&["-l"])?.lines().any(|line| line.contains(" running ") || line.contains(" queued ")) {}
    let rate = count as f64 / began.elapsed().as_secs_f64();
    tsp(&["-K"])?;
    Ok(Some(rate))
}
