//! Numbers in words, as all layers say them.

/// A number and what it counts: `1 step`, `2 steps`.
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
