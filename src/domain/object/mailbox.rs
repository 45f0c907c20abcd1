//! A mailbox, read with the dial plan of its policy.

use super::reader::{one, too_many, word};
use super::{AUDIO_CODECS, DialPlan, UriType};
use crate::api::mailbox::{MailboxPin, UMMailbox, UMMailboxSpec};
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::{Expected, Extension, LampAddress, mail_address};
use crate::domain::shown::short;
use crate::domain::snapshot::KeyName;

/// A mailbox, read. What has an error is left out of the lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Name of its policy.
    pub policy: String,
    /// Extensions, the primary one first, each at its place in the spec; none: that entry has an error.
    pub extensions: Vec<Option<Extension>>,
    /// SIP address or number, on plans that have them.
    pub resource: Option<LampAddress>,
    /// Lamps that show its messages.
    pub lamps: Vec<LampAddress>,
    /// Name of the person or group.
    pub display_name: Option<Box<str>>,
    /// Mail address.
    pub mail: Option<Box<str>>,
    /// What it says itself about features.
    pub wishes: Wishes,
    /// What few mailboxes have.
    pub more: Option<Box<More>>,
}

/// What a mailbox says itself about features; none: as the policy says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `missedCallNotificationEnabled`
    pub missed_calls: Option<bool>,
    /// `umSMSNotificationOption`
    pub sms: SmsOption,
    /// `pinlessAccessToVoiceMailEnabled`
    pub pinless: Option<bool>,
    /// `subscriberAccessEnabled`
    pub subscriber_access: Option<bool>,
    /// `tuiAccessToCalendarEnabled`
    pub tui_calendar: Option<bool>,
    /// `tuiAccessToEmailEnabled`
    pub tui_email: Option<bool>,
    /// `playOnPhoneEnabled`
    pub play_on_phone: Option<bool>,
    /// `callAnsweringRulesEnabled`
    pub call_answering_rules: Option<bool>,
    /// `automaticSpeechRecognitionEnabled`
    pub speech: Option<bool>,
    /// `voiceMailAnalysisEnabled`
    pub analysis: Option<bool>,
    /// `faxEnabled`
    pub fax: Option<bool>,
    /// `anonymousCallersCanLeaveMessages`
    pub anonymous_callers: Option<bool>,
    /// `allowUMCallsFromNonUsers` is `SearchEnabled`
    pub calls_from_non_users: Option<bool>,
}

/// When a text message is sent (Exchange `UMSMSNotificationOption`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmsOption {
    /// Nothing was said, which means never.
    #[default]
    Absent,
    /// Never.
    None,
    /// For a new voice message.
    VoiceMail,
    /// For missed calls too.
    VoiceMailAndMissedCalls,
}

impl SmsOption {
    /// The word as manifests have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent | Self::None => "None",
            Self::VoiceMail => "VoiceMail",
            Self::VoiceMailAndMissedCalls => "VoiceMailAndMissedCalls",
        }
    }

    /// Whether any text message is wanted.
    #[must_use]
    pub const fn asks(self) -> bool {
        matches!(self, Self::VoiceMail | Self::VoiceMailAndMissedCalls)
    }
}

/// What few mailboxes have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// `callAnsweringAudioCodec`
    pub audio_codec: Option<&'static str>,
    /// `operatorNumber`
    pub operator: Option<Box<str>>,
    /// `pilotNumber`
    pub pilot: Option<Box<str>>,
    /// `pin`
    pub pin: Option<Pin>,
}

/// Requests about the PIN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pin {
    /// Key with a chosen PIN.
    pub secret: Option<KeyName>,
    /// It is locked as long as that stands there.
    pub locked_out: bool,
    /// Where mail about it goes.
    pub notify: Option<Box<str>>,
    /// Whether it is mailed.
    pub send: bool,
}

/// Most extensions, and most lamps, of a mailbox.
const MOST: usize = 32;

impl Mailbox {
    /// Where the PIN is that was chosen for it.
    #[must_use]
    pub fn chosen_pin(&self) -> Option<&KeyName> {
        self.more.as_ref()?.pin.as_ref()?.secret.as_ref()
    }

