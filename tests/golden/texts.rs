//! Patterns, CEL rules and parsers agree: each text of a list is put into each setting that is a text, and what a definition refuses
//! is an error of the domain, and the other way round. `effects/base.yaml` has all settings.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use lamplighter::admission::Admission;
use lamplighter::api::schema::crds;
use lamplighter::domain::Severity;
use serde_json::Value;

use crate::admission::{alone, is_about};
use crate::evaluate;
use crate::leaves::{Use, leaves, uses};

/// Settings whose texts name objects of others, which are not looked at.
const NAMES: [&str; 6] = [
    "Ref.name",
    "Ref.key",
    "imagePullSecrets[].name",
    "storageClassName",
    "priorityClassName",
    "loadBalancerClass",
];

/// Settings that stay in a manifest while another one is tried: required, or named by others.
const KEPT: [&str; 7] = [
    "numberOfDigitsInExtension",
    "dialPlanRef",
    "mailboxPolicyRef",
    "extensions",
    "address",
    "configuredInCountryOrRegionGroups",
    "configuredInternationalGroups",
];

/// Texts of each form that some setting wants, and what is often wrong about it.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", " ", "a", "um", "-", "_", ".", ",", "\u{e4}", "a b", " a", "a ", "a\tb", "a\nb", "a\n", "a\u{0}b", "a\u{85}b", "a\u{a0}",
    "a,b", ",a", "a;b", "<b>", "\"a\"", "[a]", "{a}", "a/b", "a.wav", ".WAV", "a.wav ",
    "4", "42", "4201", "04", "42a", "xx4", "44xx", "x", "*", "+", "+4", "+04", "+493055504201", "+49 30 5550 4201", "(030) 5550-4201",
    "12345678901234567890", "123456789012345678901", "-4",
    "pbx", "3cx", "pbx.example.com", "pbx.example.com.", "pbx..example.com", "-pbx", "pbx-", "pbx.3", "pbx.3-4", "pbx:5060", "pbx:0",
    "pbx:65536", "sip:pbx", "192.0.2.7", "192.0.2.07", "192.0.2.999", "192.0.2.7:5060", "192.0.2.0/24", "192.0.2.0/33",
    "fe80::1", "[fe80::1]", "[fe80::1]:5060", "fe80::1%eth0", "fe80::1:", "[192.0.2.7]", "::ffff:192.0.2.7", "2001:db8::/32",
    "lina@example.com", "sip:lina@example.com", "li.na@3cx", ".lina@example.com", "li na@example.com", "a@b@c", "a%20b@192.0.2.7",
    "sip:{number}@{gateway}", "sip:{name}@{gateway}", "sip:{number", "sip:pbx;transport=tls", "sip:pbx, sip:pbx;transport=tls",
    "https://sms.example.com/send", "https:///send", "6h", "24h", "1Gi", "0Gi",
];

/// Texts that some parser takes for an error and that nothing refuses, and why.
const NOT_REFUSED: [(&str, &str); 4] = [
    ("a\u{2003}", "no way to write a blank beyond U+00A0 is known to all that read patterns"),
    ("li\u{2003}na@example.com", "no way to write a blank beyond U+00A0 is known to all that read patterns"),
    ("a@[1::2::3]", "an IPv6 address inside of another text, which only a parser knows"),
    (
        "pbx.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "a pattern that counts the 63 characters of each label is too long to be read",
    ),
];

pub fn run() {
    let admission = Admission::new(&crds().unwrap()).unwrap();
    let leaves = leaves();
    let mut tried = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut failures = String::new();
    for document in evaluate::documents(Path::new("tests/golden/effects")) {
        let kind = document["kind"].as_str().unwrap().to_owned();
        for Use { path, place, pointer, .. } in uses(&document) {
            let leaf = leaves.iter().find(|leaf| leaf.kind == kind && leaf.path == path).unwrap();
            let is_text = leaf.definition["type"] == "string" && leaf.definition.get("enum").is_none();
            if !is_text || NAMES.iter().any(|end| path.ends_with(end)) || !tried.insert(leaf.name()) {
                continue;
            }
            let mut document = with_only(&document, &pointer);
            let listed = NOT_REFUSED.iter().map(|(text, _)| *text);
            for text in TEXTS.iter().copied().chain(listed.clone()) {
                *document.pointer_mut(&pointer).unwrap() = text.into();
                let refusals = admission.review(&kind, &document, None);
                let refused = refusals.iter().any(|refusal| is_about(&refusal.path, &place));
                let findings = alone(&kind, &document).unwrap();
                let mut errors = findings.iter().filter(|finding| finding.code.severity() == Severity::Error);
                let error = errors.find(|error| is_about(&error.path, &place)).map(|error| error.code);
                if !refused && error.is_some() && listed.clone().any(|known| known == text) {
                    used.insert(text);
                } else if refused != error.is_some() {
                    let _ =
                        writeln!(failures, "{} {text:?}: refused {refused}, error {error:?}", leaf.name());
                }
            }
        }
    }
    for (text, _) in NOT_REFUSED.iter().filter(|(text, _)| !used.contains(text)) {
        let _ = writeln!(failures, "{text:?} stands in NOT_REFUSED, and nothing needs it");
    }
    assert!(tried.len() > 40, "only {} settings with texts", tried.len());
    assert!(failures.is_empty(), "{failures}");
}

/// A manifest with one setting and those that it can't do without, since each text costs a review.
fn with_only(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let mut names = pointer.split('/').skip(2);
    let (field, part) = (names.next().unwrap(), names.next());
    let spec = document["spec"].as_object_mut().unwrap();
    spec.retain(|name, _| name == field || KEPT.contains(&name.as_str()));
    if let (Some(Value::Object(block)), Some(part), true) = (spec.get_mut(field), part, field == "notifier") {
        block.retain(|name, _| name == part);
    }
    document
}
