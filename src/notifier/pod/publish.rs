//! What the notifier says of itself, in the Lease of its pod: up to which versions it acts. Written when the specs in force changed; versions
//! that moved without that follow every few seconds; nothing at rest.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::sync::watch;

use super::Options;
use crate::cluster::published::{Published, Values};
use crate::cluster::status::NOTIFIER;
use crate::cluster::within;
use crate::source::watch::{Progress, Resources};

/// Pause between two looks at versions that moved though no spec changed. Whoever starts later may know no older ones.
const FOLLOW: Duration = Duration::from_secs(5);
/// Pause between attempts.
const RETRY: Duration = Duration::from_secs(1);

/// What a notifier acts by.
#[derive(Clone, Debug)]
pub struct InForce {
    /// How far the watches had come with it.
    pub progress: Progress,
    /// What is wrong with values.
    pub values: Values,
}

/// Publishes.
pub struct Publisher {
    api: Api<Lease>,
    dial_plan: String,
    pod: String,
    pod_uid: String,
    resources: Resources,
    /// What was said last.
    said: Option<Published>,
}

impl Publisher {
    /// Has said nothing yet.
    pub fn new(client: Client, options: &Options, resources: Resources) -> Self {
        Self {
            api: Api::namespaced(client, &options.namespace),
            dial_plan: options.dial_plan.clone(),
            pod: options.pod.clone(),
            pod_uid: options.pod_uid.clone(),
            resources,
            said: None,
        }
    }

    /// Says what is in force, and again whenever that changes, until nobody can tell any more.
    pub async fn run(mut self, mut in_force: watch::Receiver<Option<InForce>>) {
        loop {
            let Some(now) = in_force.borrow_and_update().clone() else {
                match in_force.changed().await {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            };
            let wanted = self.wanted(now);
            if self.said.as_ref() != Some(&wanted) && !self.say(wanted).await {
                tokio::time::sleep(RETRY).await;
                continue;
            }
            if let Ok(Err(_)) = tokio::time::timeout(FOLLOW, in_force.changed()).await {
                return;
            }
        }
    }

    /// Where objects ask for nothing else than when it was put in force, it is in force at later versions as well.
    fn wanted(&self, in_force: InForce) -> Published {
        let InForce { progress: then, values } = in_force;
        let now = self.resources.progress();
        let versions = if now.changes == then.changes { now.versions } else { then.versions };
        // What was in force at a later version was so before something else was asked for.
        let said = self.said.as_ref().and_then(|said| said.in_force);
        let versions = said.map_or(versions, |said| versions.max(said));
        Published {
            pod: self.pod_uid.clone(),
            program: Some(env!("CARGO_PKG_VERSION").to_owned()),
            in_force: Some(versions),
            values,
        }
    }

    /// Returns false if it is to be tried again.
    async fn say(&mut self, wanted: Published) -> bool {
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
                true
            }
            Err(error) => {
                tracing::warn!(name = %self.pod, error = &error as &dyn std::error::Error, "what is in force could not be published; it is tried again");
                false
            }
        }
    }
}
