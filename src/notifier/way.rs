//! The way to one gateway, as far as it is known: its addresses, what waits for them, and what was said in the log.

use std::collections::VecDeque;
use std::mem::Discriminant;
use std::net::SocketAddr;
use std::sync::Arc;

use super::metrics::PlanLabels;
use super::setup::Peer;
use crate::engine::Time;
use crate::net::client;
use crate::net::resolve::{Route, Target};
use crate::sip::text::Token;

/// The way to one gateway, as far as it is known.
pub struct Way {
    /// Where it leads.
    pub peer: Arc<Peer>,
    /// The addresses of the gateway, best first; the one that failed last is at the end.
    pub routes: VecDeque<Route>,
    /// When the addresses are looked up again.
    pub until: Time,
    /// A look-up is under way.
    pub is_asked: bool,
    /// The last look-up failed.
    pub is_lost: bool,
    /// The address that answered last; the first that was tried, until one has.
    pub reached: Option<SocketAddr>,
    /// Requests that wait for an address.
    pub waiting: Vec<u64>,
    /// Kinds of failure that were logged since the gateway last answered.
    said: Vec<Discriminant<client::Failure>>,
    /// The last NOTIFY ended with a challenge.
    is_challenged: bool,
}

/// Whether a failure proves that the gateway can't be reached. A queue of ours that is full and a connection that the peer closed
/// in good order do not.
pub const fn says_down(failure: &client::Failure) -> bool {
    !matches!(failure, client::Failure::Overloaded | client::Failure::Closed)
}

impl Way {
    /// A way of which nothing is known yet.
    pub fn new(peer: &Arc<Peer>) -> Self {
        Self {
            peer: Arc::clone(peer),
            routes: VecDeque::new(),
            until: Time::ZERO,
            is_asked: false,
            is_lost: false,
            reached: None,
            waiting: Vec::new(),
            said: Vec::new(),
            is_challenged: false,
        }
    }

    /// A host with several addresses is asked at the next one, however many requests failed at this one.
    pub fn turn_from(&mut self, failed: Option<SocketAddr>) {
        if self.routes.front().is_some_and(|route| Some(route.peer) == failed) {
            self.routes.rotate_left(1);
        }
    }

    /// A request to that address ended.
    pub fn ended(&mut self, to: Option<SocketAddr>, with_answer: bool) {
        self.reached = if with_answer { to.or(self.reached) } else { self.reached.or(to) };
    }

    /// Logs that a NOTIFY ended with a challenge, which credentials would have answered: once until one is accepted.
    pub fn challenged(&mut self, status: u16, plan: &PlanLabels, call_id: &Token) {
        let was = std::mem::replace(&mut self.is_challenged, matches!(status, 401 | 407));
        if self.is_challenged && !was {
            let advice = match self.peer.credentials {
                Some(_) => "the gateway does not take the user name and password of its `auth` block",
                None => "the gateway asks for a password: give it an `auth` block",
            };
            let PlanLabels { namespace, name } = plan;
            let call_id = call_id.as_str();
            tracing::warn!(%namespace, %name, gateway = %self.peer.name, call_id, status, "{advice}");
        }
    }

    /// The gateway gave an answer: what fails from here on is said anew.
    pub fn answered(&mut self) {
        self.said.clear();
    }

    /// Logs why the gateway can't be reached: each kind of failure once until it answers, so that probes don't fill the log.
    pub fn complain(&mut self, failure: &client::Failure, plan: &PlanLabels) {
        let kind = std::mem::discriminant(failure);
        if !self.said.contains(&kind) {
            self.said.push(kind);
            let Target { host, port, transport, .. } = &self.peer.target;
            let PlanLabels { namespace, name } = plan;
            tracing::warn!(%namespace, %name, gateway = %self.peer.name, reason = %failure, "{host} port {port} can't be reached over {transport}");
        }
    }
}
