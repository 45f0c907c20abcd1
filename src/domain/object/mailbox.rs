//! A mailbox, read with the dial plan of its policy.

use super::{DialPlan, UriType};
use crate::api::mailbox::{UMMailbox, UMMailboxSpec};
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::{Expected, Extension, LampAddress};

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
}

/// Most extensions, and most lamps, of a mailbox.
const MOST: usize = 32;

impl Mailbox {
    /// Reads one mailbox. Without a dial plan, only what holds for every dial plan is checked, and there are no lamps.
    #[must_use]
    pub fn read(object: &UMMailbox, dial_plan: Option<&DialPlan>, notes: &mut Notes) -> Self {
        let UMMailboxSpec {
            display_name,
            mailbox_policy_ref,
            extensions,
            message_waiting_indicator_extensions,
            sip_resource_identifier,
        } = &object.spec;
        if let Some(name) = display_name {
            check_display_name(notes, name);
        }
        let extensions = read_extensions(notes, extensions, dial_plan);
        let resource = dial_plan
            .and_then(|dial_plan| read_resource(notes, sip_resource_identifier.as_deref(), dial_plan));
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
        Self { policy: mailbox_policy_ref.name.clone(), extensions, resource, lamps }
    }
}

fn check_display_name(notes: &mut Notes, name: &str) {
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        let message = format!("`{}` can't be a display name", name.escape_debug());
        notes.add(
            Code::DisplayNameInvalid,
            "spec.displayName",
            message,
            "expected 1 to 64 characters on one line",
        );
    }
}

fn too_many(notes: &mut Notes, path: &str, count: usize) {
    if count > MOST {
        notes.add(
            Code::ValueOutOfRange,
            path,
            format!("{count} entries are too many"),
            format!("at most {MOST} are possible"),
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
    too_many(notes, "spec.extensions", texts.len());
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
        let message = format!("`{}` can't be an extension", text.escape_debug());
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
        (None, UriType::TelExtn) => None,
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
                let message = format!("`{}` does not fit the dial plan's uriType", text.escape_debug());
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
    too_many(notes, "spec.messageWaitingIndicatorExtensions", texts.len());
    let mut lamps = Vec::with_capacity(texts.len().min(MOST));
    for (at, text) in texts.iter().take(MOST).enumerate() {
        let path = || format!("spec.messageWaitingIndicatorExtensions[{at}]");
        let lamp = match dial_plan.uri_type {
            UriType::TelExtn => read_extension(notes, text, Some(dial_plan), path, Code::LampAddressInvalid)
                .map(LampAddress::Extension),
            uri_type @ (UriType::E164 | UriType::SipName) => match address(text, uri_type) {
                Ok(address) => Some(address),
                Err(expected) => {
                    let message =
                        format!("`{}` can't be the address of a lamp on this dial plan", text.escape_debug());
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
