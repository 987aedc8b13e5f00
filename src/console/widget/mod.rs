//! Pieces that pages are drawn with. All text passes [`paint`], and with it the sanitising sink.

pub mod bars;
pub mod cells;
pub mod chart;
pub mod chooser;
pub mod cursor;
pub mod editor;
pub mod gantt;
pub mod graph;
pub mod grouped;
pub mod input;
pub mod layers;
pub mod line;
pub mod list;
pub mod markdown;
pub mod paint;
pub mod pane;
pub mod rows;
pub mod section;
pub mod sheet;
