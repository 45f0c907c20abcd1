//! Taking what was stored and what is configured. May look at every lamp.

use super::Engine;
use super::action::{Action, Report};
use super::claimant::{Claimant, all_claim, take_claims};
use super::config::{Attempt, Config, Gateway, Mode, Stored, StoredLamp};
use super::gateway::{Health, Peer};
use super::lamp::{Confirmed, FORSAKEN_FOR, Lamp, Touched};
use super::refresh::millis;
use super::shared::{Shared, hash};
use crate::engine::Time;

impl Engine {
    /// Takes what an earlier run left. Call it once, before the first configuration; nothing is sent until that comes.
    pub fn restore(&mut self, stored: Stored, now: Time) {
        for (mailbox, counts, version) in stored.counts {
            let id = self.shared.claimants.intern(&mailbox, |_| Claimant::new(&mailbox));
            if let Some(claimant) = self.shared.claimants.get_mut(id) {
                claimant.counts = Some((counts, version));
            }
        }
        for lamp in stored.lamps {
            self.restore_lamp(lamp, now);
        }
    }

    fn restore_lamp(&mut self, stored: StoredLamp, now: Time) {
        let id = self.lamps.intern(&stored.address, |id| Lamp::new(id, &stored.address));
        let Some(lamp) = self.lamps.get_mut(id) else { return };
        lamp.touched = Touched::Yes;
        lamp.unsure = true;
        lamp.forget_at = stored.forsaken_for.map(|gone| now + FORSAKEN_FOR.saturating_sub(gone));
        for mailbox in &stored.claimants {
            let claimant = self.shared.claimants.intern(mailbox, |_| Claimant::new(mailbox));
            lamp.shown.push(claimant);
            // Claims that stand until the first configuration says otherwise.
            if let (None, Some(claimant)) = (stored.forsaken_for, self.shared.claimants.get_mut(claimant)) {
                claimant.lamps.push(id);
            }
        }
        lamp.shown.sort_unstable();
        lamp.shown.dedup();
        let mut newest = None;
        for told in stored.told.iter().filter(|told| (200..300).contains(&told.status)) {
            let peer = self.shared.peers.intern(&told.gateway, |_| Peer::new(&told.gateway));
            let confirmed = Confirmed { counts: told.counts, at: told.at, status: told.status };
            lamp.note(peer, |contact| contact.told = Some(confirmed));
            let at = millis(now).saturating_sub(millis(told.age));
            self.shared.record.restored(id, at);
            if let Some(peer) = self.shared.peers.get_mut(peer) {
                peer.record.restored(id, at);
            }
            if newest.is_none_or(|age| told.age < age) {
                newest = Some(told.age);
                lamp.confirmed = Some(peer);
                lamp.refreshed = Some(at);
            }
        }
        lamp.count(&mut self.shared);
    }

    /// Takes a configuration. The same one again changes nothing.
    pub fn configure(&mut self, config: Config, now: Time) {
        if self.config.as_ref() == Some(&config) {
            return;
        }
        let mode_changed = self.shared.mode != config.mode;
        let interval_changed = self.shared.refresh_interval != config.refresh_interval;
        let gateways_changed = self.config.as_ref().is_none_or(|old| old.gateways != config.gateways);
        self.shared.mode = config.mode;
        self.shared.refresh_interval = config.refresh_interval;
        if mode_changed {
            self.forgive(now);
        }
        if gateways_changed {
            self.take_gateways(&config.gateways, now);
        }
        if config.mode == Mode::Observe {
            (0..self.shared.peers.len()).for_each(|peer| self.hang_up(peer));
        }
        let lamps = &mut self.lamps;
        take_claims(&mut self.shared.claimants, &config, |address| {
            lamps.intern(address, |id| Lamp::new(id, address))
        });
        self.claim_lamps();
        for lamp in self.lamps.iter_mut() {
            if mode_changed {
                lamp.observed = None;
            }
            if interval_changed {
                lamp.refresh_at = None;
            }
            if gateways_changed || mode_changed {
                lamp.try_anew(&self.shared);
            }
            lamp.doubt_stored(&self.shared.order);
            lamp.check_forsaken(&mut self.shared, now);
            lamp.want(lamp.desire(&self.shared), &mut self.shared, now);
        }
        self.config = Some(config);
        self.follow_up(now);
    }