    /// Reads one mailbox. Without a dial plan, only what holds for every dial plan is checked, and there are no lamps.
    #[must_use]
    #[allow(clippy::too_many_lines, reason = "one line a setting, each of which is named once and read once")]
    pub fn read(object: &UMMailbox, dial_plan: Option<&DialPlan>, notes: &mut Notes) -> Self {
        let UMMailboxSpec {
            display_name,
            mailbox_policy_ref,
            extensions,
            message_waiting_indicator_extensions,
            sip_resource_identifier,
            primary_smtp_address,
            missed_call_notification_enabled,
            um_sms_notification_option,
            pinless_access_to_voice_mail_enabled,
            subscriber_access_enabled,
            tui_access_to_calendar_enabled,
            tui_access_to_email_enabled,
            play_on_phone_enabled,
            call_answering_rules_enabled,
            call_answering_audio_codec,
            automatic_speech_recognition_enabled,
            voice_mail_analysis_enabled,
            fax_enabled,
            anonymous_callers_can_leave_messages,
            allow_um_calls_from_non_users,
            operator_number,
            pilot_number,
            pin,
        } = &object.spec;
        if let Some(name) = display_name {
            check_display_name(notes, name);
        }
        let extensions = read_extensions(notes, extensions, dial_plan);
        let resource = dial_plan
            .and_then(|dial_plan| read_resource(notes, sip_resource_identifier.as_deref(), dial_plan));
        let named = message_waiting_indicator_extensions.as_ref().map_or(0, Vec::len);
        too_many(notes, "spec.messageWaitingIndicatorExtensions", named, MOST);
        addresses_fit(
            notes,
            sip_resource_identifier.as_deref(),
            message_waiting_indicator_extensions.as_deref(),
        );
        let lamps = match (message_waiting_indicator_extensions, dial_plan) {
            (_, None) => Vec::new(),
            (Some(named), Some(dial_plan)) => read_lamps(notes, named, dial_plan),
            (None, Some(dial_plan)) => match dial_plan.uri_type {
                UriType::TelExtn => extensions
                    .iter()
                    .flatten()
                    .next()
                    .copied()
                    .map(LampAddress::Extension)
                    .into_iter()
                    .collect(),
                UriType::E164 | UriType::SipName => resource.clone().into_iter().collect(),
            },
        };
        let mail = primary_smtp_address.as_deref();
        let mail = mail.and_then(|text| read_mail(notes, "spec.primarySmtpAddress", text));
        let wishes = Wishes {
            missed_calls: *missed_call_notification_enabled,
            sms: um_sms_notification_option
                .as_deref()
                .map_or(SmsOption::Absent, |text| read_sms(notes, text)),
            pinless: *pinless_access_to_voice_mail_enabled,
            subscriber_access: *subscriber_access_enabled,
            tui_calendar: *tui_access_to_calendar_enabled,
            tui_email: *tui_access_to_email_enabled,
            play_on_phone: *play_on_phone_enabled,
            call_answering_rules: *call_answering_rules_enabled,
            speech: *automatic_speech_recognition_enabled,
            analysis: *voice_mail_analysis_enabled,
            fax: *fax_enabled,
            anonymous_callers: *anonymous_callers_can_leave_messages,
            calls_from_non_users: allow_um_calls_from_non_users.as_deref().map(|text| {
                word(notes, "spec.allowUMCallsFromNonUsers", text, &["SearchEnabled", "None"])
                    == "SearchEnabled"
            }),
        };
        let more = More {
            audio_codec: call_answering_audio_codec
                .as_deref()
                .map(|text| word(notes, "spec.callAnsweringAudioCodec", text, &AUDIO_CODECS)),
            operator: operator_number.as_deref().and_then(|text| read_operator(notes, text)),
            pilot: pilot_number.as_deref().and_then(|text| read_pilot(notes, text)),
            pin: pin.as_ref().map(|pin| read_pin(notes, pin)),
        };
        if missed_call_notification_enabled == &Some(true) && primary_smtp_address.is_none() {
            let message = "a mail about missed calls is wanted, and there is no address for it";
            notes.add(Code::MailAddressMissing, "spec.primarySmtpAddress", message, "set primarySmtpAddress");
        }
        mail_for_pin(notes, pin.as_ref(), primary_smtp_address.is_some());
        Self {
            policy: mailbox_policy_ref.name.clone(),
            extensions,
            resource,
            lamps,
            display_name: display_name.as_deref().map(Into::into),
            mail,
            wishes,
            more: (more != More::default()).then(|| Box::new(more)),
        }
    }
}

