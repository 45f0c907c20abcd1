//! Default policies (Exchange `GenerateUMMailboxPolicy`): made whenever a dial plan wants one and none of that name is there. They are never
//! changed and never deleted: whoever edits one keeps it.

use std::collections::{BTreeMap, BTreeSet};

use kube::Api;
use kube::api::PostParams;

use super::{MANAGER, Shared};
use crate::api::UMMailboxPolicy;
use crate::cluster::{CallError, within};
use crate::domain::snapshot::default_policy_name;
use crate::domain::{Kind, Snapshot};
use crate::render::MANAGED_BY;

/// Makes those that are missing. Returns false if one could not be made.
pub async fn make(shared: &Shared, namespace: &str, snapshot: &Snapshot) -> bool {
    let mut with = snapshot.clone();
    let unread = &snapshot.facts.unread;
    let resting: BTreeSet<String> = snapshot
        .dial_plans
        .iter()
        .filter(|plan| plan.spec.suspend || plan.metadata.deletion_timestamp.is_some())
        .filter_map(|plan| Some(default_policy_name(plan.metadata.name.as_deref()?)))
        .collect();
    let may =
        |name: &str| !resting.contains(name) && !unread.contains(&(Kind::MailboxPolicy, name.to_owned()));
    let made = with.add_default_policies(&may);
    let api: Api<UMMailboxPolicy> = Api::namespaced(shared.client.clone(), namespace);
    let mut well = true;
    for policy in &with.mailbox_policies {
        if !policy.metadata.name.as_ref().is_some_and(|name| made.contains(name)) {
            continue;
        }
        let mut policy = UMMailboxPolicy::clone(policy);
        policy.metadata.creation_timestamp = None;
        policy.metadata.labels = Some(BTreeMap::from([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())]));
        let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        match within(api.create(&params, &policy)).await {
            Ok(_) => {
                tracing::info!(%namespace, name = policy.metadata.name, kind = "UMMailboxPolicy", "the default policy was made")
            }
            Err(CallError::Status(status)) if status.code == 409 => {}
            Err(error) => {
                tracing::warn!(%namespace, name = policy.metadata.name, kind = "UMMailboxPolicy", error = &error as &dyn std::error::Error, "the default policy could not be made; it is tried again");
                well = false;
            }
        }
    }
    well
}
