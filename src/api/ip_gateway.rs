//! UMIPGateway: a VoIP gateway, IP PBX, SIP PBX or session border controller (Exchange `New-UMIPGateway`).

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{Condition, FindingStatus};
use super::pattern;
use super::reference::{CaRef, LocalRef, SecretKeyRef};

/// A SIP peer that turns NOTIFY into lamps: a VoIP gateway, IP PBX, SIP PBX or session border controller.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "um.lamplighter.dev",
    version = "v1alpha1",
    kind = "UMIPGateway",
    plural = "umipgateways",
    singular = "umipgateway",
    shortname = "umgw",
    category = "um",
    namespaced,
    status = "UMIPGatewayStatus",
    derive = "PartialEq",
    doc = "A SIP peer that turns NOTIFY into lamps: a VoIP gateway, IP PBX, SIP PBX or session border controller.",
    printcolumn(name = "ADDRESS", type_ = "string", json_path = ".spec.address"),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".spec.status"),
    printcolumn(name = "MWI", type_ = "boolean", json_path = ".spec.messageWaitingIndicatorAllowed"),
    printcolumn(name = "PLANS", type_ = "string", json_path = ".status.plans[*].name"),
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
#[x_kube(validation = Rule::new("(has(self.simulator) && self.simulator) || has(self.address)").message("address is needed: the host name or IP address of the PBX (only a gateway with 'simulator: true' has none)").field_path(".address").reason(Reason::FieldValueRequired))]
#[x_kube(validation = Rule::new("self.ipAddressFamily != 'IPv4Only' || !has(self.address) || !self.address.matches('^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$|^.[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*]$')").message("an IPv6 address needs ipAddressFamily IPv6Only or Any").field_path(".address"))]
#[x_kube(validation = Rule::new("self.ipAddressFamily != 'IPv6Only' || !has(self.address) || !isIP(self.address) || self.address.contains(':')").message("an IPv4 address needs ipAddressFamily IPv4Only or Any").field_path(".address"))]
#[x_kube(validation = Rule::new("!has(self.huntGroups) || self.huntGroups.all(group, !has(group.pilotIdentifiers) || group.pilotIdentifiers.all(pilot, self.huntGroups.exists_one(other, has(other.pilotIdentifiers) && pilot in other.pilotIdentifiers)))").message("two hunt groups have the same pilot identifier, which leads to one dial plan").field_path(".huntGroups"))]
#[x_kube(validation = Rule::new("!has(self.huntGroups) || self.huntGroups.all(group, !has(group.pilotIdentifiers) || group.pilotIdentifiers.all(pilot, group.pilotIdentifiers.exists_one(other, other == pilot)))").message("a pilot identifier stands twice").field_path(".huntGroups"))]
pub struct UMIPGatewaySpec {
    /// Exchange's `Name`: up to 64 characters for people to read, none of `" / \ [ ] : ; | = , + * ? < >`, unique among
    /// the gateways of the namespace. Absent: `metadata.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = pattern::DISPLAY_NAME))]
    pub display_name: Option<String>,
    /// Host name (one label is enough), IPv4 or IPv6 address of the peer. A host name is needed when a dial plan that it
    /// serves is `SIPSecured` or `Secured`. Not needed with `simulator: true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::HOST))]
    #[x_kube(validation = Rule::new(pattern::IS_HOST).message(pattern::NO_HOST))]
    pub address: Option<String>,
    /// SIP port of the peer, 1 to 65535. Absent: 5060, or 5061 for a secured dial plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// Which addresses of a host name are used: `IPv4Only`, `IPv6Only`, or `Any` (IPv6 first, then IPv4). An IPv6
    /// address in `address` needs one of the last two.
    #[serde(default = "ip_address_family")]
    #[schemars(extend("enum" = ["IPv4Only", "IPv6Only", "Any"]))]
    pub ip_address_family: String,
    /// `UDP` or `TCP`, for dial plans that are `Unsecured`; absent: TCP. Secured dial plans always use TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["UDP", "TCP"]))]
    pub transport: Option<String>,
    /// The dial plan that this gateway serves without pilot numbers, as `New-UMIPGateway -UMDialPlan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dial_plan_ref: Option<LocalRef>,
    /// Dial plans that it serves with pilot numbers, or several dial plans (Exchange `UMHuntGroup`). At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub hunt_groups: Vec<HuntGroup>,
    /// `Enabled`: takes part. `NoNewCalls`: takes no new calls, still takes NOTIFY. `Disabled`: hears nothing.
    #[serde(default = "status")]
    #[schemars(extend("enum" = ["Enabled", "Disabled", "NoNewCalls"]))]
    pub status: String,
    /// Whether this gateway takes NOTIFY for lamps; default `true`. When off, it is passed over, for all dial plans and policies;
    /// if it is the only one, its users have no lamp.
    #[serde(default = "yes")]
    pub message_waiting_indicator_allowed: bool,
    /// Whether the voice-mail server may call out through this gateway (Play on Phone, calls to someone); default `true`. Transfers and incoming calls are
    /// not affected. With Lync, only one gateway of a dial plan should allow it.
    #[serde(default = "yes")]
    pub outcalls_allowed: bool,
    /// Whether a call with neither caller nor diversion information is accepted only after a while, since this PBX sends them late; default `false`.
    /// The voice-mail server waits.
    #[serde(default)]
    pub delayed_source_party_info_enabled: bool,
    /// `true`: a SIP peer inside the notifier answers for this gateway, on a loopback address, so that a lamp can be tried with no PBX
    /// at hand. Only for dial plans that are `Unsecured`.
    #[serde(default)]
    pub simulator: bool,
    /// Order in which the gateways of a dial plan are tried, 0 to 65535, lowest first, then by name; default 10.
    #[serde(default = "priority")]
    #[schemars(range(min = 0, max = 65535))]
    pub priority: i32,
    /// Most NOTIFY requests in a second to this gateway, 0 to 100000; 0: no limit; default 200. Changes go before refreshes.
    #[serde(default = "max_notify_per_second")]
    #[schemars(range(min = 0, max = 100_000))]
    pub max_notify_per_second: i32,
    /// How the phone is named in NOTIFY, where a PBX wants it otherwise than the default: Asterisk goes by From, FreeSWITCH by To,
    /// Cisco by the request URI. Each is a SIP URI in which `{extension}`, `{sipResourceIdentifier}` (on SipName plans),
    /// `{number}` (the lamp's address), `{gateway}` (its host, in `requestURI` with its port) and `{notifier}` (ours) are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Host name or address, with `:port` if need be, of a SIP proxy to which requests for this gateway are sent instead of to it, at most 260 characters; without a port 5060, or 5061 when
    /// secured. Empty (the default): none.
    #[serde(default)]
    #[schemars(length(max = 260), regex(pattern = pattern::PLACE))]
    #[x_kube(validation = Rule::new(pattern::IS_PLACE).message(pattern::NO_PLACE))]
    pub outbound_proxy: String,
    /// User and password, where the peer asks for them (401 or 407).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<GatewayAuth>,
    /// Certificates for dial plans that are `SIPSecured` or `Secured`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<GatewayTls>,
}