/// Addresses that no dial plan would take, whichever it is. What is empty is said here alone.
fn addresses_fit(notes: &mut Notes, resource: Option<&str>, lamps: Option<&[String]>) {
    let fits = |text: &str| {
        if text.chars().count() <= 128 { Ok(()) } else { Err(Expected("at most 128 characters")) }
    };
    let given = |expected: &'static str| {
        move |text: &str| if text.is_empty() { Err(Expected(expected)) } else { Ok(()) }
    };
    let (address, lamp) = (
        "a SIP address or a number with `+`, as the dial plan's uriType says, or no sipResourceIdentifier",
        "an extension, a SIP address or a number with `+`, as the dial plan's uriType says",
    );
    if let Some(text) = resource {
        let path = "spec.sipResourceIdentifier";
        one(notes, path, text, Code::SipResourceIdentifierInvalid, given(address));
        one(notes, path, text, Code::TextTooLong, fits);
    }
    for (at, text) in lamps.unwrap_or_default().iter().enumerate().take(MOST) {
        let path = format!("spec.messageWaitingIndicatorExtensions[{at}]");
        one(notes, &path, text, Code::LampAddressInvalid, given(lamp));
        one(notes, &path, text, Code::TextTooLong, fits);
    }
}

fn read_mail(notes: &mut Notes, path: &str, text: &str) -> Option<Box<str>> {
    one(notes, path, text, Code::MailAddressInvalid, |text| mail_address(text).map(|()| text.into()))
}

fn read_sms(notes: &mut Notes, text: &str) -> SmsOption {
    let words = ["None", "VoiceMail", "VoiceMailAndMissedCalls"];
    match word(notes, "spec.umSMSNotificationOption", text, &words) {
        "VoiceMail" => SmsOption::VoiceMail,
        "VoiceMailAndMissedCalls" => SmsOption::VoiceMailAndMissedCalls,
        _ => SmsOption::None,
    }
}

fn read_operator(notes: &mut Notes, text: &str) -> Option<Box<str>> {
    one(notes, "spec.operatorNumber", text, Code::PhoneNumberInvalid, |text| {
        let sound = (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if sound { Ok(text.into()) } else { Err(Expected("1 to 20 digits, in quotes")) }
    })
}

fn read_pilot(notes: &mut Notes, text: &str) -> Option<Box<str>> {
    one(notes, "spec.pilotNumber", text, Code::AccessNumberInvalid, |text| {
        super::access_number(text).map(|()| text.into())
    })
}

fn read_pin(notes: &mut Notes, pin: &MailboxPin) -> Pin {
    let MailboxPin {
        reset_request,
        secret_ref,
        expired: _,
        unlock_request,
        locked_out,
        notify_email,
        send_email,
    } = pin;
    for (path, request) in
        [("spec.pin.resetRequest", reset_request), ("spec.pin.unlockRequest", unlock_request)]
    {
        let length = request.as_ref().map_or(0, |text| text.chars().count());
        if length > 64 {
            let message = format!("the text has {length} characters");
            notes.add(Code::TextTooLong, path, message, "at most 64 are possible");
        }
    }
    Pin {
        secret: secret_ref.as_ref().map(|key| KeyName::secret(&key.name, &key.key)),
        locked_out: locked_out.unwrap_or_default(),
        notify: notify_email.as_deref().and_then(|text| read_mail(notes, "spec.pin.notifyEmail", text)),
        send: send_email.unwrap_or(true),
    }
}

fn mail_for_pin(notes: &mut Notes, pin: Option<&MailboxPin>, has_mail: bool) {
    // An address that is there and wrong has a finding of its own.
    let is_mailed = |pin: &MailboxPin| {
        let asked = pin.reset_request.as_deref().is_some_and(|request| !request.is_empty());
        asked && pin.send_email != Some(false) && pin.notify_email.is_none()
    };
    if pin.is_some_and(is_mailed) && !has_mail {
        let message = "a PIN is mailed, and there is no address for it";
        let advice = "set primarySmtpAddress or pin.notifyEmail, or pin.sendEmail: false";
        notes.add(Code::MailAddressMissing, "spec.primarySmtpAddress", message, advice);
    }
}

fn check_display_name(notes: &mut Notes, name: &str) {
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        let message = format!("`{}` can't be a display name", short(name));
        notes.add(
            Code::DisplayNameInvalid,
            "spec.displayName",
            message,
            "expected 1 to 64 characters on one line",
        );
    }
}

