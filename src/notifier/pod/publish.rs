//! What the notifier says of itself, in the Lease of its pod: up to which versions it acts. Written when the specs in force changed; a version
//! that moved without that follows when nothing has happened for a while; nothing at rest.

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
use crate::domain::Versions;
use crate::source::watch::Resources;

/// A version that moved while no spec changed is published when nothing moves for so long. Whoever starts later may know no older one.
const QUIET: Duration = Duration::from_secs(5);
/// Pause between attempts.
const RETRY: Duration = Duration::from_secs(1);
/// Pause between two looks at versions.
const LOOK: Duration = Duration::from_secs(1);

/// Publishes.
pub struct Publisher {
    api: Api<Lease>,
    dial_plan: String,
    pod: String,
    pod_uid: String,
    clock: Clock,
    /// What is to be said.
    wanted: Option<Published>,
    /// What was said last.
    said: Option<Published>,
    /// What the watch had when it was last looked at, and since when.
    seen: (Versions, Duration),
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
            said: None,
            seen: (Versions::default(), Duration::ZERO),
            not_before: Duration::ZERO,
        }
    }

    /// The notifier acts by these versions from now on.
    pub fn in_force(&mut self, versions: Versions, values: Values) {
        self.wanted = Some(Published {
            pod: self.pod_uid.clone(),
            program: Some(env!("CARGO_PKG_VERSION").to_owned()),
            in_force: Some(versions),
            values,
        });
        self.not_before = self.clock.now();
    }

    /// Says what is to be said, when it is time; waits for ever while there is nothing. Can be dropped and called again at any moment.
    pub async fn due(&mut self, resources: &Resources) {
        loop {
            let Some(wanted) = self.wanted.clone() else { return std::future::pending().await };
            tokio::time::sleep_until(self.clock.instant(self.not_before)).await;
            if Some(&wanted) == self.said.as_ref() {
                self.follow(wanted, resources);
            } else {
                self.say(wanted).await;
            }
        }
    }

    /// Versions that moved though no spec changed: what is in force is what they hold as well.
    fn follow(&mut self, mut wanted: Published, resources: &Resources) {
        let versions = resources.versions();
        let now = self.clock.now();
        self.not_before = now + LOOK;
        if self.seen.0 != versions {
            self.seen = (versions, now);
        } else if wanted.in_force != Some(versions) && now.saturating_sub(self.seen.1) >= QUIET {
            wanted.in_force = Some(versions);
            self.wanted = Some(wanted);
        }
    }

    async fn say(&mut self, wanted: Published) {
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
            Ok(_) => self.said = Some(wanted),
            Err(error) => {
                tracing::warn!(name = %self.pod, error = &error as &dyn std::error::Error, "what is in force could not be published; it is tried again");
                self.not_before = self.clock.now() + RETRY;
            }
        }
    }
}
