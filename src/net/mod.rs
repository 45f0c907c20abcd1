//! SIP over sockets: one endpoint that sends requests and answers them over UDP, TCP and TLS. It must not know what the
//! requests are about: an owner builds what leaves, a [`Handler`] says what is answered.
//!
//! Reading order: [`endpoint`] (what an owner holds), [`client`] (requests that leave), `datagram` (UDP), `stream` (one TCP
//! or TLS connection), `pool` (connections that we open), `listen` (those that peers open), [`accept`] (how many), [`tls`], [`https`] (TLS
//! of the port beside it that is not SIP), [`resolve`].

pub mod accept;
pub mod client;
pub mod endpoint;
pub mod https;
pub mod resolve;
pub mod serve;
pub mod tls;

mod alarm;
mod datagram;
mod listen;
mod pool;
mod stream;
mod tasks;

#[cfg(test)]
mod tests;

pub use client::{Answer, Client, Failure, Outcome, Outgoing, SendError};
pub use endpoint::{BindError, Endpoint, EndpointConfig, TlsListen};
pub use resolve::{Family, ResolveError, Route, RouteError, Target};
pub use serve::{Handler, Peer, Reply, Tally};
