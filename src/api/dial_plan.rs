//! UMDialPlan: one set of extensions with one length, one form of address and one security (Exchange `New-UMDialPlan`).

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{Condition, FindingStatus};
use super::notifier::NotifierSpec;

/// A dial plan: extensions of one length behind one or more gateways, served by one notifier.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "um.lamplighter.dev",
    version = "v1alpha1",
    kind = "UMDialPlan",
    plural = "umdialplans",
    singular = "umdialplan",
    shortname = "umdp",
    category = "um",
    namespaced,
    status = "UMDialPlanStatus",
    derive = "PartialEq",
    doc = "A dial plan: extensions of one length behind one or more gateways, served by one notifier.",
    validation = Rule::new("self.metadata.name.size() <= 40").message("metadata.name of a dial plan has at most 40 characters, since names of its notifier are made from it"),
    validation = Rule::new("!self.metadata.name.contains('.')").message("metadata.name of a dial plan is a DNS label: small letters, digits and '-', no '.'"),
    printcolumn(name = "URI-TYPE", type_ = "string", json_path = ".spec.uriType"),
    printcolumn(name = "SECURITY", type_ = "string", json_path = ".spec.voipSecurity"),
    printcolumn(name = "MAILBOXES", type_ = "integer", json_path = ".status.mailboxes"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UMDialPlanSpec {
    /// Exchange's `Name`: up to 64 characters for people to read, none of `" / \ [ ] : ; | = , + * ? < >`, unique among
    /// the dial plans of the namespace. Absent: `metadata.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r#"^[^"/\\\[\]:;|=,+*?<>]+$"#))]
    pub display_name: Option<String>,
    /// Exact number of digits of every extension of this plan, 1 to 20, usually 3 to 7. It can't be changed: make
    /// another dial plan and move the mailboxes.
    #[schemars(range(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("numberOfDigitsInExtension can't be changed: make another dial plan and move its mailboxes"))]
    pub number_of_digits_in_extension: i32,
    /// Form in which the PBX writes the parties of a call, and so the form of a lamp's address. `TelExtn`: the
    /// extension. `E164`: the number with `+` and country code. `SipName`: an address such as `lina@example.com`. With the last two,
    /// each mailbox needs `sipResourceIdentifier`. It can't be changed.
    #[serde(default = "uri_type")]
    #[schemars(extend("enum" = ["TelExtn", "E164", "SipName"]))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("uriType can't be changed: make another dial plan and move its mailboxes"))]
    pub uri_type: String,
    /// Security of the way to the gateways. `Unsecured`: SIP over TCP (UDP where the gateway says so).
    /// `SIPSecured` and `Secured`: SIP over TLS, where both sides show a certificate; the gateways then need a host
    /// name. It never falls back to plain text. What differs between the last two, the media, is the voice-mail server's.
    #[serde(default = "voip_security")]
    #[schemars(extend("enum" = ["Unsecured", "SIPSecured", "Secured"]))]
    pub voip_security: String,
    /// How the notifier of this dial plan works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifier: Option<NotifierSpec>,
}

/// What is known of a dial plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UMDialPlanStatus {
    /// `metadata.generation` that this status speaks of; -1 until it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `ResolvedRefs`, `Programmed`, `Ready`; `Reconciling` or `Stalled` only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What validation has to say, the first twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingStatus>,
    /// Number of mailboxes of this dial plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailboxes: Option<i32>,
    /// Gateways that take its NOTIFY, in the order in which they are tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
}

fn uri_type() -> String {
    "TelExtn".into()
}

fn voip_security() -> String {
    "Unsecured".into()
}
