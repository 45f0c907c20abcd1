//! What a lamp does while nothing is under way: it is refreshed, told again where a gateway may have lost it, or forgotten.

use super::action::Action;
use super::claimant::Desired;
use super::config::Mode;
use super::gateway::Class;
use super::lamp::{Delivery, FORSAKEN_FOR, Lamp, Touched};
use super::shared::Shared;
use crate::engine::Time;

impl Lamp {
    /// Nothing is under way. Says when the lamp is refreshed; a lamp that was put out is not, once that is certain.
    pub fn rest(&mut self, shared: &mut Shared, now: Time) -> Option<Time> {
        let certain = self.clean(shared) && !self.any_stale(shared);
        if certain && self.claims.is_empty() {
            if self.lit_out_of_reach(shared) {
                // It is put out there when the gateway is used again, or forgotten after 30 days.
                return self.forget_at;
            }
            self.forget(shared);
            return None;
        }
        if certain && self.shown != self.claims {
            self.shown.clone_from(&self.claims);
            self.claimed(shared);
        }
        if certain && self.desired == Desired::PutOut {
            return None;
        }
        let refresh_at = match self.refresh_at {
            Some(at) => at,
            None => self.refresh_due(shared.refresh_interval, now),
        };
        self.refresh_at = Some(refresh_at);
        Some(self.forget_at.map_or(refresh_at, |forget_at| forget_at.min(refresh_at)))
    }

    /// The claims, or that there are none, are to be stored.
    pub fn claimed(&self, shared: &mut Shared) {
        let claimants = shared.claimant_names(&self.shown);
        let forsaken = self.claims.is_empty();
        shared.out.push(Action::Claimed { lamp: self.address.clone(), claimants, forsaken });
    }

    /// Notices that the last claimant left, or that one came back.
    pub fn check_forsaken(&mut self, shared: &mut Shared, now: Time) {
        let forsaken = self.claims.is_empty() && self.touched != Touched::No;
        if forsaken != self.forget_at.is_some() {
            self.forget_at = forsaken.then(|| now + FORSAKEN_FOR);
            self.claimed(shared);
        }
    }

    /// The next of the lamp's own moments, which are an interval apart, or sooner if that is too long. What is overdue
    /// after a restart is spread over a minute.
    fn refresh_due(&self, interval: Time, now: Time) -> Time {
        let interval_ms = millis(interval).max(1_000).unsigned_abs();
        let now_ms = millis(now).unsigned_abs();
        let phase = self.hash % interval_ms;
        let until_phase = interval_ms - (now_ms + interval_ms - phase) % interval_ms;
        let limit = self.refreshed.map(|at| at.saturating_add_unsigned(interval_ms));
        let wait = match limit {
            Some(limit) if limit <= millis(now) => self.hash % interval_ms.min(60_000),
            Some(limit) => until_phase.min(limit.abs_diff(millis(now))),
            None => until_phase,
        };
        now + Time::from_millis(wait)
    }

    /// Tells the lamp's state again, to gateways that refused it as well.
    pub fn refresh(&mut self, class: Class, shared: &mut Shared, now: Time) {
        if self.forget_at.is_some_and(|forget_at| forget_at <= now) && self.flight.is_none() {
            return self.forget(shared);
        }
        self.contacts.iter_mut().for_each(|contact| contact.refused = None);
        if self.desired != Desired::Nothing {
            self.owe_copies(shared);
            self.stuck = None;
            self.refresh_at = None;
            self.delivery = Some(Delivery::new(class));
        }
        self.advance(shared, now);
    }

    /// A gateway came back, or is to be told again by force: what is not delivered tries at once; it gets a copy where it shows
    /// something else, and where it is the one that shows the lamp.
    pub fn tell_again(&mut self, peer: u32, forced: bool, shared: &mut Shared, now: Time) {
        if self.desired == Desired::Nothing || shared.mode == Mode::Observe {
            return;
        }
        self.stuck = None;
        if let Some(delivery) = &mut self.delivery {
            delivery.new_round();
        }
        let known =
            self.contact(peer).is_some_and(|contact| contact.told.is_some() || contact.refused.is_some());
        let shows = shared.order.first() == Some(&peer) || self.confirmed == Some(peer) || (forced && known);
        let again = shows && matches!(self.desired, Desired::Show(_));
        if forced && known {
            self.note(peer, |contact| contact.refused = None);
        }
        let stale = self.contact(peer).is_some_and(|contact| self.stale(contact, shared));
        if self.clean(shared) && (again || stale) && self.touched == Touched::Yes {
            self.note(peer, |contact| contact.owed = true);
        }
        self.advance(shared, now);
    }
}

/// Signed, so that what an earlier run did has a place before the epoch.
pub(super) fn millis(time: Time) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
