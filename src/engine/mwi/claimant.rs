//! Mailboxes as claimants of lamps, and what a lamp ought to show. Knows nothing of gateways or time.

use super::config::{Claim, Config, Mode};
use super::table::Table;
use crate::sip::summary::Counts;

/// What a mailbox may do with the lamps that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Allowed,
    Frozen,
    Forbidden,
}

pub(super) struct Claimant {
    pub name: String,
    /// Newest counts and their version; none until a source has spoken.
    pub counts: Option<(Counts, u64)>,
    pub standing: Standing,
    /// The lamps that it names.
    pub lamps: Vec<u32>,
    /// In the configuration, or held because that is incomplete.
    pub configured: bool,
}

impl Claimant {
    pub fn new(name: &str) -> Claimant {
        Claimant {
            name: name.to_owned(),
            counts: None,
            standing: Standing::Frozen,
            lamps: Vec::new(),
            configured: false,
        }
    }

    /// The lamps that it claims.
    pub fn claimed(&self) -> &[u32] {
        if self.standing == Standing::Forbidden { &[] } else { &self.lamps }
    }

    /// A claim that was and of which nothing new is known stands, but nothing is sent on its account.
    fn freeze(&mut self) {
        if self.standing == Standing::Allowed {
            self.standing = Standing::Frozen;
        }
    }
}

/// Takes the claims of a configuration; `lamp` gives a lamp's number.
pub(super) fn take_claims(
    claimants: &mut Table<Claimant>,
    config: &Config,
    mut lamp: impl FnMut(&str) -> u32,
) {
    for claimant in claimants.iter_mut() {
        if config.complete {
            claimant.configured = false;
        } else {
            claimant.configured |= !claimant.lamps.is_empty();
            claimant.freeze();
        }
    }
    for mailbox in &config.mailboxes {
        let id = claimants.intern(&mailbox.name, |_| Claimant::new(&mailbox.name));
        let Some(claimant) = claimants.get_mut(id) else { continue };
        claimant.configured = true;
        let (standing, named) = match &mailbox.claim {
            Claim::Allowed(named) => (Standing::Allowed, named),
            Claim::Forbidden(named) => (Standing::Forbidden, named),
            Claim::Frozen => {
                claimant.freeze();
                continue;
            }
        };
        claimant.standing = standing;
        claimant.lamps = named.iter().map(|address| lamp(address)).collect();
        claimant.lamps.sort_unstable();
        claimant.lamps.dedup();
    }
    for claimant in claimants.iter_mut().filter(|claimant| !claimant.configured) {
        claimant.lamps.clear();
        claimant.standing = Standing::Frozen;
    }
}

/// What a lamp ought to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Desired {
    /// Nobody can say: nothing is sent.
    Nothing,
    /// These counts, refreshed.
    Show(Counts),
    /// No messages, until that is confirmed; then it rests.
    PutOut,
}

impl Desired {
    pub fn counts(self) -> Option<Counts> {
        match self {
            Desired::Nothing => None,
            Desired::Show(counts) => Some(counts),
            Desired::PutOut => Some(Counts::NONE),
        }
    }
}

/// Whether every one of `shown` is among `claims`.
pub(super) fn all_claim(shown: &[u32], claims: &[u32]) -> bool {
    shown.iter().all(|mailbox| claims.contains(mailbox))
}

/// What a lamp ought to show that `claims` (allowed and frozen claimants) claim, that may show the messages of `shown`, and
/// that may be lit if it is `touched`. If all claimants are unknown it is put out, provided that somebody left.
pub(super) fn desired(
    mode: Mode,
    claimants: &Table<Claimant>,
    claims: &[u32],
    shown: &[u32],
    touched: bool,
) -> Desired {
    let put_out = if touched { Desired::PutOut } else { Desired::Nothing };
    if mode == Mode::Dark || claims.is_empty() {
        return put_out;
    }
    let claiming = || claims.iter().filter_map(|id| claimants.get(*id));
    if !claiming().any(|claimant| claimant.standing == Standing::Allowed) {
        return Desired::Nothing;
    }
    let known = claiming().filter_map(|claimant| claimant.counts).map(|(counts, _)| counts);
    match known.reduce(Counts::saturating_add) {
        Some(sum) => Desired::Show(sum),
        None if !all_claim(shown, claims) => put_out,
        None => Desired::Nothing,
    }
}
