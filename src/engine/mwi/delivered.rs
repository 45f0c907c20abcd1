//! Whether delivery works: by each gateway, and for the dial plan as a whole.
//!
//! Failures without a success between them are a *run*. A gateway fails when it was down for five minutes, or when a run of NOTIFYs to it
//! has lasted so long. The dial plan fails when a run of lamps that were given up or refused has, counted from the first attempt of the
//! first of them, or when every gateway fails.
//!
//! A run that other lamps speak against is no failure of the gateway or the dial plan, but of its lamp (see `view`): another lamp was
//! confirmed within a refresh interval, in which each lamp is told again, and the run has either only one lamp, as with a dead phone
//! behind a PBX (or a second one for less than five minutes), or only answers that speak of the lamp itself, such as 404. A 480 says
//! that the PBX works and ends a run; it is no success. Wrong credentials are never about one lamp.

use super::config::Answer;
use super::delivery::PERSISTENCE;
use super::refresh::millis;
use super::shared::{Flight, Shared};
use crate::engine::Time;
use crate::sip::answer::{Verdict, speaks_of_the_lamp, verdict};

/// Lamps confirmed last that are remembered: a run is about two at most, so one of these is another.
const RECENT: usize = 3;

/// Whether delivery works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Something was confirmed, and nothing has failed for five minutes since.
    Yes,
    /// Five minutes of delivery failed.
    No,
    /// Nothing was confirmed yet; what was said before, of another route or by an earlier run of the program, holds no more if it was bad.
    Unknown,
}

/// The last answer by which a gateway refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The final answer.
    pub status: u16,
    /// When it came first, wall clock in milliseconds since 1970.
    pub at: i64,
}

/// Failures since the last success.
#[derive(Clone, Copy, Debug)]
struct Run {
    since: Time,
    /// The lamp that failed first.
    first: u32,
    /// The first lamp whose failure did not speak of the lamp itself.
    blamed: Option<u32>,
    /// It is about more than one lamp since then.
    wide: Option<Time>,
    /// Who failed first, and how; a final answer tells more than silence.
    cause: Cause,
}

/// A gateway, and how it failed.
pub(super) type Cause = (u32, Answer);

/// What happened at one gateway, or to the deliveries of the dial plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    run: Option<Run>,
    /// Nothing failed at this time.
    fine_at: Time,
    /// Down since then, and what showed it.
    down: Option<(Time, Cause)>,
    /// Lamps that were confirmed last, newest first, in milliseconds; before the epoch if an earlier run of the program did it.
    recent: Vec<(u32, i64)>,
    confirmed: bool,
    /// It gave a sign of life, or is not what it was when something was last said of it.
    heard: bool,
    refusal: Option<(Refusal, Time)>,
}

impl Record {
    /// It is about another machine now.
    pub fn reset(&mut self, now: Time) {
        *self = Record { fine_at: now, heard: true, ..Record::default() };
    }

    /// What failed until now may go well from now on.
    pub fn forgive(&mut self, now: Time) {
        self.confirmed &= self.run.is_none() && self.down.is_none();
        self.down = None;
        self.fine(now);
    }

    /// An earlier run of the program had this lamp confirmed.
    pub fn restored(&mut self, lamp: u32, at: i64) {
        self.recent.retain(|(known, before)| *known != lamp || *before > at);
        if !self.recent.iter().any(|(known, _)| *known == lamp) {
            self.recent.push((lamp, at));
        }
        self.recent.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        self.recent.truncate(RECENT);
    }

    /// A lamp was confirmed.
    pub fn confirmed(&mut self, lamp: u32, now: Time) {
        self.fine(now);
        self.confirmed = true;
        self.recent.retain(|(known, _)| *known != lamp);
        self.recent.insert(0, (lamp, millis(now)));
        self.recent.truncate(RECENT);
    }

    /// What failed before counts no more: a 480, for instance, is nobody's fault.
    pub fn fine(&mut self, now: Time) {
        self.run = None;
        self.fine_at = now;
        self.heard = true;
    }

    /// It gave a sign of life.
    pub fn up(&mut self) {
        self.down = None;
        self.heard = true;
    }

