//! Reports delivery: conditions and entries of statuses, and Events when delivery begins to fail or works again. Looks once a second, compares
//! first, writes one status at most, and nothing while nothing changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use serde_json::Value;

use super::Options;
use super::refresh::Handled;
use super::statuses::{Known, Transition, Write, due, marked};
use crate::clock::{Clock, wall_ms};
use crate::cluster::call::Failure;
use crate::cluster::events::Events;
use crate::cluster::status::{NOTIFIER, apply, without_times};
use crate::domain::Kind;
use crate::notifier::directory::{Directory, Entries};
use crate::source::watch::{Progress, Resources};

/// Pause between two looks, of which each writes one status at most.
const LOOK: Duration = Duration::from_secs(1);
/// Pause after a write that failed: the API server may be overloaded.
const RETRY: Duration = Duration::from_secs(5);
/// Pause after a write that was refused: somebody has to change a role first.
const REFUSED: Duration = Duration::from_secs(60);

/// Reports what the notifier of a dial plan finds of delivery.
pub struct Reporter {
    client: Client,
    events: Events,
    clock: Clock,
    namespace: String,
    dial_plan: String,
    resources: Resources,
    directory: Directory,
    handled: Handled,
    /// Of each status that was written, and under which name, the version that came of it: until the watch has it, what it shows is older.
    written: BTreeMap<(Kind, String, String), (u64, Value)>,
    /// Mailboxes that have the condition, by what they were found.
    marked: Option<(Progress, Arc<Entries>, Vec<String>)>,
    not_before: Duration,
    /// Statuses that were refused, and when they are tried again.
    refused: BTreeMap<(Kind, String, String), Duration>,
}

impl Reporter {
    /// Has written nothing yet.
    pub fn new(
        client: Client,
        options: &Options,
        clock: Clock,
        (resources, directory, handled): (Resources, Directory, Handled),
    ) -> Self {
        Self {
            events: Events::new(client.clone(), NOTIFIER, &options.pod, clock),
            client,
            clock,
            namespace: options.namespace.clone(),
            dial_plan: options.dial_plan.clone(),
            resources,
            directory,
            handled,
            written: BTreeMap::new(),
            marked: None,
            not_before: Duration::ZERO,
            refused: BTreeMap::new(),
        }
    }

    /// Reports for ever.
    pub async fn run(mut self) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if self.clock.now() >= self.not_before
                && let Some(write) = self.next().await
            {
                self.write(write).await;
            }
        }
    }

    /// The first status that is not as it should be. None as well while nobody can say: the lists are not there, the dial plan is on its way
    /// out or suspended, or the notifier has not started.
    async fn next(&mut self) -> Option<Write> {
        let is_reported =
            |plan: &crate::api::UMDialPlan| plan.metadata.deletion_timestamp.is_none() && !plan.spec.suspend;
        let plan = self.resources.dial_plans.look().get(&self.namespace, &self.dial_plan)?.object.clone();
        if !self.resources.is_complete() || !plan.is_some_and(|plan| is_reported(&plan)) {
            return None;
        }
        let notifier = self.directory.now().of_plan(&self.namespace, &self.dial_plan)?.clone();
        let marked = self.marked();
        let standing = notifier.standing(marked.clone()).await.ok()?;
        let handled = self.handled.all();
        let known = Known {
            namespace: &self.namespace,
            dial_plan: &self.dial_plan,
            standing: &standing,
            marked: &marked,
            handled: &handled,
        };
        let now = Time(Timestamp::from_second(wall_ms() / 1000).unwrap_or_default());
        let due = due(&self.resources, &known, &now);
        self.forget_what_the_watch_has();
        let now = self.clock.now();
        let rests = |write: &Write| {
            let refused = self.refused.get(&(write.kind, write.name.clone(), write.manager.clone()));
            refused.is_some_and(|until| *until > now)
        };
        due.into_iter().find(|write| !rests(write) && !self.is_on_its_way(write))
    }

    fn marked(&mut self) -> Vec<String> {
        let (progress, entries) = (self.resources.progress(), self.directory.now());
        if let Some((of, by, marked)) = &self.marked
            && *of == progress
            && Arc::ptr_eq(by, &entries)
        {
            return marked.clone();
        }
        let is_own = |mailbox: &str| entries.plan_of(&self.namespace, mailbox) == Some(&self.dial_plan);
        let marked = marked(&self.resources, &self.namespace, is_own);
        self.marked = Some((progress, entries, marked.clone()));
        marked
    }

    fn forget_what_the_watch_has(&mut self) {
        let (resources, namespace) = (&self.resources, &self.namespace);
        let seen = |kind: Kind, name: &str| match kind {
            Kind::DialPlan => resources.dial_plans.look().get(namespace, name).map(|kept| kept.version),
            Kind::MailboxPolicy => {
                resources.mailbox_policies.look().get(namespace, name).map(|kept| kept.version)
            }
            Kind::Gateway => resources.gateways.look().get(namespace, name).map(|kept| kept.version),
            Kind::Mailbox => resources.mailboxes.look().get(namespace, name).map(|kept| kept.version),
        };
        self.written
            .retain(|(kind, name, _), (version, _)| seen(*kind, name).is_some_and(|seen| seen < *version));
    }

    /// Whether this very status was written, and the watch does not show it yet.
    fn is_on_its_way(&self, write: &Write) -> bool {
        let written = self.written.get(&(write.kind, write.name.clone(), write.manager.clone()));
        written.is_some_and(|(_, body)| without_times(body.clone()) == without_times(write.body.clone()))
    }

    async fn write(&mut self, write: Write) {
        let Write { kind, name, manager, body, event } = write;
        match apply(&self.client, &self.namespace, (kind, &name), &manager, &body).await {
            Ok(version) => {
                self.refused.remove(&(kind, name.clone(), manager.clone()));
                if let Some(value) = body.pointer("/status/lastHandledRefresh").and_then(Value::as_str) {
                    self.handled.said(&(kind, name.clone()), value);
                }
                self.written.insert((kind, name, manager), (version, body));
                if let Some(Transition { about, warning, reason, note }) = event {
                    self.events.tell(about, warning, reason, "Deliver", &note);
                }
            }
            // It is gone; the watch will say so.
            Err(error) if error.failure() == Failure::NotFound => {}
            Err(error) if error.failure() == Failure::Refused => {
                // One that is refused keeps no other waiting.
                let now = self.clock.now();
                self.refused.retain(|_, until| *until + REFUSED > now);
                let is_first = self.refused.is_empty();
                self.refused.insert((kind, name.clone(), manager), now + REFUSED);
                if is_first {
                    tracing::error!(namespace = %self.namespace, %name, %kind, error = &error as &dyn std::error::Error, "how delivery stands can't be written into statuses; it is tried again each minute, and this is said once");
                }
            }
            Err(error) => {
                self.not_before = self.clock.now() + RETRY;
                tracing::warn!(namespace = %self.namespace, %name, %kind, error = &error as &dyn std::error::Error, "how delivery stands could not be written into a status; it is tried again");
            }
        }
    }
}
