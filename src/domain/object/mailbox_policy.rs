//! A mailbox policy, read.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::dial_rules::{Flags, permissions};
use super::reader::{Reader, Served};
use super::shown_name;
use crate::api::MANAGED_BY;
use crate::api::mailbox_policy::{UMMailboxPolicy, UMMailboxPolicySpec};
use crate::domain::dialing::Permissions;
use crate::domain::finding::{Code, Notes};
use crate::domain::markup;
use crate::domain::scalar::{Expected, mail_address};
use crate::domain::snapshot::default_policy_name;
use crate::sip::uri::SipUri;

/// A fax server of a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaxServer {
    /// The address as it was written.
    pub uri: Box<str>,
    /// It is reached over TLS.
    pub tls: bool,
}

/// A mailbox policy, read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own that administrators know")]
pub struct MailboxPolicy {
    /// Exchange's `Name`.
    pub display_name: String,
    /// The operator made it as the default policy of a dial plan.
    pub is_generated: bool,
    /// Name of the dial plan.
    pub dial_plan: String,
    /// Its mailboxes may have a lamp.
    pub allow_mwi: bool,
    /// Mail tells of missed calls.
    pub missed_calls: bool,
    /// Text messages are possible.
    pub sms: bool,
    /// Voice mail without a PIN is possible.
    pub pinless: bool,
    /// What users who have signed in may dial.
    pub permissions: Permissions,
    /// Faxes are taken.
    pub fax: bool,
    /// Where they go.
    pub fax_servers: Vec<FaxServer>,
    /// Users may speak to the menus.
    pub speech: bool,
    /// Messages may be analysed.
    pub analysis: bool,
    /// Every message is protected, whoever left it.
    pub all_protected: bool,
    /// Users may have call answering rules.
    pub call_answering_rules: bool,
    /// Messages may be played on a telephone.
    pub play_on_phone: bool,
    /// Users may call in.
    pub subscriber_access: bool,
    /// Users who called in reach their calendar.
    pub tui_calendar: bool,
    /// Users who called in reach their mail.
    pub tui_email: bool,
    /// Settings that are served as they stand.
    pub served: Served,
}

