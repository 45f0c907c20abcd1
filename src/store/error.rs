//! What can go wrong with the store, said for the person who has to repair it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Error, ErrorCode, ffi};

/// Why the store can't be opened, read or written. Sources are shared because one failed commit answers many writers.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder of the store can't be made.
    #[error("the data folder {} can't be made: give a folder below which this user may write", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The file of the store, or its lock, can't be made or opened for writing.
    #[error("the store's file {} can't be opened for writing: its folder and the file must belong to this user, on a volume that is not read-only or full", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Another process has the store open.
    #[error("the store {} is in use by another process: stop that one, or give this one a data folder of its own", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is a sound database, but not ours; it is left as it is.
    #[error("{} is a database of another program: give another data folder, or move that file away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be trusted.
    #[error("the store {} is damaged ({detail}): the next start moves it aside and begins a fresh one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A damaged file can't be moved aside.
    #[error("the damaged store {} can't be renamed to {}: move it away by hand", path.display(), aside.display())]
    Aside {
        /// The file.
        path: PathBuf,
        /// Where it should go.
        aside: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A migration failed; the database is as it was.
    #[error("the store {} can't be brought up to date with migration {name}: run the version before, and report this", path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// The migration.
        name: &'static str,
        /// What SQLite said.
        source: Arc<Error>,
    },
    /// The disk has no room.
    #[error("the store {} can't grow, the disk is full: free some space or enlarge the volume", path.display())]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<Error>,
    },
    /// The database can't be opened or read.
    #[error("the store {} can't be opened: check the disk and the permissions of the file", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<Error>,
    },
    /// The database can't be written.
    #[error("the store {} can't be written: check the disk and the permissions of the file", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<Error>,
    },
    /// The thread of the store can't be started.
    #[error("the store's thread can't be started: raise the limits of threads and memory")]
    Thread {
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The store's thread has ended.
    #[error("the store has stopped: restart the program")]
    Stopped,
}

/// The queue of the store is full (or nobody reads it any more): the disk does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many changes wait for the disk: try again in a moment")]
pub struct Full;

impl StoreError {
    pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: path.to_owned(), detail: detail.into() }
    }

    pub(super) fn file(path: &Path, source: io::Error) -> StoreError {
        StoreError::File { path: path.to_owned(), source: Arc::new(source) }
    }

    pub(super) fn thread(source: io::Error) -> StoreError {
        StoreError::Thread { source: Arc::new(source) }
    }

    pub(super) fn open(path: &Path, error: Error) -> StoreError {
        StoreError::of(path, error, |path, source| StoreError::Open { path, source })
    }

    pub(super) fn write(path: &Path, error: Error) -> StoreError {
        StoreError::of(path, error, |path, source| StoreError::Write { path, source })
    }

    /// SQL that fails here is the migration's fault and never taken for damage: the rows of the old version are sound.
    pub(super) fn migrate(path: &Path, name: &'static str, error: Error) -> StoreError {
        let (code, path, source) = (error.sqlite_error_code(), path.to_owned(), Arc::new(error));
        match code {
            Some(ErrorCode::DiskFull) => StoreError::NoRoom { path, source },
            _ => StoreError::Migrate { path, name, source },
        }
    }

    fn of(path: &Path, error: Error, otherwise: fn(PathBuf, Arc<Error>) -> StoreError) -> StoreError {
        if is_damage(&error) {
            return StoreError::damaged(path, error.to_string());
        }
        let (code, path, source) = (error.sqlite_error_code(), path.to_owned(), Arc::new(error));
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse { path },
            Some(ErrorCode::DiskFull) => StoreError::NoRoom { path, source },
            _ => otherwise(path, source),
        }
    }
}

/// Whether the file itself is at fault, and not the disk, the user or another process.
fn is_damage(error: &Error) -> bool {
    match error {
        // `Unknown` is SQL that does not fit the schema: our SQL is fixed, so it is the schema that changed.
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown => true,
            _ => failure.extended_code == ffi::SQLITE_IOERR_SHORT_READ,
        },
        Error::SqlInputError { .. }
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        _ => false,
    }
}
