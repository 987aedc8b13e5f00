//! What the kernel says about processes: `/proc`, read without trust in numbers alone.

use super::record::Identity;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// A process at the moment of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Number and start time.
    pub identity: Identity,
    /// The command's name as the kernel keeps it: at most 15 bytes, chosen by the process.
    pub name: String,
    /// Its parent's number.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Whether it has ended and only waits to be reaped.
    pub is_zombie: bool,
}

impl Process {
    /// How a survivor is named: `pid name`.
    pub fn words(&self) -> String {
        format!("{} {}", self.identity.pid, self.name)
    }
}

/// Reads `/proc/<pid>/stat`; none where the process is gone.
pub fn read(pid: u32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(pid, &String::from_utf8_lossy(&stat))
}

/// The name stands in parentheses and may hold some itself, so the last one counts.
fn parse(pid: u32, stat: &str) -> Option<Process> {
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let mut fields = tail.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let start_time = fields.nth(16)?.parse().ok()?; // field 22 of proc_pid_stat(5)
    Some(Process { identity: Identity { pid, start_time }, name, parent, group, is_zombie: matches!(state, "Z" | "X") })
}

/// The process of this number, if it is still the one that is meant.
pub fn still(identity: Identity) -> Option<Process> {
    read(identity.pid).filter(|process| process.identity == identity)
}

/// Numbers of the direct children, ended ones included.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists: Result<Vec<String>, _> = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children"))).collect();
    match lists {
        Ok(lists) => lists.iter().flat_map(|list| list.split_ascii_whitespace()).filter_map(|pid| pid.parse().ok()).collect(),
        // A thread that ended meanwhile, or a kernel without these lists: ask every process for its parent.
        Err(_) => all().filter_map(read).filter(|process| process.parent == pid).map(|process| process.identity.pid).collect(),
    }
}

/// All living processes below this one, itself excluded.
pub fn descendants(pid: u32) -> Vec<Process> {
    let mut open = children(pid);
    let mut seen: HashSet<u32> = open.iter().copied().collect();
    let mut found = Vec::new();
    while let Some(pid) = open.pop() {
        let Some(process) = read(pid) else { continue };
        open.extend(children(pid).into_iter().filter(|child| seen.insert(*child)));
        if !process.is_zombie {
            found.push(process);
        }
    }
    found.sort_by_key(|process| process.identity.pid);
    found
}

/// The numbers of all processes that can be seen.
pub fn all() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether the process was started with this variable in its environment. Another user's process says nothing.
pub fn is_marked(pid: u32, name: &str, value: &Path) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    let mark = [name.as_bytes(), b"=", value.as_os_str().as_encoded_bytes()].concat();
    environment.split(|byte| *byte == 0).any(|variable| variable == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_is_read_whole() {
        let stat = "77 (a) b (c)) S 1 70 60 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 1 1";
        let process = parse(77, stat).unwrap();
        assert_eq!(process.words(), "77 a) b (c)");
        assert_eq!((process.parent, process.group, process.identity.start_time), (1, 70, 123_456));
    }

    #[test]
    fn this_process_knows_itself_and_no_impostor() {
        let me = read(std::process::id()).unwrap();
        assert_eq!(still(me.identity).unwrap().identity, me.identity);
        assert!(still(Identity { start_time: me.identity.start_time + 1, ..me.identity }).is_none());
    }
}
