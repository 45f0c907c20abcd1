//! Statuses of the four kinds: compared first, written by server-side apply, new generations before all others.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::Resource;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::waiting::{WaitingRoom, patience};
use super::{Gathered, MANAGER, Shared};
use crate::api::condition::{Condition, Conditions};
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};
use crate::clock::wall_ms;
use crate::cluster::call::{CallError, Failure};
use crate::cluster::status::{apply, nothing, notifier_of, said, without_times};
use crate::domain::delivered::is_reported;
use crate::domain::status::{is_ours, ready};
use crate::domain::{Earlier, Kind, Outcome};
use crate::source::watch::{self, Kept, Resources, Watched};

/// Statuses that are under way at a time.
const AT_A_TIME: usize = 8;
/// Writes go on for so long before news is looked at.
const SLICE: Duration = Duration::from_millis(250);
/// Statuses that may fail one after the other; then the rest waits for the next pass.
const MOST_FAILURES: u32 = 20;
/// What became of the statuses of a namespace.
#[derive(Default)]
pub struct Reported {
    /// Some could not be written and are to be tried again.
    pub failed: bool,
    /// When to look again though nothing happens, by the clock of the process.
    pub again: Option<Duration>,
    /// When an error that waited is to be said; no long row of other statuses holds it up.
    error_at: Option<Duration>,
}

/// An object of a namespace.
pub type Key = (Kind, Arc<str>);

/// What is remembered of the statuses of a namespace. All of it can be lost.
#[derive(Default)]
pub struct Reports {
    /// Of each status that was written, the version that came of it and a digest of what it says: until the watch has it, what that shows is older.
    written: BTreeMap<Key, (u64, u64)>,
    /// Statuses that wait for something better.
    waiting: WaitingRoom,
}

/// A status that is not as it should be. New generations go first; what only fans out goes last. What is to be written is made when its turn
/// comes: there may be many.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    rank: u8,
    key: Key,
    /// Place of the object in the outcome.
    at: usize,
    /// What it wanted when it was looked at, as in [`Kept::since`].
    of: u64,
}

/// What is written.
struct Write {
    body: Value,
    event: Option<Transition>,
}

/// A change of `Ready` that people are told of.
struct Transition {
    about: ObjectReference,
    warning: bool,
    reason: String,
    note: String,
}

/// A kind that the operator reports on.
trait Kinded: Resource<DynamicType = ()> + Watched + Clone {
    type Status: Conditions + Serialize + Clone + PartialEq + 'static;
    const KIND: Kind;

    fn status(&self) -> Option<&Self::Status>;
    fn project(
        outcome: &Outcome,
        at: usize,
        earlier: Earlier<'_, Self::Status>,
        now: &Time,
    ) -> Option<Self::Status>;
    fn names(outcome: &Outcome) -> Vec<Arc<str>>;
}

macro_rules! reported {
    ($($object:ident: $kind:ident, $nodes:ident, $project:ident;)+) => {
        $(impl Kinded for $object {
            type Status = <$object as kube::core::object::HasStatus>::Status;
            const KIND: Kind = Kind::$kind;

            fn status(&self) -> Option<&Self::Status> {
                self.status.as_ref()
            }

            fn project(
                outcome: &Outcome,
                at: usize,
                earlier: Earlier<'_, Self::Status>,
                now: &Time,
            ) -> Option<Self::Status> {
                outcome.$project(at, earlier, now)
            }

            fn names(outcome: &Outcome) -> Vec<Arc<str>> {
                outcome.linked.$nodes.iter().map(|node| Arc::clone(&node.name)).collect()
            }
        })+
    };
}

reported! {
    UMDialPlan: DialPlan, dial_plans, dial_plan_status;
    UMMailboxPolicy: MailboxPolicy, policies, policy_status;
    UMIPGateway: Gateway, gateways, gateway_status;
    UMMailbox: Mailbox, mailboxes, mailbox_status;
}

