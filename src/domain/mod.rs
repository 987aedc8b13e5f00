//! The vocabulary of the arrow: plain data that every other folder speaks. No rules, no I/O, no clock.

pub mod anchor;
pub mod answer;
pub mod approval;
pub mod attempt;
pub mod batch_day;
pub mod calendar;
pub mod channel;
pub mod checklist;
pub mod command;
pub mod condition;
mod counted;
pub mod effect;
pub mod entry;
pub mod event;
pub mod evidence;
pub mod few;
pub mod flow;
pub mod id;
pub mod incident;
pub mod matcher;
pub mod message;
pub mod note;
pub mod occurrence;
pub mod outside;
pub mod overlay;
pub mod people;
pub mod person;
pub mod probe;
pub mod review;
pub mod run;
pub mod runbook;
pub mod sent;
pub mod source;
pub mod span;

pub use anchor::Anchors;
pub use answer::{Accepted, Refusal, RefusalKind};
pub use approval::{ApprovalRequest, ProcedureRules};
pub use attempt::{AttemptEnd, AttemptId, Job};
pub use batch_day::BatchDays;
pub use calendar::{Calendar, CalendarRule};
pub use channel::{ChannelDefinition, ChannelKind};
pub use checklist::Checklist;
pub use command::Command;
pub use counted::counted;
pub use effect::{Effect, Report};
pub use entry::Entry;
pub use event::Event;
pub use few::Few;
pub use flow::{CommandLine, FlowDefinition, StepDefinition};
pub use id::{
    CalendarId, ChannelId, ChecklistId, Digest, Fingerprint, FlowId, IncidentId, InvalidId, MessageId, PersonId, ProbeId, RotaId, RunId,
    RunbookId, SourceId, StepName,
};
pub use incident::{AlertCause, Severity, Stage};
pub use matcher::Matcher;
pub use message::{Message, MessageRef, Point};
pub use overlay::{AckLife, MaintenanceWindow, SilenceId};
pub use person::{Author, Level};
pub use probe::{Health, ProbeDefinition, ProbeResult, Sample, Verdict};
pub use run::{Outcome, Phase};
pub use runbook::{Runbook, Subject};
pub use sent::{IntakeDefinition, OutsideAlert, OutsideSilence, SentAlert, SilenceOrder, SourceDefinition};

/// Names and values that identify an alert or describe an object, sorted by name.
pub type Labels = Few<String, String>;

/// Parameters of a run or of a runbook step, sorted by name.
pub type Params = std::collections::BTreeMap<String, String>;
