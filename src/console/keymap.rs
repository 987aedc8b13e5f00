//! Which key means what, where: the table's defaults with the person's `keys.toml` over them.
//!
//! ```toml
//! ack = ["a", "f2"]   # all keys of an action; [] takes its keys away
//! ```

use super::action::{Action, ROWS};
use super::place::Place;
use crokey::{KeyCombination, KeyCombinationFormat};
use crossterm::event::{KeyCode, KeyModifiers};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use thiserror::Error;

/// What is wrong with `keys.toml`; all faults at once.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .0.join("\n"))]
pub struct KeysError(pub Vec<String>);

/// Keys by place and combination.
#[derive(Debug, Clone)]
pub struct Keymap {
    bound: HashMap<(Place, KeyCombination), Action>,
    keys: BTreeMap<Action, Vec<(KeyCombination, String)>>,
    format: KeyCombinationFormat,
}

impl Default for Keymap {
    fn default() -> Self {
        // That the table has no conflict is checked by a test.
        Self::from_table(&BTreeMap::new()).0
    }
}

fn format() -> KeyCombinationFormat {
    KeyCombinationFormat::default()
        .with_lowercase_modifiers()
        .with_control("ctrl-")
        .with_alt("alt-")
        .with_shift("shift-")
        .with_implicit_shift()
}

impl Keymap {
    /// The defaults with the text of a `keys.toml` over them.
    pub fn with(text: &str) -> Result<Self, KeysError> {
        let file: BTreeMap<String, toml::Value> = toml::from_str(text).map_err(|error| KeysError(vec![format!("keys.toml: {error}")]))?;
        let mut faults = Vec::new();
        let mut own = BTreeMap::new();
        for (name, value) in &file {
            match Action::named(name) {
                None => faults.push(format!("keys.toml: there is no action `{name}`{}", nearest(name))),
                Some(action) => match keys_of(name, value) {
                    Ok(keys) => drop(own.insert(action, keys)),
                    Err(fault) => faults.push(fault),
                },
            }
        }
        let (keymap, conflicts) = Self::from_table(&own);
        faults.extend(conflicts);
        if faults.is_empty() { Ok(keymap) } else { Err(KeysError(faults)) }
    }

    fn from_table(own: &BTreeMap<Action, Vec<KeyCombination>>) -> (Self, Vec<String>) {
        let mut faults = Vec::new();
        let mut keymap = Self { bound: HashMap::new(), keys: BTreeMap::new(), format: format() };
        for row in ROWS {
            let keys = match own.get(&row.action) {
                Some(keys) => keys.clone(),
                None => row.keys.iter().filter_map(|key| parse(key)).collect(),
            };
            for key in &keys {
                for place in row.places {
                    if let Some(other) = keymap.bound.insert((*place, *key), row.action).filter(|other| *other != row.action) {
                        let (key, place) = (keymap.format.to_string(*key), place.title());
                        faults.push(format!("keys.toml: `{key}` means both `{other}` and `{}` in {place}", row.name));
                    }
                }
            }
            let shown = keys.into_iter().map(|key| (key, keymap.show(key))).collect();
            keymap.keys.insert(row.action, shown);
        }
        (keymap, faults)
    }

    /// What a key means in the first of these places that knows it.
    pub fn find(&self, places: &[Place], key: KeyCombination) -> Option<Action> {
        places.iter().find_map(|place| self.bound.get(&(*place, key.normalized())).copied())
    }

    /// Whether the first key of an action means that action in these places, and nothing more special.
    pub fn leads_to(&self, places: &[Place], action: Action) -> bool {
        let first = self.keys.get(&action).and_then(|keys| keys.first());
        first.is_some_and(|(key, _)| self.find(places, *key) == Some(action))
    }

    /// The first key of an action, as a reader types it; absent when it has none.
    pub fn key(&self, action: Action) -> Option<&str> {
        self.keys.get(&action)?.first().map(|(_, shown)| shown.as_str())
    }

    /// All keys of an action, as a reader types them.
    pub fn keys(&self, action: Action) -> Vec<&str> {
        self.keys.get(&action).into_iter().flatten().map(|(_, shown)| shown.as_str()).collect()
    }

