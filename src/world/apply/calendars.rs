//! Facts about calendars.

use crate::domain::Calendar;
use crate::world::World;
use jiff::Timestamp;
use std::sync::Arc;

impl World {
    pub(super) fn calendar_defined(&mut self, calendar: &Arc<Calendar>, at: Timestamp) {
        let before = self.calendars.insert(calendar.id.clone(), calendar.clone());
        if before.is_none_or(|before| before == *calendar) {
            return;
        }
        // Schedules whose days it decides begin anew: nothing is made up for days that were no days of theirs before.
        let uses = |flow: &crate::world::Flow| flow.definition.moving_rule().is_some_and(|rule| rule.name == calendar.id);
        for flow in self.flows.values_mut().filter(|flow| uses(flow)) {
            for settled in Arc::make_mut(flow).settled.values_mut() {
                *settled = at.max(*settled);
            }
        }
    }
}