    /// A connection or a probe failed.
    pub fn down(&mut self, cause: Cause, now: Time) {
        self.down.get_or_insert((now, cause));
    }

    /// A lamp failed; attempts for it began at `since`.
    pub fn failed(&mut self, lamp: u32, cause: Cause, since: Time) {
        let since = since.max(self.fine_at);
        let answer = cause.1;
        let run = self.run.get_or_insert(Run { since, first: lamp, blamed: None, wide: None, cause });
        run.since = run.since.min(since);
        if let (Answer::Final(_), (_, Answer::Transport | Answer::Expired)) = (answer, run.cause) {
            run.cause = cause;
        }
        let is_wide = match answer {
            Answer::Final(status) if speaks_of_the_lamp(status) => false,
            Answer::Final(status) if verdict(status) == Verdict::Challenge => true,
            _ => *run.blamed.get_or_insert(lamp) != lamp,
        };
        if is_wide {
            run.wide.get_or_insert(since);
        }
    }

    /// A final answer of a gateway that is no success. One that speaks of the lamp is no news of a gateway that takes others; and
    /// answers that change all the time are told of every five minutes.
    pub fn refused(&mut self, lamp: u32, status: u16, wall: i64, interval: Time, now: Time) {
        if speaks_of_the_lamp(status) && self.takes_others(&[lamp], interval, now) {
            return;
        }
        let is_told = |(known, since): &(Refusal, Time)| known.status == status || now < *since + PERSISTENCE;
        if !self.refusal.as_ref().is_some_and(is_told) {
            self.refusal = Some((Refusal { status, at: wall }, now));
        }
    }

    /// Whether a lamp that is none of these was confirmed within a refresh interval.
    fn takes_others(&self, lamps: &[u32], interval: Time, now: Time) -> bool {
        let from = millis(now).saturating_sub(millis(interval.max(PERSISTENCE)));
        self.recent.iter().any(|(lamp, at)| !lamps.contains(lamp) && *at >= from)
    }

    /// Who failed first, and how, if five minutes of delivery have failed.
    fn failure(&self, interval: Time, now: Time) -> Option<Cause> {
        let lasted = |since: Time| since + PERSISTENCE <= now;
        let counts = |run: &&Run| {
            let lamps = [run.first, run.blamed.unwrap_or(run.first)];
            lasted(run.since) && (run.wide.is_some_and(lasted) || !self.takes_others(&lamps, interval, now))
        };
        let run = self.run.as_ref().filter(counts).map(|run| run.cause);
        run.or_else(|| self.down.filter(|(since, _)| lasted(*since)).map(|(_, cause)| cause))
    }

    /// Whether delivery works, and the cause if it does not. None: nothing was heard yet, and what an earlier run of the program found
    /// may still be so.
    pub fn state(&self, interval: Time, now: Time) -> (Option<Delivered>, Option<Cause>) {
        match self.failure(interval, now) {
            Some(cause) => (Some(Delivered::No), Some(cause)),
            None if self.confirmed => (Some(Delivered::Yes), None),
            None => (self.heard.then_some(Delivered::Unknown), None),
        }
    }

    /// By which answer it refused last.
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal.map(|(refusal, _)| refusal)
    }
}

