//! A dial plan, read.

use super::callers;
use super::dial_rules::{DialCodes, DialRules, Flags};
use super::keys::{KeyUse, of_dial_plan};
use super::notifier::Notifier;
use super::reader::{Reader, Served, word};
use super::{AUDIO_CODECS, number, shown_name};
use crate::api::dial_plan::{UMDialPlan, UMDialPlanSpec};
use crate::domain::finding::{Code, Notes};
use crate::domain::shown::short;

/// Form of the addresses of a dial plan (Exchange `URIType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriType {
    /// Extensions.
    TelExtn,
    /// Numbers with `+`.
    E164,
    /// `user@host`.
    SipName,
}

impl UriType {
    /// The word as manifests have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TelExtn => "TelExtn",
            Self::E164 => "E164",
            Self::SipName => "SipName",
        }
    }
}

/// Security of the way to the gateways (Exchange `VoIPSecurity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Plain TCP or UDP.
    Unsecured,
    /// Mutual TLS, media in clear.
    SipSecured,
    /// Mutual TLS, media encrypted; what differs is the voice-mail server's.
    Secured,
}

impl Security {
    /// Whether SIP goes over TLS.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::SipSecured | Self::Secured)
    }
}

impl std::fmt::Display for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unsecured => "Unsecured",
            Self::SipSecured => "SIPSecured",
            Self::Secured => "Secured",
        })
    }
}

/// A dial plan, read.
#[derive(Clone, Debug, PartialEq)]
pub struct DialPlan {
    /// Exchange's `Name`.
    pub display_name: String,
    /// Digits of each extension.
    pub digits: u8,
    /// Form of the addresses.
    pub uri_type: UriType,
    /// Way to the gateways.
    pub security: Security,
    /// A default policy is made for it where there is none.
    pub generates_policy: bool,
    /// Access numbers, each at its place in the spec; none: that entry has an error.
    pub access_numbers: Vec<Option<Box<str>>>,
    /// Dialing rules and dial codes.
    pub dial: DialRules,
    /// Users may speak to the menus.
    pub speech: bool,
    /// Users may have call answering rules.
    pub call_answering_rules: bool,
    /// Fax calls are answered.
    pub fax: bool,
    /// Format of recordings.
    pub audio_codec: &'static str,
    /// Whom 0 calls; empty: nobody.
    pub operator: Box<str>,
    /// The notifier's objects, the status and what is in force stay as they are.
    pub suspended: bool,
    /// How its notifier works.
    pub notifier: Notifier,
    /// Keys of Secrets and ConfigMaps that it names.
    pub keys: Vec<KeyUse>,
    /// Settings that are served as they stand.
    pub served: Served,
}

/// Names of the notifier's children are made from the plan's name and must stay below 63.
const LONGEST_NAME: usize = 40;
/// What the name of the default policy adds is 15 characters, and 64 are possible.
const LONGEST_DISPLAY_NAME: usize = 49;

