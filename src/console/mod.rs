//! The process that may die: terminal, actions, screens.

pub mod theme;
