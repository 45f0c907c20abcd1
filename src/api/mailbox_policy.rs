//! UMMailboxPolicy: what the mailboxes that name it may have (Exchange `Set-UMMailboxPolicy`).

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{Condition, FindingStatus};
use super::reference::LocalRef;

/// Settings that the mailboxes of a group share. A mailbox belongs to the dial plan of its policy.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "um.lamplighter.dev",
    version = "v1alpha1",
    kind = "UMMailboxPolicy",
    plural = "ummailboxpolicies",
    singular = "ummailboxpolicy",
    shortname = "ummbp",
    category = "um",
    namespaced,
    status = "UMMailboxPolicyStatus",
    derive = "PartialEq",
    doc = "Settings that the mailboxes of a group share. A mailbox belongs to the dial plan of its policy.",
    printcolumn(name = "PLAN", type_ = "string", json_path = ".spec.dialPlanRef.name"),
    printcolumn(name = "MWI", type_ = "boolean", json_path = ".spec.allowMessageWaitingIndicator"),
    printcolumn(
        name = "READY",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "REASON",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason"
    ),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UMMailboxPolicySpec {
    /// Exchange's `Name`: up to 64 characters for people to read, none of `" / \ [ ] : ; | = , + * ? < >`, unique among
    /// the policies of the namespace. Absent: `metadata.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r#"^[^"/\\\[\]:;|=,+*?<>]+$"#))]
    pub display_name: Option<String>,
    /// The dial plan whose extensions and gateways the mailboxes of this policy use. It can't be changed.
    #[x_kube(validation = Rule::new("self == oldSelf").message("dialPlanRef of a policy can't be changed: make another policy and move its mailboxes"))]
    pub dial_plan_ref: LocalRef,
    /// Whether the mailboxes of this policy may have a message waiting lamp; default `true`. When it is turned off, each lamp is put out once.
    /// The gateway must allow it as well (`messageWaitingIndicatorAllowed`).
    #[serde(default = "yes")]
    pub allow_message_waiting_indicator: bool,
}

/// What is known of a mailbox policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UMMailboxPolicyStatus {
    /// `metadata.generation` that this status speaks of; -1 until it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `ResolvedRefs`, `Programmed`, `Ready`; `Reconciling` or `Stalled` only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What validation has to say, the first twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingStatus>,
    /// Number of mailboxes that name this policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailboxes: Option<i32>,
}

const fn yes() -> bool {
    true
}
