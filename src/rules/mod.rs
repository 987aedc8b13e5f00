//! Pure decisions: given the world, a request or a report, and the time: events and effects as data.
