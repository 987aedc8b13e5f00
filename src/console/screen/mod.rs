//! Pages on a stack. A new page is one file with a [`Page`] in it, one [`Screen`] variant and one arm of [`open`].

pub mod approvals;
pub mod batch;
pub mod checklists;
pub mod compare;
pub mod dashboard;
pub mod evidence;
pub mod figures;
pub mod flow;
pub mod flows;
pub mod handover;
pub mod holds;
pub mod incident;
pub mod knowledge;
pub mod misses;
pub mod note;
pub mod oncall;
pub mod output;
pub mod probe;
pub mod queue;
pub mod review;
pub mod run;
pub mod runbook;
pub mod silences;
pub mod sources;
pub mod strip;
pub mod timeline;
pub mod why;

use super::dialog::Dialog;
use super::{Action, Msg, Place, Session, Target};
use crate::domain::note::NoteKind;
use crate::domain::{AttemptId, FlowId, IncidentId, ProbeId, Refusal, RunId, RunbookId, Subject};
use crate::wire::message::Answer;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The address of a page: plain data. What a page remembers (cursor, scroll) is in its [`Page`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    /// The four panes.
    Dashboard,
    /// All flows, with the cursor on this one.
    Flows(Option<FlowId>),
    /// A flow with its runs.
    Flow(FlowId),
    /// A run of a flow.
    Run(RunId),
    /// What an attempt printed.
    Output(AttemptId),
    /// What an attempt printed beside what the last good run did.
    Compare(AttemptId),
    /// A probe.
    Probe(ProbeId),
    /// An incident.
    Incident(IncidentId),
    /// A runbook, walked for a subject.
    Runbook {
        /// The runbook.
        runbook: RunbookId,
        /// What it is walked for.
        subject: Subject,
    },
    /// The note editor.
    Note {
        /// What kind of note.
        kind: NoteKind,
        /// What it is about.
        subject: Subject,
    },
    /// Everything that happened.
    Timeline,
    /// Why the target is as it is.
    Why(Target),
    /// A batch day, planned against actual.
    BatchDay,
    /// Everything that is held, iced or waits for a person.
    Holds,
    /// What the last outages missed.
    Misses,
    /// Neighbours and the intake.
    Sources,
    /// All incidents, sorted, grouped and filtered.
    Queue,
    /// Silences and maintenance windows.
    Silences,
    /// Who is on call, and who is told next.
    OnCall,
    /// What happened around an incident's first failure, side by side.
    Strip(IncidentId),
    /// What was gathered for an incident.
    Evidence(IncidentId),
    /// One file of what was gathered.
    EvidenceFile {
        /// The incident.
        incident: IncidentId,
        /// The capsule.
        capsule: u32,
        /// The file's name within it.
        name: String,
    },
    /// Times, load, noise, error budgets.
    Figures,
    /// What one shift tells the next.
    Handover,
    /// Search in everything that was written.
    Knowledge,
    /// What an ended incident says should change.
    Review(IncidentId),
    /// What waits for a second person.
    Approvals,
    /// Checklists.
    Checklists,
}

/// What every page can do. Sizes may be anything from 0×0; drawing never panics.
pub trait Page: std::fmt::Debug {
    /// What stands in the head line: where the reader is.
    fn title(&self, session: &Session) -> String;

    /// The places whose keys are in force, the most special first; [`Place::Global`] last, unless text is typed.
    fn places(&self, session: &Session) -> Vec<Place>;

    /// Brings cursors in line with the world after it has changed: called before anything is drawn or done.
    fn settle(&mut self, _session: &Session) {}

    /// What is under the cursor: the target of actions that the app does for every page (ack, rerun, kill, hold …).
    fn target(&self, session: &Session) -> Option<Target>;

    /// All marked things, or what is under the cursor.
    fn targets(&self, session: &Session) -> Vec<Target> {
        self.target(session).into_iter().collect()
    }

    /// Draws itself into its area (the whole screen without head line and footer); answers where the cursor of a
    /// typed text stands.
    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position>;

    /// Does an action of its own: moving, panes, filter … Answers whether it was one; all others are the app's.
    fn act(&mut self, action: Action, session: &mut Session) -> bool;

    /// Why an action of its own cannot be done now.
    fn why_disabled(&self, _action: Action, _session: &Session) -> Option<String> {
        None
    }

    /// Whether an action of its places means nothing on it: it is not hinted at, and refused with that reason.
    fn lacks(&self, _action: Action) -> bool {
        false
    }

