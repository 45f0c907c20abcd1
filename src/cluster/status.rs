//! Writing statuses of the four kinds: by server-side apply, so that operator and notifiers each own their part.

use std::fmt::Debug;

use kube::api::{Patch, PatchParams};
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::{CallError, within};
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};
use crate::domain::Kind;

/// Name under which notifiers write.
pub const NOTIFIER: &str = "lamplighter-notifier";

/// Name under which notifiers write that a request for a refresh was handled. All that serve a gateway write the same.
pub const REFRESHER: &str = "lamplighter-notifier-refresh";

/// Name under which the notifier of a dial plan writes into the status of a gateway: others write there as well, and what one applies is
/// all that there is under a name.
#[must_use]
pub fn notifier_of(dial_plan: &str) -> String {
    format!("{NOTIFIER}/{dial_plan}")
}

/// What is applied where nothing more is said: it takes back all that was said under the same name.
#[must_use]
pub fn nothing<K: Resource<DynamicType = ()>>(name: &str) -> Value {
    json!({"apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": {"name": name}})
}

/// The same, with this status.
#[must_use]
pub fn said<K: Resource<DynamicType = ()>>(name: &str, status: Value) -> Value {
    let mut body = nothing::<K>(name);
    if let Some(body) = body.as_object_mut() {
        body.insert("status".into(), status);
    }
    body
}

/// Applies a body under a name to the status of an object. Returns the version that came of it.
///
/// # Errors
/// The API server refuses, or can't be spoken to.
pub async fn apply(
    client: &Client,
    namespace: &str,
    (kind, name): (Kind, &str),
    manager: &str,
    body: &Value,
) -> Result<u64, CallError> {
    match kind {
        Kind::DialPlan => of::<UMDialPlan>(client, namespace, name, manager, body).await,
        Kind::MailboxPolicy => of::<UMMailboxPolicy>(client, namespace, name, manager, body).await,
        Kind::Gateway => of::<UMIPGateway>(client, namespace, name, manager, body).await,
        Kind::Mailbox => of::<UMMailbox>(client, namespace, name, manager, body).await,
    }
}

async fn of<K>(
    client: &Client,
    namespace: &str,
    name: &str,
    manager: &str,
    body: &Value,
) -> Result<u64, CallError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
{
    let api: Api<PartialObjectMeta<K>> = Api::namespaced(client.clone(), namespace);
    let params = PatchParams::apply(manager).force();
    let written = within(api.patch_status(name, &params, &Patch::Apply(body))).await?;
    let version = written.metadata.resource_version.as_deref();
    Ok(version.and_then(|version| version.parse().ok()).unwrap_or_default())
}

/// A body without transition times: they differ by when it was looked.
#[must_use]
pub fn without_times(mut body: Value) -> Value {
    let conditions = body.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten().filter_map(Value::as_object_mut) {
        condition.remove("lastTransitionTime");
    }
    body
}
