//! UMMailbox: a person or group with voice mail (Exchange `Enable-UMMailbox`, `Set-UMMailbox`).

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{Condition, FindingStatus};
use super::pattern;
use super::reference::{LocalRef, SecretKeyRef};

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
#[x_kube(validation = Rule::new("self.extensions.all(extension, self.extensions.exists_one(other, other == extension))").message("an extension stands twice in extensions").field_path(".extensions"))]
pub struct UMMailboxSpec {
    /// Name of the person or group, up to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = pattern::LINE))]
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
    /// Mail address, as in `lina@example.com`: where notifications and PINs go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 254), regex(pattern = pattern::MAIL))]
    pub primary_smtp_address: Option<String>,
    /// Whether a mail tells of calls that were not answered and left no message. Absent: as the policy says (`allowMissedCallNotifications`). The notifier
    /// sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_call_notification_enabled: Option<bool>,
    /// When a text message is sent: `None`, `VoiceMail` or `VoiceMailAndMissedCalls`. Absent: `None`. The policy must allow it (`allowSMSNotification`), and the
    /// user must have verified a number. The notifier sends it.
    #[serde(default, rename = "umSMSNotificationOption", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["None", "VoiceMail", "VoiceMailAndMissedCalls"]))]
    pub um_sms_notification_option: Option<String>,
    /// Whether voice mail can be heard without a PIN from the user's own phone. Absent: no. The policy must allow it (`allowPinlessVoiceMailAccess`). The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinless_access_to_voice_mail_enabled: Option<bool>,
    /// Whether the user may call in (Outlook Voice Access). Absent: as the policy says (`allowSubscriberAccess`). The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriber_access_enabled: Option<bool>,
    /// Whether the user may reach the calendar by telephone. Absent: as the policy says (`allowTUIAccessToCalendar`). The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tui_access_to_calendar_enabled: Option<bool>,
    /// Whether the user may reach mail by telephone. Absent: as the policy says (`allowTUIAccessToEmail`). The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tui_access_to_email_enabled: Option<bool>,
    /// Whether messages may be played on a telephone. Absent: as the policy says (`allowPlayOnPhone`). The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub play_on_phone_enabled: Option<bool>,
    /// Whether the user may make call answering rules. Absent: as policy and dial plan say. The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_answering_rules_enabled: Option<bool>,
    /// Format of messages left for the user: `G711`, `Wma`, `Gsm` or `Mp3`. Absent: `audioCodec` of the dial plan. The voice-mail server records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["G711", "Wma", "Gsm", "Mp3"]))]
    pub call_answering_audio_codec: Option<String>,
    /// Whether the user may speak to the menus. Absent: as policy and dial plan say. The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_speech_recognition_enabled: Option<bool>,
    /// Whether messages may be analysed to improve speech recognition. Absent: no. The policy must allow it (`allowVoiceMailAnalysis`). The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice_mail_analysis_enabled: Option<bool>,
    /// Whether faxes are taken. Absent: as policy and dial plan say. The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fax_enabled: Option<bool>,
    /// Whether callers without a number may leave a message. Absent: yes. The voice-mail server enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_callers_can_leave_messages: Option<bool>,
    /// Whether callers who found the user in the directory are transferred: `SearchEnabled`; with `None` they reach the operator instead. Absent: `SearchEnabled`.
    #[serde(default, rename = "allowUMCallsFromNonUsers", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["None", "SearchEnabled"]))]
    pub allow_um_calls_from_non_users: Option<String>,
    /// Number of a personal operator, 1 to 20 digits. Absent: `operatorExtension` of the dial plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = "^[0-9]+$"))]
    pub operator_number: Option<String>,
    /// Access number that the welcome mail shows, at most 32 characters. Absent: the first of the dial plan's `accessTelephoneNumbers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = pattern::WORDS))]
    pub pilot_number: Option<String>,
    /// PIN of the mailbox: requests and state. Absent: no PIN and no mail about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<MailboxPin>,
}

/// Requests about the PIN of a mailbox (Exchange `Set-UMMailboxPIN`). A PIN itself never stands in a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MailboxPin {
    /// Any text, at most 64 characters, such as `enabled` or a date. A value that this mailbox never had makes one new PIN and unlocks; the first one comes with the
    /// welcome mail. The notifier does it once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub reset_request: Option<String>,
    /// Where a chosen PIN is. Absent: one is made by the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeyRef>,
    /// Whether the new PIN must be changed at the first sign-in. Absent: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
    /// Any text, at most 64 characters: each new value unlocks the mailbox once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub unlock_request: Option<String>,
    /// `true` locks the mailbox as long as it stands here; `false` and absent say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_out: Option<bool>,
    /// Where mail about the PIN goes. Absent: `primarySmtpAddress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 254), regex(pattern = pattern::MAIL))]
    pub notify_email: Option<String>,
    /// Whether the PIN is mailed. Absent: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_email: Option<bool>,
}

/// What is known of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UMMailboxStatus {
    /// `metadata.generation` that this status speaks of; -1 until it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `ResolvedRefs`, `Programmed`, `Ready`; `Reconciling` or `Stalled` only while true; `Delivered` only while its lamp alone fails.
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
    /// Value of the annotation `um.lamplighter.dev/refresh-requested-at` for which lamps were sent again last. Written by the notifier once they wait to be sent; values
    /// of more than 128 characters count, and are not repeated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub last_handled_refresh: Option<String>,
}
