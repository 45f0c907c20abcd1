//! How a notifier sends text messages.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::pattern;
use crate::api::reference::{LocalRef, SecretKeyRef};

/// How a notifier sends text messages: by one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.smpp) != has(self.webhook)").message("sms needs either smpp or webhook"))]
pub struct NotifierSms {
    /// A message centre (SMSC) that speaks SMPP 3.4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smpp: Option<Smpp>,
    /// A web service that takes each message as a POST of JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<SmsWebhook>,
}

/// A message centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Smpp {
    /// Host name or IP address.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::HOST))]
    #[x_kube(validation = Rule::new(pattern::IS_HOST).message(pattern::NO_HOST))]
    pub host: String,
    /// Port, 1 to 65535; default 2775.
    #[serde(default = "smpp_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Secret with the keys `systemId` and `password`.
    pub auth_secret_ref: LocalRef,
    /// Sender that people see: a number of at most 20 digits, or a name of at most 11 letters, digits, blanks and `-`, `.`, `&`, `_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 20),
        regex(pattern = r"^(\+?[0-9]+|[A-Za-z0-9.&_-]([A-Za-z0-9 .&_-]{0,9}[A-Za-z0-9.&_-])?)$")
    )]
    pub source_address: Option<String>,
}

/// A web service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SmsWebhook {
    /// Its address, `https://…` (`http://` for a service on the same machine).
    #[schemars(length(min = 8, max = 2048), regex(pattern = r"^https?://[A-Za-z0-9\[][!-~]*$"))]
    pub url: String,
    /// Where its bearer token is. Absent: none is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeyRef>,
}

const fn smpp_port() -> i32 {
    2775
}
