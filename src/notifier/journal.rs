//! What is to be stored, in order. One batch is at the disk while the next one fills, so that a busy notifier commits for
//! many at once. A batch that failed goes before all others once more; the writers in it are told that nothing is known
//! to be on disk.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::engine::Time;
use crate::sip::summary::Counts;
use crate::store::{Change, Store};

/// Changes that may wait before message state is refused.
const MOST_WAITING: usize = 50_000;
/// How long a disk that failed is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// What waits for a batch to be on disk.
#[derive(Debug)]
pub enum Waiting<R> {
    /// New message state of a mailbox, and whom to tell.
    Counts {
        /// Name of the mailbox.
        mailbox: String,
        /// Its messages.
        counts: Counts,
        /// Their version.
        version: u64,
        /// Who asked.
        reply: R,
    },
    /// A lamp that the engine asked to be remembered.
    Touch(String),
}

/// What became of a batch.
#[derive(Debug)]
pub struct Written<R> {
    /// Whether it is on disk.
    pub on_disk: bool,
    /// Who waited for it.
    pub waiting: Vec<Waiting<R>>,
}

/// A batch at the disk.
struct Writing<R> {
    changes: Vec<Change>,
    waiting: Vec<Waiting<R>>,
    done: oneshot::Receiver<bool>,
}

/// The journal of one notifier. `R` is what stands for a writer.
pub struct Journal<R> {
    store: Store,
    changes: Vec<Change>,
    waiting: Vec<Waiting<R>>,
    writing: Option<Writing<R>>,
    paused_until: Time,
}

impl<R> Journal<R> {
    /// A journal over an open store.
    pub fn new(store: Store) -> Self {
        Self { store, changes: Vec::new(), waiting: Vec::new(), writing: None, paused_until: Time::ZERO }
    }

    /// Whether so much waits that more message state must be refused.
    pub fn is_full(&self) -> bool {
        self.changes.len() >= MOST_WAITING
    }

    /// Takes down a change.
    pub fn add(&mut self, change: Change, waiting: Option<Waiting<R>>) {
        self.changes.push(change);
        self.waiting.extend(waiting);
    }

    /// Sends what waits to the disk, if that is free.
    pub fn flush(&mut self, now: Time) {
        if self.writing.is_some() || self.changes.is_empty() || now < self.paused_until {
            return;
        }
        let (tell, done) = oneshot::channel();
        let changes = std::mem::take(&mut self.changes);
        let waiting = std::mem::take(&mut self.waiting);
        let answer = Box::new(move |on_disk| {
            // The notifier may have ended.
            let _ = tell.send(on_disk);
        });
        // A refused batch drops `tell`, which reads as "not on disk".
        let _ = self.store.enqueue(changes.clone(), Some(answer));
        self.writing = Some(Writing { changes, waiting, done });
    }

    /// When [`Journal::flush`] has something to do that it could not do at once.
    pub fn deadline(&self) -> Option<Time> {
        (self.writing.is_none() && !self.changes.is_empty()).then_some(self.paused_until)
    }

    /// Waits for the batch that is at the disk; for ever if there is none.
    pub async fn written(&mut self, now: impl Fn() -> Time) -> Written<R> {
        let Some(writing) = &mut self.writing else { return std::future::pending().await };
        let on_disk = (&mut writing.done).await.unwrap_or(false);
        let Some(Writing { changes, waiting, .. }) = self.writing.take() else {
            return std::future::pending().await;
        };
        if on_disk {
            return Written { on_disk, waiting };
        }
        self.paused_until = now() + PAUSE;
        let (writers, touches): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|w| matches!(w, Waiting::Counts { .. }));
        let mut again: Vec<Change> =
            changes.into_iter().filter(|change| !matches!(change, Change::Counts { .. })).collect();
        again.append(&mut self.changes);
        self.changes = again;
        self.waiting = touches.into_iter().chain(self.waiting.drain(..)).collect();
        Written { on_disk, waiting: writers }
    }

    /// Writes all that waits and closes the store.
    ///
    /// # Errors
    /// What the store says; message state that was accepted is on disk in any case.
    pub async fn close(mut self) -> Result<(), crate::store::StoreError> {
        if let Some(writing) = self.writing.take() {
            // The store answers every batch before it ends.
            let _ = writing.done.await;
        }
        if !self.changes.is_empty() {
            self.store.write(self.changes).await?;
        }
        self.store.close().await
    }
}
