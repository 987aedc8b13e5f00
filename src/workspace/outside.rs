//! `[[source]]` and `[intake]` of `dogwatch.toml`: neighbours that are read, and how alerts come in over HTTP. Secrets
//! are named there, never written.

use super::name::name_problem;
use super::secret::{self, BY_NAME};
use super::table::{At, Keys, Table};
use crate::domain::SourceId;
use crate::domain::channel::SecretRef;
use crate::domain::sent::{Credentials, IntakeDefinition, SourceDefinition, SourceKind};
use reqwest::Url;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use toml::de::DeValue;

const SOURCE: Keys = Keys {
    known: &["kind", "name", "url", "username", "password", "bearer", "ca_file", "every", "timeout", "silence_for"],
    later: &["labels", "group"],
};
const INTAKE: Keys = Keys { known: &["listen", "token"], later: &["ca_file", "certificate"] };
const KINDS: &[(&str, SourceKind)] = &[("alertmanager", SourceKind::Alertmanager)];
/// Kinds that the contract names and that are not built yet.
const LATER_KINDS: [&str; 2] = ["airflow", "prometheus"];

/// Reads all neighbours; what is wrong is noted in the file.
pub(super) fn sources(top: &Table<'_>, root: &Path) -> Vec<SourceDefinition> {
    let mut names = BTreeSet::new();
    let mut read = Vec::new();
    for table in top.tables("source", &SOURCE) {
        let reader = Reader { table: &table, root };
        let Some(source) = reader.source() else { continue };
        if names.insert(source.id.clone()) {
            read.push(source);
        } else {
            table.file.wrong(table.place("name"), format!("there is a source `{}` already", source.id));
        }
    }
    read
}

/// Reads the intake.
pub(super) fn intake(top: &Table<'_>, root: &Path) -> Option<IntakeDefinition> {
    let table = top.table("intake", &INTAKE)?;
    let listen = table.needed_text("listen", "the intake").and_then(|text| address(&table, &text));
    if table.value("token").is_none() {
        table.file.wrong_but(table.at.clone(), "the intake needs the key `token`", BY_NAME);
    }
    let token = Reader { table: &table, root }.secret("token")?;
    Some(IntakeDefinition { listen: listen?, token })
}

/// Alerts come in on the loopback: what has to cross a network comes through a proxy that knows who may.
fn address(table: &Table<'_>, text: &At<&str>) -> Option<String> {
    match text.value.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Some(address.to_string()),
        Ok(_) => {
            let hint = "listen on 127.0.0.1 or [::1]; from other hosts let a proxy with TLS pass alerts on";
            table.file.wrong_but(text.at.clone(), "the intake listens on the loopback only", hint);
            None
        }
        Err(_) => {
            table.file.wrong_but(text.at.clone(), "`listen` is an address with a port", "such as `127.0.0.1:9099`");
            None
        }
    }
}

struct Reader<'t, 'f> {
    table: &'t Table<'f>,
    root: &'t Path,
}

impl Reader<'_, '_> {
    fn source(&self) -> Option<SourceDefinition> {
        let table = self.table;
        let kind = match table.needed_text("kind", "a source") {
            Some(text) if LATER_KINDS.contains(&text.value) => {
                table.file.wrong(text.at, format!("sources of kind `{}` are not supported yet", text.value));
                None
            }
            Some(_) => table.word("kind", KINDS),
            None => None,
        };
        let name = table.needed_text("name", "a source").and_then(|text| match name_problem(text.value) {
            None if text.value == "local" => {
                table.file.wrong(text.at, "`local` is dogwatch's own engine; a source has another name");
                None
            }
            None => Some(SourceId::new(text.value)),
            Some(problem) => {
                table.file.wrong(text.at, format!("`name`: {problem}"));
                None
            }
        });
        let url = table.needed_text("url", "a source").and_then(|text| self.url(&text));
        let limits = Duration::from_secs(1)..=Duration::from_hours(1);
        let definition = |id, kind, url| SourceDefinition {
            id,
            kind,
            url,
            credentials: self.credentials(),
            ca_file: table.text("ca_file").map(|text| self.root.join(text.value).to_string_lossy().into_owned()),
            every: table.span("every", limits.clone()).unwrap_or(Duration::from_secs(15)),
            timeout: table.span("timeout", Duration::from_millis(100)..=Duration::from_mins(2)).unwrap_or(Duration::from_secs(10)),
            silence_for: table.span("silence_for", Duration::from_secs(6)..=Duration::from_hours(4)).unwrap_or(Duration::from_mins(15)),
        };
        // The rest is read also where one is wrong, so that all errors are told at once.
        let is_right = kind.is_some() && name.is_some() && url.is_some();
        let (name, kind, url) = (name.unwrap_or_else(SourceId::local), kind.unwrap_or(SourceKind::Alertmanager), url.unwrap_or_default());
        let source = definition(name, kind, url);
        is_right.then_some(source)
    }

    fn url(&self, text: &At<&str>) -> Option<String> {
        let (file, at) = (self.table.file, text.at.clone());
        match Url::parse(text.value) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
                file.wrong(at, "`url` takes an address that begins with http:// or https://");
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                file.wrong_secret(at, "`url` holds a user name or a password", "use `username` and `password`, or `bearer`");
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                file.wrong(at, "`url` is the address below which the API is, without a query");
            }
            Ok(url) if url.scheme() == "http" && self.table.value("ca_file").is_some() => {
                file.wrong(self.table.place("ca_file"), "`ca_file` is for https only");
            }
            Ok(url) if url.scheme() == "http" && self.has_credentials() && !is_loopback(&url) => {
                file.wrong_but(
                    at,
                    "credentials are not sent in clear",
                    "use https, with `ca_file` where the host does not know the authority",
                );
            }
            Ok(_) => return Some(text.value.trim_end_matches('/').to_owned()),
            Err(error) => file.wrong_but(at, format!("`url` is no address: {error}"), "such as `https://alertmanager.example`"),
        }
        None
    }

    fn has_credentials(&self) -> bool {
        ["username", "password", "bearer"].iter().any(|key| self.table.value(key).is_some())
    }

    fn credentials(&self) -> Option<Credentials> {
        let table = self.table;
        let username = table.text("username").map(|text| text.value.to_owned());
        let (password, bearer) = (self.secret("password"), self.secret("bearer"));
        if username.is_some() != table.value("password").is_some() {
            table.file.wrong(table.at.clone(), "`username` and `password` go together");
        }
        if username.is_some() && table.value("bearer").is_some() {
            table.file.wrong(table.place("bearer"), "a source has `username` and `password`, or `bearer`");
        }
        match (username, password, bearer) {
            (_, _, Some(token)) => Some(Credentials::Bearer(token)),
            (Some(username), Some(password), None) => Some(Credentials::Basic { username, password }),
            _ => None,
        }
    }

    /// Where a secret is.
    fn secret(&self, key: &str) -> Option<SecretRef> {
        let value = self.table.value(key)?;
        let DeValue::Table(entries) = value.get_ref() else {
            let words = format!("`{key}` is a secret, and secrets never stand in a definition");
            self.table.file.wrong_secret(value.span(), words, BY_NAME);
            return None;
        };
        secret::place(self.table.file, key, entries, value.span(), self.root)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}
