//! What the engine shows of itself: lamps of a mailbox for people and HTTP, totals for metrics.

use super::Engine;
use super::claimant::Desired;
use super::lamp::{Lamp, Tally};
use super::shared::Shared;
use crate::sip::summary::Counts;

/// A mailbox and its lamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxView {
    /// Newest counts and their version; none until a source has spoken.
    pub counts: Option<(Counts, u64)>,
    /// Every lamp that it names, also if it is forbidden to light them.
    pub lamps: Vec<LampView>,
}

/// A lamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LampView {
    /// The address that NOTIFY names.
    pub address: String,
    /// What it shows.
    pub state: LampState,
    /// What usable gateways confirmed, in order of preference, then what others did.
    pub told: Vec<ToldView>,
}

/// What a lamp shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LampState {
    /// No source has spoken yet.
    Unknown,
    /// A gateway confirmed the newest state, and there are new messages.
    On,
    /// A gateway confirmed the newest state, and there are none.
    Off,
    /// No gateway has confirmed the newest state.
    Pending,
}

/// What one gateway confirmed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldView {
    /// Its name.
    pub gateway: String,
    /// What it was told.
    pub counts: Counts,
    /// Wall clock, milliseconds since 1970.
    pub at: i64,
    /// Its final answer.
    pub status: u16,
}

/// How much there is of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Claimed, or perhaps lit.
    pub lamps: u64,
    /// The newest state is not confirmed.
    pub dirty: u64,
    /// NOTIFYs that are waited for.
    pub in_flight: u64,
    /// Given up, or refused by every gateway.
    pub failed: u64,
    /// Claimed, but nobody can say what they ought to show.
    pub unknown: u64,
}

impl Totals {
    pub(super) fn replace(&mut self, old: Tally, new: Tally) {
        let shift = |total: &mut u64, old: bool, new: bool| {
            *total = (*total + u64::from(new)).saturating_sub(u64::from(old))
        };
        shift(&mut self.lamps, old.live, new.live);
        shift(&mut self.dirty, old.dirty, new.dirty);
        shift(&mut self.failed, old.failed, new.failed);
        shift(&mut self.unknown, old.unknown, new.unknown);
    }
}

impl Engine {
    /// A mailbox of the configuration with its lamps.
    pub fn mailbox_view(&self, mailbox: &str) -> Option<MailboxView> {
        let claimant = self.shared.claimants.named(mailbox).filter(|claimant| claimant.configured)?;
        let lamps = claimant.lamps.iter().filter_map(|lamp| self.lamps.get(*lamp));
        let mut lamps: Vec<LampView> = lamps.map(|lamp| lamp_view(lamp, &self.shared)).collect();
        lamps.sort_by(|a, b| a.address.cmp(&b.address));
        Some(MailboxView { counts: claimant.counts, lamps })
    }

    /// Figures for metrics, kept up to date as things happen.
    pub fn totals(&self) -> Totals {
        self.shared.totals
    }
}

fn lamp_view(lamp: &Lamp, shared: &Shared) -> LampView {
    let told = |peer: u32| {
        let told = lamp.contact(peer)?.told?;
        Some(ToldView { gateway: shared.name(peer), counts: told.counts, at: told.at, status: told.status })
    };
    let usable = shared.order.iter().copied();
    let others = lamp.contacts.iter().map(|contact| contact.peer).filter(|peer| !shared.usable(*peer));
    LampView {
        address: lamp.address.clone(),
        state: state(lamp, shared),
        told: usable.chain(others).filter_map(told).collect(),
    }
}

/// A lamp that is held shows what it was told last.
fn state(lamp: &Lamp, shared: &Shared) -> LampState {
    let spoken = lamp
        .claims
        .iter()
        .any(|id| shared.claimants.get(*id).is_some_and(|claimant| claimant.counts.is_some()));
    if !lamp.clean(shared) {
        return LampState::Pending;
    }
    let told = lamp.confirmed.and_then(|peer| lamp.contact(peer)).and_then(|contact| contact.told);
    match (lamp.desired, told) {
        (Desired::Nothing, None) => LampState::Unknown,
        _ if !spoken && !lamp.claims.is_empty() => LampState::Unknown,
        (_, Some(told)) if told.counts.lamp_on() => LampState::On,
        _ => LampState::Off,
    }
}