/// A dial plan that the gateway serves, and the pilot numbers that lead to it (Exchange `UMHuntGroup`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HuntGroup {
    /// The dial plan.
    pub dial_plan_ref: LocalRef,
    /// What leads to this dial plan on the PBX, at most 20, each once per gateway: extensions, numbers with `+`, names such as `um`, or SIP addresses; with `sip:` in front or without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 64), regex(pattern = pattern::PILOT)))]
    pub pilot_identifiers: Vec<String>,
}

/// URIs of a NOTIFY.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// Request-URI; default `sip:{number}@{gateway}`, on SipName plans `sip:{sipResourceIdentifier}`.
    #[serde(default, rename = "requestURI", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = pattern::IDENTITY))]
    pub request_uri: Option<String>,
    /// From; default `sip:{number}@{notifier}`, on SipName plans `sip:{sipResourceIdentifier}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = pattern::IDENTITY))]
    pub from: Option<String>,
    /// To; default `sip:{number}@{gateway}`, on SipName plans `sip:{sipResourceIdentifier}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = pattern::IDENTITY))]
    pub to: Option<String>,
}

/// Digest credentials for the peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayAuth {
    /// User name.
    #[schemars(length(min = 1, max = 128), regex(pattern = pattern::LINE))]
    pub username: String,
    /// Where the password is.
    pub password_secret_ref: SecretKeyRef,
}

/// Certificates of the TLS connection to the peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayTls {
    /// CA certificates by which the peer's certificate is checked.
    pub ca_ref: CaRef,
    /// Secret of type `kubernetes.io/tls` (`tls.crt`, `tls.key`) that the notifier shows to the peer.
    pub certificate_secret_ref: LocalRef,
    /// Name that the peer's certificate must carry; absent: `address`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::HOST))]
    #[x_kube(validation = Rule::new(pattern::IS_HOST).message(pattern::NO_HOST))]
    pub server_name: Option<String>,
}

/// What is known of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UMIPGatewayStatus {
    /// `metadata.generation` that this status speaks of; -1 until it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `ResolvedRefs`, `Programmed`, `Ready`; `Reconciling` or `Stalled` only while true; `Delivered` once something was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What validation has to say, the first twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingStatus>,
    /// Dial plans that it serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<GatewayPlanStatus>,
    /// Value of the annotation `um.lamplighter.dev/refresh-requested-at` for which lamps were sent again last. Written by the notifier once they wait to be sent; values
    /// of more than 128 characters count, and are not repeated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub last_handled_refresh: Option<String>,
}

/// One dial plan of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayPlanStatus {
    /// Name of the dial plan.
    pub name: String,
    /// Whether NOTIFY of this dial plan arrives: `False` when five minutes of it, or of OPTIONS, failed; `True` once it was confirmed. Written by the
    /// notifier of the dial plan, as the two below; absent until something was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["True", "False", "Unknown"]))]
    pub delivered: Option<String>,
    /// The IP address that NOTIFY leaves from, as the notifier sends it; it is another at the PBX where addresses are translated on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub source_address: Option<String>,
    /// The answer by which the gateway refused NOTIFY last, and since when it was this one, for example `403 Forbidden (2026-11-22T10:00:00Z)`. An answer about a
    /// single phone stands on its mailbox instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub last_refusal: Option<String>,
}

fn ip_address_family() -> String {
    "IPv4Only".into()
}

fn status() -> String {
    "Enabled".into()
}

const fn yes() -> bool {
    true
}

const fn priority() -> i32 {
    10
}

const fn max_notify_per_second() -> i32 {
    200
}
