//! World → rows: pure presentation. Nothing here knows a cell or a key.

pub mod ansi;
pub mod answer;
pub mod bars;
pub mod clock;
pub mod fact;
pub mod flow_list;
pub mod flows;
pub mod fold;
pub mod incidents;
pub mod probes;
pub mod queue_list;
pub mod readings;
pub mod runbook;
pub mod state;
