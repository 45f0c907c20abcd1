//! UMMailboxPolicy: what the mailboxes that name it may have (Exchange `Set-UMMailboxPolicy`).

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{Condition, FindingStatus};
use super::pattern;
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
    printcolumn(name = "SMS", type_ = "boolean", json_path = ".spec.allowSMSNotification"),
    printcolumn(name = "MISSED-CALL", type_ = "boolean", json_path = ".spec.allowMissedCallNotifications"),
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
#[x_kube(validation = Rule::new("self.logonFailuresBeforePINReset < self.maxLogonAttempts").message("logonFailuresBeforePINReset must be less than maxLogonAttempts, or 0 for off").field_path(".logonFailuresBeforePINReset"))]
#[x_kube(validation = Rule::new("!self.allowVoiceMailAnalysis || self.protectAuthenticatedVoiceMail != 'All' || self.protectUnauthenticatedVoiceMail != 'All'").message("allowVoiceMailAnalysis can't be true while all messages are protected").field_path(".allowVoiceMailAnalysis"))]
pub struct UMMailboxPolicySpec {
    /// Exchange's `Name`: up to 64 characters for people to read, none of `" / \ [ ] : ; | = , + * ? < >`, unique among
    /// the policies of the namespace. Absent: `metadata.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = pattern::DISPLAY_NAME))]
    pub display_name: Option<String>,
    /// The dial plan whose extensions and gateways the mailboxes of this policy use. It can't be changed.
    #[x_kube(validation = Rule::new("self == oldSelf").message("dialPlanRef of a policy can't be changed: make another policy and move its mailboxes"))]
    pub dial_plan_ref: LocalRef,
    /// Whether the mailboxes of this policy may have a message waiting lamp; default `true`. When it is turned off, each lamp is put out once.
    /// The gateway must allow it as well (`messageWaitingIndicatorAllowed`). The notifier enforces it.
    #[serde(default = "yes")]
    pub allow_message_waiting_indicator: bool,
    /// Whether a mail tells of a call that was not answered and left no message; default `true`. The mailbox may decline
    /// (`missedCallNotificationEnabled`). The notifier sends it, by `notifier.mail` of the dial plan.
    #[serde(default = "yes")]
    pub allow_missed_call_notifications: bool,
    /// Whether the mailboxes may get text messages; default `true`. The mailbox must ask for them (`umSMSNotificationOption`), and its user must have verified
    /// a number. The notifier sends them, by `notifier.sms` of the dial plan.
    #[serde(default = "yes", rename = "allowSMSNotification")]
    pub allow_sms_notification: bool,
    /// Least digits of a PIN, 4 to 24; default 6, and fewer is a warning. When it is raised, users with a shorter PIN change it at their next sign-in.
    #[serde(default = "min_pin_length", rename = "minPINLength")]
    #[schemars(range(min = 4, max = 24))]
    pub min_pin_length: i32,
    /// How many earlier PINs are refused, 1 to 20; default 5. It can't be switched off.
    #[serde(default = "pin_history_count")]
    #[schemars(range(min = 1, max = 20))]
    pub pin_history_count: i32,
    /// Days until a new PIN is asked for, 0 to 999; default 60. 0: never, which is a warning. Exchange's `Unlimited` is 0.
    #[serde(default = "pin_lifetime")]
    #[schemars(range(min = 0, max = 999))]
    pub pin_lifetime: i32,
    /// Failed sign-ins in a row, over calls, after which the system makes a new PIN and mails it, 0 to 999; default 5. 0: never, which is a warning. Else less
    /// than `maxLogonAttempts`.
    #[serde(default = "logon_failures_before_pin_reset", rename = "logonFailuresBeforePINReset")]
    #[schemars(range(min = 0, max = 999))]
    pub logon_failures_before_pin_reset: i32,
    /// Failed sign-ins in a row, over calls and resets, after which the mailbox is locked, 1 to 999; default 15. An administrator unlocks it (`pin.unlockRequest`).
    #[serde(default = "max_logon_attempts")]
    #[schemars(range(min = 1, max = 999))]
    pub max_logon_attempts: i32,
    /// Whether PINs such as `1234`, `654321` or `7777` are allowed; default `false`. PINs made from the extension are always refused.
    #[serde(default)]
    pub allow_common_patterns: bool,
    /// Whether users may hear their voice mail without a PIN from their own phone; default `false`. The mailbox must ask for it
    /// (`pinlessAccessToVoiceMailEnabled`). The voice-mail server enforces it.
    #[serde(default)]
    pub allow_pinless_voice_mail_access: bool,
    /// Whether users who have signed in may call and be transferred to mailboxes of the dial plan; default `true`.
    #[serde(default = "yes")]
    pub allow_dial_plan_subscribers: bool,
    /// Whether users who have signed in may call any extension with the right number of digits; default `true`.
    #[serde(default = "yes")]
    pub allow_extensions: bool,
    /// Groups of the dial plan's `configuredInCountryOrRegionGroups` that users who have signed in may use to call in the country, also by Play on Phone, at most 50. None: no such call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 32), regex(pattern = pattern::GROUP)))]
    pub allowed_in_country_or_region_groups: Vec<String>,
    /// Groups of the dial plan's `configuredInternationalGroups` that users who have signed in may use to call abroad, also by Play on Phone, at most 50. None: no such call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 32), regex(pattern = pattern::GROUP)))]
    pub allowed_international_groups: Vec<String>,
    /// Text at the end of the welcome mail; empty (the default): ours alone. At most 512 characters of text, with `b i em strong br p` and `a href` for http, https and mailto; other markup is a warning and is left out.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = pattern::LINES))]
    pub um_enabled_text: String,
    /// Text in the mail with a new PIN; empty (the default): ours alone. At most 512 characters of text, with `b i em strong br p` and `a href` for http, https and mailto; other markup is a warning and is left out.
    #[serde(default, rename = "resetPINText")]
    #[schemars(length(max = 512), regex(pattern = pattern::LINES))]
    pub reset_pin_text: String,
    /// Text in mails with voice messages; empty (the default): none. At most 512 characters of text, with `b i em strong br p` and `a href` for http, https and mailto; other markup is a warning and is left out. The voice-mail server sends it.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = pattern::LINES))]
    pub voice_mail_text: String,
    /// Text in mails with faxes, plain, at most 512 characters; empty (the default): none. The voice-mail server sends it.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = pattern::LINES))]
    pub fax_message_text: String,
    /// Text that programs without rights management show instead of a protected message; empty (the default): the system's. At most 512 characters of text, with `b i em strong br p` and `a href` for http, https and mailto; other markup is a warning and is left out. The voice-mail server sends it.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = pattern::LINES))]
    pub protected_voice_mail_text: String,
    /// Longest personal greeting in minutes, 1 to 10; default 5. The voice-mail server enforces it.
    #[serde(default = "max_greeting_duration")]
    #[schemars(range(min = 1, max = 10))]
    pub max_greeting_duration: i32,
    /// Which messages that a user who has signed in composes are protected: `None` (the default), `Private` (those marked private) or `All`. The policy of the sender counts. The voice-mail server enforces it.
    #[serde(default = "none")]
    #[schemars(extend("enum" = ["None", "Private", "All"]))]
    pub protect_authenticated_voice_mail: String,
    /// Which messages of callers, by call answering or an auto attendant are protected: `None` (the default), `Private` (those marked private) or `All`. The policy of the recipient counts. The voice-mail server enforces it.
    #[serde(default = "none")]
    #[schemars(extend("enum" = ["None", "Private", "All"]))]
    pub protect_unauthenticated_voice_mail: String,
    /// Whether protected messages are heard by Play on Phone or Outlook Voice Access only, never in a media player; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub require_protected_play_on_phone: bool,
    /// Whether users may answer mail and calendar items by voice; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub allow_voice_response_to_other_message_types: bool,
    /// Whether faxes are taken for the mailboxes; default `false`. Needs `faxServerURI`, `faxEnabled` of dial plan and mailbox, and a dial plan whose
    /// `uriType` is not `SipName`. The voice-mail server enforces it.
    #[serde(default)]
    pub allow_fax: bool,
    /// Fax server of the partner, as in `sip:fax.example.com:5061;transport=tls`, at most 512 characters; or two with a comma between, one for TCP and one for
    /// TLS, of which the one that fits `voipSecurity` of the dial plan is served. Empty (the default): no fax.
    #[serde(default, rename = "faxServerURI")]
    #[schemars(length(max = 512), regex(pattern = pattern::FAX_SERVERS))]
    #[x_kube(validation = Rule::new(pattern::IS_FAX_SERVERS).message(pattern::NO_FAX_SERVERS), validation = Rule::new(pattern::IS_FAX_PAIR).message(pattern::NO_FAX_PAIR))]
    pub fax_server_uri: String,
    /// Whether users may speak to the menus; default `true`. Dial plan and mailbox must allow it as well. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub allow_automatic_speech_recognition: bool,
    /// Whether mails and text messages hold the text of the voice message; default `true`. The notifier puts it in text messages, the voice-mail server in mails.
    #[serde(default = "yes")]
    pub allow_voice_mail_preview: bool,
    /// Whether messages may be analysed to improve speech recognition; default `false`. Not while both kinds of messages are protected by `All`. The voice-mail server enforces it.
    #[serde(default)]
    pub allow_voice_mail_analysis: bool,
    /// Whether callers are told of that analysis and may decline; default `false`. The voice-mail server enforces it.
    #[serde(default)]
    pub inform_caller_of_voice_mail_analysis: bool,
    /// Mail address of a partner that turns messages into text, at most 254 characters; empty (the default): none. The voice-mail server sends there.
    #[serde(default)]
    #[schemars(length(max = 254), regex(pattern = pattern::MAIL_OR_NONE))]
    pub voice_mail_preview_partner_address: String,
    /// Customer number that the partner gave, at most 128 characters.
    #[serde(default, rename = "voiceMailPreviewPartnerAssignedID")]
    #[schemars(length(max = 128), regex(pattern = pattern::LINE))]
    pub voice_mail_preview_partner_assigned_id: String,
    /// Seconds to wait for the partner before the message goes without text, 300 to 86400; default 1200.
    #[serde(default = "delay")]
    #[schemars(range(min = 300, max = 86400))]
    pub voice_mail_preview_partner_max_delivery_delay: i32,
    /// Longest message in seconds that is sent to the partner, 60 to 86400; default 180. As the partner's own limit.
    #[serde(default = "duration")]
    #[schemars(range(min = 60, max = 86400))]
    pub voice_mail_preview_partner_max_message_duration: i32,
    /// Whether users may make call answering rules; default `true`. Dial plan and mailbox must allow it as well. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub allow_call_answering_rules: bool,
    /// Whether messages may be played on a telephone; default `true`. Needs a gateway with `outcallsAllowed`. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub allow_play_on_phone: bool,
    /// Whether users may call in and use their mailbox by telephone (Outlook Voice Access); default `true`. Needs an access number on the dial plan. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub allow_subscriber_access: bool,
    /// Whether users may reach their calendar by telephone; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes", rename = "allowTUIAccessToCalendar")]
    pub allow_tui_access_to_calendar: bool,
    /// Whether users may reach their mail by telephone; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes", rename = "allowTUIAccessToEmail")]
    pub allow_tui_access_to_email: bool,
    /// Whether users may reach the directory by telephone; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes", rename = "allowTUIAccessToDirectory")]
    pub allow_tui_access_to_directory: bool,
    /// Whether users may reach their personal contacts by telephone; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes", rename = "allowTUIAccessToPersonalContacts")]
    pub allow_tui_access_to_personal_contacts: bool,
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

const fn min_pin_length() -> i32 {
    6
}

const fn pin_history_count() -> i32 {
    5
}

const fn pin_lifetime() -> i32 {
    60
}

const fn logon_failures_before_pin_reset() -> i32 {
    5
}

const fn max_logon_attempts() -> i32 {
    15
}

const fn max_greeting_duration() -> i32 {
    5
}

const fn delay() -> i32 {
    1200
}

const fn duration() -> i32 {
    180
}

fn none() -> String {
    "None".into()
}
