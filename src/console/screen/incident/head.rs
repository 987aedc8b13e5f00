//! What an incident is, who works on it, and what lies over it.

use crate::console::theme::Role;
use crate::console::view::incidents;
use crate::console::widget::line::Line;
use crate::console::{Action, Session, Target};
use crate::domain::Subject;
use crate::notes::wording::between;
use crate::world::{Incident, OverlayKind};

/// The lines of the head: what it is and how long, who works on it, what lies over it, its runbook and its alerts.
pub(super) fn lines(session: &Session, incident: &Incident) -> Vec<Line> {
    let muted = |text: String| (Role::Muted, std::borrow::Cow::Owned(text));
    let mut first = Line::of(incidents::role(incident.severity), incident.severity.word()).with(Role::Text, "  ");
    first.push(Role::Name, incident.title.clone());
    let mut second = Line::of(Role::Text, incident.stage.word());
    second.parts.push(muted(format!("  opened {}, {} ago", session.time(incident.opened_at), session.age(incident.opened_at))));
    if incident.opened_at.duration_since(incident.first_sign_at).as_secs() > 0 {
        let before = between(incident.first_sign_at, incident.opened_at);
        second.parts.push(muted(format!("  first sign {} ({before} before)", session.time(incident.first_sign_at))));
    }
    let mut third = match (&incident.acknowledged, &incident.resolved) {
        (_, Some(end)) => Line::of(Role::Good, format!("over {} by {}: {}", session.time(end.at), end.by, end.reason)),
        (Some(ack), None) => {
            let note = ack.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            Line::of(Role::Good, format!("{} works on it since {}{note}", ack.by, session.time(ack.at)))
        }
        (None, None) => Line::of(Role::Warning, "nobody works on it"),
    };
    if let Some(owner) = incident.owner.as_ref().filter(|_| incident.is_open()) {
        let given = if owner.by == owner.name { String::new() } else { format!(", given by {}", owner.by) };
        third.push(Role::Name, format!("   {} has it since {}{given}", owner.name, session.time(owner.since)));
    }
    if session.is_pending(&Target::Incident(incident.id)) {
        third.push(Role::Waiting, format!("  {} asked", session.glyphs.pending));
    }
    let group: Vec<_> = incident.group.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut lines = vec![first, second, third];
    lines.extend(overlays(session, incident));
    if !group.is_empty() {
        lines.push(Line::of(Role::Muted, group.join("  ")));
    }
    if let Some((runbook, why)) = crate::console::view::runbook::matching(&session.world, &Subject::Incident(incident.id)) {
        lines.push(Line::of(Role::Muted, "runbook ").with(Role::Name, runbook.to_string()).with(Role::Muted, format!("  {why}")));
    }
    for alert in incident.alerts.values() {
        let (symbol, role) = match alert.resolved_at {
            None => (session.glyphs.bad, Role::Bad),
            Some(_) => (session.glyphs.good, Role::Good),
        };
        let muted = session.world.muting(&alert.notice.labels, session.now).filter(|_| alert.resolved_at.is_none());
        let muted = muted.map(|muting| format!("  not told until {}", session.time(muting.until))).unwrap_or_default();
        let over = alert.resolved_at.map_or(muted, |at| format!("  over {}", session.time(at)));
        lines.push(
            Line::of(role, symbol)
                .with(Role::Text, format!(" {}", alert.notice.summary))
                .with(Role::Muted, format!("  {} since {}{over}", alert.source, session.time(alert.since))),
        );
    }
    lines.extend(incident.apart().map(|words| Line::of(Role::Muted, words)));
    lines
}

/// What lies over it: who, why, until when; what runs out; what it became part of.
fn overlays(session: &Session, incident: &Incident) -> Vec<Line> {
    let world = &session.world;
    let mut lines = Vec::new();
    if let Some(until) = incident.acknowledged.as_ref().filter(|_| incident.is_asked()).and_then(|ack| ack.asked_until) {
        let key = session.options.keymap.key(Action::Ack).unwrap_or_default();
        let words = format!("still on it? {key} = yes; without a word it comes back to the queue at {}", session.time(until));
        lines.push(Line::of(Role::Warning, words));
    }
    for overlay in world.overlays(incident, session.now).into_iter().filter(|overlay| overlay.kind != OverlayKind::Acknowledged) {
        let until = overlay.until.map(|until| format!(" until {}", session.time(until))).unwrap_or_default();
        let reason = overlay.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let since = session.time(overlay.since);
        lines.push(Line::of(Role::Waiting, format!("{}{until}{reason}", overlay.words())).with(Role::Muted, format!("  since {since}")));
    }
    if let Some(out) = world.runs_out(incident).filter(|_| incident.is_open()) {
        let left = if out.at > session.now { format!(", in {}", session.until(out.at)) } else { String::new() };
        lines.push(Line::of(Role::Warning, format!("{} runs out at {}{left}", out.what, session.time(out.at))));
    }
    if let Some(from) = incident.split_from {
        lines.push(Line::of(Role::Muted, format!("split from incident {from}")));
    }
    lines
}
