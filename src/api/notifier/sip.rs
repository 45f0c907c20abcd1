//! The SIP side of a notifier.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::pattern;
use crate::api::reference::{CaRef, LocalRef};

/// SIP side of a notifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierSip {
    /// Port for UDP and TCP, 1 to 65535; default 5060. NOTIFY over UDP leaves from it. If another program has it, NOTIFY leaves from a free port and a warning says so.
    #[serde(default = "sip_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Host name or address that stands in Via, Contact and From instead of the local address, where the notifier is
    /// behind address translation. Absent: the local address that leads to the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::HOST))]
    #[x_kube(validation = Rule::new(pattern::IS_HOST).message(pattern::NO_HOST))]
    pub advertised_address: Option<String>,
    /// TLS of the notifier's own port. Needed when gateways connect to it; a gateway's `tls` block is what NOTIFY goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<NotifierSipTls>,
    /// Networks such as `192.0.2.0/24` or `2001:db8::/32`, at most 64, whose SIP peers may subscribe over TCP and TLS without a password, besides the gateways.
    /// All others, and all over UDP, need digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        inner(length(min = 2, max = 49), regex(pattern = r"^[0-9A-Fa-f.:]+/[0-9]{1,3}$"))
    )]
    #[x_kube(validation = Rule::new("self.all(network, isCIDR(network))").message("allowedPeers holds something that is no network as in 192.0.2.0/24 or 2001:db8::/32"))]
    pub allowed_peers: Vec<String>,
    /// Secret in which each key is a user and its value the password; a user may subscribe to the mailbox with that extension. Absent: nobody
    /// can subscribe by password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_secret_ref: Option<LocalRef>,
}

impl Default for NotifierSip {
    fn default() -> Self {
        Self {
            port: sip_port(),
            advertised_address: None,
            tls: None,
            allowed_peers: Vec::new(),
            digest_secret_ref: None,
        }
    }
}

/// TLS listener of a notifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierSipTls {
    /// Port for SIP over TLS, 1 to 65535; default 5061.
    #[serde(default = "sips_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Secret of type `kubernetes.io/tls` with `tls.crt` and `tls.key`.
    pub certificate_secret_ref: LocalRef,
    /// CA certificates by which peers that connect are checked. Each must show a certificate.
    #[serde(rename = "clientCARef")]
    pub client_ca_ref: CaRef,
}

const fn sip_port() -> i32 {
    5060
}

const fn sips_port() -> i32 {
    5061
}
