//! Alerts that are sent in: what is taken, which alert it is, what a repeat means, and the end that comes by itself.

use super::{Asked, Decision, names};
use crate::domain::incident::AlertNotice;
use crate::domain::sent::{ALERT_TEXT_MAX, ALERTS_MAX, LABEL_NAME_MAX, LABEL_VALUE_MAX, LABELS_MAX};
use crate::domain::{AlertCause, Command, Effect, Event, Fingerprint, IncidentId, Labels, Refusal, RefusalKind, SentAlert, SourceId};
use crate::world::{Alert, World};
use jiff::{SignedDuration, Timestamp};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The label that every alert has.
pub(super) const ALERT_NAME: &str = "alertname";
/// The label that says which environment an alert comes from.
pub(super) const SOURCE: &str = "source";
/// How long an alert may last after it was sent last.
const LASTS: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_hours(30 * 24);
/// New words of an alert that is sent again are recorded this often.
pub(super) const WORDS_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// A later end is recorded when it is later by this much, or by a quarter of how long the alert lasts.
const LATER_END: Duration = Duration::from_mins(1);

/// The alert that a source means by these labels. It is Alertmanager's fingerprint, unless an alert of another source
/// has that already: two environments may name their alerts alike.
pub(super) fn identity(world: &World, source: &SourceId, labels: &Labels) -> Fingerprint {
    let plain = Fingerprint::of(labels);
    let is_own = |alert: &Alert| alert.source == *source && is_outside(alert);
    match world.alerts.get(&plain) {
        Some(alert) if is_own(alert) => plain,
        other => {
            let apart = of_environment(source, labels);
            if other.is_some() || world.alerts.get(&apart).is_some_and(|alert| is_own(alert)) { apart } else { plain }
        }
    }
}

/// The identity of an alert whose labels another environment has used already.
pub(super) fn of_environment(source: &SourceId, labels: &Labels) -> Fingerprint {
    let mut apart = labels.clone();
    apart.insert("dogwatch_source".to_owned(), source.to_string());
    Fingerprint::of(&apart)
}

/// Whether an alert came from outside; dogwatch's own are nobody else's to end.
pub(super) fn is_outside(alert: &Alert) -> bool {
    matches!(alert.notice.cause, AlertCause::Outside { .. })
}

/// The labels with the environment's name.
pub(super) fn with_source(source: &SourceId, labels: &Labels) -> Labels {
    let mut labels = labels.clone();
    if !labels.contains_key(SOURCE) {
        labels.insert(SOURCE.to_owned(), source.to_string());
    }
    labels
}

/// The fact that an alert fires, where that is news: it is new, worse, or has other words after a while.
pub(super) fn news(
    world: &World,
    alert: Fingerprint,
    source: &SourceId,
    notice: AlertNotice,
    every: SignedDuration,
    now: Timestamp,
) -> Option<Event> {
    let is_news = world.alerts.get(&alert).is_none_or(|known| {
        let rested = known.told_at.is_none_or(|told| now.duration_since(told) >= every);
        notice.severity > known.notice.severity || (rested && known.notice != notice)
    });
    is_news.then(|| Event::AlertFiring { alert, source: source.clone(), notice })
}

/// An alert is sent in.
pub(super) fn send(world: &World, sent: &SentAlert, asked: &Asked) -> Result<Decision, Refusal> {
    check(sent)?;
    let source = source(world, sent.source.as_ref())?;
    let alert = identity(world, &source, &sent.labels);
    let known = world.alerts.get(&alert);
    if known.is_none() && world.alerts.len() >= ALERTS_MAX {
        let reason = format!("{ALERTS_MAX} alerts fire already");
        return Err(Refusal::new(RefusalKind::State, reason).hint("end some, or find out who sends so many: dogwatch incidents"));
    }
    let cause = AlertCause::Outside { link: sent.link.clone() };
    let notice = AlertNotice { labels: with_source(&source, &sent.labels), severity: sent.severity, summary: sent.summary.clone(), cause };
    let fires = news(world, alert, &source, notice, WORDS_EVERY, asked.now);
    let repeat = (known.is_some() && fires.is_none()).then_some(Effect::CountRepeat(alert));
    let ends = sent.lasts.and_then(|lasts| expiry(known.and_then(|known| known.until), alert, lasts, asked.now));
    Ok(Decision { events: fires.into_iter().chain(ends).collect(), effects: repeat.into_iter().collect() })
}

