//! UMDialPlan: one set of extensions with one length, one form of address and one security (Exchange `New-UMDialPlan`).

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{Condition, FindingStatus};
use super::notifier::NotifierSpec;
use super::pattern;

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
#[x_kube(validation = Rule::new("self.maxRecordingDuration < self.maxCallDuration").message("maxRecordingDuration must be less than maxCallDuration").field_path(".maxRecordingDuration"))]
#[x_kube(validation = Rule::new("!self.generateUMMailboxPolicy || !has(self.displayName) || self.displayName.size() <= 49").message("displayName has at most 49 characters while generateUMMailboxPolicy is true, since ' Default Policy' is added to it").field_path(".displayName"))]
#[x_kube(validation = Rule::new("self.extension == '' || self.extension.size() == self.numberOfDigitsInExtension").message("extension must have as many digits as numberOfDigitsInExtension says").field_path(".extension"))]
#[x_kube(validation = Rule::new("self.contactScope != 'AddressList' || self.contactAddressList != ''").message("contactScope AddressList needs contactAddressList").field_path(".contactAddressList"))]
#[x_kube(validation = Rule::new("self.contactScope != 'Extension' || self.extension != ''").message("contactScope Extension needs extension").field_path(".extension"))]
#[x_kube(validation = Rule::new("self.contactScope != 'AutoAttendantLink' || self.umAutoAttendant != ''").message("contactScope AutoAttendantLink needs umAutoAttendant").field_path(".umAutoAttendant"))]
#[x_kube(validation = Rule::new("!has(self.allowedInCountryOrRegionGroups) || self.allowedInCountryOrRegionGroups.all(group, has(self.configuredInCountryOrRegionGroups) && self.configuredInCountryOrRegionGroups.exists(entry, entry.name == group))").message("allowedInCountryOrRegionGroups names a group that configuredInCountryOrRegionGroups does not have").field_path(".allowedInCountryOrRegionGroups"))]
#[x_kube(validation = Rule::new("!has(self.allowedInternationalGroups) || self.allowedInternationalGroups.all(group, has(self.configuredInternationalGroups) && self.configuredInternationalGroups.exists(entry, entry.name == group))").message("allowedInternationalGroups names a group that configuredInternationalGroups does not have").field_path(".allowedInternationalGroups"))]
#[x_kube(validation = Rule::new("!(has(oldSelf.notifier) && has(oldSelf.notifier.store) && oldSelf.notifier.store.type == 'PostgreSQL') || (has(self.notifier) && has(self.notifier.store) && self.notifier.store.type == 'PostgreSQL')").message("notifier.store can't go back from PostgreSQL to SQLite").field_path(".notifier"))]
pub struct UMDialPlanSpec {
    /// Exchange's `Name`: up to 64 characters for people to read, none of `" / \ [ ] : ; | = , + * ? < >`, unique among
    /// the dial plans of the namespace. Absent: `metadata.name`. At most 49 characters while `generateUMMailboxPolicy` is on, since
    /// the policy's name adds 15. Without spaces on a SipName plan that serves Lync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = pattern::DISPLAY_NAME))]
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
    /// Country or region code of this dial plan's numbers, 1 to 4 digits as in `"49"`; empty (the default): not known. By it a number
    /// with `+` is told to be in the country or international, and dialed accordingly.
    #[serde(default)]
    #[schemars(length(max = 4), regex(pattern = "^[0-9]*$"))]
    pub country_or_region_code: String,
    /// Numbers that people call to reach Outlook Voice Access, at most 32, each of at most 32 characters (more than 20 is a warning):
    /// an extension, a number with its separators, letters as in `1-800-555-CALL`, or a SIP address. None: nobody can call in. The first one
    /// stands in the welcome mail. A number belongs to one dial plan only, and should be a pilot number on the gateway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 32), regex(pattern = pattern::WORDS)))]
    #[x_kube(validation = Rule::new("self.all(number, self.exists_one(other, other == number))").message("an access number stands twice in accessTelephoneNumbers"))]
    pub access_telephone_numbers: Vec<String>,
    /// Pilot numbers of the dial plan in the form `+4930…` (E.164), at most 32. The voice-mail server goes by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 2, max = 16), regex(pattern = r"^\+[1-9][0-9]*$")))]
    pub pilot_identifier_list: Vec<String>,
    /// Phone contexts of other dial plans, as in `branch.example.com` or `Head Office.example.com`, at most 32, where one numbering plan of the PBX spans several: the look-up of a caller goes
    /// on in them. The voice-mail server looks up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 253), regex(pattern = pattern::WORDS)))]
    pub equivalent_dial_plan_phone_contexts: Vec<String>,
    /// Whether a caller may be found by the telephone fields of the directory (mobile, home and so on), also people without voice
    /// mail; default `true`. Turn it off where the directory's numbers have no regular form. The voice-mail server looks up.
    #[serde(default = "yes", rename = "allowHeuristicADCallingLineIdResolution")]
    pub allow_heuristic_ad_calling_line_id_resolution: bool,
    /// Masks of digits and `x`, as in `4930555xxxx`, at most 32, by which numbers of callers are matched to extensions of this dial
    /// plan. The voice-mail server looks up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 32), regex(pattern = "^[0-9x]+$")))]
    pub numbering_plan_formats: Vec<String>,
    /// Caller's number of calls that the voice-mail server makes, at most 32 characters; empty (the default): the user's extension.
    #[serde(default)]
    #[schemars(length(max = 32), regex(pattern = pattern::PHONE_NUMBER))]
    pub default_outbound_calling_line_id: String,
    /// Whether a mailbox policy named `<this name>-default`, shown as `<displayName> Default Policy`, is made with all defaults whenever
    /// it is not there; default `true`. It is yours to change and is never changed by the program.
    #[serde(default = "yes", rename = "generateUMMailboxPolicy")]
    pub generate_um_mailbox_policy: bool,
    /// Digits that lead to an outside line, 1 to 16; empty (the default): none. They come first in a number that is
    /// made from one with `+`.
    #[serde(default)]
    #[schemars(length(max = 16), regex(pattern = "^[0-9]*$"))]
    pub outside_line_access_code: String,
    /// Digits that come before the country code in an international call, 1 to 4, as in `"00"` or `"011"`; empty (the default): not known.
    /// Where it is set, a number that begins with it is international, and only `allowedInternationalGroups` count for it. Where the outside line and
    /// the national prefix together look like it (0, 0 and 00), it counts only behind the outside line.
    #[serde(default)]
    #[schemars(length(max = 4), regex(pattern = "^[0-9]*$"))]
    pub international_access_code: String,
    /// Digits that come before a number of another area in the same country, 1 to 4, as in `"0"` or `"1"`; empty (the default): none.
    #[serde(default)]
    #[schemars(length(max = 4), regex(pattern = "^[0-9]*$"))]
    pub national_number_prefix: String,
    /// How people of another dial plan with the same country code dial a user of this one: digits, then an `x` for each last digit of the user's
    /// number, as in `020xxxxxxx`; empty (the default): by the dial codes.
    #[serde(default)]
    #[schemars(length(max = 32), regex(pattern = "^([0-9]*x+)?$"))]
    pub in_country_or_region_number_format: String,
    /// How people of a dial plan with another country code dial a user of this one, as in `4420xxxxxxx`; empty (the default): by the dial codes.
    #[serde(default)]
    #[schemars(length(max = 32), regex(pattern = "^([0-9]*x+)?$"))]
    pub international_number_format: String,
    /// Dialing rules for numbers in the country, at most 200. Rules with one name make a group, which takes effect where an
    /// `allowedInCountryOrRegionGroups` names it. Of several rules that match, the one with the most digits before the first `x` wins, then
    /// the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub configured_in_country_or_region_groups: Vec<DialGroupEntry>,
    /// Dialing rules for international numbers, at most 200, as in `configuredInCountryOrRegionGroups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub configured_international_groups: Vec<DialGroupEntry>,
    /// Groups of `configuredInCountryOrRegionGroups` that callers who have not signed in may use, at most 50. None: no call leaves the
    /// organisation. For users who have signed in, the policy says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 32), regex(pattern = pattern::GROUP)))]
    pub allowed_in_country_or_region_groups: Vec<String>,
    /// Groups of `configuredInternationalGroups` that callers who have not signed in may use, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 32), regex(pattern = pattern::GROUP)))]
    pub allowed_international_groups: Vec<String>,
    /// Whether callers who have not signed in may reach the extensions of mailboxes of this dial plan; default `true`.
    #[serde(default = "yes")]
    pub allow_dial_plan_subscribers: bool,
    /// Whether callers who have not signed in may reach any extension with the right number of digits, also one without a mailbox;
    /// default `false`. It invites toll fraud, so a warning says so.
    #[serde(default)]
    pub allow_extensions: bool,
    /// Whether callers may be transferred to users; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub call_someone_enabled: bool,
    /// Whether callers may leave a user a message without ringing the phone; default `true`. The voice-mail server enforces it.
    #[serde(default = "yes")]
    pub send_voice_msg_enabled: bool,
    /// Where callers may look for people: `DialPlan` (the default), `GlobalAddressList`, `Extension` (needs `extension`), `AutoAttendantLink`
    /// (needs `umAutoAttendant`), `AddressList` (needs `contactAddressList`). The voice-mail server looks up.
    #[serde(default = "contact_scope")]
    #[schemars(extend("enum" = ["DialPlan", "GlobalAddressList", "Extension", "AutoAttendantLink", "AddressList"]))]
    pub contact_scope: String,
    /// Address list for `contactScope: AddressList`, at most 256 characters; empty (the default): none.
    #[serde(default)]
    #[schemars(length(max = 256), regex(pattern = pattern::LINE))]
    pub contact_address_list: String,
    /// Extension that callers are led to with `contactScope: Extension`, with the dial plan's number of digits; empty (the default): none.
    #[serde(default)]
    #[schemars(length(max = 20), regex(pattern = "^[0-9]*$"))]
    pub extension: String,
    /// Name of the auto attendant that a caller reaches with `*`, at most 64 characters; it goes before the search for people. Empty (the
    /// default): none. The voice-mail server has the attendant.
    #[serde(default)]
    #[schemars(length(max = 64), regex(pattern = pattern::LINE))]
    pub um_auto_attendant: String,
    /// Extension or number that is called for 0, for "operator" and after too many wrong entries, at most 20 characters; empty (the default): no operator, the
    /// call ends politely, and a warning says so.
    #[serde(default)]
    #[schemars(length(max = 20), regex(pattern = pattern::PHONE_NUMBER))]
    pub operator_extension: String,
    /// How callers spell a name: `LastFirst` (the default), `FirstLast` or `SMTPAddress`. The voice-mail server asks for it.
    #[serde(default = "dial_by_name_primary")]
    #[schemars(extend("enum" = ["LastFirst", "FirstLast", "SMTPAddress"]))]
    pub dial_by_name_primary: String,
    /// The second way to spell a name: `LastFirst`, `FirstLast`, `SMTPAddress` (the default), or `None` for no second way.
    #[serde(default = "dial_by_name_secondary")]
    #[schemars(extend("enum" = ["LastFirst", "FirstLast", "SMTPAddress", "None"]))]
    pub dial_by_name_secondary: String,
    /// How people of one name are told apart: `Title`, `Department`, `Location`, `None` (the default) or `PromptForAlias`. The voice-mail server asks for it.
    #[serde(default = "none")]
    #[schemars(extend("enum" = ["Title", "Department", "Location", "None", "PromptForAlias"]))]
    pub matched_name_selection_method: String,
    /// Minutes after which a call is cut, of any kind, 10 to 120; default 30. More than `maxRecordingDuration`. The voice-mail server enforces it.
    #[serde(default = "max_call_duration")]
    #[schemars(range(min = 10, max = 120))]
    pub max_call_duration: i32,
    /// Longest single recording in minutes, 1 to 100; default 20. Less than `maxCallDuration`. The voice-mail server enforces it.
    #[serde(default = "max_recording_duration")]
    #[schemars(range(min = 1, max = 100))]
    pub max_recording_duration: i32,
    /// Seconds of silence that end a recording, 2 to 10; default 5. The voice-mail server enforces it.
    #[serde(default = "recording_idle_timeout")]
    #[schemars(range(min = 2, max = 10))]
    pub recording_idle_timeout: i32,
    /// Wrong menu entries before the call is handed to the operator or ended, 1 to 20; default 3. The voice-mail server counts.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 20))]
    pub input_failures_before_disconnect: i32,
    /// Failed sign-ins in one call before it is ended, 1 to 20; default 3. The counters of the policy go on over calls. The voice-mail server counts.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 20))]
    pub logon_failures_before_disconnect: i32,
    /// Format of recordings: `G711`, `Wma` (half the size of the others), `Gsm` or `Mp3` (the default). A mailbox may say otherwise
    /// (`callAnsweringAudioCodec`). The voice-mail server records.
    #[serde(default = "audio_codec")]
    #[schemars(extend("enum" = ["G711", "Wma", "Gsm", "Mp3"]))]
    pub audio_codec: String,
    /// Language of prompts, speech and mail, as in `en-US` (the default) or `de-DE`. The voice-mail server must have it.
    #[serde(default = "default_language")]
    #[schemars(length(min = 2, max = 35), regex(pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"))]
    pub default_language: String,
    /// Whether users of this dial plan may speak to the menus; default `true`. Policy and mailbox must allow it as well.
    #[serde(default = "yes")]
    pub automatic_speech_recognition_enabled: bool,
    /// Whether users of this dial plan may have call answering rules; default `true`. Policy and mailbox must allow it as well.
    #[serde(default = "yes")]
    pub call_answering_rules_enabled: bool,
    /// Whether fax calls are answered; default `true`. `false` overrides policy and mailbox; they must allow it as well, the policy must have a
    /// `faxServerURI`, and `uriType` must not be `SipName`.
    #[serde(default = "yes")]
    pub fax_enabled: bool,
    /// Whether callers of an access number hear the greeting of `welcomeGreetingFilename` instead of the system's; default `false`.
    #[serde(default)]
    pub welcome_greeting_enabled: bool,
    /// File with the welcome greeting, a path of at most 255 characters that ends with `.wav`; empty (the default): the system's. The voice-mail server has the file.
    #[serde(default)]
    #[schemars(length(max = 255), regex(pattern = pattern::WAVE_FILE))]
    pub welcome_greeting_filename: String,
    /// Whether an announcement follows the welcome greeting: the text `"True"`, `"False"` (the default) or `"Uninterruptible"`, in quotes.
    #[serde(default = "info_announcement_enabled")]
    #[schemars(extend("enum" = ["True", "False", "Uninterruptible"]))]
    pub info_announcement_enabled: String,
    /// File with the announcement, a path of at most 255 characters; empty (the default): none. The voice-mail server has the file.
    #[serde(default)]
    #[schemars(length(max = 255), regex(pattern = pattern::LINE))]
    pub info_announcement_filename: String,
    /// Whether users with that right may record prompts by telephone; default `false`. The voice-mail server enforces it.
    #[serde(default)]
    pub tui_prompt_editing_enabled: bool,
    /// `true`: status, configuration and pods of this dial plan stay as they are, whatever is changed, until it is `false` again; lamps go on.
    /// Default `false`.
    #[serde(default)]
    pub suspend: bool,
    /// How the notifier of this dial plan works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifier: Option<NotifierSpec>,
}

