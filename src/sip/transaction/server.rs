//! Server transactions: the last answer to each request that came over a transport that loses messages, so that a
//! retransmission gets the same answer and the user sees the request once (timer J, RFC 3261 section 17.2.2).
//! It must not know what the requests are about.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::LIFE;
use crate::sip::message::Request;

/// The most answers that are remembered; the oldest goes first.
pub const CAPACITY: usize = 4_096;

const MAGIC_COOKIE: &str = "z9hG4bK";

/// What makes a request the same as an earlier one (RFC 3261 section 17.2.3). The source address belongs to it, so that
/// no peer is given the answer that another one got.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerKey(Arc<str>);

impl ServerKey {
    /// The key of a request from `source`; none when the request lacks what identifies it.
    pub fn of(request: &Request, source: IpAddr) -> Option<ServerKey> {
        let method = request.method();
        let sent_by = request.sent_by()?;
        let text = match request.branch() {
            Some(branch) if branch.starts_with(MAGIC_COOKIE) => {
                format!("{branch}\n{sent_by}\n{method}\n{source}")
            }
            // A peer of RFC 2543: its branch identifies nothing.
            _ => {
                let (number, _) = request.cseq()?;
                let (call_id, from_tag) = (request.call_id()?, request.from_tag().unwrap_or_default());
                format!("{call_id}\n{number}\n{from_tag}\n{}\n{sent_by}\n{method}\n{source}", request.uri())
            }
        };
        Some(ServerKey(text.into()))
    }
}

/// Answers by request.
#[derive(Debug, Default)]
pub struct ServerTable {
    answers: BTreeMap<ServerKey, Vec<u8>>,
    /// In order of time: when timer J of an answer fires.
    ends: VecDeque<(Duration, ServerKey)>,
}

impl ServerTable {
    /// The answer that the same request got before, if it is still remembered.
    pub fn answer(&mut self, key: &ServerKey, now: Duration) -> Option<&[u8]> {
        self.forget(now);
        self.answers.get(key).map(Vec::as_slice)
    }

    /// Remembers the answer to a request that [`ServerTable::answer`] did not know.
    pub fn remember(&mut self, key: ServerKey, answer: Vec<u8>, now: Duration) {
        self.forget(now);
        if self.answers.insert(key.clone(), answer).is_none() {
            self.ends.push_back((now.saturating_add(LIFE), key));
        }
        if self.ends.len() > CAPACITY
            && let Some((_, oldest)) = self.ends.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }

    fn forget(&mut self, now: Duration) {
        while let Some((_, key)) = self.ends.pop_front_if(|(end, _)| *end <= now) {
            self.answers.remove(&key);
        }
    }
}
