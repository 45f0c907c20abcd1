//! Message waiting lamps: which NOTIFY is to be sent to which gateway, and when.
//!
//! The unit is the lamp, an address that NOTIFY names. Mailboxes claim lamps; a lamp shows the sum of their counts. The engine
//! is told what happened through the doors of [`Engine`] and asks for [`Action`]s. It knows no socket, clock, store or task.
//!
//! Where each rule stands: what a lamp ought to show, `claimant`; rounds, back-off, copies and what is abandoned, `delivery`;
//! what answers mean, `outcome`; whether delivery works, `delivered`; refreshes, recoveries and what is forgotten, `refresh`; what was told and what is doubtful,
//! `lamp`; health, rate, window and probes, `gateway` and `shared`; configuration, routes and restarts, `configure`.
//!
//! What is decided here where several readings are possible:
//! - A gateway that leaves one lamp unanswered, or says 408 or 503, is *suspect*: others are asked first, until it answers
//!   anything. One dead phone behind a PBX looks like that, so suspicion is not reported, and its end wakes nobody. A failed
//!   connection or probe is proof that it is *down*: that is reported, and when it answers again all its lamps are told again.
//! - Those are the lamps whose first choice it is, and those that it was the last to confirm.
//! - A gateway that gave no final answer may have heard all the same. It is treated as if it had been told something else, so it
//!   gets a copy once another has confirmed.
//! - Copies wait while a gateway is suspect or down, so that a lamp is not held up by one. In `Dark`, where no probe would tell
//!   that it is back, they are tried at each refresh.
//! - The claimants that a store keeps with a lamp are those whose messages *some* gateway may still show. So a lamp that changes
//!   hands is put out also when the program ends between the change and the last NOTIFY. A lamp that only gains claimants shows
//!   nobody's messages wrongly and is not put out.
//! - What a gateway heard but did not confirm before the program was killed is not known afterwards. A refresh sets that right at
//!   the gateway that is asked first; a lamp that is put out before anything else was confirmed is put out at every gateway. What
//!   remains is another gateway that heard something just then.
//! - A lamp that is put out is not refreshed once that is certain.
//! - Frozen claimants add what is known of them, and count as known.
//! - Five minutes run from the first attempt: the wait for a slow rate is no failure.
//! - After a 480 a round is repeated only for a gateway that may yet take the lamp: one that asked for it by 5xx, or is suspect.
//! - A lamp that every gateway refuses for good counts as failed; `Refused` has said so, `GivenUp` doesn't.
//! - Wrong credentials (401, 407) are retried like a 5xx: they may be set right at any time, without another route.
//! - A gateway with another route, or the loss of the one that confirmed last, makes a lamp's state unconfirmed.
//! - Refreshes keep to moments fixed for each lamp, so they stay spread after everything was sent at once.

mod accept;
mod action;
mod claimant;
mod config;
mod configure;
mod delivered;
mod delivery;
mod gateway;
mod lamp;
mod outcome;
mod refresh;
mod shared;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub use accept::{Accept, accept};
pub use action::{Action, Report};
pub use config::{
    Answer, Attempt, Claim, Config, Gateway, Mailbox, Mode, Refresh, Stored, StoredLamp, StoredTold,
};
pub use delivered::{Delivered, Refusal};
pub use view::{
    DeliveryView, GatewayDelivery, LampState, LampTrouble, LampView, MailboxView, ToldView, Totals,
};

use super::Time;
use crate::sip::summary::Counts;
use gateway::{Class, Health};
use lamp::{Lamp, Touched};
use shared::Shared;
use table::Table;

/// The lamps of one dial plan.
pub struct Engine {
    config: Option<Config>,
    lamps: Table<Lamp>,
    shared: Shared,
}

impl Engine {
    /// An engine that knows nothing; `seed` makes its jitter differ from that of others.
    pub fn new(seed: u64) -> Engine {
        Engine { config: None, lamps: Table::new(), shared: Shared::new(seed) }
    }

    /// A mailbox has these counts, and they are on disk. What is not newer than what is known is passed over.
    pub fn counts(&mut self, mailbox: &str, counts: Counts, version: u64, now: Time) {
        let id = self.shared.claimants.intern(mailbox, |_| claimant::Claimant::new(mailbox));
        let Some(claimant) = self.shared.claimants.get_mut(id) else { return };
        if claimant.counts.is_some_and(|(_, known)| version <= known) {
            return;
        }
        claimant.counts = Some((counts, version));
        for lamp in claimant.claimed().to_vec() {
            let Some(lamp) = self.lamps.get_mut(lamp) else { continue };
            let desired = lamp.desire(&self.shared);
            if desired != lamp.desired {
                lamp.want(desired, &mut self.shared, now);
            }
        }
    }

    /// Counts of this mailbox are about to be stored. The `Touch` of its lamps is asked for now, so that both go to disk
    /// together and the first NOTIFY waits for one commit, not for two.
    pub fn expect(&mut self, mailbox: &str) {
        if self.shared.mode != Mode::Active {
            return;
        }
        let lamps = self.shared.claimants.named(mailbox).map(|claimant| claimant.claimed().to_vec());
        for id in lamps.unwrap_or_default() {
            if let Some(lamp) = self.lamps.get_mut(id) {
                lamp.touch(&mut self.shared);
            }
        }
    }

