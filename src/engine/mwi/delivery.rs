//! How a lamp's state reaches gateways: rounds, back-off, copies. `advance` is the only place that decides what a lamp does
//! next; everything that happens to a lamp changes its facts and ends there.

use super::action::{Action, Report};
use super::claimant::{Desired, all_claim};
use super::config::{Attempt, Mode};
use super::gateway::{Class, Health};
use super::lamp::{Delivery, Failure, Lamp, Stuck, Touched};
use super::refresh::millis;
use super::shared::{Flight, Shared};
use crate::engine::Time;

/// A gateway that has not answered by then is passed over; its transaction lingers.
const PATIENCE: Time = Time::from_secs(3);
/// Attempts for one state go on for this long.
pub(super) const PERSISTENCE: Time = Time::from_secs(300);
/// The longest pause between two rounds, before jitter.
const LONGEST_PAUSE_MS: u64 = 30_000;
/// Attempts of one lamp that may linger; a transaction ends after 32 s, so more means that nobody reports their ends.
const LINGERING: usize = 16;

impl Lamp {
    /// Takes what the lamp ought to show. New state ends what was under way, save for the attempt in flight.
    pub fn want(&mut self, desired: Desired, shared: &mut Shared, now: Time) {
        if desired.counts() != self.desired.counts() {
            self.delivery = None;
            self.stuck = None;
            self.contacts.iter_mut().for_each(|contact| contact.owed = false);
            self.desired = desired;
            if self.clean(shared) {
                self.owe_copies(shared);
            }
        }
        self.desired = desired;
        self.advance(shared, now);
    }

    /// Decides what the lamp does next.
    pub fn advance(&mut self, shared: &mut Shared, now: Time) {
        self.leave_queue(shared);
        let wake = self.next_step(shared, now);
        self.set_wake(wake, shared);
        self.count(shared);
    }

    /// Queues the lamp where it is to be sent next, if anywhere, and says when to look at it again.
    fn next_step(&mut self, shared: &mut Shared, now: Time) -> Option<Time> {
        if let Some((_, until)) = self.flight {
            return Some(until);
        }
        if self.desired == Desired::Nothing || shared.mode == Mode::Observe {
            self.delivery = None;
            self.observe(shared);
            return None;
        }
        if self.delivery.is_none() && self.stuck.is_none() && !self.clean(shared) {
            self.delivery = Some(Delivery::new(Class::Change));
        }
        if self.touched != Touched::Yes {
            self.touch(shared);
            return None;
        }
        if let Some(delivery) = &self.delivery {
            let class = delivery.class;
            if delivery.pause.is_some() {
                return delivery.pause;
            }
            if let Some(peer) = self.next_gateway(delivery, shared) {
                self.place = Some((peer, shared.join(peer, class, self.id)));
                return None;
            }
            if let Some(pause) = self.end_round(shared, now) {
                return Some(pause);
            }
        }
        if let Some(peer) = self.next_copy(shared) {
            self.place = Some((peer, shared.join(peer, Class::Copy, self.id)));
        }
        self.rest(shared, now)
    }

    /// Once a change, in `Mode::Observe`: what would be sent.
    fn observe(&mut self, shared: &mut Shared) {
        let (Some(counts), Some(first)) = (self.desired.counts(), shared.order.first()) else { return };
        let would_show = self.observed.or_else(|| self.clean(shared).then_some(counts));
        if would_show != Some(counts) {
            self.observed = Some(counts);
            let gateway = shared.name(*first);
            shared.out.push(Action::Observe { lamp: self.address.clone(), gateway, counts });
        }
    }

    /// Has the store remember the lamp before anything is sent.
    pub fn touch(&mut self, shared: &mut Shared) {
        if self.touched == Touched::No && !shared.order.is_empty() {
            self.touched = Touched::Asked;
            self.shown.clone_from(&self.claims);
            let claimants = shared.claimant_names(&self.shown);
            shared.out.push(Action::Touch { lamp: self.address.clone(), claimants });
        }
    }

    /// The healthiest gateway that this round has not tried, in order of preference.
    fn next_gateway(&self, delivery: &Delivery, shared: &Shared) -> Option<u32> {
        let untried =
            |peer: &u32| !delivery.tried.iter().any(|(tried, _)| tried == peer) && !self.refused_by(*peer);
        shared.order.iter().copied().filter(untried).min_by_key(|peer| shared.health(*peer))
    }

    /// The healthiest gateway that is owed a copy.
    fn next_copy(&self, shared: &Shared) -> Option<u32> {
        let owed =
            |peer: &u32| self.contact(*peer).is_some_and(|contact| contact.owed && contact.refused.is_none());
        shared.order.iter().copied().filter(owed).min_by_key(|peer| shared.health(*peer))
    }