impl Reports {
    /// Writes the statuses that are not as they should be; all that are due, or those that a quarter of a second takes where something new
    /// has happened meanwhile, or an error that waited is to be said.
    pub async fn write(
        &mut self,
        shared: &Shared,
        gathered: &Gathered,
        namespace: &str,
        outcome: &Outcome,
        woken: &Notify,
    ) -> Reported {
        let now = shared.clock.now();
        let mut reported = Reported::default();
        let resources = &gathered.resources;
        let mut due = Vec::new();
        self.due(&resources.dial_plans, namespace, outcome, now, &mut due, &mut reported);
        // Without all lists, nobody can say what holds for the others.
        if resources.is_complete() && resources.unlisted().is_empty() {
            self.due(&resources.mailbox_policies, namespace, outcome, now, &mut due, &mut reported);
            self.due(&resources.gateways, namespace, outcome, now, &mut due, &mut reported);
            self.due(&resources.mailboxes, namespace, outcome, now, &mut due, &mut reported);
        }
        due.sort_unstable();
        let writes = due.into_iter().filter_map(|due| {
            let write = match due.key.0 {
                Kind::DialPlan => write(&resources.dial_plans, namespace, outcome, &due),
                Kind::MailboxPolicy => write(&resources.mailbox_policies, namespace, outcome, &due),
                Kind::Gateway => write(&resources.gateways, namespace, outcome, &due),
                Kind::Mailbox => write(&resources.mailboxes, namespace, outcome, &due),
            };
            Some((due.key, write?))
        });
        self.send(shared, namespace, writes, woken, &mut reported).await;
        if gathered.is_complete() && outcome.facts.unlisted.is_empty() {
            reported.failed |= !take_back(shared, resources, namespace, outcome).await;
        }
        reported
    }

    async fn send(
        &mut self,
        shared: &Shared,
        namespace: &str,
        writes: impl Iterator<Item = (Key, Write)> + Send,
        woken: &Notify,
        reported: &mut Reported,
    ) {
        let began = shared.clock.now();
        let enough = AtomicBool::new(false);
        let writes = writes.take_while(|_| !enough.load(Ordering::Relaxed));
        let writes = futures::stream::iter(writes).map(|(key, write)| async {
            shared.pace.turn().await;
            let of = (key.0, &*key.1);
            let written = apply(&shared.client, namespace, of, MANAGER, &write.body).await;
            (key, write, written)
        });
        let mut writes = std::pin::pin!(writes.buffer_unordered(AT_A_TIME));
        let (mut news, mut failures) = (false, 0);
        loop {
            let next = tokio::select! {
                biased;
                next = writes.next() => next,
                () = woken.notified(), if !news => {
                    news = true;
                    continue;
                }
            };
            let Some((key, write, written)) = next else { break };
            failures = if self.wrote(shared, namespace, (key, write), written) { 0 } else { failures + 1 };
            reported.failed |= failures > 0;
            let now = shared.clock.now();
            // What is under way comes to its end.
            let has_better = news || reported.error_at.is_some_and(|at| at <= now);
            let is_long = has_better && now.saturating_sub(began) > SLICE;
            enough.store(is_long || failures >= MOST_FAILURES, Ordering::Relaxed);
        }
        if news {
            // It was heard here and is still to be looked at.
            woken.notify_one();
        }
    }

    /// Returns false if it is to be tried again.
    fn wrote(
        &mut self,
        shared: &Shared,
        namespace: &str,
        (key, write): (Key, Write),
        written: Result<u64, CallError>,
    ) -> bool {
        let (kind, name) = (key.0, Arc::clone(&key.1));
        match written {
            Ok(version) => {
                shared.metrics.status(namespace, kind);
                self.waiting.remove(&key);
                self.written.insert(key, (version, digest(write.body)));
                if let Some(Transition { about, warning, reason, note }) = write.event {
                    shared.events.tell(about, warning, &reason, "Evaluate", &note);
                }
                true
            }
            // It is gone; the watch will say so.
            Err(error) if error.failure() == Failure::NotFound => true,
            Err(error) => {
                tracing::warn!(%namespace, %name, %kind, error = &error as &dyn std::error::Error, "a status could not be written; it is tried again");
                false
            }
        }
    }

    fn due<K: Kinded>(
        &mut self,
        shelf: &watch::Shared<K>,
        namespace: &str,
        outcome: &Outcome,
        now: Duration,
        due: &mut Vec<Due>,
        reported: &mut Reported,
    ) {
        let shelf = shelf.look();
        for (at, name) in K::names(outcome).into_iter().enumerate() {
            let Some(kept) = shelf.get(namespace, &name) else { continue };
            let Some((object, status)) = projected(kept, outcome, at) else { continue };
            let (key, before) = ((K::KIND, name), K::status(object));
            if stands::<K>(before, &status) {
                self.waiting.remove(&key);
                self.written.remove(&key);
                continue;
            }
            if self.is_on_its_way(&key, kept, || body::<K>(&key.1, &status, outcome.plans_of_gateway(at))) {
                continue;
            }
            let is_new = observed(before) != object.meta().generation;
            let pending = ready(status.conditions()).1 == "Pending";
            let patience = patience(K::KIND, status.conditions(), is_first(before), is_new);
            if let Some(until) = self.waiting.until(&key, kept.since, patience, now) {
                let sooner = |at: Option<Duration>| Some(at.map_or(until, |at| at.min(until)));
                reported.again = sooner(reported.again);
                if !pending {
                    reported.error_at = sooner(reported.error_at);
                }
                continue;
            }
            let rank = if is_new && !pending { 0 } else { 1 + u8::from(K::KIND == Kind::Mailbox) };
            due.push(Due { rank, key, at, of: kept.since });
        }
        let is_there = |key: &Key| key.0 != K::KIND || shelf.get(namespace, &key.1).is_some();
        self.waiting.retain(is_there);
        self.written.retain(|key, _| is_there(key));
    }

