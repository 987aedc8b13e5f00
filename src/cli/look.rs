//! How the console looks and which keys it has: arguments, environment, the person's own files, and the terminal itself.

use super::args::Look;
use super::failure::Failure;
use crate::console::app::Options;
use crate::console::keymap::Keymap;
use crate::console::theme::{Depth, Theme};
use directories::ProjectDirs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

/// How long the terminal may take to say its colours. An answer that came later would be taken for keys, so this is
/// longer than any link that is still usable.
const ANSWER: Duration = Duration::from_secs(1);
/// No file of a person's is read beyond this.
const FILE_MAX: u64 = 1 << 20;

/// Everything that the console is started with.
pub fn options(look: &Look, state: Option<PathBuf>) -> Result<Options, Failure> {
    let folder = ProjectDirs::from("", "", "dogwatch").map(|dirs| dirs.config_dir().to_owned());
    let own_themes = folder.as_deref().map(own_themes).unwrap_or_default();
    let keys = folder.as_deref().and_then(|folder| read(&folder.join("keys.toml")));
    let keymap = match &keys {
        Some(text) => Keymap::with(text).map_err(|error| Failure::usage(format!("keys.toml: {}", error.0.join("\nkeys.toml: "))))?,
        None => Keymap::default(),
    };
    let depth = Depth::detect();
    let (name, own_themes) = match look.theme.as_deref() {
        Some(name) => given(name, own_themes)?,
        None => (light_or_dark().to_owned(), own_themes),
    };
    let theme = Theme::load(&name, &own_themes, depth).map_err(Failure::usage)?;
    let editor = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()));
    Ok(Options {
        ascii: look.ascii,
        theme,
        depth,
        own_themes,
        keymap,
        clipboard: !look.no_clipboard,
        mouse: !look.no_mouse,
        term: std::env::var("TERM").ok(),
        editor: editor.unwrap_or_else(|| "vi".into()),
        state,
    })
}

/// A theme by name, or by its file.
fn given(name: &str, mut own: Vec<(String, String)>) -> Result<(String, Vec<(String, String)>), Failure> {
    if !name.contains('/') {
        return Ok((name.to_owned(), own));
    }
    let path = Path::new(name);
    let text = read(path).ok_or_else(|| Failure::usage(format!("the theme {name} cannot be read")))?;
    let stem = path.file_stem().map_or_else(|| "own".into(), |stem| stem.to_string_lossy().into_owned());
    own.insert(0, (stem.clone(), text));
    Ok((stem, own))
}

fn own_themes(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder.join("themes")).into_iter().flatten().flatten().map(|entry| entry.path());
    let toml = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut themes: Vec<_> = toml.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), read(&path)?))).collect();
    themes.sort();
    themes
}

fn read(path: &Path) -> Option<String> {
    let small = std::fs::metadata(path).ok().filter(|facts| facts.is_file() && facts.len() <= FILE_MAX);
    small.and_then(|_| std::fs::read_to_string(path).ok())
}

/// As the terminal says; `COLORFGBG` is believed without asking.
fn light_or_dark() -> &'static str {
    let background = std::env::var("COLORFGBG").ok().and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
    if let Some(background) = background {
        return if matches!(background, 7 | 9..=15) { "light" } else { "dark" };
    }
    let mut query = QueryOptions::default();
    query.timeout = ANSWER;
    match theme_mode(query) {
        Ok(ThemeMode::Light) => "light",
        Ok(ThemeMode::Dark) | Err(_) => "dark",
    }
}
