//! The only writer: input → rules → journal → world → publish → perform.