impl MailboxPolicy {
    /// Reads one policy; what is wrong becomes findings, and a nearby value stands in.
    #[must_use]
    #[allow(clippy::too_many_lines, reason = "one line a setting, each of which is named once and read once")]
    pub fn read(object: &UMMailboxPolicy, notes: &mut Notes) -> Self {
        let UMMailboxPolicySpec {
            display_name,
            dial_plan_ref,
            allow_message_waiting_indicator,
            allow_missed_call_notifications,
            allow_sms_notification,
            min_pin_length,
            pin_history_count,
            pin_lifetime,
            logon_failures_before_pin_reset,
            max_logon_attempts,
            allow_common_patterns,
            allow_pinless_voice_mail_access,
            allow_dial_plan_subscribers,
            allow_extensions,
            allowed_in_country_or_region_groups,
            allowed_international_groups,
            um_enabled_text,
            reset_pin_text,
            voice_mail_text,
            fax_message_text,
            protected_voice_mail_text,
            max_greeting_duration,
            protect_authenticated_voice_mail,
            protect_unauthenticated_voice_mail,
            require_protected_play_on_phone,
            allow_voice_response_to_other_message_types,
            allow_fax,
            fax_server_uri,
            allow_automatic_speech_recognition,
            allow_voice_mail_preview,
            allow_voice_mail_analysis,
            inform_caller_of_voice_mail_analysis,
            voice_mail_preview_partner_address,
            voice_mail_preview_partner_assigned_id,
            voice_mail_preview_partner_max_delivery_delay,
            voice_mail_preview_partner_max_message_duration,
            allow_call_answering_rules,
            allow_play_on_phone,
            allow_subscriber_access,
            allow_tui_access_to_calendar,
            allow_tui_access_to_email,
            allow_tui_access_to_directory,
            allow_tui_access_to_personal_contacts,
        } = &object.spec;
        let mut reader = Reader::new(notes);
        let r = &mut reader;
        let min_length = r.number("minPINLength", *min_pin_length, 4, 24);
        r.number("pinHistoryCount", *pin_history_count, 1, 20);
        lifetime(r, *pin_lifetime);
        lockout(r, *logon_failures_before_pin_reset, *max_logon_attempts);
        if (4..6).contains(min_pin_length) {
            let message = format!("PINs of {min_length} digits are possible");
            r.find(Code::ShortPINAllowed, "minPINLength", message, "6 digits or more are harder to guess");
        }
        r.serve("allowCommonPatterns", *allow_common_patterns);
        text(r, "umEnabledText", um_enabled_text, true);
        text(r, "resetPINText", reset_pin_text, true);
        text(r, "voiceMailText", voice_mail_text, true);
        text(r, "protectedVoiceMailText", protected_voice_mail_text, true);
        text(r, "faxMessageText", fax_message_text, false);
        r.number("maxGreetingDuration", *max_greeting_duration, 1, 10);
        let authenticated = r.word(
            "protectAuthenticatedVoiceMail",
            protect_authenticated_voice_mail,
            &["None", "Private", "All"],
        );
        let unauthenticated = r.word(
            "protectUnauthenticatedVoiceMail",
            protect_unauthenticated_voice_mail,
            &["None", "Private", "All"],
        );
        let all_protected = authenticated == "All" && unauthenticated == "All";
        if *allow_voice_mail_analysis && all_protected {
            let message = "voice mail analysis is allowed, and every message is protected".to_owned();
            let advice =
                "set allowVoiceMailAnalysis: false, or leave one of the two kinds of messages unprotected";
            r.find(Code::AnalysisOfProtectedMessages, "allowVoiceMailAnalysis", message, advice);
        }
        r.serve("requireProtectedPlayOnPhone", *require_protected_play_on_phone);
        r.serve("allowVoiceResponseToOtherMessageTypes", *allow_voice_response_to_other_message_types);
        r.serve("allowVoiceMailPreview", *allow_voice_mail_preview);
        r.serve("informCallerOfVoiceMailAnalysis", *inform_caller_of_voice_mail_analysis);
        r.serve("allowTUIAccessToDirectory", *allow_tui_access_to_directory);
        r.serve("allowTUIAccessToPersonalContacts", *allow_tui_access_to_personal_contacts);
        partner(r, voice_mail_preview_partner_address, voice_mail_preview_partner_assigned_id);
        r.number(
            "voiceMailPreviewPartnerMaxDeliveryDelay",
            *voice_mail_preview_partner_max_delivery_delay,
            300,
            86_400,
        );
        r.number(
            "voiceMailPreviewPartnerMaxMessageDuration",
            *voice_mail_preview_partner_max_message_duration,
            60,
            86_400,
        );
        let fax_servers = fax(r, *allow_fax, fax_server_uri);
        let flags = Flags { subscribers: *allow_dial_plan_subscribers, extensions: *allow_extensions };
        let policy = Self {
            display_name: shown_name(r.notes, display_name.as_ref(), &object.metadata),
            is_generated: is_generated(&object.metadata, &dial_plan_ref.name),
            dial_plan: dial_plan_ref.name.clone(),
            allow_mwi: *allow_message_waiting_indicator,
            missed_calls: *allow_missed_call_notifications,
            sms: *allow_sms_notification,
            pinless: *allow_pinless_voice_mail_access,
            permissions: permissions(
                r.notes,
                [allowed_in_country_or_region_groups, allowed_international_groups],
                flags,
            ),
            fax: *allow_fax,
            fax_servers,
            speech: *allow_automatic_speech_recognition,
            analysis: *allow_voice_mail_analysis,
            all_protected,
            call_answering_rules: *allow_call_answering_rules,
            play_on_phone: *allow_play_on_phone,
            subscriber_access: *allow_subscriber_access,
            tui_calendar: *allow_tui_access_to_calendar,
            tui_email: *allow_tui_access_to_email,
            served: Vec::new(),
        };
        Self { served: reader.served, ..policy }
    }
}

fn lifetime(r: &mut Reader<'_>, days: i32) {
    r.number("pinLifetime", days, 0, 999);
    if days == 0 {
        let message = "PINs never expire".to_owned();
        r.find(Code::PINNeverExpires, "pinLifetime", message, "set a number of days, such as 60");
    }
}

