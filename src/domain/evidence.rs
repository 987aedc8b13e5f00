//! Evidence: which files and commands tell about a service, and the capsules that were made of them.

use super::channel::SecretRef;
use super::{FlowId, IncidentId, Labels, span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// Capsules that one incident has at most.
pub const CAPSULES_MAX: u32 = 20;

/// What is gathered when an incident is about certain things: one `[[evidence]]` of `dogwatch.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceDefinition {
    /// Its name.
    pub name: String,
    /// Labels that an alert must have; with none and no flows it is for every incident.
    #[serde(default)]
    pub labels: Labels,
    /// Flows of which the incident must have one; empty where any does.
    #[serde(default)]
    pub flows: BTreeSet<FlowId>,
    /// Paths and patterns of files; a relative one begins in the workspace.
    #[serde(default)]
    pub files: Vec<String>,
    /// How times are written in them, as strftime has it; absent where that is found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The zone of times that name none; absent for the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How far before the first sign the window begins. Default 15 min.
    #[serde(with = "span")]
    pub before: Duration,
    /// How far after the end it goes on; what is taken by itself is taken once more when this has passed since the opening.
    /// Default 5 min.
    #[serde(with = "span")]
    pub after: Duration,
    /// Bytes that are kept of each file. Default 5 MiB.
    pub max_bytes: u64,
    /// Programs whose output is kept.
    #[serde(default)]
    pub commands: Vec<EvidenceCommand>,
    /// Taken by itself when an incident opens. Default true.
    pub automatic: bool,
}

impl EvidenceDefinition {
    /// One that gathers nothing yet, with the defaults.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            labels: Labels::new(),
            flows: BTreeSet::new(),
            files: Vec::new(),
            time_format: None,
            zone: None,
            before: Duration::from_mins(15),
            after: Duration::from_mins(5),
            max_bytes: 5 << 20,
            commands: Vec::new(),
            automatic: true,
        }
    }
}

/// A program whose output is evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceCommand {
    /// The name of what it prints.
    pub name: String,
    /// The program and its arguments; a path with a slash is taken from the workspace's folder.
    pub run: Vec<String>,
    /// It is ended after this. Default 30 s.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// Bytes of its output that are kept. Default 1 MiB.
    pub max_bytes: u64,
}

/// All that the workspace says about evidence and about what may never be in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EvidenceSettings {
    /// What is gathered for what.
    #[serde(default)]
    pub evidence: Vec<EvidenceDefinition>,
    /// Regular expressions of secrets beside the built-in ones: the first group is masked, or the whole match.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Whether the built-in patterns are left out.
    #[serde(default)]
    pub only_own: bool,
}

/// What is to be gathered.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceOrder {
    /// The incident.
    pub incident: IncidentId,
    /// The number of the capsule within it, from 1.
    pub number: u32,
    /// When the trouble was first seen.
    pub first_sign_at: Timestamp,
    /// When it was over, if it is.
    pub ended_at: Option<Timestamp>,
    /// What is gathered.
    pub definitions: Vec<EvidenceDefinition>,
    /// How secrets look.
    pub masks: MaskOrder,
}

/// How secrets are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MaskOrder {
    /// The workspace's own patterns.
    pub patterns: Vec<String>,
    /// Whether the built-in ones are left out.
    pub only_own: bool,
    /// Secrets that the workspace names; their values are masked where they can be had without running anything.
    pub secrets: Vec<SecretRef>,
}

/// What was gathered at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capsule {
    /// Its number within the incident, from 1.
    pub number: u32,
    /// The beginning of the earliest window.
    pub from: Timestamp,
    /// The end of the latest window.
    pub to: Timestamp,
    /// What is in it.
    pub files: Vec<EvidenceFile>,
    /// Why there is nothing, or not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Capsule {
    /// The file to read first: the first one that holds what looks like an error, else the first with any text.
    pub fn telling(&self) -> Option<&EvidenceFile> {
        self.files.iter().find(|file| file.first_error.is_some()).or_else(|| self.files.iter().find(|file| file.bytes > 0))
    }

    /// Places that were masked in all its files.
    pub fn masked(&self) -> u64 {
        self.files.iter().map(|file| file.masked).sum()
    }
}

/// One file of a capsule, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// Its name within the capsule; empty where nothing was kept.
    pub name: String,
    /// Where it is from: a path, or `the command NAME`.
    pub from: String,
    /// Bytes that are kept.
    pub bytes: u64,
    /// SHA-256 of what is kept, 64 hex digits.
    pub sha256: String,
    /// The number of the first line that looks like an error, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_error: Option<u64>,
    /// Places that were masked.
    #[serde(default)]
    pub masked: u64,
    /// Bytes of the window that were left out.
    #[serde(default)]
    pub left_out: u64,
    /// Bytes that were read to find and keep it.
    #[serde(default)]
    pub read: u64,
    /// What is wrong with it: gone, a pipe, not readable; or how it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
