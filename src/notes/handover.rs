//! What one shift tells the next → Markdown in `notes/handovers/`, in blocks that are renewed around what a person wrote.

use super::actions::ActionItem;
use super::front::Front;
use super::redraft::block;
use super::wording::{between, escape};
use crate::domain::note::NoteKind;
use crate::domain::{PersonId, Subject};
use crate::rules::handover::{Handover, handover};
use crate::world::World;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::fmt::Write; // writing into a text cannot fail

/// A handover with what files say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandedOver {
    /// What the world says.
    #[serde(flatten)]
    pub world: Handover,
    /// Action items that are not done, the most urgent first.
    pub actions: Vec<ActionItem>,
}

/// What the shift that ends tells the next, with the action items that were read from files.
pub fn handed_over(world: &World, now: Timestamp, actions: &[ActionItem]) -> HandedOver {
    HandedOver { world: handover(world, now), actions: actions.to_vec() }
}

/// The title of a shift's handover.
pub fn title(shift_from: Timestamp, zone: &TimeZone) -> String {
    let local = shift_from.to_zoned(zone.clone());
    let shift = if (6..14).contains(&local.hour()) { "day" } else { "night" };
    format!("Handover after the {shift} shift of {}", local.date())
}

/// Drafts the whole handover. Times are those of the zone.
pub fn draft(handed: &HandedOver, zone: &TimeZone, author: &str) -> String {
    let world = &handed.world;
    let title = title(world.shift_from, zone);
    // Its id is the shift's, so that it is found again until the next one begins; it was made when it was drafted.
    let front = Front::new(NoteKind::Handover, &Subject::Workspace, &title, world.shift_from, author);
    let mut text = Front { created: world.at, ..front }.render();
    let _ = write!(text, "\n# {title}\n\n");
    let zone_name = zone.iana_name().unwrap_or("UTC");
    let head = format!("As of {} ({zone_name}).\n", local(world.at, zone));
    let parts = [
        ("as-of", "", head),
        ("open", "## Open, and whose", open(handed, zone)),
        ("ended", "## Over since the shift began", ended(handed, zone)),
        ("held", "## Held, iced, waited for", held(handed, zone)),
        ("deadlines", "## Deadlines of the next 12 hours", deadlines(handed, zone)),
        ("expires", "## Ends by itself within 12 hours", expiring(handed, zone)),
        ("unticked", "## Checklists: not ticked", unticked(handed, zone)),
        ("on-call", "## On call", on_call(handed, zone)),
        ("actions", "## Action items that are not done", actions(handed, zone)),
    ];
    for (name, heading, body) in parts {
        if !heading.is_empty() {
            let _ = write!(text, "{heading}\n\n");
        }
        text.push_str(&block(name, &body));
        text.push('\n');
    }
    text.push_str("## What else to know\n\n*What would you want to be told?*\n");
    text
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M").to_string()
}

/// The lines as a list, or a sentence where there is none.
fn list(lines: impl IntoIterator<Item = String>, none: &str) -> String {
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(text, "- {}", escape(&super::telling::one_line(&line)));
    }
    if text.is_empty() { format!("{none}\n") } else { text }
}

fn open(handed: &HandedOver, zone: &TimeZone) -> String {
    let world = &handed.world;
    let mut lines: Vec<String> = world
        .open
        .iter()
        .map(|incident| {
            let age = between(incident.opened_at, world.at);
            let owner = match (&incident.owner, incident.acknowledged_at) {
                (Some(owner), Some(at)) => format!("{owner} works on it since {}", local(at, zone)),
                (Some(owner), None) => owner.clone(),
                (None, _) => "nobody works on it".to_owned(),
            };
            let firing = match incident.firing {
                0 => "nothing fires any more".to_owned(),
                1 => "still fires".to_owned(),
                many => format!("{many} alerts still fire"),
            };
            let remarks = std::iter::once(String::new()).chain(incident.remarks.iter().cloned()).collect::<Vec<_>>().join("; ");
            format!("{} {} {}: {owner}; open for {age}, {firing}{remarks}", incident.id, incident.severity, incident.title)
        })
        .collect();
    if world.open_more > 0 {
        lines.push(format!("{} more, less urgent", world.open_more));
    }
    list(lines, "Nothing is open.")
}

fn ended(handed: &HandedOver, zone: &TimeZone) -> String {
    let world = &handed.world;
    let row = |incident: &crate::rules::handover::EndedIncident| {
        format!("{} {} {}: {} ({})", incident.id, incident.severity, incident.title, incident.reason, local(incident.resolved_at, zone))
    };
    let mut lines: Vec<String> = world.ended.iter().map(row).collect();
    if world.ended_more > 0 {
        lines.push(format!("{} more", world.ended_more));
    }
    list(lines, "Nothing ended.")
}

fn held(handed: &HandedOver, zone: &TimeZone) -> String {
    let lines = handed.world.held.iter().map(|held| {
        let owner = held.owner.as_ref().map(|owner| format!(" by {owner}")).unwrap_or_default();
        let until = held.until.map(|until| format!(", until {}", local(until, zone))).unwrap_or_default();
        format!("{} of {}{owner}{until}: {}", held.kind.word(), held.object(), held.reason)
    });
    list(lines, "Nothing is held, iced or waited for.")
}

fn deadlines(handed: &HandedOver, zone: &TimeZone) -> String {
    let lines =
        handed.world.deadlines.iter().map(|deadline| format!("{}: {} must {}", local(deadline.at, zone), deadline.flow, deadline.what));
    list(lines, "No flow has a deadline by then.")
}

fn expiring(handed: &HandedOver, zone: &TimeZone) -> String {
    list(handed.world.expiring.iter().map(|row| format!("{}: {}", local(row.at, zone), row.what)), "Nothing ends by itself.")
}

fn unticked(handed: &HandedOver, zone: &TimeZone) -> String {
    let lines = handed.world.unticked.iter().map(|row| match &row.left {
        Some(reason) => format!("{}: {} (left: {reason})", row.checklist, row.item),
        None => format!("{}: {} (due {})", row.checklist, row.item, local(row.due, zone)),
    });
    list(lines, "Nothing is left to tick.")
}

fn on_call(handed: &HandedOver, zone: &TimeZone) -> String {
    let name = |person: &Option<PersonId>| person.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    let lines = handed.world.on_call.iter().map(|row| {
        let then = row.until.map(|until| format!(" until {}, then {}", local(until, zone), name(&row.next))).unwrap_or_default();
        let why = if row.why.is_empty() { String::new() } else { format!(" ({})", row.why) };
        format!("{}: {}{why}{then}", row.rota, name(&row.person))
    });
    list(lines, "Nobody takes turns here.")
}

fn actions(handed: &HandedOver, zone: &TimeZone) -> String {
    let today = handed.world.at.to_zoned(zone.clone()).date();
    let lines = handed.actions.iter().map(|item| {
        let owner = item.owner.as_deref().unwrap_or("nobody");
        let due = match item.due {
            Some(due) if item.is_overdue(today) => format!(", overdue since {due}"),
            Some(due) => format!(", due {due}"),
            None => String::new(),
        };
        let incident = item.incident.map(|incident| format!(", incident {incident}")).unwrap_or_default();
        format!("{} ({owner}{due}{incident})", item.text)
    });
    list(lines, "None.")
}