fn lockout(r: &mut Reader<'_>, failures: i32, attempts: i32) {
    r.number("logonFailuresBeforePINReset", failures, 0, 999);
    r.number("maxLogonAttempts", attempts, 1, 999);
    // A number that is out of range has its finding, and what stands in for it was not meant.
    let in_range = failures <= 999 && (1..=999).contains(&attempts);
    if failures == 0 {
        let message = "failed sign-ins never reset a PIN".to_owned();
        let advice = "set a number below maxLogonAttempts, such as 5";
        r.find(Code::PINResetOff, "logonFailuresBeforePINReset", message, advice);
    } else if in_range && failures >= attempts {
        let message = format!(
            "the PIN is reset after {failures} failures, and the mailbox is locked after {attempts} already"
        );
        let advice = "make logonFailuresBeforePINReset less than maxLogonAttempts, or 0 for off";
        r.find(Code::PINResetAfterLockout, "logonFailuresBeforePINReset", message, advice);
    }
}

/// A text for mails; markup that is not allowed is left out when it is sent.
fn text(r: &mut Reader<'_>, key: &'static str, text: &str, markup_allowed: bool) {
    let sound = r.bounded(key, text, 512, true);
    if sound
        && markup_allowed
        && let Some(tag) = markup::first_not_allowed(text)
    {
        let message = format!("`{tag}` is left out when the text is sent");
        let advice = "use only b, i, em, strong, br, p, and a with href to http, https or mailto";
        r.find(Code::MarkupLeftOut, key, message, advice);
    }
    r.serve(key, if sound { text } else { "" });
}

fn partner(r: &mut Reader<'_>, address: &str, id: &str) {
    const KEY: &str = "voiceMailPreviewPartnerAddress";
    let sound =
        r.parsed(KEY, address, Code::MailAddressInvalid, |text| mail_address(text).map(|()| text.to_owned()));
    r.serve(KEY, sound.unwrap_or_default());
    r.text("voiceMailPreviewPartnerAssignedID", id, 128);
}

fn fax(r: &mut Reader<'_>, allowed: bool, text: &str) -> Vec<FaxServer> {
    const KEY: &str = "faxServerURI";
    let servers = r.parsed(KEY, text, Code::FaxServerURIInvalid, fax_servers).unwrap_or_default();
    if allowed && text.is_empty() {
        let message = "fax is allowed, and there is no fax server, so it has no effect".to_owned();
        let advice = "set faxServerURI, as in sip:fax.example.com:5061;transport=tls, or allowFax: false";
        r.find(Code::FaxWithoutServer, "allowFax", message, advice);
    }
    servers
}

/// One or two addresses; of two, one is for TCP and one for TLS.
fn fax_servers(text: &str) -> Result<Vec<FaxServer>, Expected> {
    const WANTED: Expected = Expected(
        "sip:<host>:<port>;transport=<tcp, tls or udp>, or two of them with a comma between, one for TCP and one for TLS",
    );
    let server = |text: &str| {
        let text = text.trim_matches(' ');
        let (uri, parameters) = text.split_once(';').map_or((text, ""), |(uri, rest)| (uri, rest));
        let transport = match parameters {
            "" => "tcp",
            _ => parameters
                .strip_prefix("transport=")
                .filter(|t| ["tcp", "tls", "udp"].contains(t))
                .ok_or(WANTED)?,
        };
        let host = uri.strip_prefix("sip:").filter(|host| !host.contains('@'));
        if host.is_none() || text.parse::<SipUri>().is_err() {
            return Err(WANTED);
        }
        Ok(FaxServer { uri: text.into(), tls: transport == "tls" })
    };
    if text.len() > 512 {
        return Err(Expected("at most 512 characters"));
    }
    let servers = text.split(',').map(server).collect::<Result<Vec<_>, _>>()?;
    match servers.as_slice() {
        [_] => Ok(servers),
        [a, b] if a.tls != b.tls => Ok(servers),
        _ => Err(WANTED),
    }
}

fn is_generated(metadata: &ObjectMeta, dial_plan: &str) -> bool {
    let label = metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_BY.0));
    label.is_some_and(|value| value == MANAGED_BY.1)
        && metadata.name.as_ref().is_some_and(|name| *name == default_policy_name(dial_plan))
}
