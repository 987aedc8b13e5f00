//! How people are told: channels as the workspace defines them. Secrets are named, never held.

use super::flow::Retry;
use super::{ChannelId, span};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// A channel as `dogwatch.toml` defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelDefinition {
    /// Its name.
    pub id: ChannelId,
    /// How it reaches people.
    pub kind: ChannelKind,
    /// The deadline of each try, secrets that a command has to fetch included. Default 10 s.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// How often and when a message that was not taken is tried again.
    pub retry: Retry,
    /// Messages that may fall due within a minute; the rest of a storm is counted and told in one. Default 10.
    pub per_minute: u32,
    /// The receiver knows a message again by its id, so that one whose fate is unsure may be sent again.
    #[serde(default)]
    pub idempotent: bool,
}

impl ChannelDefinition {
    /// A channel of this name and kind, with the defaults.
    pub fn new(id: &str, kind: ChannelKind) -> Self {
        let retry = Self::default_retry();
        Self { id: ChannelId::new(id), kind, timeout: Duration::from_secs(10), retry, per_minute: 10, idempotent: false }
    }

    /// Five tries: after 10 s, 40 s, 160 s and 10 min, each spread by a tenth.
    pub fn default_retry() -> Retry {
        Retry { attempts: 5, delay: Duration::from_secs(10), factor: 4.0, cap: Duration::from_mins(10), on_exit: Vec::new() }
    }

    /// Variables of the daemon's environment that hold its secrets: nothing that the daemon starts needs them.
    pub fn secret_variables(&self) -> BTreeSet<String> {
        self.secrets().filter_map(|secret| if let SecretRef::Env(name) = secret { Some(name.clone()) } else { None }).collect()
    }

    /// Every secret that it names.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let (first, values, password) = match &self.kind {
            ChannelKind::Command { env, .. } => (None, Some(env), None),
            ChannelKind::Webhook { url, headers, .. } => (Some(url), Some(headers), None),
            ChannelKind::Mail { password, .. } => (None, None, password.as_ref()),
            ChannelKind::Terminal { .. } => (None, None, None),
        };
        let named = first.into_iter().chain(values.into_iter().flat_map(BTreeMap::values));
        named.filter_map(|setting| if let Setting::Secret(secret) = setting { Some(secret) } else { None }).chain(password)
    }
}

/// How a channel reaches people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Runs a program: the message is its environment and its standard input, never a part of its arguments.
    Command {
        /// The program and its arguments; a path with a slash is taken from the workspace's folder.
        run: Vec<String>,
        /// Environment beside the fixed one.
        #[serde(default)]
        env: BTreeMap<String, Setting>,
    },
    /// Posts JSON.
    Webhook {
        /// Where to; an address that is itself a secret is named.
        url: Setting,
        /// Headers beside the fixed ones.
        #[serde(default)]
        headers: BTreeMap<String, Setting>,
        /// The body with `{{field}}`s; absent for the message as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// PEM certificates to trust beside the host's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca_file: Option<String>,
    },
    /// Hands a mail to an SMTP server.
    Mail {
        /// The server's name or address.
        server: String,
        /// Its port. Default by `security`: 587, 465, and 25 in clear.
        port: u16,
        /// How the connection is kept private.
        security: MailSecurity,
        /// Who logs in; absent where nobody does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        /// With which password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<SecretRef>,
        /// The sender.
        from: String,
        /// The recipients.
        to: Vec<String>,
        /// PEM certificates to trust beside the host's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca_file: Option<String>,
    },
    /// Rings in open consoles; nothing leaves dogwatch.
    Terminal {
        /// In all consoles of the workspace, not only in those of the person who is told.
        #[serde(default)]
        everyone: bool,
    },
}

impl ChannelKind {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::Webhook { .. } => "webhook",
            Self::Mail { .. } => "mail",
            Self::Terminal { .. } => "terminal",
        }
    }

    /// Where it leads, without what may be secret: no path or query of an address.
    pub fn target(&self) -> String {
        match self {
            Self::Command { run, .. } => run.first().cloned().unwrap_or_default(),
            Self::Webhook { url: Setting::Text(url), .. } => origin(url),
            Self::Webhook { url: Setting::Secret(secret), .. } => secret.to_string(),
            Self::Mail { server, port, to, .. } => format!("{} by {server}:{port}", to.join(", ")),
            Self::Terminal { everyone: true } => "all open consoles".into(),
            Self::Terminal { everyone: false } => "open consoles of whoever is told".into(),
        }
    }
}

/// Scheme, host and port of an address.
pub(super) fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{}", host.rsplit('@').next().unwrap_or_default())
}

/// How a mail's connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// In clear; to the loopback only.
    None,
    /// In clear until both have agreed on TLS; a server that does not offer it gets nothing.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// A value that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// As it stands.
    Text(String),
    /// Fetched when it is needed.
    Secret(SecretRef),
}

/// Where a secret is. The secret itself is never part of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    /// A variable of the daemon's environment.
    Env(String),
    /// A file that only the daemon's user may read (0600).
    File(String),
    /// What a program prints.
    Command(Vec<String>),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "the file {path}"),
            Self::Command(argv) => write!(f, "the output of {}", argv.first().map_or("", String::as_str)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_tells_nothing_secret() {
        let hook = |url: Setting| ChannelKind::Webhook { url, headers: BTreeMap::new(), body: None, ca_file: None }.target();
        assert_eq!(hook(Setting::Text("https://hooks.example:8443/T0/xyz?token=1".into())), "https://hooks.example:8443");
        assert_eq!(hook(Setting::Secret(SecretRef::Env("HOOK".into()))), "the variable HOOK");
    }

    #[test]
    fn a_secret_is_written_as_it_is_typed() {
        let json = serde_json::to_string(&Setting::Secret(SecretRef::Env("HOOK".into()))).unwrap();
        assert_eq!(json, r#"{"env":"HOOK"}"#);
        assert_eq!(serde_json::from_str::<Setting>(r#""plain""#).unwrap(), Setting::Text("plain".into()));
    }
}
