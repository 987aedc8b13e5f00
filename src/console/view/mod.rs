//! World → rows: pure presentation. Nothing here knows a cell or a key.

pub mod answer;
pub mod clock;
pub mod flows;
pub mod incidents;
pub mod probes;
pub mod readings;
pub mod runbook;
