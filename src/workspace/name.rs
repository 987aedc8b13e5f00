//! What a name may be: it is typed by people, and is part of file names and of environment variables.

/// Why a text cannot be the name of a flow, step, probe or runbook; `None` when it can.
pub fn name_problem(name: &str) -> Option<&'static str> {
    let first_is_right = name.chars().next().is_some_and(|first| first.is_ascii_alphanumeric());
    match () {
        () if name.is_empty() => Some("a name cannot be empty"),
        () if name.len() > 64 => Some("a name has at most 64 characters"),
        () if !first_is_right => Some("a name begins with a letter or a digit"),
        () if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) => {
            Some("a name holds letters, digits, `.`, `_` and `-` only")
        }
        () => None,
    }
}

/// Why a text cannot be the name of an environment variable that a person sets.
pub(super) fn variable_problem(name: &str) -> Option<&'static str> {
    if !is_word(name, "_") {
        Some("the name of an environment variable holds letters, digits and `_` only, and begins with no digit")
    } else if name.starts_with("DOGWATCH_") {
        Some("names that begin with DOGWATCH_ are set by dogwatch")
    } else {
        None
    }
}

/// Why a text cannot be the name of a parameter.
pub(super) fn param_problem(name: &str) -> Option<&'static str> {
    (!is_word(name, "_-")).then_some("the name of a parameter holds letters, digits, `_` and `-` only, and begins with no digit")
}

/// Why a text cannot be the name of a label.
pub(super) fn label_problem(name: &str) -> Option<&'static str> {
    if !is_word(name, "_") {
        Some("the name of a label holds letters, digits and `_` only, and begins with no digit")
    } else if matches!(name, "alertname" | "source" | "flow" | "probe" | "severity") {
        Some("this label is set by dogwatch")
    } else {
        None
    }
}

fn is_word(name: &str, others: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && !name.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || others.contains(character))
}