    /// Whether keys that mean nothing here are typed text; such a page leaves [`Place::Global`] out.
    fn takes_text(&self) -> bool {
        false
    }

    /// A typed key that is no action, while [`Page::takes_text`]: its character comes as if it had been pasted.
    fn typed(&mut self, key: KeyEvent, session: &mut Session) {
        if let KeyCode::Char(char) = key.code
            && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            self.pasted(char.encode_utf8(&mut [0; 4]), session);
        }
    }

    /// Pasted text, at most 64 KiB, while [`Page::takes_text`]. Control characters but line ends and tabs are gone.
    fn pasted(&mut self, _text: &str, _session: &mut Session) {}

    /// A click, wheel or drag within its area; answers whether anything changed.
    fn mouse(&mut self, _event: MouseEvent, _session: &mut Session) -> bool {
        false
    }

    /// What is selected, for the clipboard.
    fn copied(&self, session: &Session) -> Option<String> {
        self.target(session).map(|target| target.to_string())
    }

    /// A dialog of this page with the intent `Intent::Page(word)` was confirmed.
    fn confirmed(&mut self, _word: &'static str, _dialog: &Dialog, _session: &mut Session) {}

    /// The answer to a request that this page made with `session.ask`.
    fn answered(&mut self, _id: u64, _result: &Result<Answer, Refusal>, _session: &mut Session) {}

    /// Something else happened: background work ([`Msg::Woken`]), the editor ended ([`Msg::Edited`]), the world has
    /// changed ([`Msg::News`]), the time went on ([`Msg::Tick`]).
    fn told(&mut self, _msg: &Msg, _session: &mut Session) {}

    /// The reader goes away from this page for good.
    fn closing(&mut self, _session: &mut Session) {}
}

/// The page of an address.
pub fn open(screen: &Screen, session: &mut Session) -> Option<Box<dyn Page>> {
    match screen {
        Screen::Dashboard => Some(Box::new(dashboard::Dashboard::default())),
        Screen::Incident(id) => Some(Box::new(incident::IncidentPage::new(*id))),
        Screen::Runbook { runbook, subject } => Some(Box::new(runbook::RunbookPage::new(runbook.clone(), subject.clone(), session))),
        Screen::Note { kind, subject } => Some(Box::new(note::NotePage::new(*kind, subject.clone(), session))),
        Screen::Flows(on) => Some(Box::new(flows::FlowsPage::new(on.clone()))),
        Screen::Flow(flow) => Some(Box::new(flow::FlowPage::new(flow.clone()))),
        Screen::Run(run) => Some(Box::new(run::RunPage::new(run.clone()))),
        Screen::Output(attempt) => Some(Box::new(output::OutputPage::new(attempt.clone(), session))),
        Screen::Compare(attempt) => Some(Box::new(compare::ComparePage::new(attempt.clone(), session))),
        Screen::Probe(probe) => Some(Box::new(probe::ProbePage::new(probe.clone(), session))),
        Screen::Timeline => Some(Box::new(timeline::TimelinePage::default())),
        Screen::BatchDay => Some(Box::new(batch::BatchPage::default())),
        Screen::Holds => Some(Box::new(holds::HoldsPage::default())),
        Screen::Misses => Some(Box::new(misses::MissesPage::default())),
        Screen::Sources => Some(Box::new(sources::SourcesPage::default())),
        Screen::Queue => Some(Box::new(queue::QueuePage::default())),
        Screen::Silences => Some(Box::new(silences::SilencesPage::default())),
        Screen::OnCall => Some(Box::new(oncall::OnCallPage::default())),
        Screen::Strip(id) => Some(Box::new(strip::StripPage::new(*id))),
        Screen::Evidence(id) => Some(Box::new(evidence::EvidencePage::new(*id))),
        Screen::EvidenceFile { incident, capsule, name } => {
            Some(Box::new(output::OutputPage::of_evidence(*incident, *capsule, name.clone(), session)))
        }
        Screen::Figures => Some(Box::new(figures::FiguresPage::new(session))),
        Screen::Handover => Some(Box::new(handover::HandoverPage::new(session))),
        Screen::Knowledge => Some(Box::new(knowledge::KnowledgePage::new(session))),
        Screen::Review(id) => Some(Box::new(review::ReviewPage::new(*id))),
        Screen::Approvals => Some(Box::new(approvals::ApprovalsPage::default())),
        Screen::Checklists => Some(Box::new(checklists::ChecklistsPage::default())),
        Screen::Why(target) => Some(Box::new(why::WhyPage::new(target.clone(), session))),
    }
}
