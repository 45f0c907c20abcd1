//! One lamp: what it ought to show, what each gateway was told, and where its delivery stands.

use super::action::Action;
use super::claimant::Desired;
use super::delivered::Cause;
use super::gateway::{Class, Place};
use super::shared::{Shared, hash};
use crate::engine::Time;
use crate::sip::summary::Counts;

/// A lamp that nobody claims is tried for this long.
pub(super) const FORSAKEN_FOR: Time = Time::from_secs(30 * 24 * 3_600);

/// Whether the store knows that the lamp may be lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touched {
    No,
    Asked,
    Yes,
}

/// What a gateway confirmed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmed {
    pub counts: Counts,
    pub at: i64,
    pub status: u16,
}

/// What passed between one lamp and one gateway.
#[derive(Clone, Debug)]
pub(super) struct Contact {
    pub peer: u32,
    pub told: Option<Confirmed>,
    /// It may have heard something after `told`: an attempt had no final answer, or it is another machine now.
    pub doubt: bool,
    /// The final answer by which it said that it won't hear of this lamp.
    pub refused: Option<u16>,
    /// It gets the newest state once more, after one gateway confirmed.
    pub owed: bool,
}

/// How one gateway failed in this round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No final answer, or 408 or 503.
    Silent,
    /// An answer that asks for another attempt.
    Retry,
    /// 480.
    NotRegistered,
    /// A permanent refusal.
    Refused,
}

/// A state on its way to the first gateway that confirms it.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub class: Class,
    /// The first attempt. Five minutes run from here, so that waiting for the rate costs nothing.
    pub since: Option<Time>,
    /// Rounds that failed.
    pub rounds: u32,
    /// Gateways that failed in this round.
    pub tried: Vec<(u32, Failure)>,
    pub last: Option<Cause>,
    /// The next round.
    pub pause: Option<Time>,
}

impl Delivery {
    pub fn new(class: Class) -> Delivery {
        Delivery { class, since: None, rounds: 0, tried: Vec::new(), last: None, pause: None }
    }

    pub fn new_round(&mut self) {
        self.tried.clear();
        self.pause = None;
    }
}

/// Why a lamp with a state that nobody confirmed waits for new state, a recovery or a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    GivenUp,
    Refused,
    NotRegistered,
    NoGateway,
}

/// What a lamp adds to the totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub live: bool,
    pub dirty: bool,
    pub failed: bool,
    pub unknown: bool,
}

pub(super) struct Lamp {
    pub id: u32,
    pub address: String,
    pub hash: u64,
    /// Allowed and frozen claimants, sorted.
    pub claims: Vec<u32>,
    /// Mailboxes whose messages some gateway may show, sorted.
    pub shown: Vec<u32>,
    pub touched: Touched,
    /// An earlier run lit it, and nothing was confirmed since.
    pub unsure: bool,
    /// When a lamp without claimants is forgotten, reached or not.
    pub forget_at: Option<Time>,
    pub desired: Desired,
    pub contacts: Vec<Contact>,
    /// The gateway that confirmed last.
    pub confirmed: Option<u32>,
    pub delivery: Option<Delivery>,
    pub stuck: Option<Stuck>,
    /// Who failed last, and how, when it was given up.
    pub gave_up: Option<Cause>,
    /// The attempt that is waited for, and until when.
    pub flight: Option<(u64, Time)>,
    /// Attempts that are no longer waited for, oldest first.
    pub lingering: Vec<u64>,
    pub place: Option<(u32, Place)>,
    pub wake: Option<Time>,
    /// When the last delivery ended, in milliseconds; before the epoch if an earlier run did it.
    pub refreshed: Option<i64>,
    pub refresh_at: Option<Time>,
    /// What `Mode::Observe` reported last.
    pub observed: Option<Counts>,
    pub tally: Tally,
}

impl Lamp {
    pub fn new(id: u32, address: &str) -> Lamp {
        Lamp {
            id,
            address: address.to_owned(),
            hash: hash(address),
            claims: Vec::new(),
            shown: Vec::new(),
            touched: Touched::No,
            unsure: false,
            forget_at: None,
            desired: Desired::Nothing,
            contacts: Vec::new(),
            confirmed: None,
            delivery: None,
            stuck: None,
            gave_up: None,
            flight: None,
            lingering: Vec::new(),
            place: None,
            wake: None,
            refreshed: None,
            refresh_at: None,
            observed: None,
            tally: Tally::default(),
        }
    }

