//! A gateway as the engine sees it: health, rate, window, probes and the lamps that wait for it.

use std::collections::BTreeMap;

use super::delivered::Record;
use crate::engine::Time;

/// How many NOTIFYs may be in flight at one gateway.
pub(super) const WINDOW: u32 = 64;
/// Every gateway is probed at least this often.
const PROBE_INTERVAL_MS: u64 = 5_000;

/// Why a lamp waits. Changes go first, then refreshes, then copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// New state.
    Change,
    /// The state that was confirmed, told again.
    Refresh,
    /// The state that another gateway has confirmed, for one that shows something else or may have lost it.
    Copy,
}

/// Whether a gateway answers. The better one is the lesser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Up,
    /// It did not answer one lamp in time, or said 408 or 503.
    Suspect,
    /// A connection or a probe failed: it may have lost power.
    Down,
}

/// A lamp's place in the queue of a gateway: class, then order of arrival.
pub(super) type Place = (Class, u64);

pub(super) struct Peer {
    pub name: String,
    /// None until it was in a configuration.
    pub route: Option<u64>,
    pub max_per_second: u32,
    pub health: Health,
    /// In the configuration.
    pub usable: bool,
    pub in_flight: u32,
    pub queue: BTreeMap<Place, u32>,
    pub probe_at: Time,
    /// Whether it takes NOTIFY.
    pub record: Record,
    /// When the next NOTIFY would be due if all were sent evenly (GCRA).
    even: Time,
}

impl Peer {
    pub fn new(name: &str) -> Peer {
        Peer {
            name: name.to_owned(),
            route: None,
            max_per_second: 0,
            health: Health::Up,
            usable: false,
            in_flight: 0,
            queue: BTreeMap::new(),
            probe_at: Time::ZERO,
            record: Record::default(),
            even: Time::ZERO,
        }
    }

    /// When the first lamp of the queue may be sent to; none if that depends on an answer. Copies wait until the gateway is up,
    /// if it is `probed`: otherwise only an attempt can show that.
    pub fn sends_at(&self, probed: bool) -> Option<Time> {
        let ((class, _), _) = self.queue.first_key_value()?;
        let held = probed && *class == Class::Copy && self.health != Health::Up;
        (self.in_flight < WINDOW && !held).then(|| self.even.saturating_sub(self.burst()))
    }

    /// The next lamp, if it may be sent to now.
    pub fn pop(&mut self, probed: bool, now: Time) -> Option<u32> {
        if self.sends_at(probed)? > now {
            return None;
        }
        self.even = self.even.max(now) + self.interval();
        self.queue.pop_first().map(|(_, lamp)| lamp)
    }

    /// Sets the next probe after one at `now`; `jitter` is any number.
    pub fn schedule_probe(&mut self, now: Time, jitter: u64) {
        self.probe_at = now + Time::from_millis(PROBE_INTERVAL_MS - jitter % (PROBE_INTERVAL_MS / 5));
    }

    /// Sets the first probe of a gateway.
    pub fn first_probe(&mut self, now: Time, jitter: u64) {
        self.probe_at = now + Time::from_millis(jitter % PROBE_INTERVAL_MS);
    }

    fn interval(&self) -> Time {
        Time::from_secs(1).checked_div(self.max_per_second).unwrap_or(Time::ZERO)
    }

    /// A tenth of a second's worth may go at once.
    fn burst(&self) -> Time {
        self.interval() * (self.max_per_second / 10).max(1).saturating_sub(1)
    }
}