/// One dialing rule (Exchange `DialGroupEntry`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.dialedNumber == '*' || (self.numberMask != '*' && self.numberMask.split('x').size() == self.dialedNumber.split('x').size())").message("dialedNumber has another number of x than numberMask").field_path(".dialedNumber"))]
pub struct DialGroupEntry {
    /// Name of the group, 1 to 32 characters. Rules with one name make a group.
    #[schemars(length(min = 1, max = 32), regex(pattern = pattern::GROUP))]
    pub name: String,
    /// Which numbers it is for: digits, and `x` for any one digit, as in `1425xxxxxxx`; or `*` alone for every number. At most 64 characters.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^([0-9x]+|\*)$"))]
    pub number_mask: String,
    /// What is dialed then: digits, and an `x` for each `x` of the mask, as in `91425xxxxxxx`; or `*` for the number as it is.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^([0-9x]+|\*)$"))]
    pub dialed_number: String,
    /// A note for people, at most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256), regex(pattern = pattern::LINE))]
    pub comment: Option<String>,
}

/// What is known of a dial plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UMDialPlanStatus {
    /// `metadata.generation` that this status speaks of; -1 until it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `ResolvedRefs`, `Programmed`, `Ready`; `Reconciling` or `Stalled` only while true; `Delivered` once something was sent.
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
    /// Value of the annotation `um.lamplighter.dev/refresh-requested-at` for which lamps were sent again last. Written by the notifier once they wait to be sent; values
    /// of more than 128 characters count, and are not repeated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub last_handled_refresh: Option<String>,
}

fn uri_type() -> String {
    "TelExtn".into()
}

fn voip_security() -> String {
    "Unsecured".into()
}

fn contact_scope() -> String {
    "DialPlan".into()
}

fn dial_by_name_primary() -> String {
    "LastFirst".into()
}

fn dial_by_name_secondary() -> String {
    "SMTPAddress".into()
}

fn none() -> String {
    "None".into()
}

fn audio_codec() -> String {
    "Mp3".into()
}

fn default_language() -> String {
    "en-US".into()
}

fn info_announcement_enabled() -> String {
    "False".into()
}

const fn yes() -> bool {
    true
}

const fn max_call_duration() -> i32 {
    30
}

const fn max_recording_duration() -> i32 {
    20
}

const fn recording_idle_timeout() -> i32 {
    5
}

const fn three() -> i32 {
    3
}
