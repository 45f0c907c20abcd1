//! Transactions of requests other than INVITE (RFC 3261 section 17), as tables: events and the time go in, what is to be
//! done comes out. They know neither sockets nor clocks nor what the requests say.
//!
//! Every `now` is the time since an epoch of the caller's choice and never goes back.

pub mod client;
pub mod server;

use std::time::Duration;

/// T1: what a round trip is taken for, and so the wait before the first retransmission (RFC 3261 section 17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// T2: the longest wait between two retransmissions.
pub const T2: Duration = Duration::from_secs(4);
/// Timers F and J, 64 × T1: how long a request waits for its answer, and how long an answer is remembered.
pub const LIFE: Duration = Duration::from_secs(32);

#[cfg(test)]
mod tests;
