//! The record: append, read, verify, checkpoint, anchor.
