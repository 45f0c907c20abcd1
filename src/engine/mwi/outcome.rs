//! What answers, and their absence, mean for a lamp and for the health of the gateway.

use super::action::{Action, Report};
use super::config::Answer;
use super::delivery::PERSISTENCE;
use super::gateway::{Class, Health};
use super::lamp::{Confirmed, Failure, Lamp, Stuck};
use super::shared::{Flight, Shared};
use crate::engine::Time;
use crate::sip::answer::{Verdict, verdict};

/// What the end of an attempt means for its lamp: confirmed with this status, or failed.
fn failure(answer: Answer) -> Result<u16, Failure> {
    let Answer::Final(status) = answer else { return Err(Failure::Silent) };
    match verdict(status) {
        Verdict::Done => Ok(status),
        // The credentials were answered already: they, not the lamp, are wrong, and may be set right at any time.
        Verdict::Challenge | Verdict::Retry => Err(Failure::Retry),
        Verdict::PermanentForGateway => Err(Failure::Refused),
        Verdict::NotRegistered => Err(Failure::NotRegistered),
        Verdict::GatewayDown => Err(Failure::Silent),
    }
}

impl Lamp {
    /// The wake-up that `next_step` asked for.
    pub fn woken(&mut self, shared: &mut Shared, now: Time) {
        self.wake = None;
        if let Some((attempt, _)) = self.flight {
            return self.lingers(attempt, shared, now);
        }
        match &mut self.delivery {
            Some(delivery) if delivery.since.is_some_and(|since| since + PERSISTENCE <= now) => {
                self.end_delivery(Some(Stuck::GivenUp), shared, now);
                self.advance(shared, now);
            }
            Some(delivery) => {
                delivery.new_round();
                self.advance(shared, now);
            }
            None => self.refresh(Class::Refresh, shared, now),
        }
    }

    /// The attempt had no final answer in time: it lingers, and the next gateway is asked.
    fn lingers(&mut self, attempt: u64, shared: &mut Shared, now: Time) {
        self.flight = None;
        let Some(known) = shared.flights.get_mut(&attempt) else { return };
        let flight = *known;
        known.lingering = true;
        self.lingering.push(attempt);
        shared.landed(flight.peer);
        shared.lower(flight.peer, Health::Suspect, Answer::Expired, now);
        shared.weigh(flight, Answer::Expired, 0, now);
        self.failed(flight, Failure::Silent, Answer::Expired, shared, now);
    }

    /// An attempt ended, in time or late.
    pub fn answered(
        &mut self,
        id: u64,
        flight: Flight,
        answer: Answer,
        wall: i64,
        shared: &mut Shared,
        now: Time,
    ) {
        if flight.lingering {
            self.lingering.retain(|lingering| *lingering != id);
        } else {
            self.flight = None;
            shared.landed(flight.peer);
        }
        shared.weigh(flight, answer, wall, now);
        match failure(answer) {
            Ok(_) | Err(Failure::Retry | Failure::NotRegistered | Failure::Refused) => {
                shared.raise(flight.peer)
            }
            Err(Failure::Silent) if answer == Answer::Transport => {
                shared.lower(flight.peer, Health::Down, answer, now)
            }
            Err(Failure::Silent) if flight.lingering => {}
            Err(Failure::Silent) => shared.lower(flight.peer, Health::Suspect, answer, now),
        }
        match failure(answer) {
            Ok(status) => {
                self.confirmed(id, flight, Confirmed { counts: flight.counts, at: wall, status }, shared, now)
            }
            Err(failure) => self.failed(flight, failure, answer, shared, now),
        }
    }

    fn confirmed(&mut self, id: u64, flight: Flight, told: Confirmed, shared: &mut Shared, now: Time) {
        // What this gateway says later about an earlier attempt, a refusal above all, no longer holds.
        self.abandon(shared, |earlier, other| earlier < id && other.peer == flight.peer);
        self.note(flight.peer, |contact| {
            contact.told = Some(told);
            contact.doubt = false;
            contact.refused = None;
        });
        let Confirmed { counts, at, status } = told;
        let gateway = shared.name(flight.peer);
        shared.out.push(Action::Told { lamp: self.address.clone(), gateway, counts, at, status });
        let newest = self.desired.counts() == Some(counts);
        if !flight.copy && (newest || !self.clean(shared)) && shared.usable(flight.peer) {
            self.confirmed = Some(flight.peer);
        }
        if self.clean(shared) && !(newest && flight.copy) {
            if newest {
                self.unsure = false;
                self.end_delivery(None, shared, now);
            }
            // Also after a late answer to older state: its gateway needs the newest.
            self.owe_copies(shared);
        }
        self.advance(shared, now);
    }

    fn failed(&mut self, flight: Flight, failure: Failure, answer: Answer, shared: &mut Shared, now: Time) {
        let refused = match (failure, answer) {
            (Failure::Refused, Answer::Final(status)) => Some(status),
            _ => None,
        };
        let unanswered = !matches!(answer, Answer::Final(_));
        self.note(flight.peer, |contact| {
            contact.doubt |= unanswered;
            contact.refused = refused.or(contact.refused);
        });
        if let Some(status) = refused {
            let report =
                Report::Refused { lamp: self.address.clone(), gateway: shared.name(flight.peer), status };
            shared.out.push(Action::Report(report));
        }
        let current = !flight.copy && self.desired.counts() == Some(flight.counts);
        if let Some(delivery) = self.delivery.as_mut().filter(|_| current) {
            delivery.last = Some((flight.peer, answer));
            match delivery.tried.iter_mut().find(|(peer, _)| *peer == flight.peer) {
                // A late answer to an attempt of this round: perhaps there is no need for another one.
                Some((_, known)) if matches!(failure, Failure::NotRegistered | Failure::Refused) => {
                    *known = failure;
                    delivery.pause = None;
                }
                Some(_) => {}
                None if flight.lingering => {}
                None => delivery.tried.push((flight.peer, failure)),
            }
        }
        self.advance(shared, now);
    }
}
