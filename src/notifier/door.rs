//! The door to a running notifier: what others may ask of its task, and what it answers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::delivery::Delivery;
use super::metrics::{Metrics, PlanLabels};
use super::setup::Setup;
use crate::clock::{Clock, wall_ms};
use crate::domain::Code;
use crate::engine::mwi::{DeliveryView, MailboxView, Refresh};
use crate::net::endpoint::Endpoint;
use crate::sip::summary::Counts;
use crate::store::{Store, StoreError};

/// Requests that may wait for the task.
const QUEUE: usize = 4096;

/// What a notifier is made of.
pub struct Parts {
    /// The dial plan.
    pub plan: PlanLabels,
    /// From where NOTIFY leaves.
    pub endpoint: Arc<Endpoint>,
    /// The clock of the process.
    pub clock: Clock,
    /// The metrics of the process.
    pub metrics: Arc<Metrics>,
}

/// New message state.
#[derive(Clone, Copy, Debug)]
pub struct Put {
    /// The messages.
    pub counts: Counts,
    /// The writer's own count of its changes.
    pub version: Option<u64>,
}

/// What became of new message state.
#[derive(Debug)]
pub enum PutAnswer {
    /// It is on disk.
    Accepted(State),
    /// Something newer is known.
    Conflict(State),
    /// No such mailbox.
    Unknown,
    /// The disk failed, or too much waits for it.
    NotStored,
}

/// What is known of a mailbox.
#[derive(Clone, Debug)]
pub struct State {
    /// Messages and lamps.
    pub view: MailboxView,
    /// Why it may have a lamp, or not; none while its manifest can't be read.
    pub reason: Option<Code>,
}

/// Whether delivery works.
#[derive(Clone, Debug)]
pub struct Standing {
    /// As the engine sees it.
    pub view: DeliveryView,
    /// The address that requests to a gateway leave from, where that is known.
    pub sources: BTreeMap<String, IpAddr>,
    /// Those of the mailboxes asked for of which no lamp fails.
    pub excused: Vec<String>,
}

/// The notifier's task does not answer: it is overloaded or has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the notifier of this dial plan takes nothing at the moment")]
pub struct Unavailable;

/// Who waits for what became of new message state.
pub type Reply = oneshot::Sender<PutAnswer>;

/// What the task is asked.
pub enum Request {
    /// Act by this configuration, from this endpoint, and say when.
    Configure(Box<Setup>, Arc<Endpoint>, oneshot::Sender<()>),
    /// New message state of a mailbox.
    Put(String, Put, Reply),
    /// What is known of a mailbox.
    Get(String, oneshot::Sender<Option<State>>),
    /// Whether delivery works, and which of these mailboxes have no lamp that fails.
    Standing(Vec<String>, oneshot::Sender<Standing>),
    /// Send lamps again.
    Refresh(Refresh),
    /// End.
    Stop,
}

/// The door to a running notifier.
#[derive(Clone)]
pub struct Notifier {
    requests: mpsc::Sender<Request>,
}

impl Notifier {
    /// Opens the store at `path` and starts the task. Returns the names of the mailboxes in the store as well. Blocks on the disk.
    ///
    /// # Errors
    /// The store can't be opened.
    pub fn start(parts: Parts, path: &Path) -> Result<(Self, Vec<String>, JoinHandle<()>), StoreError> {
        let now_ms = wall_ms();
        let (store, contents) = Store::open(path, now_ms)?;
        if let Some(moved) = &contents.damaged {
            let PlanLabels { namespace, name } = &parts.plan;
            tracing::error!(%namespace, %name, moved = %moved.display(), "the store was damaged and was moved aside: all message states are unknown until they are reported again");
        }
        let known = contents.mailboxes.iter().map(|mailbox| mailbox.mailbox.clone()).collect();
        let (requests, queue) = mpsc::channel(QUEUE);
        let delivery = Delivery::new(parts, store, contents, now_ms);
        let task = tokio::spawn(delivery.run(queue));
        Ok((Self { requests }, known, task))
    }

    /// Puts a configuration in force; returns when the task acts by it.
    ///
    /// # Errors
    /// The task has ended.
    pub async fn configure(&self, setup: Setup, endpoint: Arc<Endpoint>) -> Result<(), Unavailable> {
        let (done, acts) = oneshot::channel();
        self.requests
            .send(Request::Configure(Box::new(setup), endpoint, done))
            .await
            .map_err(|_| Unavailable)?;
        acts.await.map_err(|_| Unavailable)
    }

    /// Hands in new message state; returns when it is on disk.
    ///
    /// # Errors
    /// Too many requests wait, or the task has ended.
    pub async fn put(&self, mailbox: String, put: Put) -> Result<PutAnswer, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(Request::Put(mailbox, put, reply)).map_err(|_| Unavailable)?;
        answer.await.map_err(|_| Unavailable)
    }

    /// What is known of a mailbox, if it is one of the dial plan's.
    ///
    /// # Errors
    /// Too many requests wait, or the task has ended.
    pub async fn get(&self, mailbox: String) -> Result<Option<State>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(Request::Get(mailbox, reply)).map_err(|_| Unavailable)?;
        answer.await.map_err(|_| Unavailable)
    }

    /// Whether delivery works, and which of these mailboxes have no lamp that fails.
    ///
    /// # Errors
    /// Too many requests wait, or the task has ended.
    pub async fn standing(&self, mailboxes: Vec<String>) -> Result<Standing, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(Request::Standing(mailboxes, reply)).map_err(|_| Unavailable)?;
        answer.await.map_err(|_| Unavailable)
    }

    /// Sends lamps again.
    ///
    /// # Errors
    /// Too many requests wait, or the task has ended.
    pub fn refresh(&self, which: Refresh) -> Result<(), Unavailable> {
        self.requests.try_send(Request::Refresh(which)).map_err(|_| Unavailable)
    }

    /// Asks the task to end: what is in flight may still be answered for 3 s, then all is written.
    pub async fn stop(&self) {
        // It may have ended already.
        let _ = self.requests.send(Request::Stop).await;
    }
}
