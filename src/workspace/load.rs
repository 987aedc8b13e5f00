//! Reads a whole workspace: all of its definitions, or all of its errors.

use super::approval::Answering;
use super::calendar::Calendars;
use super::error::{FileError, LoadErrors, nearest};
use super::file::{FileDigest, SourceFile};
use super::messages::Told;
use super::name::name_problem;
use super::settings::{self, Settings};
use super::shipped::SHIPPED_RUNBOOKS;
use super::table::Table;
use super::{WORKSPACE_FILE, calendar, checklist, conditions, flow, probe, runbook};
use crate::domain::effect::Definitions;
use crate::domain::probe::Target;
use crate::domain::{Checklist, FlowDefinition, ProbeDefinition, ProbeId, ProcedureRules, Runbook, RunbookId};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// No folder of a workspace holds more files.
const MAX_FILES: usize = 10_000;

/// A workspace whose files are right.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What the files define.
    pub definitions: Definitions,
    /// What `dogwatch.toml` says beside.
    pub settings: Settings,
    /// The files that were read, sorted by name.
    pub files: Vec<FileDigest>,
    /// What is wrong with runbooks: a step that is ill-formed is shown as text and cannot be run, the rest holds.
    pub warnings: Vec<FileError>,
}

/// Reads the workspace in this folder.
///
/// # Errors
/// Everything that is wrong with all of its files, sorted by file and line.
pub fn load(root: &Path) -> Result<Loaded, LoadErrors> {
    let mut reading = Reading { root, errors: Vec::new(), warnings: Vec::new(), files: Vec::new() };
    let folder = root.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    let calendars = reading.calendars();
    let settings = reading.file(WORKSPACE_FILE).map(|file| {
        let settings = settings::read(&file, root, folder.as_deref().unwrap_or_default(), Some(&calendars));
        reading.done(file);
        settings
    });
    let zone = settings.as_ref().map_or("UTC", |settings| settings.zone.as_str()).to_owned();
    let runbooks = reading.runbooks();
    let names = RunbookNames(runbooks.iter().map(|runbook| runbook.id.clone()).collect());
    let told = settings.as_ref().map(Told::of).unwrap_or_default();
    let pools = settings.as_ref().map(|settings| &settings.pools);
    let answering = Answering::of(settings.as_ref().and_then(|settings| settings.access.as_ref()));
    let flows = reading.flows(&flow::Known { zone: &zone, runbooks: &names, calendars: &calendars, pools, told: &told, answering });
    let probes = reading.probes(&names);
    let checklists = reading.checklists(&checklist::Known { zone: &zone, calendars: &calendars, flows: &flows, probes: &probes });
    let Reading { mut errors, mut warnings, mut files, .. } = reading;
    errors.sort_by(|a, b| a.file.cmp(&b.file));
    warnings.sort_by(|a, b| a.file.cmp(&b.file));
    files.sort_by(|a, b| a.file.cmp(&b.file));
    match settings {
        Some(settings) if errors.is_empty() => Ok(Loaded {
            definitions: Definitions {
                name: settings.name.clone(),
                zone: settings.zone.clone(),
                max_running: settings.max_running,
                group_by: settings.group_by.clone(),
                flows: flows.into_iter().map(Arc::new).collect(),
                probes: probes.into_iter().map(Arc::new).collect(),
                runbooks: runbooks.into_iter().map(Arc::new).collect(),
                channels: settings.channels.iter().cloned().map(Arc::new).collect(),
                pools: settings.pools.clone(),
                calendars: calendars.into_all(),
                batch_day: settings.batch_day,
                sources: settings.sources.iter().cloned().map(Arc::new).collect(),
                intake: settings.intake.clone().map(Arc::new),
                maintenance: settings.maintenance.clone(),
                ack: settings.ack,
                people: Arc::new(settings.people.clone()),
                outside: settings.outside.clone(),
                evidence: Arc::new(settings.evidence.clone()),
                procedure_rules: ProcedureRules { machine: machine(), ..settings.procedure_rules.clone() },
                checklists: checklists.into_iter().map(Arc::new).collect(),
                anchors: settings.anchors.clone(),
            },
            settings,
            files,
            warnings,
        }),
        _ => Err(LoadErrors(errors)),
    }
}

/// What this machine is known by, in words that say nothing of it elsewhere: a digest of its id.
fn machine() -> String {
    let id = ["/etc/machine-id", "/var/lib/dbus/machine-id"].iter().find_map(|path| std::fs::read_to_string(path).ok());
    let id = id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
    id.map(|id| blake3::keyed_hash(b"dogwatch: which machine is this?", id.as_bytes()).to_hex()[..16].to_owned()).unwrap_or_default()
}

/// The runbooks that files may name.
pub(super) struct RunbookNames(BTreeSet<RunbookId>);