    /// Whether this very status was written, and the watch does not show it yet.
    fn is_on_its_way<K>(&mut self, key: &Key, kept: &Kept<K>, body: impl FnOnce() -> Value) -> bool {
        match self.written.get(key) {
            Some((version, _)) if kept.version >= *version => {
                self.written.remove(key);
                false
            }
            Some((_, written)) => *written == digest(body()),
            None => false,
        }
    }
}

/// Whether a status is as it should be.
fn stands<K: Kinded>(before: Option<&K::Status>, now: &K::Status) -> bool {
    before.is_some_and(|before| before == now || own::<K>(before) == own::<K>(now))
}

/// What the status of an object should be, where it is to be reported on.
fn projected<'a, K: Kinded>(
    kept: &'a Kept<K>,
    outcome: &Outcome,
    at: usize,
) -> Option<(&'a Arc<K>, K::Status)> {
    let object = kept.object.as_ref().filter(|_| kept.unread.is_none())?;
    if object.meta().deletion_timestamp.is_some() || outcome.rests(K::KIND, at) {
        return None;
    }
    let earlier = Earlier { status: K::status(object), since: kept.since };
    let now = Time(Timestamp::from_second(wall_ms() / 1000).unwrap_or_default());
    Some((object, K::project(outcome, at, earlier, &now)?))
}

/// What is written of a status that is due; none where the object wants something else by now, or its status is as it should be.
fn write<K: Kinded>(
    shelf: &watch::Shared<K>,
    namespace: &str,
    outcome: &Outcome,
    due: &Due,
) -> Option<Write> {
    let shelf = shelf.look();
    let kept = shelf.get(namespace, &due.key.1).filter(|kept| kept.since == due.of)?;
    let (object, status) = projected(kept, outcome, due.at)?;
    let before = K::status(object);
    if stands::<K>(before, &status) {
        return None;
    }
    let event = transition(&**object, before, &status);
    Some(Write { body: body::<K>(&due.key.1, &status, outcome.plans_of_gateway(due.at)), event })
}

/// Tells bodies apart, but not by their times.
fn digest(body: Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    without_times(body).to_string().hash(&mut hasher);
    hasher.finish()
}

/// Takes back what notifiers said of gateways and are no longer there to take back: their dial plans are gone. False where something failed.
async fn take_back(shared: &Shared, resources: &Resources, namespace: &str, outcome: &Outcome) -> bool {
    let is_there = |plan: &str| {
        outcome.linked.dial_plans.iter().any(|node| *node.name == *plan)
            || outcome.facts.unread.contains(&(Kind::DialPlan, plan.to_owned()))
    };
    let mut left: Vec<(String, String)> = Vec::new();
    for (name, kept) in resources.gateways.look().all(namespace) {
        let status = kept.object.as_ref().and_then(|gateway| gateway.status.as_ref());
        let entries = status.into_iter().flat_map(|status| &status.plans);
        let gone = entries.filter(|entry| is_reported(entry) && !is_there(&entry.name));
        left.extend(gone.map(|entry| (name.to_owned(), entry.name.clone())));
    }
    let mut well = true;
    for (name, plan) in left {
        shared.pace.turn().await;
        let body = nothing::<UMIPGateway>(&name);
        let of = (Kind::Gateway, name.as_str());
        match apply(&shared.client, namespace, of, &notifier_of(&plan), &body).await {
            Ok(_) => shared.metrics.status(namespace, Kind::Gateway),
            Err(error) if error.failure() == Failure::NotFound => {}
            Err(error) => {
                well = false;
                tracing::warn!(%namespace, %name, %plan, error = &error as &dyn std::error::Error, "what the notifier of a dial plan that is gone said of a gateway could not be taken back; it is tried again");
            }
        }
    }
    well
}

