//! What callers of a dial plan meet: numbers, names, greetings and the operator. The voice-mail server enforces it.

use std::collections::BTreeSet;

use serde_json::json;

use super::reader::{Reader, one, too_many};
use crate::domain::finding::Code;
use crate::domain::scalar::{E164, Expected, language_tag, phone_number};
use crate::domain::shown::short;

/// Most entries of a list of numbers.
const MOST_NUMBERS: usize = 32;
/// Beyond that, people mistype an access number.
const COMFORTABLE: usize = 20;
/// Most characters of a greeting's path.
const LONGEST_PATH: usize = 255;

/// Access numbers (Exchange `AccessTelephoneNumbers`), each at its place in the spec.
pub fn access_numbers(r: &mut Reader<'_>, texts: &[String]) -> Vec<Option<Box<str>>> {
    const KEY: &str = "accessTelephoneNumbers";
    too_many(r.notes, "spec.accessTelephoneNumbers", texts.len(), MOST_NUMBERS);
    let mut seen = BTreeSet::new();
    let read = |(at, text): (usize, &String)| -> Option<Box<str>> {
        let key = format!("{KEY}[{at}]");
        one(r.notes, &format!("spec.{key}"), text, Code::AccessNumberInvalid, access_number)?;
        if !seen.insert(spoken(text)) {
            let message = format!("access number {} stands twice in this dial plan", short(text));
            r.find(Code::DuplicateAccessNumber, &key, message, "remove one of the two");
            return None;
        }
        if text.chars().count() > COMFORTABLE && !text.contains('@') {
            let message = format!("the access number {text} has more than {COMFORTABLE} characters");
            r.find(
                Code::AccessNumberLong,
                &key,
                message,
                "people dial it by hand: give a shorter one if there is one",
            );
        }
        Some(text.as_str().into())
    };
    let numbers: Vec<Option<Box<str>>> = texts.iter().take(MOST_NUMBERS).enumerate().map(read).collect();
    r.serve(KEY, numbers.iter().flatten().map(|number| json!(number)).collect::<Vec<_>>());
    if texts.is_empty() {
        let message =
            "the dial plan has no access number, so nobody can call in to Outlook Voice Access".to_owned();
        r.find(
            Code::NoAccessNumber,
            KEY,
            message,
            "add the number that people call, as in accessTelephoneNumbers: [\"4000\"]",
        );
    }
    numbers
}

/// A number without what only people see in it; in a SIP address, everything tells it from others.
pub fn spoken(number: &str) -> String {
    let separates = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '/') && !number.contains('@');
    number.chars().filter(|c| !separates(*c)).flat_map(char::to_lowercase).collect()
}

pub fn access_number(text: &str) -> Result<(), Expected> {
    if !(1..=32).contains(&text.chars().count()) {
        Err(Expected("1 to 32 characters: an extension, a number, or a SIP address"))
    } else if text.chars().any(char::is_control) {
        Err(Expected("one line without control characters, as in 4000"))
    } else if text.trim() != text {
        Err(Expected("no blank at either end, as in 4000"))
    } else {
        Ok(())
    }
}

/// By what the voice-mail server finds out who calls.
pub fn numbers(r: &mut Reader<'_>, pilots: &[String], contexts: &[String], masks: &[String], outbound: &str) {
    let pilots = r.list("pilotIdentifierList", pilots, MOST_NUMBERS, Code::PhoneNumberInvalid, |text| {
        text.parse::<E164>().map(|_| json!(text))
    });
    r.serve("pilotIdentifierList", pilots);
    let contexts = r.list(
        "equivalentDialPlanPhoneContexts",
        contexts,
        MOST_NUMBERS,
        Code::PhoneContextInvalid,
        |text| phone_context(text).map(|()| json!(text)),
    );
    r.serve("equivalentDialPlanPhoneContexts", contexts);
    let masks = r.list("numberingPlanFormats", masks, MOST_NUMBERS, Code::NumberFormatInvalid, |text| {
        let sound = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'x');
        if sound { Ok(json!(text)) } else { Err(Expected("1 to 32 digits and `x`, as in 4930555xxxx")) }
    });
    r.serve("numberingPlanFormats", masks);
    let outbound = r.parsed("defaultOutboundCallingLineId", outbound, Code::PhoneNumberInvalid, |text| {
        let expected = Expected("a number of at most 32 characters, as in +49 30 5550 4000");
        phone_number(text, 32).map(|()| text.to_owned()).map_err(|_| expected)
    });
    r.serve("defaultOutboundCallingLineId", outbound.unwrap_or_default());
}

/// `<name of a dial plan>.<domain>`, and the name may be any.
fn phone_context(text: &str) -> Result<(), Expected> {
    let sound = (1..=253).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    if sound {
        Ok(())
    } else {
        Err(Expected("1 to 253 characters, no blank at either end, as in `Head Office.example.com`"))
    }
}

