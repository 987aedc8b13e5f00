//! Where a secret is: named in a definition, never written there.

use super::file::SourceFile;
use super::table::{Keys, Table};
use crate::domain::channel::SecretRef;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use toml::de::DeTable;

const KEYS: Keys = Keys { known: &["env", "file", "command"], later: &[] };
/// How a secret is named.
pub(super) const BY_NAME: &str = "name it: { env = \"NAME\" }, { file = \"…\" } or { command = [\"…\"] }";

/// Reads the table that says where the secret of a key is; files are found from the workspace's folder on.
pub(super) fn place(file: &SourceFile, key: &str, entries: &DeTable<'_>, at: Range<usize>, root: &Path) -> Option<SecretRef> {
    let table = Table::open(file, entries, at, &KEYS);
    match (table.value("env"), table.value("file"), table.value("command")) {
        (Some(_), None, None) => Some(SecretRef::Env(table.text("env")?.value.to_owned())),
        (None, Some(_), None) => secret_file(&table, root),
        (None, None, Some(value)) => {
            let argv: Vec<String> = table.texts("command").into_iter().map(|text| text.value.to_owned()).collect();
            if argv.is_empty() {
                table.file.wrong(value.span(), "`command` names no program");
                return None;
            }
            Some(SecretRef::Command(argv))
        }
        _ => {
            table.file.wrong_but(table.at.clone(), format!("`{key}` is in exactly one place"), BY_NAME);
            None
        }
    }
}

/// A file that others may read is refused where it is found so; one that is not there yet is told when it is needed.
fn secret_file(table: &Table<'_>, root: &Path) -> Option<SecretRef> {
    let text = table.text("file")?;
    let path = root.join(text.value);
    if std::fs::metadata(&path).is_ok_and(|found| found.mode() & 0o077 != 0) {
        let hint = format!("chmod 600 {}", path.display());
        table.file.wrong_but(text.at, format!("others may read the secret file `{}`", text.value), hint);
        return None;
    }
    Some(SecretRef::File(path.to_string_lossy().into_owned()))
}
