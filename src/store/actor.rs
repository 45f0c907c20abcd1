//! The thread that owns the database, and the trait behind which a database stands. Knows nothing of SQL.

use tokio::sync::mpsc;
use tracing::{error, info};

use super::{Change, Contents, QUEUE, StoreError};

/// A database that keeps the store's rows.
pub(super) trait Backend: Send {
    /// Opens the database, brings its schema up to date and reads all of it.
    fn load(&mut self) -> Result<Contents, StoreError>;

    /// Writes `changes` in their order, all or none. `Ok` means that they are on disk. After an error the next call
    /// starts from a clean connection.
    fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// Leaves the database in its most compact form and lets go of it.
    fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// Receives what became of a batch.
pub(super) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Changes that are written together.
pub(super) struct Batch {
    pub changes: Vec<Change>,
    pub answer: Option<Answer>,
}

/// Writes batches until the last sender is gone. All that wait at a time, [`QUEUE`] at most, share one commit.
pub(super) fn run(mut backend: Box<dyn Backend>, mut queue: mpsc::Receiver<Batch>) -> Result<(), StoreError> {
    let mut group = Vec::new();
    let mut failing = false;
    while queue.blocking_recv_many(&mut group, QUEUE) > 0 {
        let mut changes = Vec::new();
        let mut answers = Vec::new();
        for batch in group.drain(..) {
            changes.extend(batch.changes);
            answers.extend(batch.answer);
        }
        let outcome = backend.apply(&changes);
        log(&outcome, &mut failing);
        for answer in answers {
            answer(outcome.clone());
        }
    }
    backend.close()
}

/// Logs the first failure and the recovery only: a full disk fails every write.
fn log(outcome: &Result<(), StoreError>, failing: &mut bool) {
    match outcome {
        Err(failure) if !*failing => error!(
            error = failure as &dyn std::error::Error,
            "the store takes no changes until the disk does"
        ),
        Ok(()) if *failing => info!("the store takes changes again"),
        _ => {}
    }
    *failing = outcome.is_err();
}
