//! Names within a capsule: safe in any folder and in any archive, whatever the source was called.

use std::collections::BTreeSet;

/// Bytes that a name has at most.
const NAME_MAX: usize = 80;

/// Gives names, none twice.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// The name for what comes from there: letters, digits, `.`, `_` and `-`, never hidden.
    pub fn give(&mut self, definition: &str, from: &str) -> String {
        let last = from.rsplit('/').next().unwrap_or(from);
        let plain: String = last.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
        let plain = plain.trim_start_matches(['.', '-']);
        let kept = plain.get(plain.len().saturating_sub(NAME_MAX - 30)..).unwrap_or(plain).trim_start_matches(['.', '-']);
        let head: String =
            definition.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' }).take(24).collect();
        let base = if kept.is_empty() { head.clone() } else { format!("{head}.{kept}") };
        let base = base.trim_start_matches(['.', '-']).to_owned();
        let base = if base.is_empty() { "file".to_owned() } else { base };
        let mut name = base.clone();
        for number in 2.. {
            if self.0.insert(name.to_lowercase()) {
                break;
            }
            name = format!("{number}-{base}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder_whatever_the_source_is_called() {
        let mut names = Names::default();
        let given: Vec<String> = [
            "/var/log/shop/error.log",
            "/srv/other/error.log",
            "/x/../../.ssh/authorized_keys",
            "/x/..",
            "/x/.hidden",
            "/x/a\u{1b}]0;owned\u{7}\u{202e}gpj.log",
            "/x/CON",
            &format!("/x/{}", "n".repeat(300)),
            "",
        ]
        .map(|from| names.give("shop", from))
        .into();
        assert_eq!(given[0], "shop.error.log");
        assert_eq!(given[1], "2-shop.error.log");
        let kept = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        assert!(
            given.iter().all(|name| kept(name) && name.len() <= NAME_MAX && !name.starts_with(['.', '-']) && name != ".."),
            "{given:?}"
        );
        assert_eq!(given.iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>().len(), given.len());
    }
}
