//! Brings the schema of a database up to date. Migrations only ever add, so the version before runs on what this one
//! leaves behind; a released migration is never edited.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{StoreError, seal};

/// Marks our files in SQLite's header: "Lamp".
const APPLICATION_ID: i32 = 0x4c61_6d70;

/// All migrations: number, name, SQL.
const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "0001_init", include_str!("migrations/0001_init.sql"))];

const LEDGER: &str = "CREATE TABLE migration (
  id       BIGINT NOT NULL PRIMARY KEY,
  name     TEXT   NOT NULL,
  checksum BIGINT NOT NULL
)";

/// Applies what is missing, in one transaction; to a `fresh` database everything. Migrations of a newer program are left
/// alone.
pub(super) fn migrate(connection: &mut Connection, fresh: bool, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::open(path, error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
    if fresh {
        transaction.execute_batch(LEDGER).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    }
    for (id, name, sql) in MIGRATIONS {
        let wanted = seal::text(sql);
        match recorded(&transaction, id).map_err(failed)? {
            Some(found) if found == wanted => {}
            Some(_) => {
                return Err(StoreError::damaged(path, format!("the record of migration {name} differs")));
            }
            None if fresh || id > 1 => {
                apply(&transaction, id, name, sql).map_err(|error| StoreError::migrate(path, name, error))?;
            }
            None => {
                return Err(StoreError::damaged(path, format!("the record of migration {name} is missing")));
            }
        }
    }
    transaction.commit().map_err(failed)
}

/// Whether nothing is in the database yet. One that is not ours is an error. Changes nothing.
pub(super) fn is_fresh(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let id: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| StoreError::open(path, error))?;
    let objects =
        count("SELECT count(*) FROM sqlite_schema").map_err(|error| StoreError::open(path, error))?;
    let ledgers = count("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration'")
        .map_err(|error| StoreError::open(path, error))?;
    match (id == APPLICATION_ID, ledgers > 0) {
        (true, true) => Ok(false),
        (true, false) => Err(StoreError::damaged(path, "the list of migrations is missing")),
        (false, true) => Err(StoreError::damaged(path, "the mark of this program is missing")),
        (false, false) if id == 0 && objects == 0 => Ok(true),
        (false, false) => Err(StoreError::Foreign { path: path.to_owned() }),
    }
}

fn recorded(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<Option<i64>> {
    transaction.query_row("SELECT checksum FROM migration WHERE id = ?1", [id], |row| row.get(0)).optional()
}

fn apply(transaction: &Transaction<'_>, id: i64, name: &str, sql: &str) -> rusqlite::Result<()> {
    transaction.execute_batch(sql)?;
    transaction.execute(
        "INSERT INTO migration (id, name, checksum) VALUES (?1, ?2, ?3)",
        params![id, name, seal::text(sql)],
    )?;
    Ok(())
}
