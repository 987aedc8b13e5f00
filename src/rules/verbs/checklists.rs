//! Commands on checklists: open one, tick an item, let the machine look again.

use crate::domain::checklist::Check;
use crate::domain::{AttemptId, ChecklistId, Event, Job, Refusal, RefusalKind, StepName, Subject};
use crate::rules::{Asked, Decision, checklists, filled_in, machine_says_at, names, needs_two_people, param_problem};
use crate::world::{ChecklistRow, Occasion, TickState, World};

fn state(reason: String) -> Refusal {
    Refusal::new(RefusalKind::State, reason)
}

fn row<'a>(world: &'a World, id: &ChecklistId) -> Result<&'a ChecklistRow, Refusal> {
    let found = world.checklists.get(id).map(|row| &**row);
    found.ok_or_else(|| names::unknown("checklist", id.as_str(), world.checklists.keys().map(ChecklistId::as_str)))
}

fn occasion<'a>(world: &'a World, id: &ChecklistId) -> Result<&'a Occasion, Refusal> {
    let open = row(world, id)?.open.as_ref();
    open.ok_or_else(|| state(format!("the checklist `{id}` is not open")).hint(format!("dogwatch checklist {id} --open")))
}

/// An item that the checklist does not have, with those that it has.
fn no_item(open: &Occasion, item: &StepName) -> Refusal {
    let known = open.checklist.items.iter().map(|item| item.name.as_str());
    let mut refusal = names::unknown("item", item.as_str(), known);
    refusal.reason = format!("`{}` has no item `{item}`", open.checklist.id);
    refusal
}

/// Open one now.
pub(super) fn open(world: &World, id: &ChecklistId, asked: &Asked) -> Result<Decision, Refusal> {
    let row = row(world, id)?;
    if let Some(open) = &row.open {
        return Err(state(format!("the checklist `{id}` is open already, since {}", open.opened_at)));
    }
    Ok(checklists::opened(row, None, asked.now).into())
}

/// Tick an item, or take the tick back.
pub(super) fn tick(
    world: &World,
    id: &ChecklistId,
    item: &StepName,
    (done, note): (bool, Option<&str>),
    asked: &Asked,
) -> Result<Decision, Refusal> {
    names::optional_text("the note", note)?;
    let open = occasion(world, id)?;
    let found = open.checklist.item(item).ok_or_else(|| no_item(open, item))?;
    match (open.ticks.get(item), done) {
        (Some(tick), true) if tick.done => return Err(state(format!("`{item}` is ticked already, by {}", tick.by))),
        (tick, false) if tick.is_none_or(|tick| !tick.done) => return Err(state(format!("`{item}` is not ticked"))),
        _ => {}
    }
    let note = note.map(str::to_owned).filter(|note| !note.trim().is_empty());
    // Against what the machine sees, a person's word needs a reason.
    if done
        && note.is_none()
        && let Some((false, words)) = machine_says_at(world, open, found, asked.now)
    {
        return Err(state(format!("`{item}` is not so: {words}")).hint("to tick it nevertheless, say why: --note …"));
    }
    let (checklist, number, item) = (id.clone(), open.number, item.clone());
    Ok(Event::ItemTicked { checklist, number, item, done, note, evidence: None }.into())
}

/// Look again at what the machine sees, and run the commands that nobody has to fill in or confirm.
pub(super) fn verify(world: &World, id: &ChecklistId, asked: &Asked) -> Result<Decision, Refusal> {
    let open = occasion(world, id)?;
    let (book, subject) = (open.as_runbook(), Subject::Workspace);
    let mut events = checklists::seen(world, open, |_| true);
    let mut waits: Vec<String> = Vec::new();
    for item in open.unticked() {
        if let Some((false, words)) = machine_says_at(world, open, item, asked.now) {
            waits.push(words);
        }
        let Some(step) = open.checklist.book.step(&item.name).filter(|_| item.check == Check::Command) else { continue };
        let tick = world.procedure(&book, &subject).and_then(|walked| walked.ticks.get(&step.name));
        let params = filled_in(world, &subject, step);
        let complete = step.params.iter().all(|param| {
            let value = params.get(&param.name).map_or("", String::as_str);
            !value.is_empty() && param_problem(&param.kind, value).is_none()
        });
        if step.danger || needs_two_people(world, step) || !complete {
            waits.push(format!("`{}` is run by a person", step.name));
        } else if tick.is_some_and(|tick| tick.state == TickState::Running) {
            waits.push(format!("`{}` still runs", step.name));
        } else {
            let job = Job::Procedure { runbook: book.clone(), subject: subject.clone(), step: step.name.clone() };
            let attempt = AttemptId { job, number: tick.map_or(0, |tick| tick.runs) + 1 };
            events.push(Event::ProcedureAsked { attempt, command: step.run.to_string(), params });
        }
    }
    if events.is_empty() {
        let by = if waits.is_empty() { format!("what is left is ticked by hand, as {} sees it", asked.author) } else { waits.join("; ") };
        return Err(state(format!("nothing of `{id}` is verified now: {by}")));
    }
    Ok(Decision::events(events))
}
