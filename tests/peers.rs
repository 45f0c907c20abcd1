//! The program against real SIP peers: sipp as the telephone system, Kamailio behind mutual TLS, and peers that fail in the
//! ways in which telephone systems fail. What the peers are and how they are started: tests/peers/README.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::disallowed_methods
)]

mod common;

#[path = "peers/digest.rs"]
mod digest;
#[path = "peers/failover.rs"]
mod failover;
#[path = "peers/installed.rs"]
mod installed;
#[path = "peers/kamailio.rs"]
mod kamailio;
#[path = "peers/notify.rs"]
mod notify;
#[path = "peers/recovery.rs"]
mod recovery;
#[path = "peers/refusals.rs"]
mod refusals;
#[path = "peers/scripted.rs"]
mod scripted;
#[path = "peers/secured.rs"]
mod secured;
#[path = "peers/sipp.rs"]
mod sipp;
#[path = "peers/staff.rs"]
mod staff;
#[path = "peers/untrusted.rs"]
mod untrusted;
