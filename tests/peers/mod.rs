//! The program against real SIP peers: sipp as the telephone system, Kamailio behind mutual TLS, and peers that fail in the
//! ways in which telephone systems fail. What the peers are and how they are started: tests/peers/README.md.

mod digest;
mod failover;
mod installed;
mod kamailio;
mod notify;
mod recovery;
mod refusals;
mod scripted;
mod secured;
mod sipp;
mod staff;
mod untrusted;
