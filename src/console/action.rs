//! The one table of what keys mean. Keymap, footer, help, palette, `keys.toml` and the key table of the docs are derived
//! from it. A new action is three places: its row here, its arm in `app` or in a page's `act`, and its test.

use super::place::Place;
use super::why;
use super::{Session, Target};

/// Why an action cannot be done now, in words for a toast; absent when it can.
pub type Why = fn(&Session, Option<&Target>) -> Option<String>;

/// What is known of an action.
pub struct Row {
    /// The action.
    pub action: Action,
    /// Its name in `keys.toml` and in tests: kebab-case, stable.
    pub name: &'static str,
    /// One or two words for the footer.
    pub title: &'static str,
    /// One sentence for help and palette.
    pub doc: &'static str,
    /// Its keys, as `keys.toml` writes them; empty means by palette only.
    pub keys: &'static [&'static str],
    /// Where it can be done.
    pub places: &'static [Place],
    /// Why it cannot be done now.
    pub why: Why,
}

macro_rules! actions {
    ($($variant:ident $name:literal $title:literal [$($key:literal)*] [$($place:ident)*] $why:ident $doc:literal;)*) => {
        /// What a key means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $doc] $variant,)* }

        /// All actions, in the order in which footer and help show them.
        pub static ROWS: &[Row] = &[$(Row {
            action: Action::$variant,
            name: $name,
            title: $title,
            doc: $doc,
            keys: &[$($key),*],
            places: &[$(Place::$place),*],
            why: why::$why,
        },)*];
    };
}

