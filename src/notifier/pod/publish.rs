//! What the notifier says of itself, in the Lease of its pod: up to which versions it acts. Written when the specs in force changed; versions
//! that moved without that follow every few seconds; nothing at rest.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;

use super::Options;
use crate::clock::Clock;
use crate::cluster::published::{Published, Values};
use crate::cluster::status::NOTIFIER;
use crate::cluster::within;
use crate::source::watch::{Progress, Resources};

/// Pause between two looks at versions that moved though no spec changed. Whoever starts later may know no older ones.
const FOLLOW: Duration = Duration::from_secs(5);
/// Pause between attempts.
const RETRY: Duration = Duration::from_secs(1);

/// Publishes.
pub struct Publisher {
    api: Api<Lease>,
    dial_plan: String,
    pod: String,
    pod_uid: String,
    clock: Clock,
    /// What is to be said.
    wanted: Option<Published>,
    /// How often what objects ask for had changed when it was put in force.
    changes: u64,
    /// What was said last.
    said: Option<Published>,
    /// Nothing is done before this moment. It stands here, since waiting for it may be broken off and begun again.
    not_before: Duration,
}

impl Publisher {
    /// Has said nothing yet.
    pub fn new(client: Client, options: &Options, clock: Clock) -> Self {
        Self {
            api: Api::namespaced(client, &options.namespace),
            dial_plan: options.dial_plan.clone(),
            pod: options.pod.clone(),
            pod_uid: options.pod_uid.clone(),
            clock,
            wanted: None,
            changes: 0,
            said: None,
            not_before: Duration::ZERO,
        }
    }

    /// The notifier acts from now on by what the watches had then.
    pub fn in_force(&mut self, then: Progress, values: Values) {
        self.wanted = Some(Published {
            pod: self.pod_uid.clone(),
            program: Some(env!("CARGO_PKG_VERSION").to_owned()),
            in_force: Some(then.versions),
            values,
        });
        self.changes = then.changes;
        self.not_before = self.clock.now();
    }

    /// Says what is to be said, when it is time; waits for ever while there is nothing. Can be dropped and called again at any moment.
    pub async fn due(&mut self, resources: &Resources) {
        loop {
            if self.wanted.is_none() {
                return std::future::pending().await;
            }
            tokio::time::sleep_until(self.clock.instant(self.not_before)).await;
            self.follow(resources.progress());
            if self.wanted != self.said {
                self.say().await;
            } else {
                self.not_before = self.clock.now() + FOLLOW;
            }
        }
    }

    /// Where objects ask for nothing else than when it was put in force, it is in force at later versions as well.
    fn follow(&mut self, now: Progress) {
        if let Some(wanted) = &mut self.wanted
            && now.changes == self.changes
        {
            wanted.in_force = Some(now.versions);
        }
    }

    async fn say(&mut self) {
        let Some(wanted) = self.wanted.clone() else { return };
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self.pod,
                "labels": {"um.lamplighter.dev/dial-plan": self.dial_plan},
                "annotations": wanted.annotations(),
                "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": self.pod, "uid": self.pod_uid}],
            },
            "spec": {"holderIdentity": self.pod_uid},
        });
        let params = PatchParams::apply(NOTIFIER).force();
        match within(self.api.patch(&self.pod, &params, &Patch::Apply(&lease))).await {
            Ok(_) => {
                self.said = Some(wanted);
                self.not_before = self.clock.now() + FOLLOW;
            }
            Err(error) => {
                tracing::warn!(name = %self.pod, error = &error as &dyn std::error::Error, "what is in force could not be published; it is tried again");
                self.not_before = self.clock.now() + RETRY;
            }
        }
    }
}
