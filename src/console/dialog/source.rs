//! Silences at neighbours as commands, made of the dialog's fields.

use super::queue::{ends, words};
use super::{Dialog, intent::names};
use crate::domain::sent::LabelMatcher;
use crate::domain::{Command, SourceId};
use jiff::Timestamp;

/// What is asked of a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceVerb {
    /// Make a silence there.
    Silence,
    /// Let the silence with this id there end at another time.
    Extend(String),
    /// End the silence with this id there.
    Expire(String),
}

impl SourceVerb {
    /// The command that the dialog's fields make.
    pub fn command(&self, source: &SourceId, dialog: &Dialog, now: Timestamp) -> Result<Command, String> {
        let source = source.clone();
        let text = |name: &str| dialog.value(name).unwrap_or_default().trim();
        let until = || ends(text(names::UNTIL), now);
        Ok(match self {
            Self::Silence => {
                let matchers = words(text(names::MATCHERS)).iter().map(|word| LabelMatcher::parse(word)).collect::<Result<_, _>>()?;
                Command::SilenceSource { source, matchers, until: until()?, comment: text(names::COMMENT).to_owned() }
            }
            Self::Extend(id) => Command::ExtendAtSource { source, id: id.clone(), until: until()? },
            Self::Expire(id) => Command::ExpireAtSource { source, id: id.clone() },
        })
    }
}