actions! {
    // What only one page knows comes first in its footer.
    Figures "figures" "figures" ["i"] [Compare] always "Let figures and times count as differences, or not.";
    AlikeLines "alike-lines" "all lines" ["="] [Compare] always "Show also the lines that are alike, or only those around a difference.";
    OpenRow "open-row" "open" ["enter"] [FlowList] always "Open the flow, or fold and unfold the group.";
    SortFlows "sort" "sort" ["s"] [FlowList] always "Sort by risk, by name, by the next time or by how long the last run took.";
    GroupFlows "group" "group" ["l"] [FlowList] always "Group by state, by source, by a label, or not at all.";
    CriticalPath "critical-path" "deciding step" ["c"] [Run] always "Go to the next step of the path that decides when the run ends.";
    SortQueue "sort-queue" "sort" ["t"] [Queue] always "Sort by urgency, by severity, by age or by service.";
    GroupQueue "group-queue" "group" ["l"] [Queue] always "Group by service, by severity, by whose turn it is, or not at all.";
    FoldGroup "fold-group" "fold" ["-"] [Queue] always "Fold the group under the cursor, or unfold it.";
    EndSilence "end-silence" "end silence…" ["x"] [Silences Sources] operator "End the silence under the cursor now.";
    ExtendSilence "extend-silence" "extend…" ["e"] [Silences Sources] operator "Let the silence under the cursor end at another time.";
    ApproveRequest "approve-request" "approve…" ["A"] [Approvals] always "Let run exactly what the request shows, once, as the second person.";
    DeclineRequest "decline-request" "decline…" ["X"] [Approvals] always "Say no to the request, or take your own back.";
    TickItem "tick-item" "tick" ["space" "t"] [Checklist] always "Tick the item, or take the tick back.";
    VerifyChecklist "verify-checklist" "verify" ["c"] [Checklist] always "Let the machine look again at what it can verify, and run the list's commands.";
    OpenChecklist "open-checklist" "open now" ["n"] [Checklist] always "Open the checklist now, outside its schedule.";
    // The output of an attempt.
    Follow "follow" "follow" ["f"] [Output] always "Keep the newest line in sight.";
    SearchNext "search-next" "next" ["n"] [Reader Output] always "Go to the next match.";
    SearchPrevious "search-previous" "previous" ["N"] [Reader Output] always "Go to the match before.";
    FirstError "first-error" "first error" ["e"] [Output] always "Go to the first line that looks like an error.";
    FilterOutput "filter-output" "only lines" ["&"] [Output] always "Show only lines that hold a text; an empty one shows all.";
    OlderAttempt "older-attempt" "attempt before" ["["] [Output] always "Show what the attempt before printed.";
    NewerAttempt "newer-attempt" "next attempt" ["]"] [Output] always "Show what the next attempt printed.";
    Wrap "wrap" "wrap" ["W"] [Reader Output] always "Fold long lines, or scroll them.";
    // The readings of a probe.
    LongerSpan "longer-span" "longer" ["<"] [Chart] always "Show a longer stretch of time.";
    ShorterSpan "shorter-span" "shorter" [">"] [Chart] always "Show a shorter stretch of time.";
    // What is done about things; in the order of the footer.
    Ack "ack" "ack…" ["a"] [Incidents] ack "Say that you work on the incident.";
    RunStep "run-step" "run step" ["enter"] [Runbook] procedure "Run the runbook's step under the cursor.";
    TickStep "tick-step" "tick" ["t" "space"] [Runbook] procedure_tick "Tick the runbook's step by hand, or take the tick back.";
    Rerun "rerun" "rerun…" ["r"] [Flows Incidents] rerun "Run the last run again: all of it, what failed, or from a step.";
    Run "run" "run…" ["R"] [Flows] run "Start a run of the flow now.";
    ProbeNow "probe" "probe now" ["p"] [Probes] probe "Look at the target now, outside the rhythm.";
    Open "open" "open" ["enter"] [List] something "Open what is under the cursor.";
    Note "note" "note" ["n"] [Flows Probes Incidents] something "Write a note about what is under the cursor.";
    Runbook "runbook" "runbook" ["b"] [Flows Probes Incidents] runbook "Open the runbook that fits.";
    Why "why" "why" ["w"] [Flows Probes Incidents] something "Say why it is as it is, and what it waits on.";
    Filter "filter" "filter" ["/"] [List] always "Show only rows that hold a text.";
    Output "output" "output" ["o"] [Flows Incidents Runbook] output "Show what the telling step printed.";
    Hold "hold" "hold…" ["H"] [Flows] hold "Let no new run of the flow start, or end that.";
    Kill "kill" "kill…" ["x"] [Flows] kill "End the run: TERM, grace, KILL.";
    KillStep "kill-step" "kill step…" ["x"] [Runbook] procedure_kill "End the running step of the runbook.";
    BreakGlass "break-glass" "break glass…" ["alt-b"] [Runbook] procedure "Run a step without the second person that it needs; everyone is told.";
    History "history" "history" ["h"] [Runbook] always "Who changed the runbook when, from git.";
    Resolve "resolve" "resolve…" ["d"] [Incidents] resolve "Declare the incident over, with a reason.";
    Comment "comment" "comment…" ["c"] [Incidents] incident_open "Put a line into the incident's timeline.";
    Evidence "evidence" "evidence" ["e"] [Incidents] incident "Show what was gathered about the incident; on that page, gather it now.";
    Pin "pin" "pin" ["!"] [Incidents] pin "Pin the line of the incident's timeline, or take the pin out.";
    PostMortem "post-mortem" "post-mortem" ["P"] [Incidents] incident "Write the post-mortem, drafted from the timeline.";
    Unack "unack" "take ack back" ["u"] [Incidents] unack "Take your acknowledgement back.";
    // The queue's verbs on incidents.
    Snooze "snooze" "snooze…" ["s"] [Incidents] incident_open "Put the incident off until a time, or take that back.";
    Mitigate "mitigate" "mitigate…" ["m"] [Incidents] incident_open "Say that the impact is over, or take that back.";
    Claim "claim" "claim…" ["C"] [Incidents] incident_open "Say that the incident is yours, or take that back.";
    Give "give" "hand over…" ["O"] [Incidents] incident_open "Hand the incident over to another person.";
    Silence "silence" "silence…" ["S"] [Incidents Silences Sources] operator "Tell nobody of alerts with these labels for a time.";
    Merge "merge" "merge…" ["J"] [Incidents] merge "Make the incident part of another, or all marked ones part of one.";
    Split "split" "split…" ["Y"] [Incidents] split "Make an incident of its own of one of the alerts.";
    // The operator's verbs on flows, runs and steps.
    Ice "ice" "ice…" ["I"] [Flows] ice "Leave the flow out, with what waits for it going on, or end that.";
    NoopOnce "no-op" "no-op…" ["N"] [Flows] ice "Let the next run go through the motions and execute nothing, or take that back.";
    HoldRun "hold-run" "hold run…" ["h"] [Flows] run_active "Let no further step of the run start, or end that.";
    Force "force" "force…" ["F"] [Flows] force "Start the run, or one of its steps, although it would wait.";
    Skip "skip" "skip…" ["S"] [Flows] skip "Leave a step out; what needs it goes on.";
    SetOk "set-ok" "set ok…" ["K"] [Flows] set_ok "Declare a step a success.";
    SetFailed "set-failed" "set failed…" ["X"] [Flows] set_failed "Declare a step failed, or refuse an approval.";
    Approve "approve" "approve…" ["A"] [Flows] approve "Give the word that a step waits for.";
    Prioritize "prioritize" "priority…" ["+"] [Flows] run_active "Say how much the run is preferred where slots are short.";
    CatchUp "catch-up" "catch up…" ["C"] [Flows] catch_up "Choose what becomes of missed occurrences.";
    Compare "compare" "compare" ["D"] [Output Flows] compare "Compare with the last good run.";
    // The page of who is on call.
    Override "override" "override…" ["o"] [Duty] operator "Let somebody take the rota for a while, from now on.";
    EndOverride "end-override" "end override" ["x"] [Duty] operator "End the override of the rota, or take back the next one.";
    // Timelines.
    ShowSort "show-sort" "which" ["f"] [Timeline] always "Show all facts, or only those of people, machines, alerts, notes, or pinned ones.";
    // The note editor.
    Save "save" "save" ["ctrl-s"] [Editor] always "Save the note.";
    NoteInEditor "note-in-editor" "$EDITOR" ["ctrl-o"] [Editor] always "Go on with the note in your own editor.";
    LeaveNote "leave-note" "close" ["esc"] [Editor] always "Close the note; what is not saved stays in its recovery file.";
    NotePreview "note-preview" "preview" ["alt-v" "f4"] [Editor] always "Show the note as it reads, or go on writing.";
    NoteFind "note-find" "find…" ["ctrl-r"] [Editor] always "Find a regular expression in the note.";
    NoteFindNext "note-find-next" "next" ["alt-n" "f3"] [Editor] always "Go to the next match in the note.";
    NoteFindPrevious "note-find-previous" "previous" ["alt-p"] [Editor] always "Go to the match before in the note.";
    Undo "undo" "undo" ["alt-u"] [Editor] always "Take the last change back.";
    Redo "redo" "redo" ["alt-e"] [Editor] always "Make the change again.";
    LineDown "line-down" "line down" ["down"] [Editor] always "The cursor one line down.";
    LineUp "line-up" "line up" ["up"] [Editor] always "The cursor one line up.";
    WordLeft "word-left" "word left" ["ctrl-left"] [Editor] always "The cursor one word to the left.";
    WordRight "word-right" "word right" ["ctrl-right"] [Editor] always "The cursor one word to the right.";
    // Moving.
    Down "down" "down" ["j" "down"] [List Reader] always "One line down.";
    Up "up" "up" ["k" "up"] [List Reader] always "One line up.";
    Left "left" "left" ["left"] [Reader List] always "To the left.";
    Right "right" "right" ["right"] [Reader List] always "To the right.";
    Top "top" "top" ["g" "home"] [List Reader] always "To the first line.";
    Bottom "bottom" "bottom" ["G" "end"] [List Reader] always "To the last line.";
    HalfDown "half-page-down" "half down" ["ctrl-d"] [List Reader Editor] always "Half a page down.";
    HalfUp "half-page-up" "half up" ["ctrl-u"] [List Reader Editor] always "Half a page up.";
    PageDown "page-down" "page down" ["pagedown" "ctrl-f"] [List Reader Editor Dialog] always "A page down.";
    PageUp "page-up" "page up" ["pageup" "ctrl-b"] [List Reader Editor Dialog] always "A page up.";
    Mark "mark" "mark" ["space"] [List] something "Mark the row; actions then go to all marked rows.";
    Range "range" "range" ["v"] [List] something "Mark all rows from here to where the cursor goes.";
    MarkAll "mark-all" "mark all" ["ctrl-a"] [List] always "Mark all rows that are shown, or none.";
    Search "search" "search" ["/"] [Reader Output] always "Look for a text.";
    Copy "copy" "copy" ["y"] [List Reader Output] copy "Copy what is selected, through the terminal (OSC 52).";
    // The console itself.
    NextPane "next-pane" "next pane" ["tab"] [Global] always "To the next pane.";
    PreviousPane "previous-pane" "previous pane" ["backtab"] [Global] always "To the pane before.";
    Pane1 "pane-1" "pane 1" ["1"] [Global] always "To pane 1.";
    Pane2 "pane-2" "pane 2" ["2"] [Global] always "To pane 2.";
    Pane3 "pane-3" "pane 3" ["3"] [Global] always "To pane 3.";
    Pane4 "pane-4" "pane 4" ["4"] [Global] always "To pane 4.";
    Pane5 "pane-5" "pane 5" ["5"] [Global] always "To pane 5.";
    Pane6 "pane-6" "pane 6" ["6"] [Global] always "To pane 6.";
    Pane7 "pane-7" "pane 7" ["7"] [Global] always "To pane 7.";
    Pane8 "pane-8" "pane 8" ["8"] [Global] always "To pane 8.";
    Pane9 "pane-9" "pane 9" ["9"] [Global] always "To pane 9.";
    Zoom "zoom" "zoom" ["z"] [Global] always "Give the pane the whole screen, or take it back.";
    FlowsPage "flows" "flows" ["V"] [Global] always "All flows with their times, sorted, grouped and filtered by state.";
    QueuePage "queue" "queue" ["Q"] [Global] always "The queue: all incidents, sorted, grouped and filtered.";
    SilencesPage "silences" "silences" ["alt-q"] [Global] always "Silences and maintenance windows: what is not told, and until when.";
    StillOnIt "still-on-it" "still on it" ["alt-a"] [Global] asked "Answer yes: you still work on what you acknowledged.";
    Timeline "timeline" "timeline" ["T"] [Global] always "Everything that happened, on one strip.";
    Strip "strip" "strip" ["alt-t"] [Global] always "What happened around the incident's first failure, side by side.";
    Jot "jot" "jot…" [";"] [Global] operator "Put a line into the timeline of the incident that you are at.";
    BatchDay "batch-day" "batch day" ["B"] [Global] always "What was planned for the day against what came of it.";
    Holds "holds" "holds" ["L"] [Global] always "Everything that is held, iced or waits for a person.";
    Misses "misses" "misses" ["alt-m"] [Global] always "What the last outages missed, and what became of it.";
    Sources "sources" "sources" ["alt-s"] [Global] always "Neighbours: how they answer, and the silences that stand there.";
    OnCall "on-call" "on call" ["alt-o"] [Global] always "Who is on call until when, and who is told next.";
    Bell "bell" "bell on or off" [] [Global] always "Ring and notify in this terminal when you are told, or not.";
    ApprovalsPage "approvals" "second words" ["alt-w"] [Global] always "What waits for a second person, and exactly what it runs.";
    ChecklistsPage "checklists" "checklists" ["alt-c"] [Global] always "What is gone through before the day, before a release, at its end.";
    DismissMisses "dismiss-misses" "put misses away" ["alt-d"] [Global] operator "Put the list of what outages missed away.";
    FiguresPage "figures-page" "figures" ["alt-f"] [Global] always "Times to detect, acknowledge, mitigate and resolve; load, noise, error budgets.";
    Handover "handover" "handover" ["alt-h"] [Global] always "What this shift tells the next: open, held, deadlines, action items.";
    Knowledge "knowledge" "knowledge" ["alt-k"] [Global] always "Search notes, post-mortems, handovers, runbooks and past incidents.";
    Review "review" "review" ["alt-r"] [Incidents] incident "What the ended incident says should change, and past ones like it.";
    Editor "editor" "$EDITOR" ["E"] [Flows Probes Runbook] file "Open the file that defines it in your own editor.";
    Announce "announce" "mark timeline…" ["M"] [Global] operator "Put a line on everyone's timeline, such as a deployment.";
    Reload "reload" "reload" [] [Global] operator "Read the workspace's files again.";
    RestartDaemon "restart-daemon" "restart daemon…" [] [Global] restart "End the daemon and start this version of it; batches run on.";
    NextTheme "next-theme" "next theme" [] [Global] always "Show the next theme.";
    Redraw "redraw" "redraw" ["ctrl-l"] [Global Editor Dialog Chooser] always "Draw the whole screen anew.";
    Palette "command" "command" [":"] [Global] always "Find any action by its name.";
    Help "help" "help" ["?"] [Global] always "Show all keys of this place; the chosen one is done.";
    Back "back" "back" ["esc"] [Global] always "Back to where you came from.";
    Suspend "suspend" "suspend" ["ctrl-z"] [Global Editor Dialog Chooser] always "Stop the console like any program; `fg` brings it back.";
    Quit "quit" "quit" ["q" "ctrl-c"] [Global] always "Leave the console; everything else goes on.";
    // Dialogs and text that is typed.
    Confirm "confirm" "do it" ["enter"] [Dialog Chooser] always "Do what the dialog says.";
    Cancel "cancel" "cancel" ["esc" "ctrl-c"] [Dialog Chooser] always "Close the dialog; nothing was done.";
    NextField "next-field" "next field" ["tab" "down"] [Dialog] always "To the next field.";
    PreviousField "previous-field" "field before" ["backtab" "up"] [Dialog] always "To the field before.";
    NextChoice "next-choice" "other choice" ["right"] [Dialog] always "The next choice of the field.";
    PreviousChoice "previous-choice" "choice before" ["left"] [Dialog] always "The choice before.";
    ChooserDown "chooser-down" "down" ["down" "ctrl-n" "tab"] [Chooser] always "One line down.";
    ChooserUp "chooser-up" "up" ["up" "ctrl-p" "backtab"] [Chooser] always "One line up.";
    DeleteLeft "delete-left" "delete" ["backspace"] [Input] always "Delete the character before the cursor.";
    DeleteRight "delete-right" "delete next" ["delete"] [Input] always "Delete the character under the cursor.";
    CursorLeft "cursor-left" "left" ["left"] [Input] always "The cursor to the left.";
    CursorRight "cursor-right" "right" ["right"] [Input] always "The cursor to the right.";
    CursorStart "cursor-start" "start" ["home"] [Input] always "The cursor to the start.";
    CursorEnd "cursor-end" "end" ["end"] [Input] always "The cursor to the end.";
}

impl Action {
    /// What is known of it.
    pub fn row(self) -> &'static Row {
        // The table is made from the same lines as the enum, in the same order.
        &ROWS[self as usize]
    }

    /// The action of this name.
    pub fn named(name: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.name == name).map(|row| row.action)
    }

    /// The number of a pane key.
    pub fn pane(self) -> Option<usize> {
        (Self::Pane1..=Self::Pane9).contains(&self).then(|| self as usize - Self::Pane1 as usize)
    }

    /// Whether hands know it, so that a row of hints need not name it.
    pub fn is_habit(self) -> bool {
        (Self::Down..=Self::PageUp).contains(&self)
            || (Self::NextPane..=Self::Pane9).contains(&self)
            || (Self::LineDown..=Self::WordRight).contains(&self)
            || (Self::DeleteLeft..=Self::CursorEnd).contains(&self)
            || matches!(self, Self::Redraw | Self::Suspend | Self::Range | Self::MarkAll)
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.row().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_unique_and_leads_back() {
        for row in ROWS {
            assert_eq!(Action::named(row.name), Some(row.action));
            assert_eq!(row.action.row().name, row.name);
            assert!(!row.places.is_empty() && row.doc.ends_with('.'), "{}", row.name);
        }
    }
}
