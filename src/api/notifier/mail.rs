//! How a notifier sends mail.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::pattern;
use crate::api::reference::LocalRef;

/// How a notifier sends mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierMail {
    /// Sender's address, as in `voicemail@example.com`.
    #[schemars(length(min = 3, max = 254), regex(pattern = pattern::MAIL))]
    pub from: String,
    /// ConfigMap with texts of your own. Absent: ours, by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub templates_ref: Option<LocalRef>,
    /// The mail server.
    pub smtp: Smtp,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Smtp {
    /// Host name or IP address.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::HOST))]
    #[x_kube(validation = Rule::new(pattern::IS_HOST).message(pattern::NO_HOST))]
    pub host: String,
    /// Port, 1 to 65535. Absent: 587 with `StartTLS`, 465 with `TLS`, 25 with `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// `StartTLS` (the default): plain at first, then TLS, or no mail at all. `TLS` from the first byte. `None`: plain.
    #[serde(default = "start_tls")]
    #[schemars(extend("enum" = ["None", "StartTLS", "TLS"]))]
    pub security: String,
    /// Secret with the keys `username` and `password`. Absent: without signing in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_secret_ref: Option<LocalRef>,
}

fn start_tls() -> String {
    "StartTLS".into()
}
