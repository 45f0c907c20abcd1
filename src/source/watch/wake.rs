//! Which change of an object is news, and which part of it is kept.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::Resource;
use kube::core::DynamicObject;
use serde_json::Value;

use crate::api::ip_gateway::GatewayPlanStatus;
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};

/// An object that is watched.
pub trait Watched: Resource {
    /// Whether the parts beside uid, generation and our annotations that matter are the same as before.
    fn same(&self, before: &Self) -> bool;

    /// Whether what notifiers say in its status is the same as before, where anybody sums that up.
    fn says_the_same(&self, _before: &Self) -> bool {
        true
    }

    /// Drops what nobody reads.
    fn slim(&mut self) {}
}

/// Whether two versions of an object ask for the same.
pub fn same_wishes<K: Watched>(before: &K, now: &K) -> bool {
    before.meta().deletion_timestamp.is_some() == now.meta().deletion_timestamp.is_some() && now.same(before)
}

macro_rules! generation_tells {
    ($($kind:ty),+) => {
        $(impl Watched for $kind {
            fn same(&self, _: &Self) -> bool {
                true
            }
        })+
    };
}

generation_tells!(UMDialPlan, UMMailboxPolicy, UMMailbox);

impl Watched for UMIPGateway {
    fn same(&self, _: &Self) -> bool {
        true
    }

    /// Notifiers write how they reach it; the operator sums that up.
    fn says_the_same(&self, before: &Self) -> bool {
        fn plans(gateway: &UMIPGateway) -> &[GatewayPlanStatus] {
            gateway.status.as_ref().map(|status| status.plans.as_slice()).unwrap_or_default()
        }
        plans(self) == plans(before)
    }
}

impl Watched for Lease {
    fn same(&self, before: &Self) -> bool {
        let holder = |lease: &Self| lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone());
        self.metadata.annotations == before.metadata.annotations && holder(self) == holder(before)
    }
}

impl Watched for Pod {
    fn same(&self, before: &Self) -> bool {
        is_ready(self) == is_ready(before)
    }

    fn slim(&mut self) {
        self.spec = None;
        self.metadata.annotations = None;
        if let Some(status) = &mut self.status {
            status.container_statuses = None;
            status.init_container_statuses = None;
        }
    }
}

/// Whether a pod is ready and meant to stay.
#[must_use]
pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    pod.metadata.deletion_timestamp.is_none()
        && conditions
            .into_iter()
            .flatten()
            .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

impl Watched for DynamicObject {
    /// All but the status: whoever edits a child by hand is noticed.
    fn same(&self, before: &Self) -> bool {
        let meta = |object: &Self| {
            let meta = &object.metadata;
            (meta.labels.clone(), meta.annotations.clone(), meta.owner_references.clone())
        };
        self.data == before.data && meta(self) == meta(before)
    }

    fn slim(&mut self) {
        if let Value::Object(data) = &mut self.data {
            data.remove("status");
        }
    }
}
