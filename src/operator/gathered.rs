//! What the operator knows of the cluster: the four kinds, the objects of notifiers, their pods and Leases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::core::{ApiResource, DynamicObject};

use super::Bell;
use crate::cluster::published::Published;
use crate::domain::{Facts, Notifiers, Replica};
use crate::render::{ChildKind, DIAL_PLAN, MANAGED_BY};
use crate::source::watch::{Resources, Scope, Shared, Wake, is_ready, keep};

/// All that is watched in one scope.
pub struct Gathered {
    /// What is watched.
    pub scope: Scope,
    /// The four kinds.
    pub resources: Resources,
    /// Objects of notifiers, by kind.
    pub children: BTreeMap<ChildKind, Shared<DynamicObject>>,
    /// Pods of notifiers.
    pub pods: Shared<Pod>,
    /// Leases of notifiers.
    pub leases: Shared<Lease>,
}

/// How the API server knows a kind of children.
#[must_use]
pub fn resource(kind: ChildKind) -> ApiResource {
    ApiResource {
        group: kind.group().to_owned(),
        version: kind.version().to_owned(),
        api_version: kind.api_version().to_owned(),
        kind: kind.as_str().to_owned(),
        plural: kind.plural().to_owned(),
    }
}

impl Gathered {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            resources: Resources::default(),
            children: ChildKind::ALL.iter().map(|kind| (*kind, Shared::default())).collect(),
            pods: Shared::default(),
            leases: Shared::default(),
        }
    }

    /// Watches all of it, for ever.
    pub async fn keep(&self, client: &Client, bell: &Arc<Bell>) {
        let wake: Wake = {
            let bell = Arc::clone(bell);
            Arc::new(move |touched| bell.ring(touched))
        };
        let ours = Some(format!("{}={}", MANAGED_BY.0, MANAGED_BY.1));
        let children = self.children.iter().map(|(kind, shelf)| {
            let api = self.scope.dynamic_api(client.clone(), &resource(*kind));
            keep(api, ours.clone(), shelf.clone(), Arc::clone(&wake))
        });
        tokio::join!(
            self.resources.keep(client, &self.scope, &wake),
            futures::future::join_all(children),
            keep(self.scope.api(client.clone()), ours.clone(), self.pods.clone(), Arc::clone(&wake)),
            keep(
                self.scope.api(client.clone()),
                Some(DIAL_PLAN.to_owned()),
                self.leases.clone(),
                Arc::clone(&wake)
            ),
        );
    }

    /// Whether all lists were there once.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.resources.is_complete()
            && self.children.values().all(|shelf| shelf.look().is_complete())
            && self.pods.look().is_complete()
            && self.leases.look().is_complete()
    }

    /// Kinds that the API server refuses to list, with what it says.
    #[must_use]
    pub fn unlisted(&self) -> BTreeMap<String, String> {
        let mut all = self.resources.unlisted();
        let children = self.children.iter().map(|(kind, shelf)| (kind.as_str(), shelf.look().refused()));
        // One lock at a time: somebody else may hold them in another order.
        let pods = self.pods.look().refused();
        let leases = self.leases.look().refused();
        let others = children.chain([("Pod", pods), ("Lease", leases)]);
        all.extend(others.filter_map(|(kind, refused)| Some((kind.to_owned(), refused?))));
        all
    }

    /// Namespaces that anything is known of.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        let mut all = self.resources.namespaces();
        for shelf in self.children.values() {
            all.extend(shelf.look().namespaces());
        }
        all
    }

    /// Adds to the facts which notifier of a namespace acts by what, and what they say of values.
    pub fn complete(&self, namespace: &str, facts: &mut Facts) {
        let leases = self.leases.look();
        let mut plans: BTreeMap<String, Vec<Replica>> = BTreeMap::new();
        for (name, kept) in self.pods.look().all(namespace) {
            let Some(pod) = &kept.object else { continue };
            let Some(plan) = pod.metadata.labels.as_ref().and_then(|labels| labels.get(DIAL_PLAN)) else {
                continue;
            };
            let lease = leases.get(namespace, name).and_then(|kept| kept.object.as_ref());
            let published = lease
                .map(|lease| Published::of(lease))
                .filter(|published| Some(&published.pod) == pod.metadata.uid.as_ref())
                .unwrap_or_default();
            published.values.add_to(facts);
            plans.entry(plan.clone()).or_default().push(Replica {
                name: name.to_owned(),
                ready: is_ready(pod),
                program: published.program,
                in_force: published.in_force,
            });
        }
        facts.notifiers = Notifiers::Seen(plans);
    }
}
