//! Who may speak to a notifier over HTTP.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::api::pattern;
use crate::api::reference::{CaRef, LocalRef, SecretKeyRef};

/// Who may speak to a notifier over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierHttp {
    /// Programs that may call, at most 32, each with a token of its own. None: only callers on loopback are served, with every
    /// scope. With it, callers on loopback need a token as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub clients: Vec<HttpClient>,
    /// TLS of the HTTP port; then only `/healthz`, `/readyz` and `/metrics` are answered over plain HTTP as well. Absent: plain HTTP, over
    /// which requests about PINs are refused except on loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<HttpTls>,
}

/// A program that may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpClient {
    /// Name of the program in logs, 1 to 63 characters; each once.
    #[schemars(length(min = 1, max = 63), regex(pattern = pattern::LINE))]
    pub name: String,
    /// Where its bearer token is. A new value counts within seconds. While there is none, the client can't sign in.
    pub token_secret_ref: SecretKeyRef,
    /// What it may do, at least one: `messages` (read and set counts), `events`, `settings` (read effective settings), `pin`, `dialing`, `sms`.
    #[schemars(schema_with = "scopes")]
    pub scopes: Vec<String>,
}

/// TLS of the HTTP port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpTls {
    /// Secret of type `kubernetes.io/tls` with `tls.crt` and `tls.key`.
    pub certificate_secret_ref: LocalRef,
    /// CA certificates by which callers are checked; each must then show a certificate, besides its token. Absent: none is asked for.
    #[serde(default, rename = "clientCARef", skip_serializing_if = "Option::is_none")]
    pub client_ca_ref: Option<CaRef>,
}

fn scopes(_: &mut SchemaGenerator) -> Schema {
    let words = ["messages", "events", "settings", "pin", "dialing", "sms"];
    json_schema!({"type": "array", "minItems": 1, "maxItems": 6, "items": {"type": "string", "enum": words}})
}
