//! What sending an alert in, ending one, or silencing at a neighbour would touch.

use crate::domain::sent::SilenceOrder;
use crate::domain::{Event, SourceId};
use crate::rules::moment::moment;
use crate::rules::{Asked, matching, triage};
use crate::world::{World, group_key};

/// The part of the preview about alerts from outside.
pub(in crate::rules) fn touches(world: &World, event: &Event, asked: &Asked) -> Vec<String> {
    match event {
        Event::AlertFiring { alert, notice, .. } => {
            let mut lines = vec![format!("alert {alert} fires ({}): {}", notice.severity, notice.summary)];
            lines.extend(notice.labels.iter().map(|(name, value)| format!("with {name}={value}")));
            let known = world
                .alerts
                .get(alert)
                .and_then(|alert| alert.incident)
                .filter(|id| world.incident(*id).is_some_and(crate::world::Incident::is_open));
            let group = group_key(&triage::group_of(world, notice));
            lines.push(match known.or_else(|| world.open_groups.get(&group).copied()) {
                Some(incident) => format!("it belongs to incident {incident}"),
                None => "it opens an incident".into(),
            });
            lines
        }
        Event::AlertExpires { at, .. } => vec![format!("it ends by itself at {}, unless it is sent again", moment(world, *at))],
        Event::AlertResolved { alert, .. } => {
            let summary = world.alerts.get(alert).map(|alert| alert.notice.summary.clone()).unwrap_or_default();
            vec![format!("alert {alert} is over: {summary}")]
        }
        Event::SourceSilenceAsked { source, order } if order.id.is_none() => of_silence(world, source, order, asked),
        Event::SourceSilenceProlonging { source, ends, .. } => {
            vec![format!("asks {source} to let the silence last until {}", moment(world, *ends))]
        }
        Event::SourceSilenceEnding { source, marker, .. } => {
            let row = world.silencing(source, marker);
            let alert =
                row.and_then(|row| row.order.incident).map(|incident| format!("it carries the acknowledgement of incident {incident}"));
            [format!("asks {source} to end the silence")].into_iter().chain(alert).collect()
        }
        _ => Vec::new(),
    }
}

fn of_silence(world: &World, source: &SourceId, order: &SilenceOrder, asked: &Asked) -> Vec<String> {
    let matchers: Vec<_> = order.matchers.iter().map(ToString::to_string).collect();
    let mut lines = vec![format!("asks {source} for a silence on {} until {}", matchers.join(", "), moment(world, order.ends))];
    lines.extend(matching::preview(world, source, &order.matchers, asked.now));
    lines
}
