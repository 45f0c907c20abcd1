//! What survives a crash: the newest counts of each mailbox, the lamps that were lit and what each gateway was last told.
//!
//! One thread owns the database (`actor`); everyone else hands it batches of [`Change`] through a bounded queue. All
//! batches that wait go into one transaction, and only after its commit is on disk are they answered. The rows are read
//! once, at [`Store::open`]; from then on memory is the truth and the store follows it. Which of two states is newer is
//! decided by the caller, before it writes: the store keeps the order of calls and knows no SIP, no gateway and no clock.

mod actor;
mod error;
mod migrate;
mod place;
mod read;
mod seal;
mod sqlite;
mod state;
#[cfg(test)]
mod tests;
mod write;

use std::path::Path;
use std::thread;

use tokio::sync::{mpsc, oneshot};

use actor::{Backend, Batch};
pub use error::{Full, StoreError};
pub use state::{Change, Contents, StoredLamp, StoredMailbox, StoredTold};

/// How many batches may wait for the disk before [`Store::write`] waits and [`Store::enqueue`] refuses.
const QUEUE: usize = 1024;

/// Is called on the store's thread when a batch is on disk (`true`) or was refused (`false`); it must return at once.
pub type Done = Box<dyn FnOnce(bool) + Send>;

/// The open store of one dial plan. Dropped without [`Store::close`], it still writes what is queued, unless the process
/// ends first.
#[derive(Debug)]
pub struct Store {
    queue: mpsc::Sender<Batch>,
    closed: oneshot::Receiver<Result<(), StoreError>>,
}

impl Store {
    /// Opens the SQLite file at `path`, makes it (mode 0600) and its folder (0700) where they are missing, and reads all
    /// of it. A damaged file is moved aside as `<name>.damaged-<seconds of now_ms>` and a fresh one starts: see
    /// [`Contents::damaged`]. `now_ms` is wall time in milliseconds since 1970. Blocks on the disk for the whole time.
    ///
    /// # Errors
    /// The folder or file can't be made, read or written, another process has it open, or it belongs to another program.
    pub fn open(path: &Path, now_ms: i64) -> Result<(Store, Contents), StoreError> {
        Store::start(Box::new(sqlite::Sqlite::new(path, now_ms)?))
    }

    fn start(mut backend: Box<dyn Backend>) -> Result<(Store, Contents), StoreError> {
        let contents = backend.load()?;
        let (queue, batches) = mpsc::channel(QUEUE);
        let (finished, closed) = oneshot::channel();
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                // Nobody listens when the store was dropped instead of closed.
                let _ = finished.send(actor::run(backend, batches));
            })
            .map_err(StoreError::thread)?;
        Ok((Store { queue, closed }, contents))
    }

    /// Writes `changes`, all or none, and waits until they are on disk. Waits as well while the queue is full.
    ///
    /// # Errors
    /// They are not known to be on disk; later writes try the disk again.
    pub async fn write(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let (answer, outcome) = oneshot::channel();
        let answer = move |result| {
            // The writer may have given up waiting.
            let _ = answer.send(result);
        };
        let batch = Batch { changes, answer: Some(Box::new(answer)) };
        self.queue.send(batch).await.map_err(|_| StoreError::Stopped)?;
        outcome.await.map_err(|_| StoreError::Stopped)?
    }

    /// Queues `changes` behind all earlier calls, to be written all or none, without waiting.
    ///
    /// # Errors
    /// The queue is full or the store has stopped: nothing is written, and `done` is not called.
    pub fn enqueue(&self, changes: Vec<Change>, done: Option<Done>) -> Result<(), Full> {
        let answer = done.map(|done| -> actor::Answer { Box::new(move |result| done(result.is_ok())) });
        self.queue.try_send(Batch { changes, answer }).map_err(|_| Full)
    }

    /// Writes all that is queued, merges SQLite's log into the file and closes it.
    ///
    /// # Errors
    /// The log could not be merged; what was answered before is on disk nevertheless.
    pub async fn close(self) -> Result<(), StoreError> {
        drop(self.queue);
        self.closed.await.map_err(|_| StoreError::Stopped)?
    }
}
