//! What senders write: Alertmanager's webhook (version 4), or plain JSON, one alert or a list.

use crate::domain::sent::SentAlert;
use crate::domain::{Command, Labels, Severity, SourceId};
use crate::json;
use crate::rules::check_labels;
use crate::sources::alertmanager::{one_line, severity};
use crate::workspace::parse_span;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Alerts in one request.
const ALERTS_MAX: usize = 10_000;

/// Alertmanager's webhook.
#[derive(Deserialize)]
struct Webhook {
    version: String,
    alerts: Vec<WebhookAlert>,
}

#[derive(Deserialize)]
struct WebhookAlert {
    status: String,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "generatorURL")]
    generator_url: Option<String>,
}

/// An alert in plain JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    resolved: bool,
    #[serde(default, rename = "for")]
    lasts: Option<String>,
}

/// The requests in a webhook of Alertmanager.
pub(super) fn webhook(body: &[u8], source: Option<&SourceId>) -> Result<Vec<Command>, String> {
    let read: Webhook = json::read_bytes(body).map_err(|error| format!("this is no webhook of Alertmanager: {error}"))?;
    if read.version != "4" {
        return Err(format!("the webhook has version {:?}, 4 is known", read.version.chars().take(16).collect::<String>()));
    }
    let each = read.alerts.into_iter().enumerate();
    bounded(each.map(|(place, alert)| of_webhook(alert, source).map_err(|error| format!("alert {}: {error}", place + 1))))
}

fn of_webhook(alert: WebhookAlert, source: Option<&SourceId>) -> Result<Command, String> {
    let labels: Labels = alert.labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    check_labels(&labels)?;
    let source = source.cloned();
    match alert.status.as_str() {
        "resolved" => Ok(Command::EndAlert { labels, reason: Some("Alertmanager says that it is over".into()), source }),
        "firing" => {
            let mut annotations = alert.annotations.unwrap_or_default();
            let words = ["summary", "message", "title", "description"].into_iter().find_map(|name| annotations.remove(name));
            let name = || labels.get("alertname").cloned().unwrap_or_default();
            let summary = words.filter(|words| !words.trim().is_empty()).map_or_else(name, |words| one_line(&words));
            let how = severity(labels.get("severity").map_or("", String::as_str));
            let link = alert.generator_url.filter(|link| link.starts_with("http"));
            Ok(Command::SendAlert { alert: SentAlert { labels, severity: how, summary, link, lasts: None, source } })
        }
        other => Err(format!("the status {:?} is neither firing nor resolved", other.chars().take(16).collect::<String>())),
    }
}

/// The requests in plain JSON: an object, or a list of objects.
pub(super) fn plain(body: &[u8], source: Option<&SourceId>) -> Result<Vec<Command>, String> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let read: Result<Vec<Plain>, _> = match first {
        Some(b'[') => json::read_bytes(body),
        _ => json::read_bytes(body).map(|one| vec![one]),
    };
    let read =
        read.map_err(|error| format!("this is no alert such as {{\"name\": \"DiskFull\", \"severity\": \"high\"}}, nor a list: {error}"))?;
    let each = read.into_iter().enumerate();
    bounded(each.map(|(place, alert)| of_plain(alert, source).map_err(|error| format!("alert {}: {error}", place + 1))))
}

fn of_plain(alert: Plain, source: Option<&SourceId>) -> Result<Command, String> {
    let Plain { name, labels, severity, summary, link, resolved, lasts } = alert;
    let mut labels: Labels = labels.into_iter().collect();
    labels.insert("alertname".into(), name.clone());
    check_labels(&labels)?;
    let lasts = lasts.map(|span| parse_span(&span)).transpose()?;
    let (source, summary) = (source.cloned(), summary.filter(|words| !words.trim().is_empty()).unwrap_or(name));
    Ok(if resolved {
        Command::EndAlert { labels, reason: None, source }
    } else {
        let severity = severity.unwrap_or(Severity::Warning);
        Command::SendAlert { alert: SentAlert { labels, severity, summary, link, lasts, source } }
    })
}

fn bounded(alerts: impl ExactSizeIterator<Item = Result<Command, String>>) -> Result<Vec<Command>, String> {
    match alerts.len() {
        0 => Err("the request holds no alert".into()),
        many if many > ALERTS_MAX => Err(format!("the request holds {many} alerts, at most {ALERTS_MAX} are taken at once")),
        _ => alerts.collect(),
    }
}
