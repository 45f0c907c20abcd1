//! Files that can't be trusted: moved aside, reported, and never half believed.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::{Change, Contents, Store};
use super::{NOW, counts, lamp, open, place, told, versions};

async fn filled(path: &Path) -> Contents {
    let (store, _) = open(path);
    let rows = |number: u32| {
        let (name, address) = (format!("voice/mailbox-{number}"), format!("{}", 4000 + number));
        let version = u64::from(number);
        [counts(&name, version), lamp(&address, &[&name], None), told(&address, "pbx-a", number, 200)]
    };
    let changes: Vec<Change> = (0..60).flat_map(rows).collect();
    store.write(changes).await.unwrap();
    store.close().await.unwrap();
    let (store, contents) = open(path);
    store.close().await.unwrap();
    assert_eq!(contents.mailboxes.len(), 60);
    contents
}

/// Opens what `bytes` make of the store and says whether it was taken for damaged; then it must be empty and writable.
async fn is_found_damaged(path: &Path, bytes: &[u8], sound: &Contents) -> bool {
    fs::write(path, bytes).unwrap();
    let (store, contents) = Store::open(path, NOW).unwrap();
    let Some(aside) = contents.damaged.clone() else {
        assert!(&contents == sound, "a damaged file of {} bytes was believed", bytes.len());
        store.close().await.unwrap();
        return false;
    };
    assert_eq!(fs::read(&aside).unwrap().len(), bytes.len());
    assert_eq!((contents.mailboxes.len(), contents.lamps.len()), (0, 0));
    store.write(vec![counts("lina", 1)]).await.unwrap();
    store.close().await.unwrap();
    fs::remove_file(aside).unwrap();
    true
}

#[tokio::test]
async fn a_flipped_bit_is_found_or_harmless() {
    let (_folder, path) = place();
    let sound = filled(&path).await;
    let bytes = fs::read(&path).unwrap();
    let mut found = 0;
    // The first hundred bytes are SQLite's header; then every 211th byte (a prime, so all parts of a page are met).
    for at in (0..100).step_by(3).chain((100..bytes.len()).step_by(211)) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        found += usize::from(is_found_damaged(&path, &flipped, &sound).await);
    }
    assert!(found > 50, "only {found} were found");
}

#[tokio::test]
async fn every_truncation_is_found() {
    let (_folder, path) = place();
    let sound = filled(&path).await;
    let bytes = fs::read(&path).unwrap();
    for length in [0, 1, 99, 100, 4095, 4096, 8192, bytes.len() - 4096, bytes.len() - 1] {
        assert!(is_found_damaged(&path, &bytes[..length], &sound).await, "{length} bytes");
    }
}

#[tokio::test]
async fn a_changed_count_is_found_although_the_file_is_a_sound_database() {
    for sql in [
        "UPDATE mailbox SET new_count = 0 WHERE name = 'voice/mailbox-7'",
        "UPDATE told SET status = 404 WHERE lamp = '4007'",
        "DELETE FROM claim WHERE lamp = '4007'",
        "DELETE FROM lamp WHERE address = '4007'",
        "UPDATE mailbox SET at_ms = 'soon' WHERE name = 'voice/mailbox-7'",
        "UPDATE migration SET checksum = 0",
        "DROP TABLE told",
        "PRAGMA application_id = 0",
    ] {
        let (_folder, path) = place();
        let sound = filled(&path).await;
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(is_found_damaged(&path, &bytes, &sound).await, "{sql}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_moved_aside_under_the_second_it_was_found() {
    let (_folder, path) = place();
    let aside = |second: &str| PathBuf::from(format!("{}.damaged-{second}", path.display()));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for second in ["1795341600", "1795341601"] {
        fs::write(&path, format!("these are {second} words and no database").repeat(100)).unwrap();
        let (store, contents) = open(&path);
        assert_eq!(contents.damaged, Some(aside(second)), "an earlier one is not overwritten");
        assert!(fs::read_to_string(aside(second)).unwrap().contains(second));
        store.write(vec![counts("lina", 1)]).await.unwrap();
        store.close().await.unwrap();
        let (store, contents) = open(&path);
        assert_eq!((versions(&contents), contents.damaged.as_ref()), (vec![("lina", 1)], None));
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_log_without_its_file_is_damage_and_not_a_new_store() {
    let (_folder, path) = place();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let log = PathBuf::from(format!("{}-wal", path.display()));
    fs::write(&log, "what is left of a store").unwrap();
    let (_store, contents) = open(&path);
    let aside = contents.damaged.unwrap();
    let kept = fs::read_to_string(format!("{}-wal", aside.display())).unwrap();
    assert_eq!(kept, "what is left of a store");
}
