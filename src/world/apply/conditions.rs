//! Facts about what runs wait for: other flows, files.

use crate::domain::condition::{Condition, FileFact, MetBy, Sight};
use crate::domain::run::RunCause;
use crate::domain::{Few, FlowId, Outcome, Phase, RunId};
use crate::world::flow::{DateEnd, Flow};
use crate::world::{DATES_KEPT, Feed, World};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl World {
    /// Notes which flows a flow comes after, and which its runs wait for.
    pub(in crate::world) fn index(&mut self, flow: &Flow) {
        let id = &flow.definition.id;
        if !flow.removed {
            for after in &flow.definition.conditions.after {
                self.followers.entry(after.flow.clone()).or_default().insert(id.clone());
            }
        }
        for run in flow.stirring() {
            for condition in &run.unmet {
                if let Condition::After(before) = condition {
                    self.awaited.entry(before.clone()).or_default().insert(run.id.clone());
                }
            }
        }
    }

    pub(super) fn forget_followers(&mut self, id: &FlowId) {
        let before = self.flow(id).map(|flow| flow.definition.conditions.after.clone()).unwrap_or_default();
        for after in before {
            drop_from(&mut self.followers, &after.flow, id);
        }
    }

    /// What a new run waits for. A run that a person asked for waits for nothing: they look after that themselves.
    pub(super) fn begin_conditions(&mut self, id: &RunId) {
        let Some(flow) = self.flow(&id.flow) else { return };
        let Some(run) = flow.run(id) else { return };
        let Some(definition) = flow.definition_of(run) else { return };
        let cause = run.cause.clone();
        let after = definition.conditions.after.iter().map(|after| Condition::After(after.flow.clone()));
        let files = definition.conditions.files.iter().map(|file| Condition::File(file.path.clone()));
        let unmet: Vec<Condition> = match &cause {
            RunCause::Schedule(_) => after.chain(files).collect(),
            RunCause::After { .. } => files.collect(),
            _ => return self.take_delivery(id, &cause),
        };
        let (is_after, date) = (matches!(cause, RunCause::After { .. }), run.date);
        for condition in &unmet {
            if let Condition::After(before) = condition {
                self.awaited.entry(before.clone()).or_default().insert(id.clone());
            }
        }
        self.change_flow(&id.flow, |flow| {
            if is_after {
                flow.made_after.insert(date, id.clone());
                while flow.made_after.len() > DATES_KEPT {
                    forget_first(&mut flow.made_after);
                }
            }
            let Some(place) = flow.position(id) else { return };
            if let Some(run) = flow.runs.get_mut(place).map(Arc::make_mut) {
                run.unmet = unmet;
            }
            flow.note(place);
        });
    }

    /// A run that a file started has taken its delivery.
    fn take_delivery(&mut self, id: &RunId, cause: &RunCause) {
        let RunCause::File { path, file } = cause else { return };
        self.change_run(id, |run, _| run.files = vec![file.clone()]);
        self.change_feed(&id.flow, |feed| feed.pending.retain(|(of, other)| of != path || other != file));
    }

    pub(super) fn condition_met(&mut self, id: &RunId, condition: &Condition, by: &MetBy) {
        if let Condition::After(before) = condition {
            drop_from(&mut self.awaited, before, id);
        }
        if let (Condition::File(path), MetBy::Files(files)) = (condition, by) {
            // The oldest that counted were taken first: what is older still is too old for any later run.
            let oldest = files.iter().map(|file| file.modified_at).min();
            self.change_feed(&id.flow, |feed| {
                feed.pending
                    .retain(|(of, file)| of != path || (!files.contains(file) && oldest.is_none_or(|oldest| file.modified_at >= oldest)));
            });
        }
        self.change_run(id, |run, _| {
            run.unmet.retain(|other| other != condition);
            if let MetBy::Files(files) = by {
                run.files.extend(files.iter().cloned());
            }
        });
        self.queue_ready(id);
    }

    /// A run has ended: it waits for nothing any more, and its date has an end.
    pub(super) fn end_conditions(&mut self, id: &RunId, outcome: &Outcome, at: Timestamp) {
        let Some(run) = self.run(id).filter(|run| run.phase != Phase::Done) else { return };
        let (unmet, date) = (run.unmet.clone(), run.date);
        let good = outcome.lets_go_on() && run.is_whole();
        for condition in &unmet {
            if let Condition::After(before) = condition {
                drop_from(&mut self.awaited, before, id);
            }
        }
        self.change_flow(&id.flow, |flow| {
            let last = (id.clone(), at);
            let mut ended = flow.dates.get(&date).cloned().unwrap_or_else(|| DateEnd { good: None, last: last.clone(), last_good: good });
            ended.last_good = good;
            if good {
                ended.good = Some(last.clone());
            }
            ended.last = last;
            flow.dates.insert(date, ended);
            while flow.dates.len() > DATES_KEPT {
                forget_first(&mut flow.dates);
            }
        });
    }

    pub(super) fn file_delivered(&mut self, flow: &FlowId, path: &str, file: &FileFact, at: Timestamp) {
        self.change_feed(flow, |feed| {
            feed.remember(file);
            feed.pending.push_back((path.to_owned(), file.clone()));
            feed.last = Some((file.clone(), at));
            feed.sights.insert(path.to_owned(), Sight { words: format!("{} has come", file.file), at });
        });
    }

    pub(super) fn file_duplicate(&mut self, flow: &FlowId, path: &str, file: &FileFact, of: &str, at: Timestamp) {
        self.change_feed(flow, |feed| {
            feed.remember(file);
            let words = format!("{} has the content that {of} had: a duplicate, no delivery", file.file);
            feed.sights.insert(path.to_owned(), Sight { words, at });
        });
    }

    pub(super) fn file_sighted(&mut self, flow: &FlowId, path: &str, words: &str, at: Timestamp) {
        self.change_feed(flow, |feed| drop(feed.sights.insert(path.to_owned(), Sight { words: words.to_owned(), at })));
    }

    fn change_feed(&mut self, flow: &FlowId, change: impl FnOnce(&mut Feed)) {
        if self.flows.contains_key(flow) {
            change(Arc::make_mut(self.feeds.entry(flow.clone()).or_default()));
        }
    }
}

fn drop_from<T: Ord>(index: &mut BTreeMap<FlowId, BTreeSet<T>>, flow: &FlowId, value: &T) {
    if let Some(values) = index.get_mut(flow) {
        values.remove(value);
        if values.is_empty() {
            index.remove(flow);
        }
    }
}

/// Forgets the oldest date.
fn forget_first<V: Clone>(dates: &mut Few<Date, V>) {
    let first = dates.keys().next().copied();
    if let Some(first) = first {
        dates.remove(&first);
    }
}
