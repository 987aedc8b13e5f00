//! A live workspace with a real shop and a real failure.
