//! The block `notifier` of a dial plan: how its message waiting notifier works. Exchange had no such settings.

mod http;
mod mail;
mod pod;
mod sip;
mod sms;
mod store;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::SecretKeyRef;

pub use http::{HttpClient, HttpTls, NotifierHttp};
pub use mail::{NotifierMail, Smtp};
pub use pod::{NotifierPod, NotifierService};
pub use sip::{NotifierSip, NotifierSipTls};
pub use sms::{NotifierSms, Smpp, SmsWebhook};
pub use store::NotifierStore;

/// How the notifier of this dial plan works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.replicas <= 1 || (has(self.store) && self.store.type == 'PostgreSQL')").message("more than one replica needs store.type PostgreSQL").field_path(".replicas"))]
pub struct NotifierSpec {
    /// What the notifier does with lamps. `Active` (the default) lights them and puts them out. `Observe` sends nothing and logs what
    /// it would send, for a trial beside another system. `Dark` puts every lamp out that it ever lit and then rests:
    /// set it before you delete a dial plan.
    #[serde(default = "mode")]
    #[schemars(extend("enum" = ["Active", "Observe", "Dark"]))]
    pub mode: String,
    /// Number of notifier pods, 1 to 16; default 1. More than one needs `store.type: PostgreSQL`. Without a cluster there is always one.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 16))]
    pub replicas: i32,
    /// How often each lamp is sent again, though nothing changed, so that a phone or PBX that lost its memory is put
    /// right: from `1m` to `12h`, in hours, minutes and seconds as in `6h` (the default), `90m`, `1h30m`. Refreshes are spread evenly over that time.
    #[serde(default = "refresh_interval")]
    #[schemars(length(min = 2, max = 16), regex(pattern = "^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$"))]
    #[x_kube(validation = Rule::new("!self.matches('^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$') || (self != '' && duration(self) >= duration('1m') && duration(self) <= duration('12h'))").message("refreshInterval is a time from 1m to 12h"))]
    pub refresh_interval: String,
    /// When a wave of removals, or of mails with PINs, is held until somebody approves it. Absent: the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<NotifierGuard>,
    /// Where the notifier keeps message state. Absent: SQLite on a volume of 1Gi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<NotifierStore>,
    /// Who may speak to the notifier over HTTP. Absent: only callers on the same machine or in the same pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<NotifierHttp>,
    /// Where the notifier listens for SIP and from where its NOTIFY requests leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<NotifierSip>,
    /// How PINs are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<NotifierPin>,
    /// Whether events of the voice-mail server (a message came, was heard, was deleted) change the counts; default `false`. For servers that never
    /// PUT their counts; a mailbox that nobody has counted then begins at 0.
    #[serde(default)]
    pub count_from_events: bool,
    /// How mail is sent: missed calls, PINs, welcome. Absent: none is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<NotifierMail>,
    /// How text messages are sent. Absent: none is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<NotifierSms>,
    /// Settings of the notifier's pods, taken over as they are. Without a cluster they have no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<NotifierPod>,
    /// Settings of the notifier's Service. Without a cluster they have no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<NotifierService>,
}

impl Default for NotifierSpec {
    fn default() -> Self {
        Self {
            mode: mode(),
            replicas: one(),
            refresh_interval: refresh_interval(),
            guard: None,
            store: None,
            http: None,
            sip: None,
            pin: None,
            count_from_events: false,
            mail: None,
            sms: None,
            pod: None,
            service: None,
        }
    }
}

/// A wave that is larger than both numbers within ten minutes is held: condition `Held` says so, and the annotation
/// `um.lamplighter.dev/approved-at` releases it; after 24 hours it goes on by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierGuard {
    /// Number of mailboxes, 0 to 100000; default 20.
    #[serde(default = "guard_mailboxes")]
    #[schemars(range(min = 0, max = 100_000))]
    pub mailboxes: i32,
    /// Share of the dial plan's mailboxes in percent, 0 to 100; default 5.
    #[serde(default = "guard_percent")]
    #[schemars(range(min = 0, max = 100))]
    pub percent: i32,
}

impl Default for NotifierGuard {
    fn default() -> Self {
        Self { mailboxes: guard_mailboxes(), percent: guard_percent() }
    }
}

/// How PINs are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifierPin {
    /// A secret text that is mixed into every PIN's hash, so that a stolen store alone tells no PIN. Absent: one is made once, beside the
    /// store. If it changes, every PIN is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pepper_secret_ref: Option<SecretKeyRef>,
}

fn mode() -> String {
    "Active".into()
}

fn refresh_interval() -> String {
    "6h".into()
}

const fn one() -> i32 {
    1
}

const fn guard_mailboxes() -> i32 {
    20
}

const fn guard_percent() -> i32 {
    5
}
