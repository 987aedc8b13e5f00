//! What the outputs of failed attempts tell, looked up in the background, each once.

use crate::console::Session;
use crate::domain::AttemptId;
use crate::output::{Bell, OutputError, Task, Telling, telling_of};
use crate::wire::handed::open_output;
use crate::wire::message::Welcome;
use std::collections::BTreeMap;

/// Outputs that are looked into at most: a run of hundreds of failed steps is told by its first.
const LOOKED_INTO: usize = 8;

type Answer = Result<Option<Telling>, OutputError>;

/// Words of outputs, as far as they are known.
#[derive(Debug)]
pub struct Outputs {
    welcome: Option<Welcome>,
    bell: Bell,
    known: BTreeMap<AttemptId, Look>,
}

#[derive(Debug)]
enum Look {
    Running(Task<Answer>),
    /// Absent where the output is not kept or empty.
    Told(Option<String>),
}

impl Outputs {
    /// Nothing is looked into yet.
    pub fn new(session: &Session) -> Self {
        let waker = session.waker.clone();
        let welcome = session.welcome.clone();
        Self { welcome, bell: Bell::new(move || waker.wake()), known: BTreeMap::new() }
    }

    /// What the output of an attempt tells; until that is known, that it is looked into.
    pub fn of(&mut self, attempt: &AttemptId) -> Option<String> {
        if !self.known.contains_key(attempt) {
            let welcome = self.welcome.clone().filter(|_| self.known.len() < LOOKED_INTO)?;
            let asked = attempt.clone();
            let tell = move |progress: &_| telling_of(&open_output(&welcome, &asked)?, progress);
            let look = match Task::start("looking into the output", &self.bell, tell) {
                Ok(task) => Look::Running(task),
                Err(error) => Look::Told(Some(error.to_string())),
            };
            self.known.insert(attempt.clone(), look);
        }
        match self.known.get(attempt)? {
            Look::Running(_) => Some("its output is looked into".into()),
            Look::Told(words) => words.clone(),
        }
    }

    /// Takes what has become known; answers whether anything has.
    pub fn listen(&mut self) -> bool {
        if !self.bell.heard() {
            return false;
        }
        let mut any = false;
        for look in self.known.values_mut() {
            let Some(answer) = (if let Look::Running(task) = look { task.take() } else { None }) else { continue };
            *look = Look::Told(match answer {
                Ok(telling) => telling.map(|telling| telling.to_string()),
                Err(OutputError::Missing { .. }) => None,
                Err(error) => Some(error.to_string()),
            });
            any = true;
        }
        any
    }
}
