//! Requests to send lamps again, by an annotation: which are new, and which were handled. Knows neither lamps nor statuses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::Resource;

use crate::api::{UMDialPlan, UMIPGateway, UMMailbox};
use crate::domain::{Kind, Snapshot};

/// The annotation: any new value asks for it.
const REFRESH: &str = "um.lamplighter.dev/refresh-requested-at";

/// Letters of a value that is repeated in a status; the definition takes no more.
const LONGEST: usize = 128;

/// An object, and the value of its annotation.
pub type Requests = BTreeMap<(Kind, String), String>;

/// Finds what is asked for.
#[derive(Default)]
pub struct Refreshes {
    /// The values at the last look; none before the first.
    seen: Option<Requests>,
    /// The values that this notifier saw before it started, where it kept them.
    kept: Option<Requests>,
}

/// What was handled and no status says yet. Whoever writes it into statuses shares it.
#[derive(Clone, Default)]
pub struct Handled(Arc<Mutex<Requests>>);

impl Refreshes {
    /// What an earlier run saw.
    pub fn start_with(&mut self, kept: &Snapshot) {
        self.kept = Some(requested(kept));
    }

    /// What was asked for since the last look; at the first, what no notifier says that it handled, and what an earlier run did not see: that
    /// another notifier handled it for a gateway of both says nothing of this one. Of a long value none can say that, so it counts as handled then.
    pub fn asked(&mut self, snapshot: &Snapshot) -> Requests {
        let now = requested(snapshot);
        let is_first = self.seen.is_none();
        let before = self.seen.replace(now.clone()).unwrap_or_else(|| self.handled_before(snapshot));
        let is_new = |key: &(Kind, String), value: &String| {
            before.get(key) != Some(value) && (!is_first || is_short(value))
        };
        now.into_iter().filter(|(key, value)| is_new(key, value)).collect()
    }

    fn handled_before(&mut self, snapshot: &Snapshot) -> Requests {
        let mut handled = echoed(snapshot);
        if let Some(kept) = self.kept.take() {
            handled.retain(|object, value| kept.get(object) == Some(value));
        }
        handled
    }

    /// What the last look saw.
    pub fn seen(&self) -> Option<&Requests> {
        self.seen.as_ref()
    }

    /// It was not taken: the next look finds it again.
    pub fn again(&mut self, object: &(Kind, String)) {
        self.seen.iter_mut().for_each(|seen| drop(seen.remove(object)));
    }
}

impl Handled {
    /// The lamps of an object wait to be sent.
    pub fn add(&self, object: (Kind, String), value: String) {
        self.look().insert(object, value);
    }

    /// All of it.
    pub fn all(&self) -> Requests {
        self.look().clone()
    }

    /// A status says this of an object.
    pub fn said(&self, object: &(Kind, String), value: &str) {
        let mut all = self.look();
        if all.get(object).is_some_and(|handled| handled == value) {
            all.remove(object);
        }
    }

    /// Forgets what is not asked for any more.
    pub fn keep(&self, asked: &Requests) {
        self.look().retain(|object, value| asked.get(object) == Some(value));
    }

