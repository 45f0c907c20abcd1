//! The four kinds as domain values: every scalar parsed, every failure a finding with its field.
//!
//! An object is read with the dial plan that it belongs to, where that decides what is right. Specs are taken apart
//! without `..`, so that a new field that nobody reads does not compile.

mod callers;
mod dial_plan;
mod dial_rules;
mod gateway;
mod http;
pub mod keys;
mod mailbox;
mod mailbox_policy;
mod notifier;
mod pod;
mod reader;
mod store;

use callers::access_number;
pub use callers::spoken;
pub use dial_plan::{DialPlan, Security, UriType};
pub use dial_rules::{DialRules, groups_exist};
pub use gateway::{Auth, Family, Gateway, Identity, PilotGroup, Status, Template, Tls, Transport};
pub use http::{Client, Http, HttpTls, Scope};
pub use mailbox::{Mailbox, More, Pin, SmsOption, Wishes};
pub use mailbox_policy::{FaxServer, MailboxPolicy};
pub use notifier::{Mode, Notifier, NotifierTls, Server};
pub use pod::{Exposure, Pod, Senders, Service, is_subdomain};
pub use reader::Served;
pub use store::Store;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::finding::{Code, Notes};
use super::scalar::display_name;
use super::shown::short;

/// Formats of recordings (Exchange `AudioCodecEnum`), the default first.
const AUDIO_CODECS: [&str; 4] = ["Mp3", "G711", "Wma", "Gsm"];

/// A number within `min..=max`, or a finding and the nearest allowed value.
fn number(notes: &mut Notes, path: &str, value: i32, min: i32, max: i32) -> u32 {
    if value < min || value > max {
        notes.add(
            Code::ValueOutOfRange,
            path,
            format!("{value} is out of range"),
            format!("choose a whole number from {min} to {max}"),
        );
    }
    u32::try_from(value.clamp(min, max)).unwrap_or_default()
}

/// A TCP or UDP port, or a finding.
fn port(notes: &mut Notes, path: &str, value: i32) -> u16 {
    u16::try_from(number(notes, path, value, 1, 65_535)).unwrap_or(u16::MAX)
}

/// One of the words of an enumeration, or a finding and the first of them.
fn one_of<T: Copy>(notes: &mut Notes, path: &str, value: &str, first: (&str, T), others: &[(&str, T)]) -> T {
    let mut words = std::iter::once(&first).chain(others);
    if let Some((_, found)) = words.clone().find(|(word, _)| *word == value) {
        return *found;
    }
    let near = words.clone().find(|(word, _)| word.eq_ignore_ascii_case(value));
    let advice = match near {
        Some((word, _)) => format!("write `{word}`: capital and small letters count"),
        None => {
            let words: Vec<&str> = words.by_ref().map(|(word, _)| *word).collect();
            format!("choose one of {}", words.join(", "))
        }
    };
    notes.add(Code::ValueNotAllowed, path, format!("`{}` is not a possible value", short(value)), advice);
    first.1
}

/// The display name, or the name of the object where there is none.
fn shown_name(notes: &mut Notes, given: Option<&String>, meta: &ObjectMeta) -> String {
    let Some(given) = given else { return meta.name.clone().unwrap_or_default() };
    if let Err(expected) = display_name(given) {
        notes.add(
            Code::DisplayNameInvalid,
            "spec.displayName",
            format!("`{}` can't be a display name", short(given)),
            format!("expected {}", expected.0),
        );
    }
    given.clone()
}
