//! What is stored: changes on the way in, contents on the way out. Plain data.

use std::path::PathBuf;

use crate::sip::summary::Counts;

/// One change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The newest state of a mailbox; replaces the one before.
    Counts {
        /// The mailbox.
        mailbox: String,
        /// Its messages.
        counts: Counts,
        /// The version of the state; not compared with the stored one.
        version: u64,
        /// Wall time in milliseconds since 1970.
        at: i64,
    },
    /// A lamp that may be lit, and who claims it; replaces the claims before, leaves what gateways were told.
    Lamp {
        /// The address that NOTIFY names.
        address: String,
        /// The mailboxes that claim it, a set: the order does not matter.
        claimants: Vec<String>,
        /// Since when no allowed mailbox claims it, wall time in milliseconds since 1970.
        forsaken_since: Option<i64>,
    },
    /// What a gateway was last told about a lamp; replaces the row before.
    Told {
        /// The lamp's address.
        address: String,
        /// The gateway's name.
        gateway: String,
        /// What it was told.
        counts: Counts,
        /// Wall time of its answer in milliseconds since 1970.
        at: i64,
        /// The SIP status it answered.
        status: u16,
    },
    /// Deletes a lamp, its claims and what gateways were told about it.
    ForgetLamp {
        /// The lamp's address.
        address: String,
    },
    /// Deletes the state of a mailbox; lamps that it claims stay.
    ForgetMailbox {
        /// The mailbox.
        mailbox: String,
    },
}

/// Everything in the store when it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Mailboxes, sorted by name.
    pub mailboxes: Vec<StoredMailbox>,
    /// Lamps, sorted by address.
    pub lamps: Vec<StoredLamp>,
    /// Where the file was moved that could not be trusted. Everything is unknown then, and whoever opens the store says so.
    pub damaged: Option<PathBuf>,
}

/// The newest state of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMailbox {
    /// The mailbox.
    pub mailbox: String,
    /// Its messages.
    pub counts: Counts,
    /// The version of the state.
    pub version: u64,
    /// Wall time in milliseconds since 1970.
    pub at: i64,
}

/// A lamp and what gateways know of it. One that was told something but never stored as [`Change::Lamp`] is here as well,
/// claimed by nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredLamp {
    /// The address that NOTIFY names.
    pub address: String,
    /// The mailboxes that claim it, sorted, each once.
    pub claimants: Vec<String>,
    /// Since when no allowed mailbox claims it, wall time in milliseconds since 1970.
    pub forsaken_since: Option<i64>,
    /// What gateways were last told, sorted by gateway.
    pub told: Vec<StoredTold>,
}

/// What one gateway was last told about a lamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTold {
    /// The gateway's name.
    pub gateway: String,
    /// What it was told.
    pub counts: Counts,
    /// Wall time of its answer in milliseconds since 1970.
    pub at: i64,
    /// The SIP status it answered.
    pub status: u16,
}
