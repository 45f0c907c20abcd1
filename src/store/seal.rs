//! A checksum for each row, since SQLite has none: a flipped bit in a count is found like one in a page header. It guards
//! against broken disks, not against people. Its result is stored: a changed algorithm makes every store look damaged.

use crate::sip::summary::Counts;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The seal of a row of `mailbox`.
pub(super) fn mailbox(name: &str, counts: Counts, version: u64, at: i64) -> i64 {
    let seal = Seal::new().text(name).counts(counts);
    seal.number(version.cast_signed()).number(at).value()
}

/// The seal of a row of `lamp` and its claims; `claimants` are sorted.
pub(super) fn lamp<'a>(
    address: &str,
    claimants: impl Iterator<Item = &'a str>,
    forsaken: Option<i64>,
) -> i64 {
    let seal = claimants.fold(Seal::new().text(address), Seal::text);
    match forsaken {
        Some(since) => seal.number(since),
        None => seal,
    }
    .value()
}

/// The seal of a row of `told`.
pub(super) fn told(lamp: &str, gateway: &str, counts: Counts, at: i64, status: u16) -> i64 {
    let seal = Seal::new().text(lamp).text(gateway).counts(counts);
    seal.number(at).number(i64::from(status)).value()
}

/// The checksum of a text that is not in a row.
pub(super) fn text(text: &str) -> i64 {
    Seal::new().text(text).value()
}

/// FNV-1a (64 bits) over fields. Each step is a bijection of the state, so no change of a single byte goes unseen.
struct Seal(u64);

impl Seal {
    fn new() -> Seal {
        Seal(OFFSET)
    }

    /// Adds a text and its end: 0xff occurs in no UTF-8, so fields can't run into each other.
    fn text(self, text: &str) -> Seal {
        self.bytes(text.as_bytes()).bytes(&[0xff])
    }

    fn number(self, number: i64) -> Seal {
        self.bytes(&number.to_le_bytes())
    }

    fn counts(self, counts: Counts) -> Seal {
        let Counts { new, old, urgent_new, urgent_old } = counts;
        [new, old, urgent_new, urgent_old]
            .into_iter()
            .fold(self, |seal, count| seal.bytes(&count.to_le_bytes()))
    }

    fn value(self) -> i64 {
        self.0.cast_signed()
    }

    fn bytes(self, bytes: &[u8]) -> Seal {
        Seal(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME)))
    }
}
