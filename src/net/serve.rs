//! What comes in: who asks, who decides, and what was not worth an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sip::message::Request;
use crate::sip::text::Token;
use crate::sip::transport::Transport;

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address as seen here; IPv4 is never written as IPv6.
    pub addr: SocketAddr,
    /// How the request came. Over UDP the address proves nothing.
    pub transport: Transport,
}

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status, 200 to 699.
    pub status: u16,
    /// The reason phrase.
    pub reason: &'static str,
    /// Headers beside those that RFC 3261 section 8.2.6 asks for.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// Just this status, with these headers.
    #[must_use]
    pub fn new(status: u16, reason: &'static str, headers: Vec<(&'static str, &'static str)>) -> Reply {
        let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Reply { status, reason, headers }
    }
}

/// Decides what requests are answered with.
pub trait Handler: Send + Sync + 'static {
    /// The answer to a request; none when it gets none, as ACK does. It is called once for each request, also when that
    /// comes repeatedly, and must not wait: other messages stand behind it.
    fn handle(&self, request: &Request, peer: Peer) -> Option<Reply>;
}

/// What an endpoint met so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Datagrams that were no SIP message, and connections closed for the same reason.
    pub malformed: u64,
    /// Answers to no request of ours, repeated ones among them.
    pub stray: u64,
    /// Requests over UDP that came again and got the same answer again.
    pub repeated: u64,
    /// Connections closed at once because there were too many.
    pub crowded: u64,
}

/// Where it is counted what an endpoint meets.
#[derive(Debug, Default)]
pub struct Counters {
    pub(super) malformed: AtomicU64,
    pub(super) stray: AtomicU64,
    pub(super) repeated: AtomicU64,
    pub(super) crowded: AtomicU64,
}

impl Counters {
    /// What was counted so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let Self { malformed, stray, repeated, crowded } = self;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Tally {
            malformed: read(malformed),
            stray: read(stray),
            repeated: read(repeated),
            crowded: read(crowded),
        }
    }
}

/// The handler and the counters, shared by all sockets of an endpoint.
pub(super) struct Service {
    handler: Arc<dyn Handler>,
    counters: Arc<Counters>,
}

impl Service {
    pub(super) fn new(handler: Arc<dyn Handler>, counters: Arc<Counters>) -> Service {
        Service { handler, counters }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The answer as it is sent, with a To tag of its own.
    pub(super) fn answer(&self, request: &Request, peer: Peer) -> Option<Vec<u8>> {
        let reply = self.handler.handle(request, peer)?;
        let tag = Token::from_random(rand::random());
        let headers: Vec<(&str, &str)> =
            reply.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Some(request.respond(reply.status, reply.reason, tag.as_str(), &headers, peer.addr))
    }

    pub(super) fn count(&self, which: impl Fn(&Counters) -> &AtomicU64) {
        which(&self.counters).fetch_add(1, Ordering::Relaxed);
    }
}