    /// Deliveries begin anew, or rest: failures until now say nothing any more.
    fn forgive(&mut self, now: Time) {
        if self.config.is_some() {
            self.shared.record.forgive(now);
            self.shared.peers.iter_mut().for_each(|peer| peer.record.forgive(now));
        }
    }

    /// Gives every lamp its claims: those that are allowed, and those that stand although nothing is known of them.
    fn claim_lamps(&mut self) {
        self.lamps.iter_mut().for_each(|lamp| lamp.claims.clear());
        for (id, claimant) in (0..).zip(self.shared.claimants.iter()) {
            for lamp in claimant.claimed() {
                if let Some(lamp) = self.lamps.get_mut(*lamp) {
                    lamp.claims.push(id);
                }
            }
        }
    }

    fn take_gateways(&mut self, gateways: &[Gateway], now: Time) {
        let mut order = Vec::new();
        let mut others = false;
        for gateway in gateways {
            let id = self.shared.peers.intern(&gateway.name, |_| Peer::new(&gateway.name));
            let Some(peer) = self.shared.peers.get_mut(id) else { continue };
            let moved = peer.route.is_some_and(|route| route != gateway.route);
            if peer.route.is_some() && (!peer.usable || moved) {
                peer.record.reset(now);
            }
            if !peer.usable || moved {
                others = true;
                if std::mem::replace(&mut peer.health, Health::Up) == Health::Down {
                    self.shared.out.push(Action::Report(Report::GatewayUp { gateway: gateway.name.clone() }));
                }
                peer.first_probe(now, hash(&peer.name) ^ self.shared.seed);
            }
            // What happened to it meanwhile, nobody saw.
            if peer.route.is_some() && !peer.usable {
                self.shared.recovered.push(id);
            }
            peer.usable = true;
            peer.route = Some(gateway.route);
            peer.max_per_second = gateway.max_per_second;
            if moved {
                self.hang_up(id);
                self.distrust(id);
            }
            order.push(id);
        }
        for id in 0..self.shared.peers.len() {
            let Some(peer) = self.shared.peers.get_mut(id).filter(|peer| peer.usable && !order.contains(&id))
            else {
                continue;
            };
            peer.usable = false;
            others = true;
            self.hang_up(id);
        }
        if others && self.config.is_some() {
            self.shared.record.forgive(now);
        }
        self.shared.order = order;
    }

    /// Ends every attempt at a gateway that may hear nothing more, or is elsewhere now.
    fn hang_up(&mut self, peer: u32) {
        let flights = self.shared.flights.iter();
        let ended: Vec<(u64, u32)> = flights
            .filter(|(_, flight)| flight.peer == peer)
            .map(|(id, flight)| (*id, flight.lamp))
            .collect();
        for (id, lamp) in ended {
            let lingering = self.shared.flights.remove(&id).is_some_and(|flight| flight.lingering);
            if !lingering {
                self.shared.landed(peer);
            }
            self.shared.out.push(Action::Abandon { attempt: Attempt(id) });
            if let Some(lamp) = self.lamps.get_mut(lamp) {
                lamp.hung_up(peer, id);
            }
        }
    }

    /// Another machine answers for the gateway now: it need not know what the old one was told.
    fn distrust(&mut self, peer: u32) {
        for lamp in self.lamps.iter_mut() {
            if lamp.contact(peer).is_some() {
                lamp.note(peer, |contact| {
                    contact.doubt = contact.told.is_some();
                    contact.refused = None;
                });
            }
        }
    }
}

impl Lamp {
    fn hung_up(&mut self, peer: u32, attempt: u64) {
        self.flight = self.flight.filter(|(id, _)| *id != attempt);
        self.lingering.retain(|id| *id != attempt);
        self.note(peer, |contact| contact.doubt = true);
    }

    /// What an earlier run sent last may have arrived anywhere, unanswered. A refresh sets that right, but there is none for a
    /// lamp that is put out because somebody left.
    fn doubt_stored(&mut self, order: &[u32]) {
        if self.unsure && !all_claim(&self.shown, &self.claims) {
            self.unsure = false;
            order.iter().for_each(|peer| self.note(*peer, |contact| contact.doubt = true));
        }
    }

    /// Other gateways may do what those before did not.
    fn try_anew(&mut self, shared: &Shared) {
        self.stuck = None;
        if let Some(delivery) = &mut self.delivery {
            delivery.new_round();
        }
        if self.clean(shared) {
            self.owe_copies(shared);
        }
    }
}
