//! What the kernel says of a process: memory, processor time, wake-ups.

use std::fs;

/// Proportional share of memory, in MiB.
pub fn pss_mib(pid: u32) -> Option<f64> {
    field(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss:").map(|kib| kib / 1024.0)
}

/// Memory that is this process's alone, in MiB.
pub fn private_mib(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    Some((field(&text, "Private_Clean:")? + field(&text, "Private_Dirty:")?) / 1024.0)
}

/// Nanoseconds on a processor, of all threads.
pub fn cpu_ns(pid: u32) -> f64 {
    tasks(pid, |task| fs::read_to_string(format!("{task}/schedstat")).ok()?.split_whitespace().next()?.parse().ok())
}

/// Times that a thread gave the processor up of its own will: each is a wake-up later.
pub fn wakeups(pid: u32) -> f64 {
    tasks(pid, |task| field(&fs::read_to_string(format!("{task}/status")).ok()?, "voluntary_ctxt_switches:"))
}

/// Direct children.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

fn tasks(pid: u32, read: impl Fn(&str) -> Option<f64>) -> f64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0.0 };
    threads.filter_map(|thread| read(&thread.ok()?.path().to_string_lossy())).sum()
}

fn field(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// The most that was ever resident, in MiB.
pub fn peak_mib(pid: u32) -> Option<f64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:").map(|kib| kib / 1024.0)
}