/// Whether nobody reported on it yet.
fn is_first<S: Conditions>(before: Option<&S>) -> bool {
    observed(before).is_none_or(|generation| generation < 0)
}

fn observed<S: Conditions>(before: Option<&S>) -> Option<i64> {
    let of = |condition: &Condition| condition.type_ == "Ready";
    before?.conditions().iter().find(|condition| of(condition))?.observed_generation
}

/// A status without what is a notifier's, and without the order in which the API server has what several have written.
fn own<K: Kinded>(status: &K::Status) -> Value {
    let mut status = serde_json::to_value(status).unwrap_or_default();
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    status.as_object_mut().map(|status| status.remove("lastHandledRefresh"));
    if let Some(conditions) = status.pointer_mut("/conditions").and_then(Value::as_array_mut) {
        conditions.retain(|condition| is_ours(K::KIND, &text(condition, "type")));
        conditions.sort_by_key(|condition| text(condition, "type"));
    }
    if let Some(plans) = status.pointer_mut("/plans").and_then(Value::as_array_mut) {
        plans.sort_by_key(|entry| text(entry, "name"));
    }
    status
}

/// What is applied: all that is the operator's, and nothing that is a notifier's. Of the dial plans that a gateway serves, that is the name.
fn body<K: Kinded>(name: &str, status: &K::Status, serves: impl Iterator<Item = String>) -> Value {
    let mut status = own::<K>(status);
    if let (Kind::Gateway, Some(status)) = (K::KIND, status.as_object_mut()) {
        let plans = serves.map(|plan| json!({"name": plan}));
        status.insert("plans".into(), plans.collect());
    }
    said::<K>(name, status)
}

/// People are told when something stops being in force, and when it is again; not that it came into force at the first try.
fn transition<K: Kinded>(object: &K, before: Option<&K::Status>, now: &K::Status) -> Option<Transition> {
    let (status, reason) = ready(now.conditions());
    let (was, why) = before.map_or(("Unknown", "Pending"), |before| ready(before.conditions()));
    let warning = status == "False" && (was != "False" || why != reason);
    let mended = status == "True" && was == "False";
    let few = K::KIND != Kind::Mailbox && status == "True" && was != "True" && is_first(before);
    if !warning && !mended && !few {
        return None;
    }
    let note = now.conditions().iter().find(|condition| condition.type_ == "Ready")?.message.clone();
    let about = object.object_ref(&());
    Some(Transition { about, warning, reason: reason.to_owned(), note })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::api::UMIPGatewayStatus;

    fn status(value: Value) -> UMIPGatewayStatus {
        serde_json::from_value(value).unwrap()
    }

    fn condition(type_: &str) -> Value {
        json!({"type": type_, "status": "True", "reason": type_, "message": "", "lastTransitionTime": "1970-01-01T00:00:00Z"})
    }

    #[test]
    fn neither_order_nor_what_others_say_makes_a_status_due() {
        let before =
            status(json!({"conditions": [condition("Ready"), condition("Held"), condition("Accepted")],
            "plans": [{"name": "hq", "delivered": "True"}, {"name": "branch"}]}));
        let now = status(json!({"conditions": [condition("Accepted"), condition("Ready")],
            "plans": [{"name": "branch"}, {"name": "hq", "delivered": "True"}]}));
        assert_eq!(own::<UMIPGateway>(&before), own::<UMIPGateway>(&now));
        let sum = status(
            json!({"conditions": [condition("Accepted"), condition("Delivered"), condition("Ready")]}),
        );
        assert_ne!(own::<UMIPGateway>(&before), own::<UMIPGateway>(&sum));
    }

    #[test]
    fn of_dial_plans_only_the_names_are_written_and_delivered_only_on_a_gateway() {
        let now = status(json!({"conditions": [condition("Delivered"), condition("Ready")],
            "plans": [{"name": "gone", "delivered": "False"}, {"name": "hq", "delivered": "True", "sourceAddress": "192.0.2.1"}]}));
        let body = body::<UMIPGateway>("pbx", &now, std::iter::once("hq".to_owned()));
        assert_eq!(body["status"]["plans"], json!([{"name": "hq"}]));
        assert_eq!(body["status"]["conditions"].as_array().unwrap().len(), 2);
        let of_mailbox =
            serde_json::from_value(json!({"conditions": [condition("Delivered"), condition("Ready")]}));
        let conditions = own::<UMMailbox>(&of_mailbox.unwrap())["conditions"].clone();
        assert_eq!(conditions.as_array().unwrap().len(), 1);
    }
}
