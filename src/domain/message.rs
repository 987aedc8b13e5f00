//! What people are told at the key points of a flow, and on which channels.

use super::{ChannelId, FlowId, IncidentId, MessageId, PersonId, RunId, Severity, StepName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The names of a message's fields: of a template's `{{field}}`, and in capitals of `DOGWATCH_MESSAGE_FIELD`.
pub const FIELDS: [&str; 14] =
    ["id", "workspace", "channel", "point", "subject", "text", "severity", "flow", "run", "step", "date", "at", "incident", "person"];

/// The key points at which a message may be sent (RULES: messages).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// The first attempt of a run is about to start.
    Started,
    /// A step has succeeded.
    StepDone,
    /// A run has succeeded.
    Finished,
    /// A run has failed, all retries of its steps being spent, or is lost.
    Failed,
    /// A deadline has passed unmet.
    Late,
    /// A success after a failure, or after a missed deadline.
    Recovered,
    /// How many messages a storm has held back.
    Storm,
    /// A person tries the channel.
    Test,
    /// An incident: the first word of it.
    IncidentOpened,
    /// An incident that nobody has acknowledged, or that is worse now.
    IncidentEscalated,
    /// An incident that has further alerts.
    IncidentGrown,
    /// An incident is over.
    IncidentRecovered,
}

impl Point {
    /// Those that a flow's `messages` may name.
    pub const OF_A_FLOW: [Self; 6] = [Self::Started, Self::StepDone, Self::Finished, Self::Failed, Self::Late, Self::Recovered];

    /// The word for a key, a row and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::StepDone => "step_done",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Late => "late",
            Self::Recovered => "recovered",
            Self::Storm => "storm",
            Self::Test => "test",
            Self::IncidentOpened => "incident_opened",
            Self::IncidentEscalated => "incident_escalated",
            Self::IncidentGrown => "incident_grown",
            Self::IncidentRecovered => "incident_recovered",
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Which channels are told at which key point of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// A run starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub started: Vec<ChannelId>,
    /// A step has succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub step_done: Vec<ChannelId>,
    /// A run has succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finished: Vec<ChannelId>,
    /// A run has failed for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<ChannelId>,
    /// A deadline has passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<ChannelId>,
    /// Well again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovered: Vec<ChannelId>,
    /// The steps that `step_done` is limited to; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepName>,
}

impl Messages {
    /// The channels that are told at a point.
    pub fn at(&self, point: Point) -> &[ChannelId] {
        match point {
            Point::Started => &self.started,
            Point::StepDone => &self.step_done,
            Point::Finished => &self.finished,
            Point::Failed => &self.failed,
            Point::Late => &self.late,
            Point::Recovered => &self.recovered,
            Point::Storm | Point::Test => &[],
            Point::IncidentOpened | Point::IncidentEscalated | Point::IncidentGrown | Point::IncidentRecovered => &[],
        }
    }

    /// The same, to be written.
    pub fn at_mut(&mut self, point: Point) -> Option<&mut Vec<ChannelId>> {
        Some(match point {
            Point::Started => &mut self.started,
            Point::StepDone => &mut self.step_done,
            Point::Finished => &mut self.finished,
            Point::Failed => &mut self.failed,
            Point::Late => &mut self.late,
            Point::Recovered => &mut self.recovered,
            Point::Storm | Point::Test => return None,
            Point::IncidentOpened | Point::IncidentEscalated | Point::IncidentGrown | Point::IncidentRecovered => return None,
        })
    }

    /// Whether nobody is told anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One message on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Derived from the fact that it tells and from its channel: no fact makes it twice.
    pub id: MessageId,
    /// The workspace's name.
    pub workspace: String,
    /// Where it goes.
    pub channel: ChannelId,
    /// Why it is sent.
    pub point: Point,
    /// One line.
    pub subject: String,
    /// Several lines.
    pub text: String,
    /// How bad it is.
    pub severity: Severity,
    /// The flow that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepName>,
    /// The date that the run processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<jiff::civil::Date>,
    /// When what it tells happened.
    pub at: Timestamp,
    /// The incident that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The person who is told, where a chain of escalation named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
}

impl Message {
    /// A field's value by its name; what the message has nothing for is empty.
    pub fn field(&self, name: &str) -> Option<String> {
        fn text(value: Option<&impl ToString>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        Some(match name {
            "id" => self.id.to_string(),
            "workspace" => self.workspace.clone(),
            "channel" => self.channel.to_string(),
            "point" => self.point.to_string(),
            "subject" => self.subject.clone(),
            "text" => self.text.clone(),
            "severity" => self.severity.to_string(),
            "flow" => text(self.flow.as_ref()),
            "run" => text(self.run.as_ref()),
            "step" => text(self.step.as_ref()),
            "date" => text(self.date.as_ref()),
            "at" => self.at.to_string(),
            "incident" => text(self.incident.as_ref()),
            "person" => text(self.person.as_ref()),
            _ => return None,
        })
    }

    /// Its name in later facts.
    pub fn named(&self) -> MessageRef {
        MessageRef {
            id: self.id.clone(),
            channel: self.channel.clone(),
            subject: self.subject.clone(),
            flow: self.flow.clone(),
            incident: self.incident,
            person: self.person.clone(),
        }
    }
}

/// A message as later facts name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// Its id.
    pub id: MessageId,
    /// Its channel.
    pub channel: ChannelId,
    /// Its subject, for a reader of the timeline.
    pub subject: String,
    /// The flow that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// The incident that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The person who is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
}

/// What became of a try that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It surely did not arrive, and may later.
    NotTaken,
    /// It surely did not arrive, and never will.
    Refused,
    /// It may have arrived.
    Unsure,
}
