//! What is to be stored, in order. One batch is at the disk while the next one fills, so that a busy notifier commits for
//! many at once. A batch that failed goes before all others once more; the writers in it are told that nothing is known
//! to be on disk.

use std::collections::BTreeSet;
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
        self.put_back(changes);
        self.waiting = touches.into_iter().chain(self.waiting.drain(..)).collect();
        Written { on_disk, waiting: writers }
    }

    /// Puts a batch that failed before what has come since, without what is superseded, so that a disk that stays broken
    /// makes no list without end. Message state is left out: its writers were told that it is not stored.
    fn put_back(&mut self, failed: Vec<Change>) {
        let kept = failed.into_iter().filter(|change| !matches!(change, Change::Counts { .. }));
        let newer = std::mem::take(&mut self.changes);
        let mut seen = BTreeSet::new();
        let mut all: Vec<Change> =
            kept.chain(newer).rev().filter(|change| is_latest(change, &mut seen)).collect();
        all.reverse();
        self.changes = all;
    }

    /// Writes all that waits and closes the store.
    ///
    /// # Errors
    /// What the store says; message state that was accepted is on disk in any case.
    pub async fn close(mut self) -> Result<(), crate::store::StoreError> {
        if let Some(writing) = self.writing.take()
            // The store answers every batch before it ends.
            && !writing.done.await.unwrap_or(false)
        {
            self.put_back(writing.changes);
        }
        if !self.changes.is_empty() {
            self.store.write(self.changes).await?;
        }
        self.store.close().await
    }
}

/// Whether nothing newer replaces a change; to be asked from the newest to the oldest.
fn is_latest(change: &Change, seen: &mut BTreeSet<(String, Option<String>)>) -> bool {
    match change {
        Change::Counts { .. } | Change::ForgetMailbox { .. } => true,
        Change::Lamp { address, .. } => seen.insert((address.clone(), None)),
        Change::Told { address, gateway, .. } => seen.insert((address.clone(), Some(gateway.clone()))),
        // What came after it is kept as well, in its order: each kind of row is replaced as a whole.
        Change::ForgetLamp { address } => seen.insert((address.clone(), Some(String::new()))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn told(address: &str, gateway: &str, new: u32) -> Change {
        let counts = Counts { new, ..Counts::default() };
        Change::Told { address: address.into(), gateway: gateway.into(), counts, at: 0, status: 200 }
    }

    #[test]
    fn a_batch_that_failed_goes_first_and_what_is_superseded_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("store.sqlite"), 0).unwrap();
        let mut journal: Journal<()> = Journal::new(store);
        let forget = Change::ForgetLamp { address: "4202".into() };
        journal.changes = vec![told("4201", "pbx-a", 2), told("4202", "pbx-a", 1)];
        let counts = Change::Counts { mailbox: "lina".into(), counts: Counts::NONE, version: 1, at: 0 };
        journal.put_back(vec![told("4201", "pbx-a", 1), counts, told("4201", "pbx-b", 1), forget.clone()]);
        let wanted =
            vec![told("4201", "pbx-b", 1), forget, told("4201", "pbx-a", 2), told("4202", "pbx-a", 1)];
        assert_eq!(journal.changes, wanted);
    }
}
