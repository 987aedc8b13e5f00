//! `probes/*.toml`: one or more probes each, a table per probe.

use super::file::SourceFile;
use super::flow::SEVERITIES;
use super::load::RunbookNames;
use super::name::{label_problem, name_problem};
use super::table::{self, Keys, Table};
use crate::domain::probe::{Expectation, Objective, Target};
use crate::domain::{Labels, ProbeDefinition, ProbeId, Severity};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

const KEYS: Keys = Keys {
    known: &[
        "http",
        "tcp",
        "method",
        "headers",
        "body",
        "ca_file",
        "every",
        "timeout",
        "expect",
        "down_after",
        "up_after",
        "severity",
        "runbook",
        "labels",
        "keep_alive",
        "objective",
    ],
    later: &[
        "exec",
        "parent",
        "step",
        "guard",
        "icmp",
        "ping",
        "dns",
        "tls",
        "disk",
        "file",
        "capacity",
        "of_last",
        "username",
        "password",
        "follow",
        "maintenance",
        "calendar",
        "channels",
        "sql",
        "grpc",
    ],
};
const EXPECT: Keys = Keys { known: &["status", "body_contains", "body_matches", "below", "certificate_days"], later: &["json", "header"] };
const METHODS: &[(&str, &str)] =
    &[("GET", "GET"), ("HEAD", "HEAD"), ("POST", "POST"), ("PUT", "PUT"), ("DELETE", "DELETE"), ("OPTIONS", "OPTIONS"), ("PATCH", "PATCH")];
/// Headers that carry a secret.
const SECRET_HEADERS: &[&str] = &["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];

/// Reads the probes of a file in its order, each with the place of its name; what is wrong is noted in the file.
pub(super) fn read(file: &SourceFile, runbooks: &RunbookNames) -> Vec<(Range<usize>, ProbeDefinition)> {
    let parsed = table::parse(file);
    let mut probes = Vec::new();
    for (key, value) in parsed.get_ref() {
        let name: &str = key.get_ref();
        if let Some(problem) = name_problem(name) {
            file.wrong(key.span(), format!("`{name}`: {problem}"));
            continue;
        }
        let DeValue::Table(entries) = value.get_ref() else {
            file.wrong_but(key.span(), format!("`{name}` stands outside a probe"), "a probe is a table: `[home]`, then its keys");
            continue;
        };
        let table = Table::open(file, entries, key.span(), &KEYS);
        if let Some(probe) = probe(&table, name, runbooks) {
            probes.push((key.span(), probe));
        }
    }
    probes.sort_by_key(|(at, _)| at.start);
    probes
}

fn probe(table: &Table<'_>, name: &str, runbooks: &RunbookNames) -> Option<ProbeDefinition> {
    let target = target(table, name);
    let every = table.span("every", Duration::from_secs(1)..=Duration::from_hours(24)).unwrap_or(Duration::from_mins(1));
    let timeout = timeout(table, every);
    let expect = expectation(table, timeout);
    let definition = |target| ProbeDefinition {
        id: ProbeId::new(name),
        file: table.file.name.clone(),
        target,
        every,
        timeout,
        expect,
        down_after: table.whole("down_after", 1..=1_000).map_or(3, |count| count as u32),
        up_after: table.whole("up_after", 1..=1_000).map_or(2, |count| count as u32),
        severity: table.word("severity", SEVERITIES).unwrap_or(Severity::High),
        runbook: runbooks.named(table),
        labels: table.texts_by_name("labels", label_problem).into(),
        keep_alive: table.flag("keep_alive").unwrap_or(false),
        objective: objective(table, every),
    };
    // The rest is read also where the target is wrong, so that all errors are told at once.
    let is_right = target.is_some();
    let probe = definition(target.unwrap_or_else(|| Target::Outside { description: String::new() }));
    is_right.then_some(probe)
}

fn target(table: &Table<'_>, name: &str) -> Option<Target> {
    match (table.value("http"), table.value("tcp")) {
        (Some(_), None) => http(table),
        (None, Some(_)) => tcp(table),
        (Some(_), Some(tcp)) => {
            table.file.wrong(tcp.span(), format!("`{name}` has both `http` and `tcp`; a probe has one of them"));
            None
        }
        (None, None) => {
            // A kind that is not built yet was told where its key stands.
            if !["exec", "step", "icmp", "ping", "dns", "tls", "disk", "file", "sql", "grpc"].iter().any(|kind| table.value(kind).is_some())
            {
                table.file.wrong(table.at.clone(), format!("`{name}` looks at nothing: it needs `http` or `tcp`"));
            }
            None
        }
    }
}

fn http(table: &Table<'_>) -> Option<Target> {
    let url = address(table);
    let method = table.word("method", METHODS).unwrap_or("GET").to_owned();
    let headers = headers(table);
    let body = table.text("body").map(|text| text.value.to_owned());
    let ca_file = table.text("ca_file").map(|text| text.value.to_owned());
    let url = url?;
    if url.scheme() != "https" {
        if let Some(value) = table.value("ca_file") {
            table.file.wrong(value.span(), "`ca_file` is for https only");
        }
        if let Some(DeValue::Table(expect)) = table.value("expect").map(toml::Spanned::get_ref)
            && let Some(value) = expect.get("certificate_days")
        {
            table.file.wrong(value.span(), "`certificate_days` is for https only");
        }
    }
    Some(Target::Http { url: table.text("http")?.value.to_owned(), method, headers, body, ca_file })
}

/// The address, when it is one that may be looked at.
fn address(table: &Table<'_>) -> Option<Url> {
    let text = table.text("http")?;
    match Url::parse(text.value) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            table.file.wrong(text.at, "`http` takes an address that begins with http:// or https://");
            None
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            table.file.wrong_secret(text.at, "`http` holds a user name or a password", "credentials never stand in a definition");
            None
        }
        Ok(url) => Some(url),
        Err(error) => {
            table.file.wrong_but(text.at, format!("`http` is no address: {error}"), "such as `https://shop.example/`");
            None
        }
    }
}