    pub fn desire(&self, shared: &Shared) -> Desired {
        super::claimant::desired(
            shared.mode,
            &shared.claimants,
            &self.claims,
            &self.shown,
            self.touched != Touched::No,
        )
    }

    pub fn contact(&self, peer: u32) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.peer == peer)
    }

    /// Changes what is known between this lamp and a gateway.
    pub fn note(&mut self, peer: u32, change: impl FnOnce(&mut Contact)) {
        if let Some(contact) = self.contacts.iter_mut().find(|contact| contact.peer == peer) {
            return change(contact);
        }
        let mut contact = Contact { peer, told: None, doubt: false, refused: None, owed: false };
        change(&mut contact);
        self.contacts.push(contact);
    }

    pub fn refused_by(&self, peer: u32) -> bool {
        self.contact(peer).is_some_and(|contact| contact.refused.is_some())
    }

    /// The gateway that confirmed last is usable and was told what the lamp ought to show, or nothing need be told.
    pub fn clean(&self, shared: &Shared) -> bool {
        let Some(counts) = self.desired.counts() else { return true };
        let contact = self.confirmed.and_then(|peer| self.contact(peer));
        contact.is_some_and(|contact| {
            shared.usable(contact.peer)
                && !contact.doubt
                && contact.told.is_some_and(|told| told.counts == counts)
        })
    }

    /// The gateway was once told something else, or may have been.
    pub fn stale(&self, contact: &Contact, shared: &Shared) -> bool {
        let Some(counts) = self.desired.counts() else { return false };
        let differs = contact.doubt || contact.told.is_some_and(|told| told.counts != counts);
        differs && contact.refused.is_none() && shared.usable(contact.peer)
    }

    pub fn any_stale(&self, shared: &Shared) -> bool {
        self.contacts.iter().any(|contact| self.stale(contact, shared))
    }

    /// A gateway that can't be told at present may show the lamp lit.
    pub fn lit_out_of_reach(&self, shared: &Shared) -> bool {
        let lit = |contact: &Contact| contact.doubt || contact.told.is_some_and(|told| told.counts.lamp_on());
        self.contacts.iter().any(|contact| !shared.usable(contact.peer) && lit(contact))
    }

    /// Owes the newest state to every gateway that shows something else; call it when one has confirmed.
    pub fn owe_copies(&mut self, shared: &Shared) {
        let mut contacts = std::mem::take(&mut self.contacts);
        for contact in &mut contacts {
            contact.owed = self.stale(contact, shared);
        }
        self.contacts = contacts;
    }

    pub fn set_wake(&mut self, wake: Option<Time>, shared: &mut Shared) {
        if self.wake == wake {
            return;
        }
        if let Some(old) = self.wake {
            shared.timers.remove(&(old, self.id));
        }
        if let Some(new) = wake {
            shared.timers.insert((new, self.id));
        }
        self.wake = wake;
    }

    pub fn leave_queue(&mut self, shared: &mut Shared) {
        if let Some((peer, place)) = self.place.take() {
            shared.leave(peer, place);
        }
    }

    /// Forgets everything about a lamp that nobody claims.
    pub fn forget(&mut self, shared: &mut Shared) {
        self.abandon(shared, |_, _| true);
        self.leave_queue(shared);
        self.set_wake(None, shared);
        let tally = self.tally;
        *self = Lamp { tally, ..Lamp::new(self.id, &self.address) };
        shared.out.push(Action::Forget { lamp: self.address.clone() });
        self.count(shared);
    }

    /// Brings the totals up to date.
    pub fn count(&mut self, shared: &mut Shared) {
        let tally = Tally {
            live: !self.claims.is_empty() || self.touched != Touched::No,
            dirty: !self.clean(shared),
            failed: matches!(self.stuck, Some(Stuck::GivenUp | Stuck::Refused)),
            unknown: !self.claims.is_empty() && self.desired == Desired::Nothing,
        };
        let old = std::mem::replace(&mut self.tally, tally);
        if old.failed != tally.failed {
            shared.set_failed(self.id, tally.failed);
        }
        shared.totals.replace(old, tally);
    }
}
