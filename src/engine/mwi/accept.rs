//! Whether new message state of a mailbox is taken, when writers may count their own changes.

use crate::sip::summary::Counts;

/// What becomes of new message state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Store it under this version.
    New(u64),
    /// It is known already, under this version.
    Same(u64),
    /// It is older than what is known, or contradicts it.
    Conflict,
}

/// Compares new `counts` with what is known. Without a `version` they are always newer.
pub fn accept(current: Option<(Counts, u64)>, counts: Counts, version: Option<u64>) -> Accept {
    match (current, version) {
        (None, version) => Accept::New(version.unwrap_or(1)),
        (Some((_, known)), None) => known.checked_add(1).map_or(Accept::Conflict, Accept::New),
        (Some((_, known)), Some(version)) if version > known => Accept::New(version),
        (Some((known_counts, known)), Some(version)) if version == known && counts == known_counts => {
            Accept::Same(known)
        }
        (Some(_), Some(_)) => Accept::Conflict,
    }
}