/// Where callers look for people (Exchange `ContactScope`).
pub fn contacts(r: &mut Reader<'_>, scope: &str, list: &str, extension: &str, attendant: &str, digits: u8) {
    const SCOPES: [&str; 5] =
        ["DialPlan", "GlobalAddressList", "Extension", "AutoAttendantLink", "AddressList"];
    let scope = r.word("contactScope", scope, &SCOPES);
    r.text("contactAddressList", list, 256);
    r.text("umAutoAttendant", attendant, 64);
    let sound = extension.is_empty()
        || (extension.len() == usize::from(digits) && extension.bytes().all(|b| b.is_ascii_digit()));
    if !sound {
        // The codes of a mailbox's extension would keep every lamp of the dial plan as it is.
        let message = format!("`{}` can't be an extension of this dial plan", short(extension));
        r.find(
            Code::PhoneNumberInvalid,
            "extension",
            message,
            format!("expected {digits} digits, in quotes"),
        );
    }
    r.serve("extension", if sound { extension } else { "" });
    let needed = match scope {
        "AddressList" if list.is_empty() => "contactAddressList",
        "Extension" if extension.is_empty() => "extension",
        "AutoAttendantLink" if attendant.is_empty() => "umAutoAttendant",
        _ => return,
    };
    let message = format!("contactScope {scope} needs {needed}, which is empty");
    r.find(
        Code::ContactScopeIncomplete,
        needed,
        message,
        format!("set {needed}, or choose another contactScope"),
    );
}

/// How callers name people (Exchange `DialByNamePrimary` and its siblings).
pub fn names(r: &mut Reader<'_>, primary: &str, secondary: &str, same: &str) {
    r.word("dialByNamePrimary", primary, &["LastFirst", "FirstLast", "SMTPAddress"]);
    r.word("dialByNameSecondary", secondary, &["SMTPAddress", "LastFirst", "FirstLast", "None"]);
    r.word(
        "matchedNameSelectionMethod",
        same,
        &["None", "Title", "Department", "Location", "PromptForAlias"],
    );
}

/// The welcome greeting (Exchange `WelcomeGreetingEnabled`, `WelcomeGreetingFilename`).
pub fn greeting(r: &mut Reader<'_>, enabled: bool, file: &str) {
    r.serve("welcomeGreetingEnabled", enabled);
    let wave = file.is_empty() || file.to_ascii_lowercase().ends_with(".wav");
    filename(
        r,
        "welcomeGreetingFilename",
        file,
        wave,
        "a path of at most 255 characters that ends with .wav",
    );
    if enabled && file.is_empty() {
        missing_file(r, "welcomeGreetingFilename", "the welcome greeting is on");
    }
}

/// The announcement after it (Exchange `InfoAnnouncementEnabled`, which has three values).
pub fn announcement(r: &mut Reader<'_>, enabled: &str, file: &str) {
    let enabled = r.word("infoAnnouncementEnabled", enabled, &["False", "True", "Uninterruptible"]);
    filename(r, "infoAnnouncementFilename", file, true, "a path of at most 255 characters");
    if enabled != "False" && file.is_empty() {
        missing_file(r, "infoAnnouncementFilename", "the announcement is on");
    }
}

fn filename(r: &mut Reader<'_>, key: &'static str, file: &str, right: bool, expected: &str) {
    let sound = right && file.chars().count() <= LONGEST_PATH && !file.chars().any(char::is_control);
    if !sound {
        let message = format!("`{}` can't be the file", short(file));
        r.find(Code::GreetingFilenameInvalid, key, message, format!("expected {expected}"));
    }
    r.serve(key, if sound { file } else { "" });
}

fn missing_file(r: &mut Reader<'_>, key: &str, what: &str) {
    let message = format!("{what} and has no file, so callers hear the system's or none");
    r.find(Code::GreetingMissing, key, message, format!("set {key}, or switch it off"));
}

/// Language of prompts (Exchange `DefaultLanguage`).
pub fn language(r: &mut Reader<'_>, text: &str) {
    let path = "spec.defaultLanguage";
    let known =
        one(r.notes, path, text, Code::LanguageInvalid, |text| language_tag(text).map(|()| text.to_owned()));
    r.serve("defaultLanguage", known.unwrap_or_else(|| "en-US".to_owned()));
}

/// Whom 0 calls (Exchange `OperatorExtension`).
pub fn operator(r: &mut Reader<'_>, text: &str) -> Box<str> {
    const KEY: &str = "operatorExtension";
    if text.is_empty() {
        let message = "the dial plan has no operator: a caller who asks for one is disconnected".to_owned();
        r.find(Code::NoOperatorExtension, KEY, message, "set operatorExtension to an extension or a number");
    }
    let sound = r
        .parsed(KEY, text, Code::PhoneNumberInvalid, |text| phone_number(text, 20).map(|()| text.to_owned()));
    let operator = sound.unwrap_or_default();
    r.serve(KEY, operator.clone());
    operator.into()
}
