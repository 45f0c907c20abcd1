//! What all lamps share: gateways, timers, attempts, and the actions that wait to be fetched.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, Report};
use super::claimant::Claimant;
use super::config::{Answer, Mode};
use super::delivered::Record;
use super::gateway::{Class, Health, Peer, Place};
use super::table::Table;
use super::view::Totals;
use crate::engine::Time;
use crate::sip::summary::Counts;

/// One NOTIFY that was sent and has not ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub lamp: u32,
    pub peer: u32,
    pub counts: Counts,
    /// Sent as a copy, not as the delivery of a state.
    pub copy: bool,
    /// No longer waited for, still retransmitted.
    pub lingering: bool,
}

pub(super) struct Shared {
    pub seed: u64,
    pub mode: Mode,
    pub refresh_interval: Time,
    pub claimants: Table<Claimant>,
    pub peers: Table<Peer>,
    /// Usable gateways in order of preference.
    pub order: Vec<u32>,
    pub timers: BTreeSet<(Time, u32)>,
    pub flights: BTreeMap<u64, Flight>,
    pub out: Vec<Action>,
    /// Lamps that wait for a gateway while there is a better one now.
    pub stirred: Vec<u32>,
    /// Gateways that came back.
    pub recovered: Vec<u32>,
    pub totals: Totals,
    /// Lamps that were given up or that every gateway refuses.
    pub failed: BTreeSet<u32>,
    /// Whether the deliveries of the dial plan arrive.
    pub record: Record,
    attempts: u64,
    sequence: u64,
}

impl Shared {
    pub fn new(seed: u64) -> Shared {
        Shared {
            seed,
            mode: Mode::Observe,
            refresh_interval: Time::from_secs(3_600),
            claimants: Table::new(),
            peers: Table::new(),
            order: Vec::new(),
            timers: BTreeSet::new(),
            flights: BTreeMap::new(),
            out: Vec::new(),
            stirred: Vec::new(),
            recovered: Vec::new(),
            totals: Totals::default(),
            failed: BTreeSet::new(),
            record: Record::default(),
            attempts: 0,
            sequence: 0,
        }
    }

    /// A number that was never given before.
    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// A number that looks random and is the same whenever the same things happened.
    pub fn jitter(&mut self) -> u64 {
        let salt = self.next();
        mix(self.seed ^ mix(salt))
    }

    pub fn name(&self, peer: u32) -> String {
        self.peers.get(peer).map(|peer| peer.name.clone()).unwrap_or_default()
    }

    pub fn usable(&self, peer: u32) -> bool {
        self.peers.get(peer).is_some_and(|peer| peer.usable)
    }

    pub fn health(&self, peer: u32) -> Health {
        self.peers.get(peer).map_or(Health::Down, |peer| peer.health)
    }

    pub fn join(&mut self, peer: u32, class: Class, lamp: u32) -> Place {
        let place = (class, self.next());
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.queue.insert(place, lamp);
        }
        place
    }

    pub fn leave(&mut self, peer: u32, place: Place) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.queue.remove(&place);
        }
    }

    /// One attempt more is waited for; gives its id.
    pub fn took_off(&mut self, flight: Flight) -> u64 {
        self.attempts += 1;
        let id = self.attempts;
        self.totals.in_flight += 1;
        if let Some(peer) = self.peers.get_mut(flight.peer) {
            peer.in_flight += 1;
        }
        self.flights.insert(id, flight);
        id
    }

    /// Names of mailboxes, sorted.
    pub fn claimant_names(&self, claims: &[u32]) -> Vec<String> {
        let claimants = claims.iter().filter_map(|id| self.claimants.get(*id));
        let mut names: Vec<String> = claimants.map(|claimant| claimant.name.clone()).collect();
        names.sort_unstable();
        names
    }

    /// One attempt less is waited for.
    pub fn landed(&mut self, peer: u32) {
        self.totals.in_flight = self.totals.in_flight.saturating_sub(1);
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.in_flight = peer.in_flight.saturating_sub(1);
        }
    }

    /// A lamp began to fail, or no longer does.
    pub fn set_failed(&mut self, lamp: u32, failed: bool) {
        if failed {
            self.failed.insert(lamp);
        } else {
            self.failed.remove(&lamp);
        }
    }

    /// Asks for the probes that are due: every gateway, also when idle.
    pub fn probe(&mut self, now: Time) {
        if self.mode != Mode::Active {
            return;
        }
        for id in self.order.clone() {
            let jitter = self.jitter();
            let Some(peer) = self.peers.get_mut(id).filter(|peer| peer.probe_at <= now) else { continue };
            peer.schedule_probe(now, jitter);
            self.out.push(Action::Probe { gateway: peer.name.clone() });
        }
    }

    /// The gateway gave a sign of life.
    pub fn raise(&mut self, id: u32) {
        let Some(peer) = self.peers.get_mut(id).filter(|peer| peer.usable) else { return };
        peer.record.up();
        let was = std::mem::replace(&mut peer.health, Health::Up);
        if was == Health::Down {
            let gateway = peer.name.clone();
            self.out.push(Action::Report(Report::GatewayUp { gateway }));
            self.recovered.push(id);
        }
    }

    /// The gateway gave a sign of trouble: lamps that wait for it look for a better one. Refreshes wait for proof.
    pub fn lower(&mut self, id: u32, health: Health, last: Answer, now: Time) {
        let better = self.order.iter().any(|peer| self.health(*peer) < health);
        let Some(peer) = self.peers.get_mut(id).filter(|peer| peer.usable) else { return };
        if health == Health::Down {
            peer.record.down((id, last), now);
        }
        if peer.health >= health {
            return;
        }
        peer.health = health;
        if health == Health::Down {
            let gateway = peer.name.clone();
            self.out.push(Action::Report(Report::GatewayDown { gateway, last }));
        }
        if better {
            let moves =
                |class: Class| class == Class::Change || (class == Class::Refresh && health == Health::Down);
            self.stirred
                .extend(peer.queue.iter().filter(|((class, _), _)| moves(*class)).map(|(_, lamp)| *lamp));
        }
    }
}

/// Spreads the bits of a number (the finaliser of SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number that depends on the text only (FNV-1a, then spread).
pub(super) fn hash(text: &str) -> u64 {
    mix(text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}
