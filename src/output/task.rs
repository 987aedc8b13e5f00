//! Work that takes long, on a thread of its own: it shows how far it is, can be cancelled, and rings when it is done.

use super::{Bell, OutputError, Progress};
use std::sync::{Arc, Mutex, PoisonError};

/// Work that runs. Dropping it cancels it.
#[derive(Debug)]
pub struct Task<T> {
    progress: Arc<Progress>,
    answer: Arc<Mutex<Option<T>>>,
}

impl<T: Send + 'static> Task<T> {
    /// Starts the work; `what` names it should the system give no thread.
    pub fn start(what: &'static str, bell: &Bell, work: impl FnOnce(&Progress) -> T + Send + 'static) -> Result<Self, OutputError> {
        let task = Self { progress: Arc::default(), answer: Arc::default() };
        let (progress, answer, bell) = (task.progress.clone(), task.answer.clone(), bell.clone());
        progress.begin(1);
        std::thread::Builder::new()
            .name("output task".into())
            .spawn(move || {
                let done = work(&progress);
                *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
                progress.end();
                if !progress.is_cancelled() {
                    bell.ring();
                }
            })
            .map_err(|source| OutputError::Start { what, source })?;
        Ok(task)
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What came of it, once: absent while it runs and after it was taken.
    pub fn take(&self) -> Option<T> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}
