//! One timer for a whole table of deadlines, moved only when a deadline comes before the one it is set to.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer and the clock that its times count from.
pub(super) struct Alarm {
    epoch: Instant,
    sleep: Pin<Box<Sleep>>,
    due: Option<Duration>,
}

impl Alarm {
    pub(super) fn new() -> Alarm {
        let epoch = Instant::now();
        Alarm { epoch, sleep: Box::pin(sleep_until(epoch)), due: None }
    }

    /// Time since this alarm was made.
    pub(super) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Rings at `due` or before: it may ring for a deadline that has moved away meanwhile.
    pub(super) fn set(&mut self, due: Option<Duration>) {
        if let Some(due) = due
            && self.due.is_none_or(|armed| due < armed)
        {
            self.sleep.as_mut().reset(self.epoch + due);
            self.due = Some(due);
        }
    }

    /// Waits until it rings; nothing is lost when the wait is given up.
    pub(super) async fn ring(&mut self) {
        if self.due.is_none() {
            pending::<()>().await;
        }
        self.sleep.as_mut().await;
        self.due = None;
    }
}
