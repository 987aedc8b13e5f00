//! Where the focus is. A key means what the first of the current places says that knows it.

/// A place that keys can be bound in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Everywhere but in dialogs and where text is typed.
    Global,
    /// Anything with a cursor that moves over rows.
    List,
    /// A text that is read: output, runbook, timeline of one thing.
    Reader,
    /// The dashboard and its panes.
    Dashboard,
    /// A pane or page of flows and runs.
    Flows,
    /// A pane or page of probes.
    Probes,
    /// A pane or page of incidents.
    Incidents,
    /// A pane or page of a runbook.
    Runbook,
    /// The output of an attempt.
    Output,
    /// The page of all flows.
    FlowList,
    /// The page of the queue.
    Queue,
    /// The page of silences and maintenance windows.
    Silences,
    /// The page of neighbours and the silences that stand there.
    Sources,
    /// The page of a run with its steps.
    Run,
    /// Two outputs beside one another.
    Compare,
    /// The readings of a probe over time.
    Chart,
    /// The page of who is on call.
    Duty,
    /// A timeline.
    Timeline,
    /// The note editor.
    Editor,
    /// A dialog.
    Dialog,
    /// A dialog that lists what can be chosen: palette, help.
    Chooser,
    /// A line of text that is typed.
    Input,
    /// What waits for a second person.
    Approvals,
    /// The page of checklists.
    Checklist,
}

impl Place {
    /// The heading for help and for the key table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "everywhere",
            Self::List => "lists",
            Self::Reader => "texts",
            Self::Dashboard => "dashboard",
            Self::Flows => "flows and runs",
            Self::Probes => "probes",
            Self::Incidents => "incidents",
            Self::Runbook => "runbook",
            Self::Output => "output",
            Self::FlowList => "list of flows",
            Self::Queue => "queue",
            Self::Silences => "silences",
            Self::Sources => "neighbours",
            Self::Run => "steps of a run",
            Self::Compare => "compared outputs",
            Self::Chart => "readings of a probe",
            Self::Duty => "on call",
            Self::Timeline => "timelines",
            Self::Editor => "note editor",
            Self::Dialog => "dialogs",
            Self::Chooser => "palette and help",
            Self::Input => "where text is typed",
            Self::Approvals => "second words",
            Self::Checklist => "checklists",
        }
    }
}
