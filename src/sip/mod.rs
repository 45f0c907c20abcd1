//! The SIP protocol without sockets and clocks: what comes in as bytes becomes typed values here, and what goes out is
//! written only from types that cannot hold CR, LF or NUL. This module must not know who is asked, when, or over which
//! connection.
//!
//! Reading order: [`text`] and [`transport`] (scalars), [`framing`] and [`message`] (what comes in), [`uri`],
//! [`summary`] (the RFC 3842 body), [`outgoing`] (what we send), [`answer`] (what an answer means), [`uas`] (what we
//! answer), [`digest`].
//!
//! `rsip` never sees raw bytes: it reads parameters of URIs and knows the methods by name. Start lines, headers, hosts and
//! digest are read here, because it mistakes folded lines, compact names, IPv6 hosts, users with a dot and nonce counts.

pub mod answer;
pub mod digest;
pub mod framing;
pub mod message;
pub mod outgoing;
pub mod summary;
pub mod text;
pub mod transaction;
pub mod transport;
pub mod uas;
pub mod uri;

mod fields;
mod head;
mod headers;
mod params;
mod respond;
mod scan;

#[cfg(test)]
mod tests;
