//! The objects of notifiers: what is not as it should be is applied, what is not wanted any more is deleted, and what belongs to somebody
//! else is left alone. Each object stands for itself; nothing waits for the health of another.

use std::collections::{BTreeMap, BTreeSet};

use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::{DynamicObject, TypeMeta};
use serde_json::Value;

use super::gathered::resource;
use super::{Gathered, MANAGER, Shared};
use crate::cluster::call::{CallError, Failure, within};
use crate::domain::{ChildTrouble, Outcome};
use crate::render::{self, Child, ChildKind, DIAL_PLAN, Owner, Settings};

/// The objects of all notifiers of a namespace.
#[derive(Default)]
pub struct Children {
    troubles: BTreeMap<String, Vec<ChildTrouble>>,
    /// For each object that was written, the version that came of it: until the watch has it, what it shows is older.
    written: BTreeMap<(ChildKind, String), (u64, Value)>,
    /// Of each object that came back otherwise than it was applied, as where a webhook rewrites images: the version that came of it, and
    /// what was applied. The same again would come back the same.
    rewritten: BTreeMap<(ChildKind, String), (u64, Value)>,
}

/// What there is of a child.
enum Live {
    Ours(Value),
    Nothing,
    SomebodyElses,
    /// Of a dial plan of the same name that is gone; it goes as well.
    Leaving,
}

impl Children {
    /// What can't be made, by dial plan.
    #[must_use]
    pub fn troubles(&self) -> &BTreeMap<String, Vec<ChildTrouble>> {
        &self.troubles
    }

    /// Makes them as they should be. Returns false if something is to be tried again.
    pub async fn apply(
        &mut self,
        shared: &Shared,
        gathered: &Gathered,
        namespace: &str,
        outcome: &Outcome,
        uids: &BTreeMap<String, String>,
    ) -> bool {
        let settings = settings(shared, namespace);
        let mut wanted = BTreeSet::new();
        let mut untouched = BTreeSet::new();
        let mut well = true;
        self.troubles.clear();
        for (at, node) in outcome.linked.dial_plans.iter().enumerate() {
            let Some(uid) = uids.get(&*node.name) else {
                untouched.insert(node.name.to_string());
                continue;
            };
            let owner = Owner { uid: uid.clone() };
            let Some(children) = render::children(outcome, at, &owner, &settings) else {
                untouched.insert(node.name.to_string());
                continue;
            };
            let mut troubles = Vec::new();
            for child in children {
                well &= self.put(shared, gathered, namespace, &owner, &child, &mut troubles).await;
                wanted.insert((child.kind, child.name));
            }
            if !troubles.is_empty() {
                self.troubles.insert(node.name.to_string(), troubles);
            }
        }
        self.written.retain(|key, _| wanted.contains(key));
        self.rewritten.retain(|key, _| wanted.contains(key));
        well & prune(shared, gathered, namespace, &wanted, &untouched, uids).await
    }

    async fn put(
        &mut self,
        shared: &Shared,
        gathered: &Gathered,
        namespace: &str,
        owner: &Owner,
        child: &Child,
        troubles: &mut Vec<ChildTrouble>,
    ) -> bool {
        let object = format!("{}/{}", child.kind, child.name);
        let refused = |refused: Option<String>| ChildTrouble { object: object.clone(), refused };
        let result = match self.live(shared, gathered, namespace, owner, child).await {
            Ok(Live::Ours(live)) if !self.is_due(child, &live) => return true,
            Ok(Live::Ours(_)) => self.write(shared, namespace, child, true).await,
            Ok(Live::Nothing) => self.write(shared, namespace, child, false).await,
            Ok(Live::SomebodyElses) => {
                troubles.push(refused(None));
                return true;
            }
            Ok(Live::Leaving) => return false,
            Err(error) => Err(error),
        };
        let Err(error) = result else { return true };
        match error.failure() {
            Failure::Refused => {
                tracing::warn!(%namespace, name = %child.name, kind = %child.kind, error = &error as &dyn std::error::Error, "an object of a notifier is refused");
                troubles.push(refused(Some(error.message().unwrap_or_default().to_owned())));
            }
            Failure::Conflict | Failure::NotFound | Failure::Transient => {
                tracing::warn!(%namespace, name = %child.name, kind = %child.kind, error = &error as &dyn std::error::Error, "an object of a notifier could not be written; it is tried again");
            }
        }
        false
    }

    /// Whether an object is to be applied.
    fn is_due(&self, child: &Child, live: &Value) -> bool {
        let rewritten = self.rewritten.get(&(child.kind, child.name.clone()));
        let version = version_of(live.pointer("/metadata/resourceVersion").and_then(Value::as_str));
        let is_known = |(of, applied): &(u64, Value)| *of == version && *applied == child.object;
        render::differs(live, &child.object) && !rewritten.is_some_and(is_known)
    }

