//! Client transactions: retransmission until an answer comes (timer E) and giving up (timer F), RFC 3261 section 17.1.2.
//! It must not know where messages go nor what they say.
//!
//! A transaction is over with its final answer. Timer K would only absorb repetitions of that answer, and an answer that
//! belongs to no transaction is dropped anyway, so a finished transaction costs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{LIFE, T1, T2};
use crate::sip::message::ResponseHead;

/// The most transactions that a table holds.
pub const CAPACITY: usize = 16_384;

/// Names a transaction: whose it is, and the owner's own number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The owner.
    pub owner: u64,
    /// The owner's number for the request, never used twice at the same time.
    pub id: u64,
}

/// A request that is sent for the first time now.
#[derive(Debug)]
pub struct Start<T> {
    /// Its name in the table.
    pub key: Key,
    /// The branch of its Via, with the magic cookie.
    pub branch: String,
    /// The method of its CSeq.
    pub method: &'static str,
    /// True over transports that never lose a message (RFC 3261 section 17.1.2.2): timer E does not run.
    pub reliable: bool,
    /// What the caller needs to send it again, and wants back at its end.
    pub context: T,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAction {
    /// Timer E: the message is to be sent again; see [`ClientTable::context`].
    Retransmit(Key),
    /// Timer F: there was no final answer; the transaction waits for [`ClientTable::remove`].
    Expired(Key),
}

#[derive(Debug)]
struct Transaction<T> {
    branch: String,
    method: &'static str,
    context: T,
    /// The wait that timer E runs with; none over reliable transports.
    interval: Option<Duration>,
    /// When timer F fires.
    end: Duration,
    /// When the next of both timers fires: its entry in `timers`.
    next: Duration,
}

/// Many client transactions, found by name, by branch and by time. `T` is what the caller keeps with each.
#[derive(Debug)]
pub struct ClientTable<T> {
    transactions: BTreeMap<Key, Transaction<T>>,
    branches: BTreeMap<String, Key>,
    timers: BTreeSet<(Duration, Key)>,
}

impl<T> Default for ClientTable<T> {
    fn default() -> ClientTable<T> {
        ClientTable { transactions: BTreeMap::new(), branches: BTreeMap::new(), timers: BTreeSet::new() }
    }
}

impl<T> ClientTable<T> {
    /// Takes a request that is sent now. It comes back when the table is full or knows the name or the branch.
    pub fn start(&mut self, start: Start<T>, now: Duration) -> Result<(), Start<T>> {
        let full = self.transactions.len() >= CAPACITY;
        if full || self.transactions.contains_key(&start.key) || self.branches.contains_key(&start.branch) {
            return Err(start);
        }
        let Start { key, branch, method, reliable, context } = start;
        let interval = (!reliable).then_some(T1);
        let end = now.saturating_add(LIFE);
        let next = interval.map_or(end, |wait| now.saturating_add(wait));
        self.branches.insert(branch.clone(), key);
        self.timers.insert((next, key));
        self.transactions.insert(key, Transaction { branch, method, context, interval, end, next });
        Ok(())
    }

    /// An answer came. A final one ends its transaction, whose name and context are given back; a provisional one slows
    /// retransmission down to T2. None: provisional, or of no transaction here (RFC 3261 section 17.1.3).
    pub fn response(&mut self, head: &ResponseHead<'_>) -> Option<(Key, T)> {
        let key = *self.branches.get(head.branch)?;
        let transaction = self.transactions.get_mut(&key)?;
        if transaction.method != head.method {
            return None;
        }
        if head.status < 200 {
            if let Some(interval) = &mut transaction.interval {
                *interval = T2;
            }
            return None;
        }
        self.remove(key).map(|context| (key, context))
    }

    /// What the caller keeps with a transaction.
    pub fn context(&self, key: Key) -> Option<&T> {
        self.transactions.get(&key).map(|transaction| &transaction.context)
    }

    /// Ends a transaction without an answer: it is sent no more, and a late answer belongs to nobody.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let transaction = self.transactions.remove(&key)?;
        self.branches.remove(&transaction.branch);
        self.timers.remove(&(transaction.next, key));
        Some(transaction.context)
    }

    /// Ends all transactions, because what carried them is gone.
    pub fn remove_all(&mut self) -> impl Iterator<Item = (Key, T)> + use<T> {
        self.branches.clear();
        self.timers.clear();
        std::mem::take(&mut self.transactions)
            .into_iter()
            .map(|(key, transaction)| (key, transaction.context))
    }

    /// Appends all that is due.
    pub fn poll(&mut self, now: Duration, out: &mut Vec<ClientAction>) {
        while let Some(&(due, key)) = self.timers.first()
            && due <= now
        {
            self.timers.pop_first();
            let Some(transaction) = self.transactions.get_mut(&key) else { continue };
            match &mut transaction.interval {
                Some(interval) if due < transaction.end => {
                    *interval = interval.saturating_mul(2).min(T2);
                    transaction.next = now.saturating_add(*interval).min(transaction.end);
                    self.timers.insert((transaction.next, key));
                    out.push(ClientAction::Retransmit(key));
                }
                _ => out.push(ClientAction::Expired(key)),
            }
        }
    }

    /// When [`ClientTable::poll`] is needed next; none while nothing waits.
    pub fn deadline(&self) -> Option<Duration> {
        self.timers.first().map(|&(due, _)| due)
    }

    /// How many transactions wait for an answer.
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// True while nothing waits for an answer.
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }
}
