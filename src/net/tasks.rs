//! The tasks of an endpoint, which end with it.

use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// Tasks that are ended together.
pub(super) struct Tasks(Mutex<Option<JoinSet<()>>>);

impl Tasks {
    pub(super) fn new() -> Tasks {
        Tasks(Mutex::new(Some(JoinSet::new())))
    }

    /// Runs a task; false, and it is dropped, after [`Tasks::end`].
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(set) = set.as_mut() else { return false };
        while set.try_join_next().is_some() {}
        set.spawn(task);
        true
    }

    /// Ends all tasks.
    pub(super) fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
