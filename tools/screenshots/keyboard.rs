//! Keys as `keys.toml` writes them → the bytes that a terminal sends.

use anyhow::{Result, bail};

/// What pressing this key sends.
pub fn bytes(key: &str) -> Result<String> {
    let text = match key {
        "enter" => "\r",
        "esc" => "\x1b",
        "tab" => "\t",
        "backtab" => "\x1b[Z",
        "space" => " ",
        "backspace" => "\x7f",
        "up" => "\x1b[A",
        "down" => "\x1b[B",
        "right" => "\x1b[C",
        "left" => "\x1b[D",
        _ => {
            if let Some(letter) = key.strip_prefix("ctrl-").and_then(|rest| rest.bytes().next()).filter(u8::is_ascii_lowercase) {
                return Ok(char::from(letter - b'a' + 1).to_string());
            }
            if let Some(rest) = key.strip_prefix("alt-").filter(|rest| rest.len() == 1) {
                return Ok(format!("\x1b{rest}"));
            }
            if key.chars().count() != 1 {
                bail!("what a terminal sends for `{key}` is not known here");
            }
            key
        }
    };
    Ok(text.to_owned())
}
