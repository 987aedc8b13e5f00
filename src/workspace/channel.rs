//! `[channels.NAME]` of `dogwatch.toml`: how people are told. Secrets are named there, never written.

use super::name::{name_problem, variable_problem};
use super::retry;
use super::secret::{self, BY_NAME};
use super::table::{At, Keys, Table, text_of};
use crate::domain::channel::{ChannelDefinition, ChannelKind, MailSecurity, Setting};
use crate::rules::template;
use lettre::message::Mailbox;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

const COMMAND: Keys = Keys { known: &["kind", "run", "env", "timeout", "retry", "per_minute", "idempotent"], later: &[] };
const WEBHOOK: Keys =
    Keys { known: &["kind", "url", "headers", "body", "ca_file", "timeout", "retry", "per_minute", "idempotent"], later: &["method"] };
const MAIL: Keys = Keys {
    known: &[
        "kind",
        "server",
        "port",
        "security",
        "username",
        "password",
        "from",
        "to",
        "ca_file",
        "timeout",
        "retry",
        "per_minute",
        "idempotent",
    ],
    later: &["cc", "bcc", "subject"],
};
const TERMINAL: Keys = Keys { known: &["kind", "tell", "per_minute"], later: &[] };
const KINDS: &[(&str, Kind)] =
    &[("command", Kind::Command), ("webhook", Kind::Webhook), ("mail", Kind::Mail), ("terminal", Kind::Terminal)];
const WHOSE: &[(&str, bool)] = &[("told", false), ("all", true)];
const SECURITIES: &[(&str, MailSecurity)] =
    &[("none", MailSecurity::None), ("starttls", MailSecurity::Starttls), ("tls", MailSecurity::Tls)];
/// Headers that carry a secret.
const SECRET_HEADERS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];
/// Headers that dogwatch sets itself.
const OWN_HEADERS: [&str; 3] = ["idempotency-key", "content-length", "host"];

#[derive(Clone, Copy)]
enum Kind {
    Command,
    Webhook,
    Mail,
    Terminal,
}

/// Reads all channels, each with the place of its name; what is wrong is noted in the file.
pub(super) fn read(top: &Table<'_>, root: &Path) -> Vec<(Range<usize>, ChannelDefinition)> {
    let Some(value) = top.value("channels") else { return Vec::new() };
    let DeValue::Table(entries) = value.get_ref() else {
        top.wrong_kind("channels", value, "a table of channels, such as `[channels.ops]`");
        return Vec::new();
    };
    let mut channels = Vec::new();
    for (key, value) in entries {
        let name: &str = key.get_ref();
        if let Some(problem) = name_problem(name) {
            top.file.wrong(key.span(), format!("`{name}`: {problem}"));
            continue;
        }
        let DeValue::Table(entries) = value.get_ref() else {
            top.file.wrong_but(key.span(), format!("`{name}` is no channel"), "a channel is a table: `[channels.ops]`, then its keys");
            continue;
        };
        let kind = entries.get("kind").and_then(|kind| text_of(top.file, "kind", kind));
        let Some(kind) = kind else {
            if !entries.contains_key("kind") {
                top.file.wrong_but(
                    key.span(),
                    format!("the channel `{name}` needs the key `kind`"),
                    "one of: command, webhook, mail, terminal",
                );
            }
            continue;
        };
        let Some(kind) = super::table::word_of(top.file, "kind", &kind, KINDS) else { continue };
        let keys = match kind {
            Kind::Command => &COMMAND,
            Kind::Webhook => &WEBHOOK,
            Kind::Mail => &MAIL,
            Kind::Terminal => &TERMINAL,
        };
        let reader = Reader { table: Table::open(top.file, entries, key.span(), keys), root };
        channels.push((key.span(), reader.channel(name, kind)));
    }
    channels.sort_by_key(|(at, _)| at.start);
    channels
}

/// One channel's table.
struct Reader<'f> {
    table: Table<'f>,
    root: &'f Path,
}