    /// The `Touch` of this lamp is on disk.
    pub fn remembered(&mut self, lamp: &str, now: Time) {
        let Some(lamp) = self.lamps.id(lamp).and_then(|id| self.lamps.get_mut(id)) else { return };
        if lamp.touched == Touched::Asked {
            lamp.touched = Touched::Yes;
            lamp.advance(&mut self.shared, now);
        }
    }

    /// An attempt ended; `wall` is the wall clock in milliseconds since 1970. Those that were abandoned are passed over.
    pub fn answered(&mut self, attempt: Attempt, answer: Answer, now: Time, wall: i64) {
        let Some(flight) = self.shared.flights.remove(&attempt.0) else { return };
        if let Some(lamp) = self.lamps.get_mut(flight.lamp) {
            lamp.answered(attempt.0, flight, answer, wall, &mut self.shared, now);
        }
        self.follow_up(now);
    }

    /// A gateway answered a probe, or did not.
    pub fn probed(&mut self, gateway: &str, alive: bool, now: Time) {
        let Some(peer) = self.shared.peers.id(gateway) else { return };
        if alive {
            self.shared.raise(peer);
        } else {
            self.shared.lower(peer, Health::Down, Answer::Expired, now);
        }
        self.follow_up(now);
    }

    /// Sends lamps again although nothing changed, also to gateways that refused them.
    pub fn refresh(&mut self, which: Refresh, now: Time) {
        match which {
            Refresh::All => {
                self.lamps.iter_mut().for_each(|lamp| lamp.refresh(Class::Refresh, &mut self.shared, now))
            }
            Refresh::Mailbox(mailbox) => {
                let lamps = self.shared.claimants.named(&mailbox).map(|claimant| claimant.lamps.clone());
                for lamp in lamps.unwrap_or_default() {
                    if let Some(lamp) = self.lamps.get_mut(lamp) {
                        lamp.refresh(Class::Change, &mut self.shared, now);
                    }
                }
            }
            Refresh::Gateway(gateway) => {
                let Some(peer) = self.shared.peers.id(&gateway).filter(|peer| self.shared.usable(*peer))
                else {
                    return;
                };
                self.lamps.iter_mut().for_each(|lamp| lamp.tell_again(peer, true, &mut self.shared, now));
            }
        }
    }

    /// Appends all that is to be done now.
    pub fn poll(&mut self, now: Time, out: &mut Vec<Action>) {
        while let Some((_, id)) = self.shared.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.shared.timers.pop_first();
            if let Some(lamp) = self.lamps.get_mut(id) {
                lamp.woken(&mut self.shared, now);
            }
        }
        self.follow_up(now);
        self.shared.probe(now);
        let probed = self.shared.mode == Mode::Active;
        for peer in self.shared.order.clone() {
            while let Some(id) = self.shared.peers.get_mut(peer).and_then(|peer| peer.pop(probed, now)) {
                if let Some(lamp) = self.lamps.get_mut(id) {
                    lamp.send(peer, &mut self.shared, now);
                }
            }
        }
        out.append(&mut self.shared.out);
    }

    /// When [`Engine::poll`] is needed next, perhaps in the past; none if nothing is scheduled.
    pub fn deadline(&self) -> Option<Time> {
        if !self.shared.out.is_empty() {
            return Some(Time::ZERO);
        }
        let timer = self.shared.timers.first().map(|(at, _)| *at);
        let probed = self.shared.mode == Mode::Active;
        let peers = self.shared.order.iter().filter_map(|peer| self.shared.peers.get(*peer));
        peers
            .flat_map(|peer| [peer.sends_at(probed), probed.then_some(peer.probe_at)])
            .flatten()
            .chain(timer)
            .min()
    }

    /// Newest counts of a mailbox and their version.
    pub fn version_of(&self, mailbox: &str) -> Option<(Counts, u64)> {
        self.shared.claimants.named(mailbox)?.counts
    }

    /// Forgets the counts of a mailbox that left the configuration long ago.
    pub fn forget_counts(&mut self, mailbox: &str) {
        let id = self.shared.claimants.id(mailbox);
        if let Some(claimant) = id.and_then(|id| self.shared.claimants.get_mut(id)).filter(|c| !c.configured)
        {
            claimant.counts = None;
        }
    }

    /// Whether the mailbox is in the configuration.
    pub fn knows(&self, mailbox: &str) -> bool {
        self.shared.claimants.named(mailbox).is_some_and(|claimant| claimant.configured)
    }

    /// Lets lamps act on what an event showed of a gateway.
    fn follow_up(&mut self, now: Time) {
        for peer in std::mem::take(&mut self.shared.recovered) {
            self.lamps.iter_mut().for_each(|lamp| lamp.tell_again(peer, false, &mut self.shared, now));
        }
        for id in std::mem::take(&mut self.shared.stirred) {
            if let Some(lamp) = self.lamps.get_mut(id) {
                lamp.advance(&mut self.shared, now);
            }
        }
    }
}