impl RunbookNames {
    /// The runbook that a table names, if it exists.
    pub fn named(&self, table: &Table<'_>) -> Option<RunbookId> {
        let text = table.text("runbook")?;
        if self.0.contains(text.value) {
            return Some(RunbookId::new(text.value));
        }
        let reason = format!("there is no runbook `{}`", text.value);
        let hint = if SHIPPED_RUNBOOKS.iter().any(|shipped| shipped.name == text.value) {
            format!("it is shipped: `dogwatch init` copies it to runbooks/{}.md", text.value)
        } else if let Some(word) = nearest(text.value, self.0.iter().map(RunbookId::as_str)) {
            format!("did you mean `{word}`?")
        } else {
            format!("write runbooks/{}.md", text.value)
        };
        table.file.wrong_but(text.at, reason, hint);
        None
    }
}

/// What was read so far.
struct Reading<'r> {
    root: &'r Path,
    errors: Vec<FileError>,
    warnings: Vec<FileError>,
    files: Vec<FileDigest>,
}

impl Reading<'_> {
    fn file(&mut self, name: &str) -> Option<SourceFile> {
        match SourceFile::read(self.root, name) {
            Ok(file) => {
                self.files.push(FileDigest { file: name.to_owned(), digest: file.digest.clone() });
                Some(file)
            }
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn done(&mut self, file: SourceFile) {
        self.errors.extend(file.into_problems());
    }

    /// The files of a folder with this ending, by stem, those with wrong names told; hidden files are left out.
    fn folder(&mut self, folder: &str, ending: &str) -> BTreeMap<String, SourceFile> {
        let names = match std::fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return BTreeMap::new(),
            Err(error) => Err(error),
        };
        let mut names: Vec<_> = match names {
            Ok(entries) => entries.iter().map(std::fs::DirEntry::file_name).collect(),
            Err(error) => {
                self.errors.push(FileError::whole(folder, format!("the folder cannot be read: {error}")));
                return BTreeMap::new();
            }
        };
        names.sort();
        let mut files = BTreeMap::new();
        for name in names {
            let name = name.to_string_lossy();
            let Some(stem) = name.strip_suffix(ending).filter(|stem| !stem.starts_with('.')) else { continue };
            let path = format!("{folder}/{name}");
            if files.len() >= MAX_FILES {
                self.errors.push(FileError::whole(folder, format!("more than {MAX_FILES} files")));
                break;
            }
            if let Some(problem) = name_problem(stem) {
                self.errors.push(FileError::whole(path, format!("the file's name is the name of what it defines: {problem}")));
            } else if let Some(file) = self.file(&path) {
                files.insert(stem.to_owned(), file);
            }
        }
        files
    }

    fn runbooks(&mut self) -> Vec<Runbook> {
        let mut runbooks = Vec::new();
        for (stem, file) in self.folder("runbooks", ".md") {
            let (runbook, problems) = runbook::read(&file, &stem);
            runbooks.push(runbook);
            self.warnings.extend(problems);
        }
        runbooks
    }

    fn checklists(&mut self, known: &checklist::Known<'_>) -> Vec<Checklist> {
        let mut checklists = Vec::new();
        for (stem, file) in self.folder("checklists", ".md") {
            let read = checklist::read(&file, &stem, known);
            checklists.push(read.checklist);
            self.errors.extend(read.errors);
            self.warnings.extend(read.warnings);
        }
        checklists
    }

    fn calendars(&mut self) -> Calendars {
        let files = self.folder("calendars", ".toml");
        let calendars = calendar::read(&files);
        for file in files.into_values() {
            self.done(file);
        }
        calendars
    }

    fn flows(&mut self, known: &flow::Known<'_>) -> Vec<FlowDefinition> {
        let (mut flows, mut files) = (Vec::new(), Vec::new());
        for (stem, file) in self.folder("flows", ".toml") {
            flows.push(flow::read(&file, &stem, known));
            files.push(file);
        }
        conditions::check(&flows, &files);
        for file in files {
            self.done(file);
        }
        flows
    }

    fn probes(&mut self, runbooks: &RunbookNames) -> Vec<ProbeDefinition> {
        let mut probes: Vec<ProbeDefinition> = Vec::new();
        let mut seen: BTreeMap<ProbeId, String> = BTreeMap::new();
        for (_, file) in self.folder("probes", ".toml") {
            for (at, mut probe) in probe::read(&file, runbooks) {
                if let Target::Http { ca_file: Some(path), .. } = &mut probe.target {
                    // The daemon works in another folder than the workspace.
                    *path = self.root.join(&*path).to_string_lossy().into_owned();
                }
                if let Some(other) = seen.get(&probe.id) {
                    file.wrong(at, format!("there is a probe `{}` in {other} already", probe.id));
                } else {
                    seen.insert(probe.id.clone(), file.name.clone());
                    probes.push(probe);
                }
            }
            self.done(file);
        }
        probes
    }
}