    /// Every gateway failed: gives the time of the next round, or ends the delivery.
    fn end_round(&mut self, shared: &mut Shared, now: Time) -> Option<Time> {
        let delivery = self.delivery.as_mut()?;
        let unregistered = delivery.tried.iter().any(|(_, failure)| *failure == Failure::NotRegistered);
        // A gateway that is down wakes the lamp when it recovers: with a 480 from another one there is no need to insist.
        let goes_on = delivery.tried.iter().any(|(peer, failure)| match failure {
            Failure::Retry => true,
            Failure::Silent => !unregistered || shared.health(*peer) != Health::Down,
            Failure::NotRegistered | Failure::Refused => false,
        });
        let limit = delivery.since.unwrap_or(now) + PERSISTENCE;
        if goes_on && now < limit {
            let pause = now + backoff(delivery.rounds, shared.jitter());
            delivery.rounds += 1;
            delivery.pause = Some(pause.min(limit));
            return delivery.pause;
        }
        let stuck = if goes_on {
            Stuck::GivenUp
        } else if unregistered {
            Stuck::NotRegistered
        } else if shared.order.is_empty() {
            Stuck::NoGateway
        } else {
            Stuck::Refused
        };
        self.end_delivery(Some(stuck), shared, now);
        None
    }

    /// Ends a delivery: confirmed, or stuck for a reason.
    pub fn end_delivery(&mut self, stuck: Option<Stuck>, shared: &mut Shared, now: Time) {
        let delivery = self.delivery.take();
        let since = delivery.as_ref().and_then(|delivery| delivery.since);
        let last = delivery.and_then(|delivery| delivery.last);
        self.gave_up = last.filter(|_| stuck == Some(Stuck::GivenUp));
        if let Some((peer, last)) = self.gave_up {
            let report = Report::GivenUp { lamp: self.address.clone(), gateway: shared.name(peer), last };
            shared.out.push(Action::Report(report));
        }
        match (stuck, since, last) {
            (Some(Stuck::GivenUp | Stuck::Refused), Some(since), Some(last)) => {
                shared.record.failed(self.id, last, since);
            }
            (Some(Stuck::NotRegistered), ..) => shared.record.fine(now),
            _ => {}
        }
        self.stuck = stuck;
        self.refreshed = Some(millis(now));
        self.refresh_at = None;
    }

    /// Sends the state that is newest now to `peer`, whose queue the lamp has just left.
    pub fn send(&mut self, peer: u32, shared: &mut Shared, now: Time) {
        self.place = None;
        let Some(counts) = self.desired.counts() else { return };
        self.abandon_older(peer, shared);
        self.may_show_claims(shared);
        let copy = self.delivery.is_none();
        if let Some(delivery) = &mut self.delivery {
            delivery.since.get_or_insert(now);
        }
        if let Some(contact) = self.contacts.iter_mut().find(|contact| contact.peer == peer) {
            contact.owed = false;
        }
        let id = shared.took_off(Flight { lamp: self.id, peer, counts, copy, lingering: false });
        self.flight = Some((id, now + PATIENCE));
        let gateway = shared.name(peer);
        shared.out.push(Action::Send { attempt: Attempt(id), lamp: self.address.clone(), gateway, counts });
        self.set_wake(Some(now + PATIENCE), shared);
        self.count(shared);
    }

    /// From now on the gateway may show the messages of all who claim the lamp, besides those it showed before.
    fn may_show_claims(&mut self, shared: &mut Shared) {
        if !all_claim(&self.claims, &self.shown) {
            self.shown.extend_from_slice(&self.claims);
            self.shown.sort_unstable();
            self.shown.dedup();
            self.claimed(shared);
        }
    }

    /// What lingers with an older state must not be retransmitted after the newer one.
    fn abandon_older(&mut self, peer: u32, shared: &mut Shared) {
        let counts = self.desired.counts();
        let crowded = self.lingering.len() >= LINGERING;
        let oldest = self.lingering.first().copied().filter(|_| crowded);
        self.abandon(shared, |id, flight| {
            oldest == Some(id) || (flight.peer == peer && Some(flight.counts) != counts)
        });
    }

    /// Ends the lingering attempts that `which` picks by id.
    pub fn abandon(&mut self, shared: &mut Shared, which: impl Fn(u64, &Flight) -> bool) {
        self.lingering.retain(|id| {
            let abandon = shared.flights.get(id).is_some_and(|flight| which(*id, flight));
            if abandon {
                shared.flights.remove(id);
                shared.out.push(Action::Abandon { attempt: Attempt(*id) });
            }
            !abandon
        });
    }
}

/// 1 s, doubled with each round that failed, 30 s at most, a quarter more or less.
fn backoff(rounds: u32, jitter: u64) -> Time {
    let pause = 1_000_u64.saturating_mul(1 << rounds.min(5)).min(LONGEST_PAUSE_MS);
    Time::from_millis(pause * (750 + jitter % 501) / 1_000)
}
