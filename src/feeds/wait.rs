//! One path or pattern that is waited for: which files rest, which are ready to be read, and what is seen of the rest.

use super::look::{self, FILES_MAX, Found, FoundFile, size_words};
use super::pattern::Pattern;
use crate::domain::condition::FileWanted;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file that is on its way.
#[derive(Debug)]
struct Coming {
    size: u64,
    modified_at: Timestamp,
    /// Since when it has been like this.
    since: Instant,
    /// Whether it was seen to change.
    grew: bool,
    /// Whether it is being read, or waits for a reader.
    reading: bool,
    /// Why it could not be read; it is tried again when it changes.
    failed: Option<String>,
}

/// What is waited for, and how far it is.
#[derive(Debug)]
pub(super) struct Wait {
    /// What its flow wants.
    pub wanted: FileWanted,
    pub(super) pattern: Pattern,
    coming: BTreeMap<String, Coming>,
    /// Files that rest and wait for a reader.
    pub resting: VecDeque<FoundFile>,
    /// When it is looked at next.
    pub look_at: Option<Instant>,
    /// When it was looked at last.
    pub looked: Option<Instant>,
    told: Option<(String, u32)>,
}

impl Wait {
    /// Begins to wait, with a first look at once.
    pub fn new(root: &Path, wanted: FileWanted, now: Instant) -> Self {
        let pattern = Pattern::new(root, &wanted.path);
        Self { wanted, pattern, coming: BTreeMap::new(), resting: VecDeque::new(), look_at: Some(now), looked: None, told: None }
    }

    /// The folders in which something can happen that matters here.
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.pattern.folder.clone()];
        if let Some(done) = self.done_file(&self.pattern.folder.join("x"))
            && let Some(folder) = done.parent()
            && folder != self.pattern.folder
        {
            folders.push(folder.to_owned());
        }
        folders
    }

    /// The done-file of a file, where its flow names one. Relative to the file's folder.
    fn done_file(&self, file: &Path) -> Option<PathBuf> {
        let template = self.wanted.done_file.as_ref()?;
        let name = file.file_name()?.to_string_lossy();
        let done = template.replace("{path}", &file.to_string_lossy()).replace("{name}", &name);
        Some(file.parent()?.join(done))
    }

    /// Looks; `known` are on record as they are. Returns what is to be told, where it differs in kind from what was told.
    pub fn look(&mut self, known: &HashMap<String, (u64, Timestamp)>, now: Instant) -> Option<String> {
        let found = look::look(&self.pattern);
        let new: Vec<&FoundFile> =
            found.files.iter().filter(|file| known.get(&file.text) != Some(&(file.size, file.modified_at))).collect();
        let here: std::collections::BTreeSet<&str> = new.iter().map(|file| file.text.as_str()).collect();
        self.coming.retain(|file, _| here.contains(file.as_str()));
        for file in &new {
            self.note(file, now);
        }
        let mut next: Option<Instant> = None;
        for file in &new {
            let done = self.done_file(&file.path);
            let stable_for = self.wanted.stable_for;
            let Some(coming) = self.coming.get_mut(&file.text).filter(|coming| !coming.reading && coming.failed.is_none()) else {
                continue;
            };
            let rests_at = coming.since + stable_for;
            let rests = done.as_ref().map_or(rests_at <= now, |done| done.is_file());
            if rests {
                coming.reading = true;
                self.resting.push_back((*file).clone());
            } else if done.is_none() {
                next = Some(next.map_or(rests_at, |next| next.min(rests_at)));
            }
        }
        self.look_at = next.map(|next| next.max(now + Duration::from_millis(10)));
        self.looked = Some(now);
        let (kind, size, words) = self.words(&found, &new)?;
        let kind = (kind, size.checked_ilog2().unwrap_or(0));
        if self.told.as_ref() == Some(&kind) {
            return None;
        }
        self.told = Some(kind);
        Some(words)
    }

    fn note(&mut self, file: &FoundFile, now: Instant) {
        let (size, modified_at) = (file.size, file.modified_at);
        match self.coming.get_mut(&file.text) {
            Some(coming) if coming.size == size && coming.modified_at == modified_at => {}
            Some(coming) => *coming = Coming { grew: true, ..Coming::new(size, modified_at, now) },
            None => drop(self.coming.insert(file.text.clone(), Coming::new(size, modified_at, now))),
        }
    }

    /// What is seen: its kind, the size that goes with it, and the words. None where all is on record.
    fn words(&self, found: &Found, new: &[&FoundFile]) -> Option<(String, u64, String)> {
        let is_read = |file: &&&FoundFile| self.coming.get(&file.text).is_some_and(|coming| coming.reading);
        let file = new.iter().filter(|file| !is_read(file)).max_by_key(|file| (file.modified_at, &file.text));
        let Some(file) = file else {
            return match &found.problem {
                Some(problem) => Some((problem.clone(), 0, problem.clone())),
                None if found.files.is_empty() => Some(("none".into(), 0, "no such file yet".into())),
                None => None,
            };
        };
        let coming = self.coming.get(&file.text)?;
        let what = match (&coming.failed, self.done_file(&file.path)) {
            (Some(why), _) => format!("cannot be read: {why}"),
            (None, Some(done)) => format!("its done-file {} is missing", done.display()),
            (None, None) if coming.grew => "still growing".to_owned(),
            (None, None) => format!("must rest {} s", self.wanted.stable_for.as_secs_f64()),
        };
        let others = match new.len() {
            0 | 1 => String::new(),
            _ if found.more => format!("; more than {FILES_MAX} files match, the rest waits until some are gone"),
            more => format!("; {} more", more - 1),
        };
        let words = format!("seen {}, {}, {what}{others}", file.text, size_words(file.size));
        Some((format!("{} {what}{}", file.text, found.more), file.size, words))
    }

    /// A file was read and is on record.
    pub fn was_read(&mut self, file: &str) {
        self.coming.remove(file);
    }

    /// A file could not be read, or changed meanwhile and must rest anew.
    pub fn was_not_read(&mut self, file: &str, failed: Option<String>, now: Instant) {
        if let Some(coming) = self.coming.get_mut(file) {
            coming.reading = false;
            coming.since = now;
            coming.failed = failed;
        }
        self.look_at = Some(now);
    }

    /// Something happened here: what could not be read may be readable now.
    pub fn stir(&mut self) {
        for coming in self.coming.values_mut() {
            coming.failed = None;
        }
    }

    /// Goes on where an earlier wait for the same was.
    pub fn go_on(&mut self, earlier: Self) {
        if earlier.wanted == self.wanted {
            self.coming = earlier.coming;
            self.resting = earlier.resting;
            self.told = earlier.told;
        }
    }
}

impl Coming {
    fn new(size: u64, modified_at: Timestamp, since: Instant) -> Self {
        Self { size, modified_at, since, grew: false, reading: false, failed: None }
    }
}
