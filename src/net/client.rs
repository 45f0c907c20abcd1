//! Requests that leave, and what became of them. Each request that [`Client::send`] takes has exactly one outcome,
//! unless it is abandoned or the endpoint ends; room for the outcome is set aside before the request leaves, so nothing
//! waits for a slow reader and nothing is lost.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::endpoint::Shared;
use super::resolve::Route;
use crate::sip::message::{Message, Response, ResponseHead};
use crate::sip::transaction::client::Key;
use crate::sip::transport::Transport;

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The sender's number for it, which comes back in its [`Outcome`]; not used by another request in flight.
    pub id: u64,
    /// Where it goes, and what stands in its Via.
    pub route: Route,
    /// The branch of its Via, with the magic cookie.
    pub branch: String,
    /// The method of its CSeq.
    pub method: &'static str,
    /// The message.
    pub bytes: Vec<u8>,
}

/// What became of a request.
#[derive(Debug)]
pub struct Outcome {
    /// The number in [`Outgoing`].
    pub id: u64,
    /// How it ended.
    pub answer: Answer,
}

/// How a request ended.
#[derive(Debug)]
pub enum Answer {
    /// A final answer came.
    Final {
        /// Its status, 200 to 699.
        status: u16,
        /// The whole of it, when it is not 2xx (challenges, Retry-After) and can be read.
        response: Option<Box<Response>>,
    },
    /// It could not be sent, or what carried it broke.
    Transport(Failure),
    /// No final answer within 32 s (timer F).
    Expired,
}

/// Why a request could not be delivered to the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// There is no way to that address.
    #[error("unreachable")]
    Unreachable,
    /// No connection within 3 s.
    #[error("no connection within 3 s")]
    ConnectTimeout,
    /// The TLS handshake failed: the certificate, the name, or what the peer thinks of ours.
    #[error("TLS failed: {0}")]
    Tls(Arc<str>),
    /// The connection ended while the request waited for its answer.
    #[error("connection lost")]
    Broken,
    /// A peer that had spoken SIP closed the connection in good order while the request was on its way.
    #[error("connection closed")]
    Closed,
    /// Too many requests wait for an answer, or its branch or number is in use.
    #[error("too many requests in flight")]
    Overloaded,
}

impl Failure {
    /// What an error means that ended a connection. With TLS 1.3 a peer's refusal of our certificate comes that late.
    pub(super) fn of_established(error: &io::Error) -> Failure {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(reason) => Failure::tls(reason),
            None => Failure::Broken,
        }
    }

    /// TLS failed for that reason.
    pub(super) fn tls(reason: &impl ToString) -> Failure {
        Failure::Tls(reason.to_string().into())
    }

    /// What an error means that came while a connection was opened or a datagram sent.
    pub(super) fn of(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Failure::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::InvalidInput => Failure::Unreachable,
            io::ErrorKind::TimedOut => Failure::ConnectTimeout,
            _ => Failure::Broken,
        }
    }
}

/// Why a request was not taken; it has no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// As many requests are in flight as the channel for outcomes has room for, or the queue to the peer is full.
    #[error("too many requests in flight")]
    Busy,
    /// The endpoint or the reader of outcomes is gone.
    #[error("the SIP endpoint has ended")]
    Closed,
}

/// A sender of requests with a channel of its own for their outcomes.
#[derive(Clone)]
pub struct Client {
    owner: u64,
    outcomes: mpsc::Sender<Outcome>,
    shared: Arc<Shared>,
}

impl Client {
    pub(super) fn new(owner: u64, outcomes: mpsc::Sender<Outcome>, shared: Arc<Shared>) -> Client {
        Client { owner, outcomes, shared }
    }

    /// Sends a request: over UDP at once, else over the connection to that peer, which is opened if there is none. Never
    /// waits. At most as many requests are in flight as the channel for outcomes has room for, read or not.
    pub fn send(&self, outgoing: Outgoing) -> Result<(), SendError> {
        let Outgoing { id, route, branch, method, bytes } = outgoing;
        let permit = self.outcomes.clone().try_reserve_owned().map_err(|refusal| SendError::of(&refusal))?;
        let key = Key { owner: self.owner, id };
        let job = Job { key, branch, method, bytes, to: route.peer, ticket: Ticket { id, permit } };
        match route.hop.transport {
            Transport::Udp => {
                self.shared.datagrams.try_send(Command::Send(job)).map_err(|refusal| SendError::of(&refusal))
            }
            Transport::Tcp | Transport::Tls => self.shared.pool.send(&self.shared, &route, job),
        }
    }

    /// Stops retransmission of a request over UDP, which then has no outcome. A connection never repeats a request, so
    /// there the outcome still comes, as it may when it was on its way.
    pub fn abandon(&self, id: u64) {
        // Where the queue is full, the request goes on to its end, as if nobody had lost interest.
        let _ = self.shared.datagrams.try_send(Command::Abandon(Key { owner: self.owner, id }));
    }
}

impl SendError {
    pub(super) fn of<T>(refusal: &TrySendError<T>) -> SendError {
        match refusal {
            TrySendError::Full(_) => SendError::Busy,
            TrySendError::Closed(_) => SendError::Closed,
        }
    }
}

/// What a socket's task is told.
pub(super) enum Command {
    Send(Job),
    Abandon(Key),
}

/// A request on its way to the socket.
pub(super) struct Job {
    pub(super) key: Key,
    pub(super) branch: String,
    pub(super) method: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) to: SocketAddr,
    pub(super) ticket: Ticket,
}

/// The room that is set aside for an outcome.
pub(super) struct Ticket {
    id: u64,
    permit: mpsc::OwnedPermit<Outcome>,
}

impl Ticket {
    pub(super) fn settle(self, answer: Answer) {
        self.permit.send(Outcome { id: self.id, answer });
    }

    /// Settles with a final answer of which `bytes` are the whole.
    pub(super) fn settle_final(self, head: &ResponseHead<'_>, bytes: &[u8]) {
        let status = head.status;
        let response = match status {
            200..300 => None,
            _ => match Message::parse(bytes) {
                Ok(Message::Response(response)) => Some(Box::new(response)),
                _ => None,
            },
        };
        self.settle(Answer::Final { status, response });
    }
}

/// Settles all that still comes to a socket that is gone.
pub(super) async fn refuse_all(mut commands: mpsc::Receiver<Command>, failure: Failure) {
    commands.close();
    while let Some(command) = commands.recv().await {
        if let Command::Send(job) = command {
            job.ticket.settle(Answer::Transport(failure.clone()));
        }
    }
}