    /// What is there: as the watch has it, or, where the watch has nothing of ours, as the API server says.
    async fn live(
        &mut self,
        shared: &Shared,
        gathered: &Gathered,
        namespace: &str,
        owner: &Owner,
        child: &Child,
    ) -> Result<Live, CallError> {
        let watched = gathered.children.get(&child.kind).and_then(|shelf| {
            let shelf = shelf.look();
            let kept = shelf.get(namespace, &child.name)?;
            Some((kept.version, kept.object.clone()?))
        });
        let key = (child.kind, child.name.clone());
        if let Some((version, value)) = self.written.get(&key) {
            // An object that was deleted since comes with a version of its own, or with none once the deletion has come through.
            match &watched {
                Some((seen, _)) if seen >= version => drop(self.written.remove(&key)),
                Some(_) => return Ok(Live::Ours(value.clone())),
                None => drop(self.written.remove(&key)),
            }
        }
        let object = match watched {
            Some((_, object)) => Some(DynamicObject::clone(&object)),
            None => within(api(shared, namespace, child.kind).get_opt(&child.name)).await?,
        };
        let Some(mut object) = object else { return Ok(Live::Nothing) };
        // Items of a list come without.
        object.types.get_or_insert_with(|| TypeMeta {
            api_version: child.kind.api_version().to_owned(),
            kind: child.kind.as_str().to_owned(),
        });
        let owners = object.metadata.owner_references.as_deref().unwrap_or_default();
        let ours = owners.iter().any(|reference| reference.uid == owner.uid);
        let of_a_plan = owners.iter().any(|reference| reference.kind == "UMDialPlan");
        let labelled = object.metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(DIAL_PLAN));
        Ok(if object.metadata.deletion_timestamp.is_some() || (of_a_plan && !ours) {
            Live::Leaving
        } else if ours || (!child.kind.is_deleted() && labelled && owners.is_empty()) {
            Live::Ours(serde_json::to_value(&object).unwrap_or_default())
        } else {
            Live::SomebodyElses
        })
    }

    async fn write(
        &mut self,
        shared: &Shared,
        namespace: &str,
        child: &Child,
        exists: bool,
    ) -> Result<(), CallError> {
        let mut params = PatchParams::apply(MANAGER);
        // On an object of ours, what others put into our fields is put right. One that is not there can't have such fields.
        params.force = exists;
        let api = api(shared, namespace, child.kind);
        let written = within(api.patch(&child.name, &params, &Patch::Apply(&child.object))).await?;
        let version = version_of(written.metadata.resource_version.as_deref());
        let value = serde_json::to_value(&written).unwrap_or_default();
        let key = (child.kind, child.name.clone());
        if render::differs(&value, &child.object) {
            self.rewritten.insert(key.clone(), (version, child.object.clone()));
        } else {
            self.rewritten.remove(&key);
        }
        tracing::info!(%namespace, name = %child.name, kind = %child.kind, "an object of a notifier was applied");
        shared.metrics.applied(namespace, child.kind);
        self.written.insert(key, (version, value));
        Ok(())
    }
}

fn version_of(text: Option<&str>) -> u64 {
    text.and_then(|version| version.parse().ok()).unwrap_or_default()
}

fn settings(shared: &Shared, namespace: &str) -> Settings {
    Settings {
        namespace: namespace.to_owned(),
        image: shared.image.name.clone(),
        image_pull_policy: shared.image.pull_policy.clone(),
        image_pull_secrets: shared.image.pull_secrets.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api_server_ports: shared.image.api_server_ports.clone(),
    }
}

fn api(shared: &Shared, namespace: &str, kind: ChildKind) -> Api<DynamicObject> {
    Api::namespaced_with(shared.client.clone(), namespace, &resource(kind))
}

/// Deletes what belongs to a dial plan that is there and does not want it. Never one of a dial plan whose objects stay as they are, and
/// never more than the very object that was seen. What belongs to a dial plan that is not known is left to the garbage collector, since
/// objects of a new dial plan may be seen before it.
async fn prune(
    shared: &Shared,
    gathered: &Gathered,
    namespace: &str,
    wanted: &BTreeSet<(ChildKind, String)>,
    untouched: &BTreeSet<String>,
    uids: &BTreeMap<String, String>,
) -> bool {
    let mut surplus = Vec::new();
    for (kind, shelf) in gathered.children.iter().filter(|(kind, _)| kind.is_deleted()) {
        for (name, kept) in shelf.look().all(namespace) {
            let Some(object) = &kept.object else { continue };
            let owners = object.metadata.owner_references.as_deref().unwrap_or_default();
            let Some(plan) = owners.iter().find(|owner| owner.kind == "UMDialPlan") else { continue };
            let is_there = uids.get(&plan.name) == Some(&plan.uid);
            let is_surplus = !untouched.contains(&plan.name) && !wanted.contains(&(*kind, name.to_owned()));
            if is_there && is_surplus && object.metadata.deletion_timestamp.is_none() {
                surplus.push((*kind, name.to_owned(), object.metadata.clone()));
            }
        }
    }
    let mut well = true;
    for (kind, name, meta) in surplus {
        let params = DeleteParams {
            preconditions: Some(Preconditions { resource_version: meta.resource_version, uid: meta.uid }),
            ..DeleteParams::background()
        };
        match within(api(shared, namespace, kind).delete(&name, &params)).await {
            Ok(_) => {
                tracing::info!(%namespace, %name, %kind, "an object that its dial plan does not want was deleted")
            }
            Err(error) if error.failure() == Failure::NotFound => {}
            Err(error) => {
                tracing::warn!(%namespace, %name, %kind, error = &error as &dyn std::error::Error, "an object that its dial plan does not want could not be deleted; it is tried again");
                well = false;
            }
        }
    }
    well
}
