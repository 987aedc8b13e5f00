//! How a person likes the console: `keys.toml`, `console.toml` and `themes/*.toml` of the configuration folder, the environment, and
//! what the terminal says of itself.

use super::app::Options;
use super::keymap::Keymap;
use super::notice::Notice;
use super::theme::{Depth, Theme};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a terminal on this machine may take to tell its colours.
const ASKED: Duration = Duration::from_millis(80);
/// Bytes of a file of the person's; a larger one is refused.
const FILE_MAX: u64 = 256 << 10;

/// What was asked for on the command line.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// A theme by its name; absent: light or dark as the terminal is.
    pub theme: Option<String>,
    /// Only ASCII, whatever the locale says.
    pub ascii: bool,
    /// Leave the mouse to the terminal.
    pub no_mouse: bool,
    /// Never write to the clipboard.
    pub no_clipboard: bool,
    /// Never ring or notify.
    pub no_bell: bool,
}

/// The environment's words that matter here, read by the caller.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `TERM`.
    pub term: Option<String>,
    /// `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    pub locale: Option<String>,
    /// `VISUAL`, else `EDITOR`.
    pub editor: Option<String>,
    /// Whether `SSH_CONNECTION` is set: a far terminal is not asked for its colours, an answer could come too late and
    /// be taken for keys.
    pub far: bool,
    /// Whether `VTE_VERSION` is set: the terminal knows another notification than most.
    pub vte: bool,
}

impl Environment {
    /// Reads it.
    pub fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        Self {
            term: text("TERM"),
            locale: text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG")),
            editor: text("VISUAL").or_else(|| text("EDITOR")),
            far: text("SSH_CONNECTION").is_some(),
            vte: text("VTE_VERSION").is_some(),
        }
    }
}

/// Puts the options together. Must be called before anything reads from the terminal. A wrong file is an error with all
/// its faults, one line each.
pub fn options(config: &Path, state: Option<PathBuf>, asked: &Asked, environment: &Environment) -> Result<Options, String> {
    let keymap = match read(&config.join("keys.toml"))? {
        Some(text) => Keymap::with(&text).map_err(|error| error.to_string())?,
        None => Keymap::default(),
    };
    let own_themes = themes(&config.join("themes"))?;
    let depth = Depth::detect();
    let name =
        asked.theme.as_deref().unwrap_or_else(|| if depth > Depth::None && !environment.far && is_light() { "light" } else { "dark" });
    let theme = Theme::load(name, &own_themes, depth).map_err(|error| error.to_string())?;
    let utf8 = environment.locale.as_deref().is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"));
    Ok(Options {
        ascii: asked.ascii || !utf8,
        theme,
        depth,
        own_themes,
        keymap,
        clipboard: !asked.no_clipboard,
        mouse: !asked.no_mouse,
        term: environment.term.clone(),
        editor: environment.editor.clone().unwrap_or_else(|| "vi".into()),
        bell: !asked.no_bell && bell(&config.join("console.toml"))?,
        notice: Notice::of(environment.term.as_deref(), environment.vte),
        state,
        leaving_ends: None,
    })
}

/// What the person's `console.toml` says of the bell; without it, it rings.
fn bell(file: &Path) -> Result<bool, String> {
    let Some(text) = read(file)? else { return Ok(true) };
    let table: toml::Table = toml::from_str(&text).map_err(|error| format!("console.toml: {error}"))?;
    if let Some(other) = table.keys().find(|key| *key != "bell") {
        return Err(format!("console.toml: unknown key `{other}`; known is `bell`"));
    }
    match table.get("bell") {
        Some(toml::Value::Boolean(bell)) => Ok(*bell),
        Some(_) => Err("console.toml: `bell` is true or false".into()),
        None => Ok(true),
    }
}

/// Whether the terminal says that its ground is light; one that says nothing counts as dark.
fn is_light() -> bool {
    let mut query = terminal_colorsaurus::QueryOptions::default();
    query.timeout = ASKED;
    terminal_colorsaurus::theme_mode(query).is_ok_and(|mode| mode == terminal_colorsaurus::ThemeMode::Light)
}

fn themes(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let Ok(files) = std::fs::read_dir(folder) else { return Ok(Vec::new()) }; // most people have none
    let mut themes = Vec::new();
    for file in files.filter_map(Result::ok).map(|file| file.path()) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        if let (Some(name), true) = (stem, file.extension().is_some_and(|extension| extension == "toml"))
            && let Some(text) = read(&file)?
        {
            themes.push((name, text));
        }
    }
    themes.sort();
    Ok(themes)
}

/// A file of the person's; absent when there is none.
fn read(file: &Path) -> Result<Option<String>, String> {
    let told = |error: io::Error| format!("{}: {error}", file.display());
    match std::fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(told(error)),
        Ok(facts) if !facts.is_file() || facts.len() > FILE_MAX => {
            Err(format!("{}: not a file of at most {} KiB", file.display(), FILE_MAX >> 10))
        }
        Ok(_) => std::fs::read_to_string(file).map(Some).map_err(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Action;

    fn of(config: &Path, locale: &str) -> Result<Options, String> {
        let environment = Environment { locale: Some(locale.into()), far: true, ..Environment::default() };
        options(config, None, &Asked::default(), &environment)
    }

    #[test]
    fn the_persons_keys_and_themes_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keys.toml"), "ack = \"f2\"\n").unwrap();
        std::fs::create_dir(folder.path().join("themes")).unwrap();
        std::fs::write(folder.path().join("themes/mine.toml"), "inherits = \"dark\"\n").unwrap();
        let options = of(folder.path(), "it_IT.UTF-8").unwrap();
        assert_eq!(options.keymap.keys(Action::Ack), ["f2"]);
        assert_eq!(options.own_themes.len(), 1);
        assert!(options.bell);
        std::fs::write(folder.path().join("console.toml"), "bell = false\n").unwrap();
        assert!(!of(folder.path(), "it_IT.UTF-8").unwrap().bell);
        std::fs::write(folder.path().join("console.toml"), "bel = false\n").unwrap();
        assert!(of(folder.path(), "it_IT.UTF-8").unwrap_err().contains("known is `bell`"));
        assert!(!options.ascii);
    }

    #[test]
    fn a_wrong_file_is_refused_and_a_plain_locale_means_ascii() {
        let folder = tempfile::tempdir().unwrap();
        assert!(of(folder.path(), "C").unwrap().ascii);
        std::fs::write(folder.path().join("keys.toml"), "akc = \"f2\"\n").unwrap();
        assert!(of(folder.path(), "C").unwrap_err().contains("did you mean `ack`?"));
        std::fs::remove_file(folder.path().join("keys.toml")).unwrap();
        std::fs::create_dir(folder.path().join("keys.toml")).unwrap();
        assert!(of(folder.path(), "C").unwrap_err().contains("not a file"));
    }
}
