//! What the engine is told: configuration, what a store kept, what a gateway answered.

use crate::engine::Time;
use crate::sip::summary::Counts;

/// One NOTIFY in flight; an id is never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u64);

/// What the notifier may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Lamps are kept right.
    Active,
    /// Nothing is sent; [`super::Action::Observe`] says what would be.
    Observe,
    /// Every lamp that was ever touched is put out; then all rests.
    Dark,
}

/// Everything that resources say about lamps of one dial plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the notifier may do.
    pub mode: Mode,
    /// False when a kind or an object could not be read: a mailbox that is missing then keeps its claims.
    pub complete: bool,
    /// Each lamp is told its state again within this time.
    pub refresh_interval: Time,
    /// The usable ones, in order of preference.
    pub gateways: Vec<Gateway>,
    /// Sorted by name.
    pub mailboxes: Vec<Mailbox>,
}

/// A gateway that may be told about lamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its Kubernetes name.
    pub name: String,
    /// NOTIFYs a second; 0 is no limit.
    pub max_per_second: u32,
    /// Digest of address, transport and identity: another route is another machine.
    pub route: u64,
}

/// A mailbox and the lamps that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its Kubernetes name.
    pub name: String,
    /// What it may do with which lamps.
    pub claim: Claim,
}

/// What a mailbox may do with the lamps (addresses) that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Lights them.
    Allowed(Vec<String>),
    /// Names them, but some setting forbids MWI.
    Forbidden(Vec<String>),
    /// Nobody can say at present: its previous claims stand, and nothing is sent on its account.
    Frozen,
}

/// What a store kept of an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Mailbox, newest counts, their version.
    pub counts: Vec<(String, Counts, u64)>,
    /// Every lamp that was touched and not forgotten.
    pub lamps: Vec<StoredLamp>,
}

/// A lamp as a store kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLamp {
    /// The address that NOTIFY names.
    pub address: String,
    /// As the last `Touch` or `Claimed` said.
    pub claimants: Vec<String>,
    /// How long it has had no claimant; none while it has one.
    pub forsaken_for: Option<Time>,
    /// What each gateway confirmed last.
    pub told: Vec<StoredTold>,
}

/// What one gateway confirmed last about one lamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTold {
    /// The gateway's name.
    pub gateway: String,
    /// What it was told.
    pub counts: Counts,
    /// Wall clock, milliseconds since 1970.
    pub at: i64,
    /// The same as time gone by since.
    pub age: Time,
    /// Its final answer; only 2xx counts as told.
    pub status: u16,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A final answer, after authentication.
    Final(u16),
    /// Refused, reset, no DNS, TLS failure.
    Transport,
    /// No final answer (Timer F, RFC 3261 section 17.1.2).
    Expired,
}

/// Whose lamps are to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Every lamp.
    All,
    /// The lamps that this mailbox names.
    Mailbox(String),
    /// The lamps that this gateway shows.
    Gateway(String),
}
