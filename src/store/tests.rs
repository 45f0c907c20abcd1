//! What goes in comes out again, through the same doors that the notifier uses. Faults are in the modules below.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod damage;
mod file;
mod process;
mod queue;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Change, Contents, Store, StoreError, StoredLamp, StoredMailbox, StoredTold};
use crate::sip::summary::Counts;

const NOW: i64 = 1_795_341_600_123;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/hq.db");
    (folder, path)
}

/// Opens the store; one that was dropped just before may still be writing.
fn open(path: &Path) -> (Store, Contents) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match Store::open(path, NOW) {
            Err(StoreError::InUse { .. }) if Instant::now() < deadline => std::thread::yield_now(),
            outcome => return outcome.unwrap(),
        }
    }
}

fn some(new: u32) -> Counts {
    Counts { new, old: 2, urgent_new: 1, urgent_old: 0 }
}

fn counts(mailbox: &str, version: u64) -> Change {
    let (mailbox, at) = (mailbox.to_owned(), NOW);
    Change::Counts { mailbox, counts: some(7), version, at }
}

fn lamp(address: &str, claimants: &[&str], forsaken_since: Option<i64>) -> Change {
    let claimants = claimants.iter().map(|name| (*name).to_owned()).collect();
    Change::Lamp { address: address.to_owned(), claimants, forsaken_since }
}

fn told(address: &str, gateway: &str, new: u32, status: u16) -> Change {
    let (address, gateway) = (address.to_owned(), gateway.to_owned());
    Change::Told { address, gateway, counts: some(new), at: NOW, status }
}

fn forget_lamp(address: &str) -> Change {
    Change::ForgetLamp { address: address.to_owned() }
}

fn stored_told(gateway: &str, new: u32, status: u16) -> StoredTold {
    StoredTold { gateway: gateway.to_owned(), counts: some(new), at: NOW, status }
}

fn versions(contents: &Contents) -> Vec<(&str, u64)> {
    contents.mailboxes.iter().map(|row| (row.mailbox.as_str(), row.version)).collect()
}

#[tokio::test]
async fn what_is_written_is_read_back_sorted() {
    let (_folder, path) = place();
    let (store, empty) = open(&path);
    assert_eq!(empty, Contents::default());
    let changes = vec![
        counts("voice/omar", u64::MAX),
        counts("voice/lina", 1),
        lamp("4201", &["voice/omar", "voice/lina", "voice/omar"], Some(NOW)),
        told("4201", "pbx-b", 3, 480),
        told("4201", "pbx-a", 3, 200),
        lamp("4200", &[], None),
    ];
    store.write(changes).await.unwrap();
    store.close().await.unwrap();
    let mailbox =
        |name: &str, version| StoredMailbox { mailbox: name.to_owned(), counts: some(7), version, at: NOW };
    let lit = StoredLamp {
        address: "4201".to_owned(),
        claimants: vec!["voice/lina".to_owned(), "voice/omar".to_owned()],
        forsaken_since: Some(NOW),
        told: vec![stored_told("pbx-a", 3, 200), stored_told("pbx-b", 3, 480)],
    };
    let dark = StoredLamp { address: "4200".to_owned(), ..StoredLamp::default() };
    let expected = Contents {
        mailboxes: vec![mailbox("voice/lina", 1), mailbox("voice/omar", u64::MAX)],
        lamps: vec![dark, lit],
        damaged: None,
    };
    assert_eq!(open(&path).1, expected);
}

#[tokio::test]
async fn a_second_row_of_the_same_key_replaces_the_first() {
    let (_folder, path) = place();
    let (store, _) = open(&path);
    let first =
        vec![counts("lina", 8), lamp("4201", &["lina", "omar"], Some(1)), told("4201", "pbx", 1, 503)];
    store.write(first).await.unwrap();
    let second = vec![counts("lina", 3), lamp("4201", &["ada"], None), told("4201", "pbx", 0, 200)];
    store.write(second).await.unwrap();
    store.close().await.unwrap();
    let (_store, contents) = open(&path);
    assert_eq!(versions(&contents), [("lina", 3)], "the caller knows which state is newer, not the store");
    let lamp = StoredLamp {
        address: "4201".to_owned(),
        claimants: vec!["ada".to_owned()],
        forsaken_since: None,
        told: vec![stored_told("pbx", 0, 200)],
    };
    assert_eq!(contents.lamps, [lamp]);
}

#[tokio::test]
async fn forgetting_deletes_a_lamp_with_all_its_rows_and_nothing_else() {
    let (_folder, path) = place();
    let (store, _) = open(&path);
    let both = |address| vec![lamp(address, &["lina"], None), told(address, "pbx", 1, 200)];
    store
        .write([both("4201"), both("4202"), vec![counts("lina", 1), counts("omar", 2)]].concat())
        .await
        .unwrap();
    let forget = Change::ForgetMailbox { mailbox: "lina".to_owned() };
    store.write(vec![forget_lamp("4201"), forget, forget_lamp("unknown")]).await.unwrap();
    store.close().await.unwrap();
    let (_store, contents) = open(&path);
    assert_eq!(versions(&contents), [("omar", 2)]);
    assert_eq!(contents.lamps.len(), 1);
    assert_eq!((contents.lamps[0].address.as_str(), contents.lamps[0].told.len()), ("4202", 1));
}

#[tokio::test]
async fn a_lamp_that_was_told_something_is_known_even_if_it_was_never_stored() {
    let (_folder, path) = place();
    let (store, _) = open(&path);
    store.write(vec![told("4201", "pbx", 1, 200)]).await.unwrap();
    store.close().await.unwrap();
    let told = vec![stored_told("pbx", 1, 200)];
    let lamp = StoredLamp { address: "4201".to_owned(), told, ..StoredLamp::default() };
    assert_eq!(open(&path).1.lamps, [lamp]);
}

#[tokio::test]
async fn a_store_that_was_dropped_without_close_has_all_that_was_answered() {
    let (_folder, path) = place();
    for version in 1..=3 {
        let (store, _) = open(&path);
        store.write(vec![counts("lina", version)]).await.unwrap();
        drop(store);
        let (_store, contents) = open(&path);
        assert_eq!(versions(&contents), [("lina", version)]);
    }
}