    fn look(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a status can repeat a value.
pub fn is_short(value: &str) -> bool {
    value.chars().count() <= LONGEST
}

fn requested(snapshot: &Snapshot) -> Requests {
    fn of<K: Resource>(kind: Kind, all: &[Arc<K>]) -> impl Iterator<Item = ((Kind, String), String)> {
        all.iter().filter_map(move |object| {
            Some(((kind, object.meta().name.clone()?), asks(&**object)?.to_owned()))
        })
    }
    of(Kind::DialPlan, &snapshot.dial_plans)
        .chain(of(Kind::Gateway, &snapshot.gateways))
        .chain(of(Kind::Mailbox, &snapshot.mailboxes))
        .collect()
}

/// The value of an object's annotation.
pub fn asks<K: Resource>(object: &K) -> Option<&str> {
    object.meta().annotations.as_ref()?.get(REFRESH).map(String::as_str)
}

/// The values that statuses repeat.
fn echoed(snapshot: &Snapshot) -> Requests {
    fn of<K: Resource>(
        kind: Kind,
        all: &[Arc<K>],
        said: fn(&K) -> Option<&String>,
    ) -> impl Iterator<Item = ((Kind, String), String)> {
        all.iter()
            .filter_map(move |object| Some(((kind, object.meta().name.clone()?), said(object)?.clone())))
    }
    of(Kind::DialPlan, &snapshot.dial_plans, said_of_plan)
        .chain(of(Kind::Gateway, &snapshot.gateways, said_of_gateway))
        .chain(of(Kind::Mailbox, &snapshot.mailboxes, said_of_mailbox))
        .collect()
}

/// What the status of a dial plan repeats.
pub fn said_of_plan(plan: &UMDialPlan) -> Option<&String> {
    plan.status.as_ref()?.last_handled_refresh.as_ref()
}

/// What the status of a gateway repeats.
pub fn said_of_gateway(gateway: &UMIPGateway) -> Option<&String> {
    gateway.status.as_ref()?.last_handled_refresh.as_ref()
}

/// What the status of a mailbox repeats.
pub fn said_of_mailbox(mailbox: &UMMailbox) -> Option<&String> {
    mailbox.status.as_ref()?.last_handled_refresh.as_ref()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use serde_json::json;

    /// A mailbox `lina` with this annotation, whose status repeats that.
    fn world(asked: Option<&str>, said: Option<&str>) -> Snapshot {
        let annotations = asked.map(|value| json!({REFRESH: value}));
        let mailbox = serde_json::from_value(json!({
            "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMMailbox",
            "metadata": {"name": "lina", "namespace": "voice", "annotations": annotations},
            "spec": {"mailboxPolicyRef": {"name": "staff"}, "extensions": ["4201"]},
            "status": {"lastHandledRefresh": said}
        }));
        Snapshot { mailboxes: vec![Arc::new(mailbox.unwrap())], ..Snapshot::default() }
    }

    fn lina() -> (Kind, String) {
        (Kind::Mailbox, "lina".to_owned())
    }

    #[test]
    fn a_value_is_new_once_and_at_the_start_if_no_status_repeats_it() {
        let mut refreshes = Refreshes::default();
        assert!(refreshes.asked(&world(Some("1"), Some("1"))).is_empty(), "an earlier run handled it");
        assert_eq!(refreshes.asked(&world(Some("2"), Some("1"))), Requests::from([(lina(), "2".to_owned())]));
        assert!(refreshes.asked(&world(Some("2"), Some("1"))).is_empty(), "the status comes later");
        refreshes.again(&lina());
        assert_eq!(refreshes.asked(&world(Some("2"), Some("1"))).len(), 1, "it was not taken");
        assert!(refreshes.asked(&world(None, Some("2"))).is_empty());
        assert_eq!(
            Refreshes::default().asked(&world(Some("3"), Some("2"))).len(),
            1,
            "nobody handled it yet"
        );
    }

    #[test]
    fn what_another_notifier_handled_while_this_one_was_away_is_new() {
        let first = |kept: Snapshot| {
            let mut refreshes = Refreshes::default();
            refreshes.start_with(&kept);
            refreshes.asked(&world(Some("2"), Some("2"))).len()
        };
        assert_eq!(first(world(Some("1"), None)), 1);
        assert_eq!(first(world(Some("2"), None)), 0);
    }

    #[test]
    fn what_a_status_says_or_nobody_asks_any_more_is_forgotten() {
        let handled = Handled::default();
        handled.add(lina(), "1".to_owned());
        handled.said(&lina(), "0");
        assert_eq!(handled.all().len(), 1);
        handled.said(&lina(), "1");
        assert!(handled.all().is_empty());
        handled.add(lina(), "2".to_owned());
        handled.keep(&requested(&world(Some("2"), None)));
        assert_eq!(handled.all().len(), 1);
        handled.keep(&requested(&world(Some("3"), None)));
        assert!(handled.all().is_empty());
    }
}