fn headers(table: &Table<'_>) -> Labels {
    if let Some(DeValue::Table(entries)) = table.value("headers").map(toml::Spanned::get_ref) {
        for name in entries.keys().filter(|name| SECRET_HEADERS.contains(&name.get_ref().to_ascii_lowercase().as_str())) {
            let reason = format!("the header `{}` carries a secret", name.get_ref());
            table.file.wrong_secret(name.span(), reason, "credentials never stand in a definition");
        }
    }
    let headers = table
        .texts_by_name("headers", |name| HeaderName::from_bytes(name.as_bytes()).is_err().then_some("this is not the name of a header"));
    for (name, value) in &headers {
        if HeaderValue::from_str(value).is_err() {
            table.file.wrong(table.place("headers"), format!("the value of the header `{name}` cannot be sent"));
        }
    }
    headers.into()
}

fn tcp(table: &Table<'_>) -> Option<Target> {
    for key in ["method", "headers", "body", "ca_file", "keep_alive"] {
        if let Some(value) = table.value(key) {
            table.file.wrong(value.span(), format!("`{key}` is for http only"));
        }
    }
    if let Some(DeValue::Table(expect)) = table.value("expect").map(toml::Spanned::get_ref) {
        for (key, value) in expect {
            let key: &str = key.get_ref();
            if matches!(key, "status" | "body_contains" | "body_matches" | "certificate_days") {
                table.file.wrong(value.span(), format!("`{key}` is for http only"));
            }
        }
    }
    let text = table.text("tcp")?;
    let is_right = text.value.rsplit_once(':').is_some_and(|(host, port)| {
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        let is_host = !host.is_empty()
            && (is_bracketed || !host.contains(':'))
            && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@');
        is_host && port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if is_right {
        return Some(Target::Tcp { address: text.value.to_owned() });
    }
    table.file.wrong_but(text.at, "`tcp` takes a host and a port", "such as `db1:5432` or `[::1]:5432`");
    None
}

/// How much of the time the target is meant to be there. A window of fewer looks than one bad one needs could never say.
fn objective(table: &Table<'_>, every: Duration) -> Option<Objective> {
    let text = table.text("objective")?;
    match text.value.parse::<Objective>() {
        Ok(objective) if objective.window.as_secs_f64() / every.as_secs_f64() * objective.allowed() < 1.0 => {
            let looks = (objective.window.as_secs_f64() / every.as_secs_f64()).floor();
            let reason = format!("{objective} is too thin: {looks} looks within the window allow no single bad one");
            table.file.wrong_but(text.at, reason, "look more often (`every`), ask for less, or over a longer window");
            None
        }
        Ok(objective) => Some(objective),
        Err(reason) => {
            table.file.wrong(text.at, reason);
            None
        }
    }
}

/// A look never takes longer than the rhythm.
fn timeout(table: &Table<'_>, every: Duration) -> Duration {
    let default = every.min(Duration::from_secs(10));
    match table.span("timeout", Duration::from_millis(1)..=Duration::from_hours(1)) {
        Some(timeout) if timeout > every => {
            table.file.wrong(table.place("timeout"), format!("`timeout` is longer than `every`, which is {}", table::words(every)));
            default
        }
        given => given.unwrap_or(default),
    }
}

fn expectation(table: &Table<'_>, timeout: Duration) -> Expectation {
    let Some(expect) = table.table("expect", &EXPECT) else { return Expectation::default() };
    let below = expect.span("below", Duration::from_millis(1)..=Duration::from_hours(1));
    if below.is_some_and(|below| below > timeout) {
        expect.file.wrong(expect.place("below"), format!("`below` is longer than the timeout, which is {}", table::words(timeout)));
    }
    Expectation {
        status: expect.wholes("status", 100..=599).into_iter().map(|status| status as u16).collect(),
        body_contains: expect.text("body_contains").map(|text| text.value.to_owned()),
        body_matches: expect.regex("body_matches"),
        below,
        certificate_days: expect.whole("certificate_days", 0..=3_650).map(|days| days as u32),
    }
}
