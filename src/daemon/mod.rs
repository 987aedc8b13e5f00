//! The process that must not die: lock → replay → engine and server → signals.