impl Reader<'_> {
    fn channel(&self, name: &str, kind: Kind) -> ChannelDefinition {
        let kind = match kind {
            Kind::Command => self.command(),
            Kind::Webhook => self.webhook(),
            Kind::Mail => self.mail(),
            Kind::Terminal => ChannelKind::Terminal { everyone: self.table.word("tell", WHOSE).unwrap_or(false) },
        };
        let default = ChannelDefinition::new(name, kind);
        ChannelDefinition {
            timeout: self.table.span("timeout", Duration::from_millis(100)..=Duration::from_mins(2)).unwrap_or(default.timeout),
            retry: retry::of_channel(&self.table),
            per_minute: self.table.whole("per_minute", 1..=1_000).map_or(default.per_minute, |count| count as u32),
            idempotent: self.table.flag("idempotent").unwrap_or(false),
            ..default
        }
    }

    fn command(&self) -> ChannelKind {
        let table = &self.table;
        match table.value("run").map(Spanned::get_ref) {
            Some(DeValue::Array(items)) if items.is_empty() => {
                table.file.wrong_but(table.place("run"), "`run` names no program", "the first text of the list is the program");
            }
            Some(DeValue::Array(_)) => {}
            Some(_) => {
                let hint = "the message is in DOGWATCH_MESSAGE_… and on standard input; for a shell write `[\"sh\", \"-c\", \"…\"]`";
                table.file.wrong_but(table.place("run"), "`run` is a list of texts: a program and its arguments", hint);
            }
            None => table.file.wrong(table.at.clone(), "a command channel needs the key `run`"),
        }
        let run = table.texts("run").into_iter().map(|text| text.value.to_owned()).collect();
        ChannelKind::Command { run, env: self.settings("env", &|name, _| variable_problem(name)) }
    }

    fn webhook(&self) -> ChannelKind {
        let table = &self.table;
        if table.value("url").is_none() {
            table.file.wrong(table.at.clone(), "a webhook channel needs the key `url`");
        }
        let url = table.value("url").and_then(|value| self.setting("url", value));
        if let Some(Setting::Text(text)) = &url {
            self.address(text);
        }
        let body = table.text("body").map(|text| {
            if let Err(problem) = template::check(text.value) {
                let hint = format!("fields: {}", crate::domain::message::FIELDS.join(", "));
                table.file.wrong_but(text.at.clone(), format!("`body`: {problem}"), hint);
            }
            text.value.to_owned()
        });
        ChannelKind::Webhook {
            url: url.unwrap_or_else(|| Setting::Text(String::new())),
            headers: self.settings("headers", &header_problem),
            body,
            ca_file: self.ca_file(),
        }
    }

    fn address(&self, text: &str) {
        let (file, at) = (self.table.file, self.table.place("url"));
        match Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                file.wrong(at, "`url` takes an address that begins with http:// or https://");
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                file.wrong_secret(at, "`url` holds a user name or a password", BY_NAME);
            }
            Ok(url) if url.scheme() == "http" && self.table.value("ca_file").is_some() => {
                file.wrong(self.table.place("ca_file"), "`ca_file` is for https only");
            }
            Ok(_) => {}
            Err(error) => file.wrong_but(at, format!("`url` is no address: {error}"), "such as `https://hooks.example/ops`"),
        }
    }

    fn mail(&self) -> ChannelKind {
        let table = &self.table;
        let server = table.needed_text("server", "a mail channel").map(|text| {
            if text.value.is_empty() || text.value.contains(|c: char| c.is_whitespace() || c.is_control() || "/@:".contains(c)) {
                table.file.wrong_but(text.at, "`server` is a host's name or address, without a port", "the port has the key `port`");
            }
            text.value.to_owned()
        });
        let security = table.word("security", SECURITIES).unwrap_or(MailSecurity::Starttls);
        let default_port = match security {
            MailSecurity::None => 25,
            MailSecurity::Starttls => 587,
            MailSecurity::Tls => 465,
        };
        let username = table.text("username").map(|text| text.value.to_owned());
        let password = table.value("password").and_then(|value| match self.setting("password", value) {
            Some(Setting::Secret(secret)) => Some(secret),
            Some(Setting::Text(_)) => {
                table.file.wrong_secret(value.span(), "`password` is a secret, and secrets never stand in a definition", BY_NAME);
                None
            }
            None => None,
        });
        if username.is_some() != table.value("password").is_some() {
            table.file.wrong(table.at.clone(), "`username` and `password` go together");
        }
        if security == MailSecurity::None {
            if username.is_some() {
                let hint = "use security = \"starttls\" or \"tls\"";
                table.file.wrong_but(table.place("username"), "a password is not sent in clear", hint);
            }
            if table.value("ca_file").is_some() {
                table.file.wrong(table.place("ca_file"), "`ca_file` is for starttls and tls only");
            }
        }
        let to = table.texts("to");
        if to.is_empty() {
            table.file.wrong(table.place("to"), "a mail channel needs recipients: `to = [\"ops@example.org\"]`");
        }
        ChannelKind::Mail {
            server: server.unwrap_or_default(),
            port: table.whole("port", 1..=65_535).and_then(|port| u16::try_from(port).ok()).unwrap_or(default_port),
            security,
            username,
            password,
            from: table.needed_text("from", "a mail channel").map(|text| self.mailbox(text)).unwrap_or_default(),
            to: to.into_iter().map(|text| self.mailbox(text)).collect(),
            ca_file: self.ca_file(),
        }
    }

    fn mailbox(&self, text: At<&str>) -> String {
        let is_plain = text.value.chars().all(|letter| !letter.is_control());
        match text.value.parse::<Mailbox>() {
            Ok(mailbox) if is_plain && mailbox.email.to_string().is_ascii() => {}
            _ => self.table.file.wrong_but(text.at, format!("`{}` is no mail address", text.value), "such as `ops@example.org`"),
        }
        text.value.to_owned()
    }

    fn ca_file(&self) -> Option<String> {
        // The daemon works in another folder than the workspace.
        self.table.text("ca_file").map(|text| self.root.join(text.value).to_string_lossy().into_owned())
    }

    /// A table of names and values that may be secret.
    fn settings(&self, key: &str, problem: &dyn Fn(&str, &Setting) -> Option<&'static str>) -> BTreeMap<String, Setting> {
        let Some(value) = self.table.value(key) else { return BTreeMap::new() };
        let DeValue::Table(entries) = value.get_ref() else {
            self.table.wrong_kind(key, value, "a table of names and values");
            return BTreeMap::new();
        };
        let mut settings = BTreeMap::new();
        for (name, value) in entries {
            let name_text: &str = name.get_ref();
            let Some(setting) = self.setting(name_text, value) else { continue };
            match problem(name_text, &setting) {
                Some(problem) => self.table.file.wrong_secret(name.span(), format!("`{name_text}`: {problem}"), BY_NAME),
                None => drop(settings.insert(name_text.to_owned(), setting)),
            }
        }
        settings
    }

    /// A text, or where a secret is.
    fn setting(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Setting> {
        let DeValue::Table(entries) = value.get_ref() else {
            return text_of(self.table.file, key, value).map(|text| Setting::Text(text.value.to_owned()));
        };
        secret::place(self.table.file, key, entries, value.span(), self.root).map(Setting::Secret)
    }
}

fn header_problem(name: &str, setting: &Setting) -> Option<&'static str> {
    let small = name.to_ascii_lowercase();
    match setting {
        _ if HeaderName::from_bytes(name.as_bytes()).is_err() => Some("this is not the name of a header"),
        _ if OWN_HEADERS.contains(&small.as_str()) => Some("this header is set by dogwatch"),
        Setting::Text(_) if SECRET_HEADERS.contains(&small.as_str()) => Some("this header carries a secret"),
        Setting::Text(text) if HeaderValue::from_str(text).is_err() => Some("the value cannot be sent"),
        _ => None,
    }
}
