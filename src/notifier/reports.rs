//! What the engine reports, for the log and the metrics. Lamps come in thousands: of each kind of trouble the first few of a minute are
//! named, the others are counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::metrics::{Metrics, PlanLabels};
use crate::engine::mwi::{Answer, Report};
use crate::sip::text::Token;

/// Lamps that are named in a minute.
const MOST: u32 = 10;
/// How long the others are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// NOTIFY requests that failed, of which it is remembered who they were: a report of the engine speaks of one of the last.
const MOST_FAILED: usize = 1024;

/// A NOTIFY that ended.
pub struct Ended {
    /// The lamp's address.
    pub lamp: String,
    /// To whom it went.
    pub gateway: String,
    /// Its Call-ID, by which a trace of the network or the PBX has it.
    pub call_id: Token,
}

/// Tells people.
pub struct Reports {
    failed: VecDeque<Ended>,
    plan: PlanLabels,
    metrics: Arc<Metrics>,
    given_up: Few,
    refused: Few,
}

/// Lets the first few of a minute through.
#[derive(Debug, Default)]
struct Few {
    until: Duration,
    named: u32,
    others: u64,
}

impl Reports {
    /// Of that dial plan.
    pub fn new(plan: PlanLabels, metrics: Arc<Metrics>) -> Self {
        Self { failed: VecDeque::new(), plan, metrics, given_up: Few::default(), refused: Few::default() }
    }

    /// A NOTIFY ended so.
    pub fn ended(&mut self, ended: Ended, answer: Answer, took: Duration) {
        let PlanLabels { namespace, name } = &self.plan;
        let Ended { lamp, gateway, call_id } = &ended;
        let (call_id, took_ms) = (call_id.as_str(), took.as_millis());
        tracing::debug!(%namespace, %name, %gateway, %lamp, call_id, ?answer, took_ms, "NOTIFY ended");
        if !matches!(answer, Answer::Final(200..300)) {
            if self.failed.len() >= MOST_FAILED {
                self.failed.pop_front();
            }
            self.failed.push_back(ended);
        }
    }

    /// The Call-ID of the last NOTIFY for a lamp that failed at a gateway.
    fn call_id(&self, lamp: &str, gateway: &str) -> Option<&str> {
        let of = |ended: &&Ended| ended.lamp == lamp && ended.gateway == gateway;
        self.failed.iter().rev().find(of).map(|ended| ended.call_id.as_str())
    }

    /// Tells of one thing.
    pub fn tell(&mut self, report: &Report, now: Duration) {
        self.sum_up(now);
        let PlanLabels { namespace, name } = &self.plan;
        match report {
            Report::GivenUp { lamp, gateway, last } => {
                if self.given_up.names(now) {
                    let call_id = self.call_id(lamp, gateway);
                    tracing::error!(%namespace, %name, %gateway, %lamp, call_id, ?last, "no gateway took the lamp's state for five minutes; it waits for new state, a recovery or its refresh");
                }
            }
            Report::GatewayDown { gateway, last } => {
                self.metrics.gateway(&self.plan, gateway, false);
                tracing::warn!(%namespace, %name, %gateway, ?last, "gateway does not answer");
            }
            Report::GatewayUp { gateway } => {
                self.metrics.gateway(&self.plan, gateway, true);
                tracing::info!(%namespace, %name, %gateway, "gateway answers again; its lamps are sent to it");
            }
            Report::Refused { lamp, gateway, status } => {
                if self.refused.names(now) {
                    let call_id = self.call_id(lamp, gateway);
                    tracing::warn!(%namespace, %name, %gateway, %lamp, call_id, status, "the gateway refuses this lamp; it is asked again at the next refresh");
                }
            }
        }
    }

    /// Tells of those that were not named, when their minute is over.
    pub fn sum_up(&mut self, now: Duration) {
        let PlanLabels { namespace, name } = &self.plan;
        if let Some(others) = self.given_up.others(now) {
            tracing::error!(%namespace, %name, others, "more lamps than those named were given up; the metric lamplighter_lamps_failed has all that fail now");
        }
        if let Some(others) = self.refused.others(now) {
            tracing::warn!(%namespace, %name, others, "more lamps than those named were refused; the metric lamplighter_notify_total has the answers by gateway");
        }
    }

    /// When [`Reports::sum_up`] is needed.
    pub fn deadline(&self) -> Option<Duration> {
        [&self.given_up, &self.refused].into_iter().filter(|few| few.others > 0).map(|few| few.until).min()
    }
}

impl Few {
    /// Whether one is named, or else counted.
    fn names(&mut self, now: Duration) -> bool {
        if now >= self.until {
            self.until = now + WINDOW;
            self.named = 0;
        }
        let names = self.named < MOST;
        self.named += u32::from(names);
        self.others += u64::from(!names);
        names
    }

    /// Those that were not named, once their minute is over.
    fn others(&mut self, now: Duration) -> Option<u64> {
        let is_over = now >= self.until && self.others > 0;
        is_over.then(|| std::mem::take(&mut self.others))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_at_once_are_ten_names_and_one_sum_a_minute() {
        let at = Duration::from_secs;
        let mut few = Few::default();
        let named = (0..10_000).filter(|_| few.names(at(5))).count();
        assert_eq!(named, 10);
        assert_eq!(few.others(at(64)), None, "its minute is not over");
        assert_eq!(few.others(at(65)), Some(9_990));
        assert_eq!(few.others(at(66)), None);
        assert!(few.names(at(67)), "the next minute has names again");
        assert_eq!((0..20).filter(|_| few.names(at(68))).count(), 9);
    }
}