impl DialPlan {
    /// Reads one dial plan; what is wrong becomes findings, and a nearby value stands in.
    #[must_use]
    #[allow(clippy::too_many_lines, reason = "one line a setting, each of which is named once and read once")]
    pub fn read(object: &UMDialPlan, notes: &mut Notes) -> Self {
        let UMDialPlanSpec {
            display_name,
            number_of_digits_in_extension,
            uri_type,
            voip_security,
            country_or_region_code,
            access_telephone_numbers,
            pilot_identifier_list,
            equivalent_dial_plan_phone_contexts,
            allow_heuristic_ad_calling_line_id_resolution,
            numbering_plan_formats,
            default_outbound_calling_line_id,
            generate_um_mailbox_policy,
            outside_line_access_code,
            international_access_code,
            national_number_prefix,
            in_country_or_region_number_format,
            international_number_format,
            configured_in_country_or_region_groups,
            configured_international_groups,
            allowed_in_country_or_region_groups,
            allowed_international_groups,
            allow_dial_plan_subscribers,
            allow_extensions,
            call_someone_enabled,
            send_voice_msg_enabled,
            contact_scope,
            contact_address_list,
            extension,
            um_auto_attendant,
            operator_extension,
            dial_by_name_primary,
            dial_by_name_secondary,
            matched_name_selection_method,
            max_call_duration,
            max_recording_duration,
            recording_idle_timeout,
            input_failures_before_disconnect,
            logon_failures_before_disconnect,
            audio_codec,
            default_language,
            automatic_speech_recognition_enabled,
            call_answering_rules_enabled,
            fax_enabled,
            welcome_greeting_enabled,
            welcome_greeting_filename,
            info_announcement_enabled,
            info_announcement_filename,
            tui_prompt_editing_enabled,
            suspend,
            notifier,
        } = &object.spec;
        let mut reader = Reader::new(notes);
        let r = &mut reader;
        check_name(r.notes, object.metadata.name.as_deref().unwrap_or_default());
        let digits = number(r.notes, "spec.numberOfDigitsInExtension", *number_of_digits_in_extension, 1, 20);
        let digits = u8::try_from(digits).unwrap_or(20);
        let uri_type = read_uri_type(r, uri_type);
        let security = read_security(r, voip_security);
        r.serve("numberOfDigitsInExtension", digits);
        r.serve("allowHeuristicADCallingLineIdResolution", *allow_heuristic_ad_calling_line_id_resolution);
        r.serve("callSomeoneEnabled", *call_someone_enabled);
        r.serve("sendVoiceMsgEnabled", *send_voice_msg_enabled);
        r.serve("tuiPromptEditingEnabled", *tui_prompt_editing_enabled);
        callers::numbers(
            r,
            pilot_identifier_list,
            equivalent_dial_plan_phone_contexts,
            numbering_plan_formats,
            default_outbound_calling_line_id,
        );
        callers::contacts(r, contact_scope, contact_address_list, extension, um_auto_attendant, digits);
        callers::names(r, dial_by_name_primary, dial_by_name_secondary, matched_name_selection_method);
        callers::greeting(r, *welcome_greeting_enabled, welcome_greeting_filename);
        callers::announcement(r, info_announcement_enabled, info_announcement_filename);
        callers::language(r, default_language);
        durations(r, *max_call_duration, *max_recording_duration);
        r.number("recordingIdleTimeout", *recording_idle_timeout, 2, 10);
        r.number("inputFailuresBeforeDisconnect", *input_failures_before_disconnect, 1, 20);
        r.number("logonFailuresBeforeDisconnect", *logon_failures_before_disconnect, 1, 20);
        let dial = DialRules::read(
            r,
            digits,
            &DialCodes {
                country: country_or_region_code,
                outside_line: outside_line_access_code,
                international: international_access_code,
                national: national_number_prefix,
                in_country_format: in_country_or_region_number_format,
                international_format: international_number_format,
            },
            [configured_in_country_or_region_groups, configured_international_groups],
            [allowed_in_country_or_region_groups, allowed_international_groups],
            Flags { subscribers: *allow_dial_plan_subscribers, extensions: *allow_extensions },
        );
        let plan = Self {
            display_name: shown_name(r.notes, display_name.as_ref(), &object.metadata),
            digits,
            uri_type,
            security,
            generates_policy: *generate_um_mailbox_policy,
            access_numbers: callers::access_numbers(r, access_telephone_numbers),
            dial,
            speech: *automatic_speech_recognition_enabled,
            call_answering_rules: *call_answering_rules_enabled,
            fax: *fax_enabled,
            audio_codec: word(r.notes, "spec.audioCodec", audio_codec, &AUDIO_CODECS),
            operator: callers::operator(r, operator_extension),
            suspended: *suspend,
            notifier: Notifier::read(r.notes, notifier.as_ref()),
            keys: of_dial_plan(&object.spec),
            served: Vec::new(),
        };
        long_names(r, &plan, display_name.is_some());
        Self { served: reader.served, ..plan }
    }
}

fn read_uri_type(r: &mut Reader<'_>, text: &str) -> UriType {
    match r.word("uriType", text, &["TelExtn", "E164", "SipName"]) {
        "E164" => UriType::E164,
        "SipName" => UriType::SipName,
        _ => UriType::TelExtn,
    }
}

fn read_security(r: &mut Reader<'_>, text: &str) -> Security {
    match r.word("voipSecurity", text, &["Unsecured", "SIPSecured", "Secured"]) {
        "SIPSecured" => Security::SipSecured,
        "Secured" => Security::Secured,
        _ => Security::Unsecured,
    }
}

fn check_name(notes: &mut Notes, name: &str) {
    let label = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if name.is_empty() || name.len() > LONGEST_NAME || !label {
        notes.add(
            Code::NameInvalid,
            "metadata.name",
            format!("`{}` can't be the name of a dial plan", short(name)),
            "use at most 40 small letters, digits and `-`; the name that people read goes into spec.displayName",
        );
    }
}

/// What only the dial plan's use says about its display name.
fn long_names(r: &mut Reader<'_>, plan: &DialPlan, given: bool) {
    let name = &plan.display_name;
    let length = name.chars().count();
    if given && plan.generates_policy && (LONGEST_DISPLAY_NAME + 1..=64).contains(&length) {
        let message = format!(
            "the display name has {length} characters, and ` Default Policy` is added to it for the default policy"
        );
        let advice =
            format!("use at most {LONGEST_DISPLAY_NAME} characters, or `generateUMMailboxPolicy: false`");
        r.find(Code::DisplayNameInvalid, "displayName", message, advice);
    }
    if plan.uri_type == UriType::SipName && name.contains(' ') {
        let message = format!("`{}` has spaces, and the dial plan is of uriType SipName", short(name));
        let advice = "where Lync uses this dial plan, write the display name without spaces";
        r.find(Code::DisplayNameHasSpaces, "displayName", message, advice);
    }
}

fn durations(r: &mut Reader<'_>, call: i32, recording: i32) {
    r.number("maxCallDuration", call, 10, 120);
    r.number("maxRecordingDuration", recording, 1, 100);
    if recording >= call {
        let message =
            format!("a recording of {recording} minutes does not fit into a call of {call} minutes");
        let advice = "make maxRecordingDuration less than maxCallDuration";
        r.find(Code::RecordingTooLong, "maxRecordingDuration", message, advice);
    }
}
