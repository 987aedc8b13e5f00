//! Theme files: a palette, a style per role, and a theme to inherit from.

use super::{Role, Theme};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// The themes that are built in.
pub(super) const BUILT_IN: &[(&str, &str)] = &[
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.toml")),
    ("terminal", include_str!("../../../themes/terminal.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
];
/// Themes that may inherit from each other in a row.
const INHERITS_MAX: usize = 8;

/// What is wrong with a theme.
#[derive(Debug, Error)]
pub enum ThemeError {
    /// There is none of that name.
    #[error("there is no theme `{name}`; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The file is not TOML of the right shape.
    #[error("theme `{name}`: {source}")]
    Syntax {
        /// The theme.
        name: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A role, colour or modifier that does not exist.
    #[error("theme `{name}`: there is no {what} `{word}`{nearest}")]
    Word {
        /// The theme.
        name: String,
        /// Role, colour or modifier.
        what: &'static str,
        /// What was written.
        word: String,
        /// The nearest right word, as `, did you mean …`.
        nearest: String,
    },
    /// Themes inherit in a circle.
    #[error("theme `{name}` inherits from too many others, or from itself")]
    Circle {
        /// The theme.
        name: String,
    },
    /// A role has no style.
    #[error("theme `{name}` gives no style to `{role}`")]
    Missing {
        /// The theme.
        name: String,
        /// The role.
        role: &'static str,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    inherits: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(default)]
    roles: BTreeMap<String, Look>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Look {
    Color(String),
    Parts(Parts),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    is: Vec<String>,
}

/// Reads a theme with those that it inherits from: the palette of the child holds in the parent too.
pub(super) fn load(name: &str, own: &[(String, String)]) -> Result<Theme, ThemeError> {
    let mut chain = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next {
        if chain.len() >= INHERITS_MAX {
            return Err(ThemeError::Circle { name });
        }
        let file = read(&name, own)?;
        chain.push((name, file));
        next = chain.last().and_then(|(_, file)| file.inherits.clone());
    }
    let mut palette = BTreeMap::new();
    for (_, file) in chain.iter().rev() {
        palette.extend(file.palette.clone());
    }
    let mut styles = BTreeMap::new();
    for (name, file) in chain.iter().rev() {
        for (word, look) in &file.roles {
            let known = Role::ALL.iter().map(|(_, name)| *name);
            let role = Role::named(word).ok_or_else(|| wrong(name, "role", word, known))?;
            styles.insert(role, style(name, look, &palette)?);
        }
    }
    for (role, word) in Role::ALL {
        if !styles.contains_key(role) {
            return Err(ThemeError::Missing { name: name.to_owned(), role: word });
        }
    }
    let styles = std::array::from_fn(|place| styles.get(&Role::ALL[place].0).copied().unwrap_or_default());
    Ok(Theme { name: name.to_owned(), styles })
}

fn read(name: &str, own: &[(String, String)]) -> Result<File, ThemeError> {
    let built_in = BUILT_IN.iter().find(|(other, _)| *other == name).map(|(_, text)| *text);
    let text = own.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str()).or(built_in);
    let known = || own.iter().map(|(name, _)| name.as_str()).chain(BUILT_IN.iter().map(|(name, _)| *name)).collect::<Vec<_>>().join(", ");
    let text = text.ok_or_else(|| ThemeError::Unknown { name: name.to_owned(), known: known() })?;
    toml::from_str(text).map_err(|source| ThemeError::Syntax { name: name.to_owned(), source: Box::new(source) })
}

fn style(name: &str, look: &Look, palette: &BTreeMap<String, String>) -> Result<Style, ThemeError> {
    match look {
        Look::Color(fg) => Ok(Style::new().fg(color(name, fg, palette)?)),
        Look::Parts(parts) => {
            let mut style = Style::new();
            if let Some(fg) = &parts.fg {
                style = style.fg(color(name, fg, palette)?);
            }
            if let Some(bg) = &parts.bg {
                style = style.bg(color(name, bg, palette)?);
            }
            for word in &parts.is {
                style = style.add_modifier(modifier(name, word)?);
            }
            Ok(style)
        }
    }
}

fn color(name: &str, word: &str, palette: &BTreeMap<String, String>) -> Result<Color, ThemeError> {
    let value = palette.get(word).map_or(word, String::as_str);
    value.parse().map_err(|_| wrong(name, "colour", word, palette.keys().map(String::as_str)))
}

fn modifier(name: &str, word: &str) -> Result<Modifier, ThemeError> {
    const WORDS: [(&str, Modifier); 5] = [
        ("bold", Modifier::BOLD),
        ("dim", Modifier::DIM),
        ("italic", Modifier::ITALIC),
        ("underlined", Modifier::UNDERLINED),
        ("reversed", Modifier::REVERSED),
    ];
    let found = WORDS.iter().find(|(other, _)| *other == word).map(|(_, modifier)| *modifier);
    found.ok_or_else(|| wrong(name, "modifier", word, WORDS.iter().map(|(word, _)| *word)))
}

fn wrong<'a>(name: &str, what: &'static str, word: &str, known: impl Iterator<Item = &'a str>) -> ThemeError {
    let nearest = known.min_by_key(|other| strsim::damerau_levenshtein(other, word));
    let nearest = nearest.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    ThemeError::Word { name: name.to_owned(), what, word: word.to_owned(), nearest }
}
