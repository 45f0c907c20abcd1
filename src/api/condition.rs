//! Conditions and findings as they stand in the status of every kind.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One aspect of the state of an object, in the shape of `metav1.Condition`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What the condition is about: `Accepted`, `ResolvedRefs`, `Programmed`, `Ready`, `Reconciling`, `Stalled`, `Delivered`.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 316))]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    #[schemars(extend("enum" = ["True", "False", "Unknown"]))]
    pub status: String,
    /// The finding code that decides, in CamelCase; the documentation has a paragraph for each.
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"))]
    pub reason: String,
    /// What is wrong and what to do, in a sentence or two.
    #[schemars(length(max = 32768))]
    pub message: String,
    /// `metadata.generation` that the condition speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When `status` last changed.
    pub last_transition_time: Time,
}

/// One thing that validation has to say about the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingStatus {
    /// Code of the finding; the documentation has a paragraph for each.
    #[schemars(length(min = 1, max = 64))]
    pub code: String,
    /// `Error` or `Warning`.
    #[schemars(extend("enum" = ["Error", "Warning"]))]
    pub severity: String,
    /// Field that it is about, for example `spec.extensions[1]`.
    #[schemars(length(max = 512))]
    pub path: String,
    /// What is wrong, what was expected and what to do.
    #[schemars(length(max = 2048))]
    pub message: String,
}

/// A status that has conditions.
pub trait Conditions {
    /// The conditions, sorted by type.
    fn conditions(&self) -> &[Condition];
}

macro_rules! conditions {
    ($($status:ty),+) => {
        $(impl Conditions for $status {
            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }
        })+
    };
}

conditions!(
    super::UMDialPlanStatus,
    super::UMMailboxPolicyStatus,
    super::UMIPGatewayStatus,
    super::UMMailboxStatus
);
