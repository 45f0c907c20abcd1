//! The store in one SQLite file: its connection, and what happens to it when a write fails or the file is damaged. The SQL
//! of the rows is in `read` and `write`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tracing::error;

use super::actor::Backend;
use super::place::Found;
use super::write::Writer;
use super::{Change, Contents, StoreError, migrate, place, read};

/// How long SQLite waits for somebody who reads the file with another program.
const BUSY: Duration = Duration::from_secs(5);

/// Exclusive: no reader keeps the log from being merged, so it stays small, and no shared memory is needed.
const SETTINGS: &str = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON; PRAGMA cache_size=-16384;";

/// A SQLite file that is locked against other processes as long as this value lives.
pub(super) struct Sqlite {
    path: PathBuf,
    now_ms: i64,
    /// None before the first load and after a failed write.
    connection: Option<Connection>,
    _lock: place::Lock,
}

impl Sqlite {
    /// Makes the folder and takes the lock; [`Backend::load`] opens the file. `now_ms` names a damaged file.
    pub fn new(path: &Path, now_ms: i64) -> Result<Sqlite, StoreError> {
        place::make_folder(path)?;
        Ok(Sqlite { path: path.to_owned(), now_ms, connection: None, _lock: place::lock(path)? })
    }

    fn load_trusted(&mut self) -> Result<Contents, StoreError> {
        match place::find(&self.path)? {
            Found::Nothing => create(&self.path)?,
            Found::Remains => {
                return Err(StoreError::damaged(&self.path, "the file is empty or gone"));
            }
            Found::File => {}
        }
        let (mut connection, fresh) = connect(&self.path)?;
        check(&connection, &self.path)?;
        migrate::migrate(&mut connection, fresh, &self.path)?;
        let contents = read::everything(&connection, &self.path)?;
        self.connection = Some(connection);
        Ok(contents)
    }
}

impl Backend for Sqlite {
    fn load(&mut self) -> Result<Contents, StoreError> {
        let damage = match self.load_trusted() {
            Err(damage @ StoreError::Damaged { .. }) => damage,
            other => return other,
        };
        let aside = place::set_aside(&self.path, self.now_ms)?;
        error!(
            error = &damage as &dyn std::error::Error,
            aside = %aside.display(),
            "the store is damaged and was moved aside; every mailbox is unknown until its source speaks again"
        );
        let contents = self.load_trusted()?;
        Ok(Contents { damaged: Some(aside), ..contents })
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.path)?.0,
        };
        // The connection of a failed write is dropped, whatever failed: after a failed fsync SQLite's idea of what is on
        // disk is worth nothing, and the kernel reports such a failure only once.
        write(&mut connection, changes).map_err(|error| StoreError::write(&self.path, error))?;
        self.connection = Some(connection);
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        let Some(connection) = self.connection else {
            return Ok(());
        };
        empty_log(&connection).map_err(|error| StoreError::write(&self.path, error))?;
        connection.close().map_err(|(_, error)| StoreError::write(&self.path, error))
    }
}

/// Makes a store without rows.
fn create(path: &Path) -> Result<(), StoreError> {
    let draft = place::make_draft(path)?;
    let (mut connection, fresh) = connect(&draft)?;
    migrate::migrate(&mut connection, fresh, &draft)?;
    connection.close().map_err(|(_, error)| StoreError::write(&draft, error))?;
    place::publish(&draft, path)
}

/// Opens an existing file and says whether nothing is in it yet. The log that a crash or a failed write left is merged and
/// synced before anything else: its pages may be in the kernel's memory only, and a write behind such a gap would be lost
/// with it.
fn connect(path: &Path) -> Result<(Connection, bool), StoreError> {
    let failed = |error| StoreError::open(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.execute_batch(SETTINGS).map_err(failed)?;
    let fresh = migrate::is_fresh(&connection, path)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
    // The system lets us write the file, `place` has tried; so it is the header that says no.
    if mode != "wal" || connection.is_readonly("main").map_err(failed)? {
        return Err(StoreError::damaged(path, "its header forbids writing"));
    }
    empty_log(&connection).map_err(failed)?;
    place::sync_folder(path)?;
    Ok((connection, fresh))
}

fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Looks at every page and every index entry. Rows have their own checksums, which `read` compares.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| StoreError::open(path, error))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::damaged(path, verdict)) }
}

fn write(connection: &mut Connection, changes: &[Change]) -> rusqlite::Result<()> {
    let transaction: Transaction<'_> =
        connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut writer = Writer::new(&transaction)?;
        for change in changes {
            writer.write(change)?;
        }
    }
    transaction.commit()
}
