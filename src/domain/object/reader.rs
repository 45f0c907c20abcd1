//! Reads one spec setting by setting: what is wrong becomes a finding and a nearby value stands in, and what a voice-mail server
//! enforces is kept under its field's name, to be served as it stands.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::number;
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::Expected;
use crate::domain::shown::short;

/// A setting that is served: the field's name and its value.
pub type Served = Vec<(&'static str, Value)>;

/// Takes down the findings of one object and its served settings.
pub struct Reader<'a> {
    /// Findings of the object.
    pub notes: &'a mut Notes,
    /// Its served settings, in the order of the fields.
    pub served: Served,
}

impl<'a> Reader<'a> {
    /// Begins an object.
    pub const fn new(notes: &'a mut Notes) -> Self {
        Self { notes, served: Vec::new() }
    }

    /// Serves a value as it stands.
    pub fn serve(&mut self, key: &'static str, value: impl Into<Value>) {
        self.served.push((key, value.into()));
    }

    /// A finding about a field of the spec.
    pub fn find(&mut self, code: Code, key: &str, message: String, advice: impl Into<String>) {
        self.notes.add(code, format!("spec.{key}"), message, advice);
    }

    /// A number within `min..=max`.
    pub fn number(&mut self, key: &'static str, value: i32, min: i32, max: i32) -> u32 {
        let value = number(self.notes, &format!("spec.{key}"), value, min, max);
        self.serve(key, value);
        value
    }

    /// One of the words of an enumeration, of which the first stands in.
    pub fn word(&mut self, key: &'static str, value: &str, words: &'static [&'static str]) -> &'static str {
        let word = word(self.notes, &format!("spec.{key}"), value, words);
        self.serve(key, word);
        word
    }

    /// A text of at most `most` characters on one line; without a finding it is kept, else it is empty.
    pub fn text(&mut self, key: &'static str, value: &str, most: usize) {
        let sound = self.bounded(key, value, most, false);
        self.serve(key, if sound { value } else { "" });
    }

    /// Whether a text is short enough and, unless it may have several, on one line.
    pub fn bounded(&mut self, key: &str, value: &str, most: usize, lines: bool) -> bool {
        let length = value.chars().count();
        if length > most {
            let message = format!("the text has {length} characters");
            self.find(Code::TextTooLong, key, message, format!("at most {most} are possible"));
            return false;
        }
        let odd = |c: char| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'));
        if value.chars().any(odd) {
            let message = "the text holds control characters".to_owned();
            let advice = if lines {
                "remove them; several lines are possible"
            } else {
                "write it on one line, without control characters"
            };
            self.find(Code::TextTooLong, key, message, advice);
            return false;
        }
        true
    }

    /// A text that `parse` takes, else a finding; empty is possible and means none.
    pub fn parsed<T>(
        &mut self,
        key: &'static str,
        value: &str,
        code: Code,
        parse: impl FnOnce(&str) -> Result<T, Expected>,
    ) -> Option<T> {
        if value.is_empty() {
            return None;
        }
        one(self.notes, &format!("spec.{key}"), value, code, parse)
    }

    /// The entries that `parse` takes, each other one a finding; at most `most`.
    pub fn list<T>(
        &mut self,
        key: &'static str,
        values: &[String],
        most: usize,
        code: Code,
        parse: impl Fn(&str) -> Result<T, Expected>,
    ) -> Vec<T> {
        too_many(self.notes, &format!("spec.{key}"), values.len(), most);
        let entry = |(at, value): (usize, &String)| {
            one(self.notes, &format!("spec.{key}[{at}]"), value, code, &parse)
        };
        values.iter().take(most).enumerate().filter_map(entry).collect()
    }
}

/// A text that `parse` takes, else a finding.
pub fn one<T>(
    notes: &mut Notes,
    path: &str,
    value: &str,
    code: Code,
    parse: impl FnOnce(&str) -> Result<T, Expected>,
) -> Option<T> {
    one_as(notes, path, value, (code, noun(code)), parse)
}

/// A text that `parse` takes, else a finding that says what it was meant to be.
pub fn one_as<T>(
    notes: &mut Notes,
    path: &str,
    value: &str,
    (code, noun): (Code, &str),
    parse: impl FnOnce(&str) -> Result<T, Expected>,
) -> Option<T> {
    match parse(value) {
        Ok(parsed) => Some(parsed),
        Err(expected) => {
            let message = format!("`{}` can't be {noun}", short(value));
            notes.add(code, path, message, format!("expected {}", expected.0));
            None
        }
    }
}

/// Whether a text is on one line and has so many characters, else a finding.
pub fn on_line(notes: &mut Notes, path: &str, text: &str, length: RangeInclusive<usize>) {
    if !length.contains(&text.chars().count()) || text.chars().any(char::is_control) {
        let message = format!("`{}` has the wrong length, or control characters", short(text));
        let advice = format!("write {} to {} characters on one line", length.start(), length.end());
        notes.add(Code::TextTooLong, path, message, advice);
    }
}

/// What a value was meant to be.
const fn noun(code: Code) -> &'static str {
    match code {
        Code::AddressInvalid => "an address",
        Code::MailAddressInvalid => "a mail address",
        Code::PhoneNumberInvalid => "a telephone number",
        Code::AccessNumberInvalid => "an access number",
        Code::PhoneContextInvalid => "a phone context",
        Code::NumberFormatInvalid => "a number format",
        Code::DialingRuleInvalid => "part of a dialing rule",
        Code::LanguageInvalid => "a language",
        Code::FaxServerURIInvalid => "a fax server",
        Code::NetworkInvalid => "a network",
        Code::WebhookURLInvalid => "the address of a web service",
        Code::SizeInvalid => "a size",
        Code::SipResourceIdentifierInvalid => "a SIP address or number",
        Code::LampAddressInvalid => "the address of a lamp",
        Code::PilotIdentifierInvalid => "a pilot identifier",
        Code::HTTPClientInvalid => "the name of a client",
        Code::TextTooLong => "the address of a lamp",
        _ => "the value of this field",
    }
}

/// A list that is too long is a finding.
pub fn too_many(notes: &mut Notes, path: &str, count: usize, most: usize) {
    if count > most {
        let message = format!("{count} entries are too many");
        notes.add(Code::ValueOutOfRange, path, message, format!("at most {most} are possible"));
    }
}

/// One of the words, or a finding and the first of them.
pub fn word(notes: &mut Notes, path: &str, value: &str, words: &[&'static str]) -> &'static str {
    if let Some(found) = words.iter().find(|word| **word == value) {
        return found;
    }
    // YAML makes a Boolean of these two.
    let quoted = |word: &str| matches!(word, "True" | "False");
    let advice = match words.iter().find(|word| word.eq_ignore_ascii_case(value)) {
        Some(word) if quoted(word) => {
            format!("write \"{word}\", in quotes: capital and small letters count")
        }
        Some(word) => format!("write `{word}`: capital and small letters count"),
        None => {
            let written = |word: &&str| if quoted(word) { format!("\"{word}\"") } else { (*word).to_owned() };
            format!("choose one of {}", words.iter().map(written).collect::<Vec<_>>().join(", "))
        }
    };
    notes.add(Code::ValueNotAllowed, path, format!("`{}` is not a possible value", short(value)), advice);
    words.first().copied().unwrap_or_default()
}
