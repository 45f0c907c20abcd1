//! The block `notifier` of a dial plan: how its message waiting notifier works. Exchange had no such settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::{CaRef, LocalRef};

/// How the notifier of this dial plan works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierSpec {
    /// What the notifier does with lamps. `Active` lights them and puts them out. `Observe` sends nothing and logs what
    /// it would send, for a trial beside another system. `Dark` puts every lamp out that it ever lit and then rests:
    /// set it before you delete a dial plan.
    #[serde(default = "mode")]
    #[schemars(extend("enum" = ["Active", "Observe", "Dark"]))]
    pub mode: String,
    /// How often each lamp is sent again, though nothing changed, so that a phone or PBX that lost its memory is put
    /// right: from `1m` to `12h`, in hours, minutes and seconds as in `6h`, `90m`, `1h30m`. Refreshes are spread evenly over that time.
    #[serde(default = "refresh_interval")]
    #[schemars(length(min = 2, max = 16), regex(pattern = r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"))]
    pub refresh_interval: String,
    /// Where the notifier listens for SIP and from where its NOTIFY requests leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<NotifierSip>,
}

impl Default for NotifierSpec {
    fn default() -> Self {
        Self { mode: mode(), refresh_interval: refresh_interval(), sip: None }
    }
}

/// SIP side of a notifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierSip {
    /// Port for UDP and TCP, 1 to 65535. NOTIFY over UDP leaves from it. If another program has it, NOTIFY leaves from a free port and a warning says so.
    #[serde(default = "sip_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Host name or address that stands in Via, Contact and From instead of the local address, where the notifier is
    /// behind address translation. Absent: the local address that leads to the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub advertised_address: Option<String>,
    /// TLS of the notifier's own port. Needed when gateways connect to it; a gateway's `tls` block is what NOTIFY goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<NotifierSipTls>,
}

impl Default for NotifierSip {
    fn default() -> Self {
        Self { port: sip_port(), advertised_address: None, tls: None }
    }
}

/// TLS listener of a notifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierSipTls {
    /// Port for SIP over TLS, 1 to 65535.
    #[serde(default = "sips_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Secret of type `kubernetes.io/tls` with `tls.crt` and `tls.key`.
    pub certificate_secret_ref: LocalRef,
    /// CA certificates by which peers that connect are checked. Each must show a certificate.
    #[serde(rename = "clientCARef")]
    pub client_ca_ref: CaRef,
}

fn mode() -> String {
    "Active".into()
}

fn refresh_interval() -> String {
    "6h".into()
}

const fn sip_port() -> i32 {
    5060
}

const fn sips_port() -> i32 {
    5061
}