/// A later end, where it is later by enough to be recorded.
fn expiry(known: Option<Timestamp>, alert: Fingerprint, lasts: Duration, now: Timestamp) -> Option<Event> {
    let at = now.checked_add(SignedDuration::try_from(lasts).ok()?).ok()?;
    let enough = SignedDuration::try_from((lasts / 4).min(LATER_END)).unwrap_or(SignedDuration::ZERO);
    known.is_none_or(|known| at.duration_since(known) >= enough || at < known).then_some(Event::AlertExpires { alert, at })
}

/// An alert that was sent in is over. One that does not fire is over already.
pub(super) fn end(world: &World, labels: &Labels, reason: Option<&str>, named: Option<&SourceId>) -> Result<Decision, Refusal> {
    names::optional_text("the reason", reason)?;
    let source = source(world, named)?;
    let alert = identity(world, &source, labels);
    let fires = world.alerts.get(&alert).filter(|known| is_outside(known) && known.source == source);
    let reason = reason.filter(|reason| !reason.trim().is_empty()).unwrap_or("whoever sent it says that it is over");
    Ok(fires.map(|_| Event::AlertResolved { alert, reason: reason.to_owned() }).into())
}

/// The incident of the alert that a command sends in or ends, as the world has it now.
pub fn incident_of(world: &World, command: &Command) -> Option<IncidentId> {
    let (labels, named) = match command {
        Command::SendAlert { alert } => (&alert.labels, alert.source.as_ref()),
        Command::EndAlert { labels, source, .. } => (labels, source.as_ref()),
        _ => return None,
    };
    let source = source(world, named).ok()?;
    world.alerts.get(&identity(world, &source, labels)).filter(|alert| is_outside(alert))?.incident
}

/// Who alerts are said to come from: dogwatch itself, or a neighbour that is configured.
fn source(world: &World, named: Option<&SourceId>) -> Result<SourceId, Refusal> {
    match named {
        None => Ok(SourceId::local()),
        Some(id) if id.is_local() || world.sources.contains_key(id) => Ok(id.clone()),
        Some(id) => Err(names::unknown("neighbour", id.as_str(), world.sources.keys().map(SourceId::as_str))),
    }
}

fn check(sent: &SentAlert) -> Result<(), Refusal> {
    check_labels(&sent.labels).map_err(names::invalid)?;
    names::text("the summary", &sent.summary)?;
    let link = sent.link.as_deref().unwrap_or_default();
    for (what, text) in [("summary", sent.summary.as_str()), ("link", link)] {
        if text.len() > ALERT_TEXT_MAX {
            return Err(names::invalid(format!("the {what} has {} bytes, at most {ALERT_TEXT_MAX} are taken", text.len())));
        }
    }
    match sent.lasts {
        Some(lasts) if !LASTS.contains(&lasts) => {
            Err(names::invalid("an alert lasts between 5 seconds and 30 days after it was sent last"))
        }
        _ => Ok(()),
    }
}

/// What is wrong with the labels of an alert.
pub fn check_labels(labels: &Labels) -> Result<(), String> {
    if labels.get(ALERT_NAME).is_none_or(|name| name.trim().is_empty()) {
        return Err("an alert needs a name, in the label `alertname`".into());
    }
    if labels.len() > LABELS_MAX {
        return Err(format!("{} labels, at most {LABELS_MAX} are taken", labels.len()));
    }
    for (name, value) in labels {
        if name.is_empty() || name.len() > LABEL_NAME_MAX || name.chars().any(char::is_control) {
            return Err(format!("the name of a label has 1 to {LABEL_NAME_MAX} bytes and no control characters"));
        }
        if value.len() > LABEL_VALUE_MAX {
            return Err(format!("the label `{name}` has {} bytes, at most {LABEL_VALUE_MAX} are taken", value.len()));
        }
    }
    Ok(())
}

/// When an alert ends by itself.
pub(super) fn next_due(world: &World, alert: Fingerprint) -> Option<Timestamp> {
    world.alerts.get(&alert)?.until
}

/// The end that has come by itself.
pub(super) fn due(world: &World, alert: Fingerprint, now: Timestamp) -> Option<Event> {
    let known = world.alerts.get(&alert)?;
    let over = known.until.is_some_and(|until| until <= now);
    over.then(|| Event::AlertResolved { alert, reason: "it was not sent again in time".into() })
}
