//! The place of the store's file: its folder, its lock, and where a damaged one goes. Knows nothing of what is in it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StoreError;

/// Makes the folder of `path`, and those above it, for this user alone (0700).
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| StoreError::Folder { folder: folder.to_owned(), source: Arc::new(source) })
}

/// Puts the names of the files on disk. SQLite syncs the folder as well, but does not say when that fails.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(folder_of(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|source| StoreError::file(path, source))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

const SMALLEST_PAGE: u64 = 512;

/// The lock of a store, held until it is dropped.
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough while a child process that was just forked still has the handle.
        let _ = self.0.unlock();
    }
}

/// Takes the lock beside `path`, which the kernel frees when the process ends. It is a file of its own, because a damaged
/// store is renamed while the lock is held, and because closing any handle of a database drops SQLite's own locks.
pub(super) fn lock(path: &Path) -> Result<Lock, StoreError> {
    let beside = with_suffix(path, ".lock");
    let file = open_for_writing(&beside).map_err(|source| StoreError::file(&beside, source))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::file(&beside, source)),
    }
}

/// What is at the place of a store.
pub(super) enum Found {
    /// Nothing: a new store begins.
    Nothing,
    /// A store was here and its file is gone, or shorter than SQLite's smallest page. SQLite would take that for a new
    /// database and delete the log.
    Remains,
    /// A file.
    File,
}

/// Looks for the file, and whether the system lets this user write it.
pub(super) fn find(path: &Path) -> Result<Found, StoreError> {
    let failed = |source| StoreError::file(path, source);
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) if file.metadata().map_err(failed)?.len() < SMALLEST_PAGE => Ok(Found::Remains),
        Ok(_) => Ok(Found::File),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        Err(_) if with_suffix(path, "-wal").exists() => Ok(Found::Remains),
        Err(_) => Ok(Found::Nothing),
    }
}

/// Makes an empty file beside `path`, where a new store is put together. A crash leaves a draft and no half of a store.
pub(super) fn make_draft(path: &Path) -> Result<PathBuf, StoreError> {
    let draft = with_suffix(path, ".new");
    open_for_writing(&draft)
        .and_then(|file| file.set_len(0))
        .map_err(|source| StoreError::file(&draft, source))?;
    Ok(draft)
}

/// Gives a finished draft its name.
pub(super) fn publish(draft: &Path, path: &Path) -> Result<(), StoreError> {
    fs::rename(draft, path).map_err(|source| StoreError::file(path, source))?;
    sync_folder(path)
}

/// Renames the file to `<name>.damaged-<second>`, or the next second that is free, and its log likewise. The log goes
/// last: after a crash between the two, it alone still shows that something was here.
pub(super) fn set_aside(path: &Path, now_ms: i64) -> Result<PathBuf, StoreError> {
    let second = now_ms.div_euclid(1000);
    let name = |second: i64| with_suffix(path, &format!(".damaged-{second}"));
    let is_free = |aside: &PathBuf| !aside.exists() && !with_suffix(aside, "-wal").exists();
    let aside = (0..1000)
        .map(|later| name(second.saturating_add(later)))
        .find(is_free)
        .unwrap_or_else(|| name(second));
    for part in ["", "-wal"] {
        match fs::rename(with_suffix(path, part), with_suffix(&aside, part)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Aside { path: path.to_owned(), aside, source: Arc::new(source) });
            }
            _ => {}
        }
    }
    Ok(aside)
}

fn open_for_writing(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