fn read_extensions(
    notes: &mut Notes,
    texts: &[String],
    dial_plan: Option<&DialPlan>,
) -> Vec<Option<Extension>> {
    if texts.is_empty() {
        notes.add(
            Code::ExtensionMissing,
            "spec.extensions",
            "the mailbox has no extension",
            "name at least one, in quotes, as in [\"4201\"]",
        );
    }
    too_many(notes, "spec.extensions", texts.len(), MOST);
    let mut extensions = Vec::with_capacity(texts.len().min(MOST));
    for (at, text) in texts.iter().take(MOST).enumerate() {
        let mut extension = read_extension(
            notes,
            text,
            dial_plan,
            || format!("spec.extensions[{at}]"),
            Code::ExtensionInvalid,
        );
        if extension.is_some() && extensions.contains(&extension) {
            let message = format!("extension {text} stands twice in this mailbox");
            notes.add(
                Code::DuplicateExtension,
                format!("spec.extensions[{at}]"),
                message,
                "remove one of the two",
            );
            extension = None;
        }
        extensions.push(extension);
    }
    extensions
}

fn read_extension(
    notes: &mut Notes,
    text: &str,
    dial_plan: Option<&DialPlan>,
    path: impl FnOnce() -> String,
    code: Code,
) -> Option<Extension> {
    let Ok(extension) = text.parse::<Extension>() else {
        let message = format!("`{}` can't be an extension", short(text));
        let digits = dial_plan.map_or_else(|| "1 to 20".to_owned(), |dial_plan| dial_plan.digits.to_string());
        notes.add(code, path(), message, format!("expected {digits} digits, in quotes"));
        return None;
    };
    if let Some(dial_plan) = dial_plan
        && extension.digits() != dial_plan.digits
    {
        let message = format!(
            "extension {text} has {} digits, its dial plan wants {}",
            extension.digits(),
            dial_plan.digits
        );
        let advice = format!(
            "write all {} digits, leading zeros too, or choose a policy of another dial plan",
            dial_plan.digits
        );
        notes.add(Code::ExtensionDigitsMismatch, path(), message, advice);
        return None;
    }
    Some(extension)
}

fn read_resource(notes: &mut Notes, text: Option<&str>, dial_plan: &DialPlan) -> Option<LampAddress> {
    const PATH: &str = "spec.sipResourceIdentifier";
    match (text, dial_plan.uri_type) {
        (Some(""), _) | (None, UriType::TelExtn) => None,
        (Some(_), UriType::TelExtn) => {
            let message = "sipResourceIdentifier has no effect on a dial plan with uriType TelExtn";
            notes.add(
                Code::SipResourceIdentifierIgnored,
                PATH,
                message,
                "remove it, or choose a policy of a SipName or E164 dial plan",
            );
            None
        }
        (None, UriType::E164 | UriType::SipName) => {
            let example =
                if dial_plan.uri_type == UriType::E164 { "+493055504201" } else { "lina@example.com" };
            let message = "the mailbox has no sipResourceIdentifier, and its dial plan names lamps by it";
            notes.add(
                Code::SipResourceIdentifierMissing,
                PATH,
                message,
                format!("add it, as in sipResourceIdentifier: \"{example}\""),
            );
            None
        }
        (Some(text), uri_type) => match address(text, uri_type) {
            Ok(address) => Some(address),
            Err(expected) => {
                let message = format!("`{}` does not fit the dial plan's uriType", short(text));
                notes.add(
                    Code::SipResourceIdentifierInvalid,
                    PATH,
                    message,
                    format!("expected {}", expected.0),
                );
                None
            }
        },
    }
}

fn read_lamps(notes: &mut Notes, texts: &[String], dial_plan: &DialPlan) -> Vec<LampAddress> {
    let mut lamps = Vec::with_capacity(texts.len().min(MOST));
    for (at, text) in texts.iter().take(MOST).enumerate().filter(|(_, text)| !text.is_empty()) {
        let path = || format!("spec.messageWaitingIndicatorExtensions[{at}]");
        let lamp = match dial_plan.uri_type {
            UriType::TelExtn => read_extension(notes, text, Some(dial_plan), path, Code::LampAddressInvalid)
                .map(LampAddress::Extension),
            uri_type @ (UriType::E164 | UriType::SipName) => match address(text, uri_type) {
                Ok(address) => Some(address),
                Err(expected) => {
                    let message =
                        format!("`{}` can't be the address of a lamp on this dial plan", short(text));
                    notes.add(Code::LampAddressInvalid, path(), message, format!("expected {}", expected.0));
                    None
                }
            },
        };
        if let Some(lamp) = lamp
            && !lamps.contains(&lamp)
        {
            lamps.push(lamp);
        }
    }
    lamps
}

fn address(text: &str, uri_type: UriType) -> Result<LampAddress, Expected> {
    match uri_type {
        UriType::TelExtn => text.parse().map(LampAddress::Extension),
        UriType::E164 => text.parse().map(LampAddress::Number),
        UriType::SipName => text.parse().map(LampAddress::Name),
    }
}
