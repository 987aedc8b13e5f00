//! Bodies with `{{field}}`s: every value is escaped as a part of a JSON text, so that none can end it.

use crate::domain::Message;
use crate::domain::message::FIELDS;
use crate::json::{self, Value, json};
use thiserror::Error;

/// Why a text cannot be a body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// It names a field that no message has.
    #[error("there is no field `{0}`")]
    UnknownField(String),
    /// A field is not closed.
    #[error("`{{{{` is not closed with `}}}}`")]
    Open,
    /// Filled in, it is no JSON.
    #[error("filled in, it is no JSON: {0}")]
    NotJson(String),
}

/// Checks a body before any message needs it.
///
/// # Errors
/// A field that no message has, or a text that is no JSON with its fields filled in.
pub fn check(template: &str) -> Result<(), TemplateError> {
    let filled = fill(template, |_| Some("text".to_owned()))?;
    json::read::<Value>(&filled).map(drop).map_err(|error| TemplateError::NotJson(error.to_string()))
}

/// The body of a message: by its template, or the message as it is.
///
/// # Errors
/// As [`check`] tells them.
pub fn body(template: Option<&str>, message: &Message) -> Result<String, TemplateError> {
    match template {
        Some(template) => fill(template, |name| message.field(name)),
        None => Ok(whole(message).to_string()),
    }
}

/// The message as JSON; the shape only grows.
pub fn whole(message: &Message) -> Value {
    json!({
        "id": message.id,
        "workspace": message.workspace,
        "channel": message.channel,
        "point": message.point,
        "subject": message.subject,
        "text": message.text,
        "severity": message.severity,
        "flow": message.flow,
        "run": message.run,
        "step": message.step,
        "date": message.date,
        "at": message.at,
        "incident": message.incident,
        "person": message.person,
    })
}

fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, next) = after.split_once("}}").ok_or(TemplateError::Open)?;
        let name = name.trim();
        let unknown = || TemplateError::UnknownField(name.to_owned());
        let value = FIELDS.contains(&name).then(|| value(name)).flatten().ok_or_else(unknown)?;
        filled.push_str(before);
        let quoted = Value::String(value).to_string();
        filled.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
        rest = next;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_end_the_text_that_they_stand_in() {
        let hostile = "\", \"admin\": true, \"x\": \"\\\n{{flow}}";
        let filled = fill(r#"{"text": "{{ subject }}"}"#, |_| Some(hostile.to_owned())).unwrap();
        let value: Value = json::read(&filled).unwrap();
        assert_eq!(value, json!({ "text": hostile }));
    }

    #[test]
    fn a_body_is_checked_before_it_is_needed() {
        assert_eq!(check(r#"{"text": "{{subject}}: {{text}}"}"#), Ok(()));
        assert_eq!(check(r#"{"text": "{{password}}"}"#), Err(TemplateError::UnknownField("password".into())));
        assert_eq!(check(r#"{"text": "{{subject"}"#), Err(TemplateError::Open));
        assert!(matches!(check(r#"{"text": {{subject}}}"#), Err(TemplateError::NotJson(_))));
    }

    #[test]
    fn every_field_can_be_named() {
        let message = Message {
            id: "m".into(),
            workspace: "w".into(),
            channel: "ops".into(),
            point: crate::domain::Point::Failed,
            subject: String::new(),
            text: String::new(),
            severity: crate::domain::Severity::High,
            flow: None,
            run: None,
            step: None,
            date: None,
            at: jiff::Timestamp::UNIX_EPOCH,
            incident: None,
            person: None,
        };
        assert!(FIELDS.iter().all(|name| message.field(name).is_some()));
        let whole = whole(&message);
        assert_eq!(whole.as_object().unwrap().len(), FIELDS.len());
    }
}