    fn show(&self, key: KeyCombination) -> String {
        let shown = self.format.to_string(key);
        match shown.as_str() {
            "Space" => "space".into(),
            other if other.chars().count() > 1 => {
                other.to_lowercase().replace("hyphen", "-").replace("shift-backtab", "shift-tab").replace("backtab", "shift-tab")
            }
            _ => shown,
        }
    }
}

/// The key table of the docs, in Markdown, from the same table.
pub fn key_table_markdown() -> String {
    let keymap = Keymap::default();
    let mut out = String::from("| where | key | name | what it does |\n|---|---|---|---|\n");
    for row in ROWS {
        let places = row.places.iter().map(|place| place.title()).collect::<Vec<_>>().join(", ");
        let keys = keymap.keys(row.action).iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect::<Vec<_>>().join(" ");
        // Writing into a String cannot fail.
        let _ = writeln!(out, "| {places} | {} | `{}` | {} |", if keys.is_empty() { "by name" } else { &keys }, row.name, row.doc);
    }
    out
}

/// Reads a key as people write it; a single letter is taken as it stands, so that `G` is shift and `g`.
pub fn parse(key: &str) -> Option<KeyCombination> {
    let mut chars = key.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) => {
            let shift = if char.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
            Some(KeyCombination::new(KeyCode::Char(char), shift).normalized())
        }
        _ => crokey::parse(key).ok().map(KeyCombination::normalized),
    }
}

fn keys_of(name: &str, value: &toml::Value) -> Result<Vec<KeyCombination>, String> {
    let texts: Vec<&str> = match value {
        toml::Value::String(one) => vec![one],
        toml::Value::Array(many) => many.iter().filter_map(toml::Value::as_str).collect(),
        _ => return Err(format!("keys.toml: `{name}` takes a key such as \"ctrl-r\", or a list of keys")),
    };
    texts
        .iter()
        .map(|text| parse(text).ok_or_else(|| format!("keys.toml: `{text}` of `{name}` is not a key; write it like `ctrl-r`, `f5` or `G`")))
        .collect()
}

fn nearest(name: &str) -> String {
    let near = ROWS.iter().map(|row| row.name).min_by_key(|other| strsim::damerau_levenshtein(other, name));
    near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_conflict_and_only_keys_that_parse() {
        for row in ROWS {
            for key in row.keys {
                assert!(parse(key).is_some(), "{key} of {}", row.name);
            }
        }
        assert_eq!(Keymap::from_table(&BTreeMap::new()).1, Vec::<String>::new());
    }

    #[test]
    fn a_conflict_is_told_with_both_names_and_the_place() {
        let error = Keymap::with("ack = \"r\"").unwrap_err();
        assert!(error.to_string().contains("`r` means both `ack` and `rerun` in incidents"), "{error}");
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let error = Keymap::with("akc = \"f2\"\nrerun = \"hyper-x\"").unwrap_err();
        assert_eq!(error.0.len(), 2, "{error}");
        assert!(error.to_string().contains("there is no action `akc`, did you mean `ack`?"), "{error}");
        assert!(error.to_string().contains("`hyper-x` of `rerun` is not a key"), "{error}");
    }

    #[test]
    fn a_changed_key_replaces_the_default() {
        let keymap = Keymap::with("ack = [\"f2\", \"ctrl-g\"]").unwrap();
        let find = |key| keymap.find(&[Place::Incidents, Place::Global], parse(key).unwrap());
        assert_eq!((find("a"), find("f2"), find("ctrl-g")), (None, Some(Action::Ack), Some(Action::Ack)));
        assert_eq!(keymap.keys(Action::Ack), ["f2", "ctrl-g"]);
    }

    #[test]
    fn keys_are_shown_as_they_are_typed() {
        let keymap = Keymap::default();
        let shown = [Action::Bottom, Action::HalfDown, Action::Open, Action::PreviousPane, Action::Mark, Action::Help, Action::Hold];
        assert_eq!(shown.map(|action| keymap.key(action).unwrap()), ["G", "ctrl-d", "enter", "shift-tab", "space", "?", "H"]);
    }
}
