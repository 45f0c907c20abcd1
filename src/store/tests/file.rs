//! The file itself: who may read it, which program it belongs to, which migrations it has.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;

use super::super::{Contents, Store, StoreError};
use super::{NOW, counts, open, place, versions};

#[tokio::test]
async fn file_and_folder_are_for_their_owner_alone() {
    let (_folder, path) = place();
    let (store, _) = open(&path);
    store.write(vec![counts("lina", 1)]).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap().path();
        assert_eq!(mode(&entry), 0o600, "{}", entry.display());
    }
}

#[tokio::test]
async fn a_store_of_a_newer_program_opens_and_takes_changes() {
    let (_folder, path) = place();
    let (store, _) = open(&path);
    store.write(vec![counts("lina", 1)]).await.unwrap();
    store.close().await.unwrap();
    let newer = "INSERT INTO migration VALUES (9999, '9999_later', 1); CREATE TABLE later (id BIGINT);
                 ALTER TABLE mailbox ADD COLUMN later TEXT NOT NULL DEFAULT '';";
    Connection::open(&path).unwrap().execute_batch(newer).unwrap();
    let (store, contents) = open(&path);
    assert_eq!((versions(&contents), contents.damaged.as_ref()), (vec![("lina", 1)], None));
    store.write(vec![counts("lina", 2)]).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(versions(&open(&path).1), [("lina", 2)]);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let (folder, _) = place();
    let path = folder.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE contacts (name TEXT)").unwrap();
    let before = fs::read(&path).unwrap();
    let error = Store::open(&path, NOW).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert!(fs::read(&path).unwrap() == before);
}

#[tokio::test]
async fn a_store_that_a_crash_left_half_made_is_begun_again() {
    let (_folder, path) = place();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let draft = path.with_extension("db.new");
    fs::write(&draft, "the beginning of a store").unwrap();
    fs::write(path.with_extension("db.new-wal"), "and its log").unwrap();
    let (store, contents) = open(&path);
    assert_eq!(contents, Contents::default());
    assert!(!draft.exists());
    store.write(vec![counts("lina", 1)]).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(versions(&open(&path).1), [("lina", 1)]);
}

/// A released migration is never edited, and its checksum never made in another way: both would move every store aside.
#[tokio::test]
async fn the_migrations_are_those_that_were_released() {
    let (_folder, path) = place();
    open(&path).0.close().await.unwrap();
    let connection = Connection::open(&path).unwrap();
    let mut statement = connection.prepare("SELECT id, name, checksum FROM migration").unwrap();
    let found: Vec<(i64, String, i64)> =
        statement.query_map([], |row| row.try_into()).unwrap().map(Result::unwrap).collect();
    assert_eq!(found, [(1, "0001_init".to_owned(), 5_577_965_599_628_820_311)]);
}
