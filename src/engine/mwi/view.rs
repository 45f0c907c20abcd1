//! What the engine shows of itself: lamps of a mailbox for people and HTTP, totals for metrics.

use std::collections::BTreeMap;

use super::Engine;
use super::claimant::Desired;
use super::config::Answer;
use super::delivered::{Cause, Delivered, Refusal};
use super::lamp::{Lamp, Stuck, Tally};
use super::shared::Shared;
use crate::engine::Time;
use crate::sip::summary::Counts;

/// Mailboxes of a dial plan whose lamps are said to fail.
const MOST_MAILBOXES: usize = 100;

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

/// Whether delivery works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryView {
    /// For the dial plan. None: nothing was heard yet, so what an earlier run of the program found may still be so.
    pub delivered: Option<Delivered>,
    /// The gateway that failed first, and how, if it does not.
    pub cause: Option<(String, Answer)>,
    /// By each usable gateway, in order of preference.
    pub gateways: Vec<GatewayDelivery>,
    /// Mailboxes with a lamp that fails while the dial plan delivers others, by name: 100 at most, each once.
    pub lamps: Vec<LampTrouble>,
}

/// Whether a gateway takes NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayDelivery {
    /// Its name.
    pub name: String,
    /// As for the dial plan.
    pub delivered: Option<Delivered>,
    /// How it failed first, if it does.
    pub cause: Option<Answer>,
    /// How it refused last, if it is not about a lamp alone.
    pub refusal: Option<Refusal>,
}

/// A lamp that was given up, or that every gateway refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LampTrouble {
    /// A mailbox that claims it.
    pub mailbox: String,
    /// The address that NOTIFY names.
    pub lamp: String,
    /// A gateway that refuses it, or the one that failed last.
    pub gateway: String,
    /// How.
    pub last: Answer,
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

    /// Whether delivery works.
    pub fn delivery_view(&self, now: Time) -> DeliveryView {
        let shared = &self.shared;
        let interval = shared.refresh_interval;
        let named = |(peer, answer): Cause| (shared.name(peer), answer);
        let peers = shared.order.iter().filter_map(|peer| shared.peers.get(*peer));
        let gateways: Vec<GatewayDelivery> = peers
            .map(|peer| {
                let (delivered, cause) = peer.record.state(interval, now);
                let refusal = peer.record.refusal();
                GatewayDelivery {
                    name: peer.name.clone(),
                    delivered,
                    cause: cause.map(|(_, how)| how),
                    refusal,
                }
            })
            .collect();
        let (own, cause) = shared.record.state(interval, now);
        let all_fail = || gateways.iter().all(|gateway| gateway.delivered == Some(Delivered::No));
        let first = || gateways.iter().find_map(|gateway| Some((gateway.name.clone(), gateway.cause?)));
        let heard = || gateways.iter().any(|gateway| gateway.delivered.is_some());
        let (delivered, cause) = match own {
            Some(Delivered::No) => (own, cause.map(named)),
            _ if !gateways.is_empty() && all_fail() => (Some(Delivered::No), first()),
            None if heard() => (Some(Delivered::Unknown), None),
            own => (own, None),
        };
        let lamps = if delivered == Some(Delivered::Yes) { self.troubles() } else { Vec::new() };
        DeliveryView { delivered, cause, gateways, lamps }
    }

    fn troubles(&self) -> Vec<LampTrouble> {
        let mut troubles: BTreeMap<&str, LampTrouble> = BTreeMap::new();
        for lamp in self.shared.failed.iter().filter_map(|lamp| self.lamps.get(*lamp)) {
            let Some((peer, last)) = trouble(lamp, &self.shared) else { continue };
            for claimant in lamp.claims.iter().filter_map(|claimant| self.shared.claimants.get(*claimant)) {
                let (mailbox, lamp) = (claimant.name.clone(), lamp.address.clone());
                let now = LampTrouble { mailbox, lamp, gateway: self.shared.name(peer), last };
                let known = troubles.get(claimant.name.as_str());
                if known.is_none_or(|before| now.lamp < before.lamp) {
                    troubles.insert(&claimant.name, now);
                }
            }
            if troubles.len() >= MOST_MAILBOXES {
                break;
            }
        }
        troubles.into_values().take(MOST_MAILBOXES).collect()
    }

    /// Whether no lamp of a mailbox fails, nor may fail as before: each is confirmed, unknown, or has a phone that is not registered.
    pub fn is_excused(&self, mailbox: &str) -> bool {
        let named = self.shared.claimants.named(mailbox);
        let lamps = named.into_iter().flat_map(|claimant| claimant.claimed());
        let is_excused = |lamp: &Lamp| {
            lamp.clean(&self.shared) || matches!(lamp.stuck, Some(Stuck::NotRegistered | Stuck::NoGateway))
        };
        lamps.filter_map(|lamp| self.lamps.get(*lamp)).all(is_excused)
    }

    /// Figures for metrics, kept up to date as things happen.
    pub fn totals(&self) -> Totals {
        self.shared.totals
    }
}

/// Who fails a lamp, and how: the first that refuses it, or the last when it was given up.
fn trouble(lamp: &Lamp, shared: &Shared) -> Option<Cause> {
    let refuses = |peer: &u32| Some((*peer, Answer::Final(lamp.contact(*peer)?.refused?)));
    lamp.gave_up
        .filter(|_| lamp.stuck == Some(Stuck::GivenUp))
        .or_else(|| shared.order.iter().find_map(refuses))
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
