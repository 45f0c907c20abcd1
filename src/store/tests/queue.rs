//! The queue and the thread behind it, with a database that waits for the test.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Poll;
use std::time::Duration;

use super::super::actor::Backend;
use super::super::{Change, Contents, Full, QUEUE, Store, StoreError};
use super::{counts, open, place, versions};

const DEADLINE: Duration = Duration::from_secs(10);

/// Reports how many changes each commit has, then waits to hear what becomes of it.
struct Gated {
    entered: Sender<usize>,
    verdict: Receiver<Result<(), StoreError>>,
}

impl Backend for Gated {
    fn load(&mut self) -> Result<Contents, StoreError> {
        Ok(Contents::default())
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.entered.send(changes.len()).unwrap();
        self.verdict.recv_timeout(DEADLINE).unwrap()
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

fn gated() -> (Store, Receiver<usize>, Sender<Result<(), StoreError>>) {
    let (entered, commits) = channel();
    let (verdicts, verdict) = channel();
    let (store, _) = Store::start(Box::new(Gated { entered, verdict })).unwrap();
    (store, commits, verdicts)
}

/// Queues one change; its outcome comes through the receiver.
fn queued(store: &Store) -> Receiver<bool> {
    let (done, outcome) = channel();
    let done = Box::new(move |written| done.send(written).unwrap());
    store.enqueue(vec![counts("lina", 1)], Some(done)).unwrap();
    outcome
}

#[test]
fn all_that_waits_shares_one_commit_and_hears_of_it_only_then() {
    let (store, commits, verdicts) = gated();
    let first = queued(&store);
    assert_eq!(commits.recv_timeout(DEADLINE), Ok(1));
    let waiting: Vec<_> = (0..10).map(|_| queued(&store)).collect();
    verdicts.send(Ok(())).unwrap();
    assert_eq!(commits.recv_timeout(DEADLINE), Ok(10));
    assert_eq!(first.recv_timeout(DEADLINE), Ok(true));
    assert!(waiting.iter().all(|outcome| outcome.try_recv().is_err()));
    verdicts.send(Ok(())).unwrap();
    for outcome in waiting {
        assert_eq!(outcome.recv_timeout(DEADLINE), Ok(true));
    }
}

#[tokio::test]
async fn a_failed_commit_is_told_to_all_who_wait_and_the_next_one_is_tried() {
    let (store, commits, verdicts) = gated();
    let first = queued(&store);
    assert_eq!(commits.recv_timeout(DEADLINE), Ok(1));
    let mut write = Box::pin(store.write(vec![counts("omar", 1), counts("ada", 1)]));
    assert!(matches!(poll_once(&mut write).await, Poll::Pending));
    let second = queued(&store);
    verdicts.send(Ok(())).unwrap();
    verdicts.send(Err(StoreError::Stopped)).unwrap();
    assert!(matches!(write.await, Err(StoreError::Stopped)));
    assert_eq!((first.recv_timeout(DEADLINE), second.recv_timeout(DEADLINE)), (Ok(true), Ok(false)));
    assert_eq!(commits.recv_timeout(DEADLINE), Ok(3));
    verdicts.send(Ok(())).unwrap();
    store.write(vec![counts("omar", 2)]).await.unwrap();
}

#[tokio::test]
async fn a_full_queue_refuses_what_does_not_wait_and_keeps_what_does() {
    let (store, commits, verdicts) = gated();
    let _first = queued(&store);
    assert_eq!(commits.recv_timeout(DEADLINE), Ok(1));
    let waiting: Vec<_> = (0..QUEUE).map(|_| queued(&store)).collect();
    let never = Box::new(|_| panic!("a refused batch has no outcome"));
    assert_eq!(store.enqueue(vec![counts("lina", 1)], Some(never)), Err(Full));
    let mut write = Box::pin(store.write(vec![counts("omar", 1)]));
    assert!(matches!(poll_once(&mut write).await, Poll::Pending));
    for _ in 0..3 {
        verdicts.send(Ok(())).unwrap();
    }
    write.await.unwrap();
    assert!(waiting.iter().all(|outcome| outcome.recv_timeout(DEADLINE) == Ok(true)));
}

/// Polls once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *future).poll(context))).await
}

#[tokio::test]
async fn calls_take_effect_in_their_order_whether_they_wait_or_not() {
    let (_folder, path) = place();
    let (store, _) = open(&path);
    for round in 0..200 {
        let name = format!("m{}", round % 10);
        store.enqueue(vec![counts(&name, round)], None).unwrap();
        let forget = Change::ForgetMailbox { mailbox: name.clone() };
        store.enqueue(vec![forget], None).unwrap();
        if round % 2 == 0 {
            store.write(vec![counts(&name, round + 1000)]).await.unwrap();
        }
    }
    store.close().await.unwrap();
    let expected = [("m0", 1190), ("m2", 1192), ("m4", 1194), ("m6", 1196), ("m8", 1198)];
    assert_eq!(versions(&open(&path).1), expected);
}

#[tokio::test]
async fn close_writes_what_is_queued_and_leaves_no_log_behind() {
    let (folder, path) = place();
    let (store, _) = open(&path);
    for version in 1..=100 {
        store.enqueue(vec![counts("lina", version)], None).unwrap();
    }
    store.close().await.unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path().join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.iter().all(|name| name == "hq.db" || name == "hq.db.lock"), "{left:?}");
    assert_eq!(versions(&open(&path).1), [("lina", 100)]);
}
