//! UMMailbox: a person or group with voice mail (Exchange `Enable-UMMailbox`, `Set-UMMailbox`).

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{Condition, FindingStatus};
use super::reference::LocalRef;

/// A person or group with voice mail: extensions, and the lamps that show new messages.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "um.lamplighter.dev",
    version = "v1alpha1",
    kind = "UMMailbox",
    plural = "ummailboxes",
    singular = "ummailbox",
    shortname = "ummb",
    category = "um",
    namespaced,
    status = "UMMailboxStatus",
    derive = "PartialEq",
    doc = "A person or group with voice mail: extensions, and the lamps that show new messages.",
    printcolumn(name = "EXTENSION", type_ = "string", json_path = ".spec.extensions[0]"),
    printcolumn(name = "POLICY", type_ = "string", json_path = ".spec.mailboxPolicyRef.name"),
    printcolumn(name = "PLAN", type_ = "string", json_path = ".status.dialPlan"),
    printcolumn(name = "MWI-ALLOWED", type_ = "string", json_path = ".status.mwiAllowed"),
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
pub struct UMMailboxSpec {
    /// Name of the person or group, up to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub display_name: Option<String>,
    /// The policy, and through it the dial plan.
    pub mailbox_policy_ref: LocalRef,
    /// Extensions, 1 to 32, each in quotes, with exactly as many digits as the dial plan says and once in the dial plan. The first is the
    /// primary one. If two mailboxes name one extension, the older mailbox has it.
    #[schemars(length(min = 1, max = 32), inner(length(min = 1, max = 20), regex(pattern = r"^[0-9]+$")))]
    pub extensions: Vec<String>,
    /// Lamps that show new messages of this mailbox, at most 32, each in quotes. Absent: one, that of the primary extension
    /// (`sipResourceIdentifier` on SipName and E164 plans). Each is written as the dial plan's `uriType` says: an extension, a SIP address, or a
    /// number with `+`. A lamp that several mailboxes name shows the sum of their messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 128)))]
    pub message_waiting_indicator_extensions: Option<Vec<String>>,
    /// SIP address (`lina@example.com`) on SipName plans, number with `+` and at most 15 digits on E164 plans: needed there, and the address
    /// of the lamp. Without effect on TelExtn plans. Once in the dial plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub sip_resource_identifier: Option<String>,
}

/// What is known of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UMMailboxStatus {
    /// `metadata.generation` that this status speaks of; -1 until it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `ResolvedRefs`, `Programmed`, `Ready`; `Reconciling` or `Stalled` only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What validation has to say, the first twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingStatus>,
    /// Dial plan of the mailbox, by its policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dial_plan: Option<String>,
    /// `True`, or the code of what forbids the lamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mwi_allowed: Option<String>,
}
