//! The witness of what really ran: a file to which steps append, each line one write with O_APPEND.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub struct Oracle(PathBuf);

impl Oracle {
    pub fn new(path: PathBuf) -> Self {
        std::fs::write(&path, "").unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A shell command that leaves this line; `printf` to `>>` is one appending write.
    pub fn says(&self, line: &str) -> String {
        format!("printf '%s\\n' \"{line}\" >> '{}'", self.0.display())
    }

    pub fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(&self.0).unwrap().lines().map(str::to_owned).collect()
    }

    /// Lines that stand there more than once.
    pub fn repeated(&self) -> Vec<String> {
        let mut count = BTreeMap::<_, u32>::new();
        for line in self.lines() {
            *count.entry(line).or_default() += 1;
        }
        count.into_iter().filter(|(_, count)| *count > 1).map(|(line, _)| line).collect()
    }
}