impl Shared {
    /// What the end of an attempt says of its gateway and of the dial plan; `wall` is the wall clock.
    pub fn weigh(&mut self, flight: Flight, answer: Answer, wall: i64, now: Time) {
        let interval = self.refresh_interval;
        let Flight { lamp, peer: id, .. } = flight;
        let Some(peer) = self.peers.get_mut(id).filter(|peer| peer.usable) else { return };
        let meaning = match answer {
            Answer::Final(status) => verdict(status),
            // It was silent already when it began to linger.
            Answer::Expired if flight.lingering => return,
            Answer::Expired | Answer::Transport => Verdict::GatewayDown,
        };
        match (meaning, answer) {
            (Verdict::Done, _) => {
                peer.record.confirmed(lamp, now);
                self.record.confirmed(lamp, now);
            }
            (Verdict::NotRegistered, _) => peer.record.fine(now),
            (_, answer) => {
                peer.record.failed(lamp, (id, answer), now);
                if let Answer::Final(status) = answer {
                    peer.record.refused(lamp, status, wall, interval, now);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::engine::mwi::{Action, Claim, Config, Engine, Gateway, Mailbox, Mode};
    use crate::sip::summary::Counts;

    const INTERVAL: Time = Time::from_secs(3_600);
    const SILENT: Cause = (0, Answer::Expired);

    fn at(seconds: u64) -> Time {
        Time::from_secs(seconds)
    }

    fn state(record: &Record, seconds: u64) -> Option<Delivered> {
        record.state(INTERVAL, at(seconds)).0
    }

    #[test]
    fn a_run_counts_after_five_minutes_to_the_moment() {
        let mut record = Record::default();
        record.failed(1, SILENT, at(100));
        assert_eq!(record.state(INTERVAL, at(400) - Time::from_millis(1)).0, None);
        assert_eq!(record.state(INTERVAL, at(400)), (Some(Delivered::No), Some(SILENT)));
        record.confirmed(1, at(500));
        assert_eq!(state(&record, 10_000), Some(Delivered::Yes));
    }

    #[test]
    fn attempts_that_began_before_a_success_count_from_that_success() {
        let mut record = Record::default();
        record.confirmed(1, at(200));
        record.failed(2, SILENT, at(100));
        record.failed(3, SILENT, at(100));
        assert_eq!(state(&record, 499), Some(Delivered::Yes));
        assert_eq!(state(&record, 500), Some(Delivered::No));
    }

    #[test]
    fn the_cause_is_the_first_final_answer_and_else_the_first_silence() {
        let mut record = Record::default();
        for answer in [Answer::Transport, Answer::Expired, Answer::Final(500), Answer::Final(403)] {
            record.failed(1, (7, answer), at(0));
        }
        assert_eq!(record.state(INTERVAL, at(300)).1, Some((7, Answer::Final(500))));
    }

    #[test]
    fn of_what_a_store_knows_the_newest_lamps_speak_for_the_gateway() {
        let mut record = Record::default();
        for (lamp, ago) in [(1, 10), (2, 4_000_000), (3, 20), (1, 5_000_000), (4, 30)] {
            record.restored(lamp, -ago);
        }
        assert_eq!(record.recent, [(1, -10), (3, -20), (4, -30)]);
        record.failed(1, SILENT, at(0));
        assert_eq!(state(&record, 300), None, "others were confirmed a moment before the start");
        assert_eq!(state(&record, 3_601), Some(Delivered::No));
    }

    #[test]
    fn a_hundred_mailboxes_at_most_are_told_of() {
        let mailbox = |number: u32| Mailbox {
            name: format!("m{number:03}"),
            claim: Claim::Allowed(vec![format!("{}", 4_000 + number)]),
        };
        let mut engine = Engine::new(1);
        let gateway = Gateway { name: "a".into(), max_per_second: 0, route: 1 };
        let config = Config {
            mode: Mode::Active,
            complete: true,
            refresh_interval: INTERVAL,
            gateways: vec![gateway],
            mailboxes: (0..130).map(mailbox).collect(),
        };
        engine.configure(config, at(0));
        (0..130).for_each(|number| engine.counts(&format!("m{number:03}"), Counts::NONE, 1, at(0)));
        let (mut actions, mut told) = (Vec::new(), 0);
        while told < 130 {
            engine.poll(at(1), &mut actions);
            for action in std::mem::take(&mut actions) {
                match action {
                    Action::Touch { lamp, .. } => engine.remembered(&lamp, at(1)),
                    Action::Send { attempt, lamp, .. } => {
                        told += 1;
                        let status = if lamp == "4129" { 200 } else { 404 };
                        engine.answered(attempt, Answer::Final(status), at(1), 0);
                    }
                    _ => {}
                }
            }
        }
        let view = engine.delivery_view(at(2));
        assert_eq!(view.delivered, Some(Delivered::Yes));
        assert_eq!(view.lamps.len(), 100);
        assert!(view.lamps.is_sorted_by_key(|trouble| &trouble.mailbox));
        assert!(!engine.is_excused("m000") && engine.is_excused("m129"));
    }
}
