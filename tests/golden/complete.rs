//! Every limit, word and default of the four definitions has a golden case: the manifests under `evaluate/` hold it, and what is
//! recorded beside them accepts or refuses it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::evaluate;
use crate::leaves::{Leaf, leaves, uses};

/// Texts and lists that Exchange did not have, or that name other objects; their limits have tests where they are used.
const NO_LIMIT_OF_EXCHANGE: [&str; 4] = [
    "UMDialPlan spec.notifier",
    "UMIPGateway spec.auth",
    "UMIPGateway spec.tls",
    "UMIPGateway spec.outboundProxy",
];

/// Numbers of a range that another setting always forbids.
const FORBIDDEN_BY_ANOTHER: [(&str, i64, &str); 1] =
    [("UMMailboxPolicy spec.logonFailuresBeforePINReset", 999, "PINResetAfterLockout")];

/// Defaults that no answer shows, and what shows them.
const NOT_SERVED: [(&str, &str); 23] = [
    ("UMDialPlan spec.generateUMMailboxPolicy", "the status of the case shows the policy that is made"),
    ("UMDialPlan spec.suspend", "the operator's"),
    ("UMDialPlan spec.notifier.mode", "the notifier's; the chain of the lamp shows it"),
    ("UMDialPlan spec.notifier.replicas", "the notifier's"),
    ("UMDialPlan spec.notifier.refreshInterval", "the notifier's"),
    ("UMDialPlan spec.notifier.guard.mailboxes", "the notifier's"),
    ("UMDialPlan spec.notifier.guard.percent", "the notifier's"),
    ("UMDialPlan spec.notifier.store.type", "the notifier's"),
    ("UMDialPlan spec.notifier.store.size", "the notifier's"),
    ("UMDialPlan spec.notifier.sip.port", "the notifier's"),
    ("UMDialPlan spec.notifier.sip.tls.port", "the notifier's"),
    ("UMDialPlan spec.notifier.countFromEvents", "the notifier's"),
    ("UMDialPlan spec.notifier.mail.smtp.security", "the notifier's"),
    ("UMDialPlan spec.notifier.sms.smpp.port", "the notifier's"),
    ("UMDialPlan spec.notifier.pod.hostNetwork", "the operator's"),
    ("UMDialPlan spec.notifier.pod.priorityClassName", "the operator's"),
    ("UMDialPlan spec.notifier.service.type", "the operator's"),
    ("UMDialPlan spec.notifier.service.loadBalancerClass", "the operator's"),
    ("UMIPGateway spec.ipAddressFamily", "the notifier's"),
    ("UMIPGateway spec.maxNotifyPerSecond", "the notifier's"),
    ("UMIPGateway spec.outboundProxy", "the notifier's"),
    ("UMIPGateway spec.priority", "the notifier's"),
    ("UMIPGateway spec.simulator", "the notifier's"),
];

/// How often a value stands in the manifests, and with which errors at its place.
type Seen = BTreeMap<String, Vec<(Value, Vec<String>)>>;

pub fn run() {
    let seen = seen();
    let defaults = Defaults::read();
    let mut missing = String::new();
    for leaf in leaves() {
        let none = Vec::new();
        let values = seen.get(&leaf.name()).unwrap_or(&none);
        let has = |value: &dyn Fn(&Value) -> bool, error: Option<&str>| {
            values.iter().any(|(found, errors)| {
                let is_so = |code| errors.iter().any(|error| error == code || code == "*");
                value(found) && error.map_or(errors.is_empty(), is_so)
            })
        };
        for (what, found) in wanted(&leaf, &has) {
            if !found {
                let _ = writeln!(missing, "{}: no case where {what}", leaf.name());
            }
        }
        defaults.check(&leaf, &mut missing);
    }
    assert!(missing.is_empty(), "{missing}");
}

type Has<'a> = dyn Fn(&dyn Fn(&Value) -> bool, Option<&str>) -> bool + 'a;

/// What the cases must show of one setting, and whether they do.
fn wanted(leaf: &Leaf, has: &Has<'_>) -> Vec<(String, bool)> {
    let bound = |key: &str| leaf.definition[key].as_i64();
    let mut wanted = Vec::new();
    if let (Some(min), Some(max)) = (bound("minimum"), bound("maximum")) {
        for number in [min, max] {
            let forbidden =
                FORBIDDEN_BY_ANOTHER.iter().find(|(name, n, _)| *name == leaf.name() && *n == number);
            let found = has(&|value| value == number, forbidden.map(|(.., code)| *code));
            wanted.push((format!("{number} is in range"), found));
        }
        for number in [min - 1, max + 1] {
            let refused = has(&|value| value == number, Some("ValueOutOfRange"));
            wanted.push((format!("{number} is ValueOutOfRange"), refused));
        }
    }
    if let Some(words) = leaf.definition["enum"].as_array() {
        for word in words {
            wanted.push((format!("{word} is accepted"), has(&|value| value == word, None)));
        }
        let other = has(&|value| !words.contains(value), Some("ValueNotAllowed"));
        wanted.push(("another word is ValueNotAllowed".to_owned(), other));
    } else if has_limit_of_exchange(leaf) {
        let characters = |value: &Value| value.as_str().map(|text| text.chars().count());
        if let Some(most) = bound("maxLength").map(|most| usize::try_from(most).unwrap()) {
            let long = |length: usize| move |value: &Value| characters(value) == Some(length);
            wanted.push((format!("{most} characters are accepted"), has(&long(most), None)));
            let refused = has(&long(most + 1), Some("*"));
            wanted.push((format!("{} characters are an error", most + 1), refused));
        }
        let entries = |value: &Value| value.as_array().map(Vec::len);
        if let Some(most) = bound("maxItems").map(|most| usize::try_from(most).unwrap()) {
            let long = |length: usize| move |value: &Value| entries(value) == Some(length);
            wanted.push((format!("{most} entries are accepted"), has(&long(most), None)));
            let refused = has(&long(most + 1), Some("ValueOutOfRange"));
            wanted.push((format!("{} entries are ValueOutOfRange", most + 1), refused));
        }
    }
    wanted
}

fn has_limit_of_exchange(leaf: &Leaf) -> bool {
    let name = leaf.name();
    !name.ends_with("Ref.name")
        && !name.ends_with("Ref.key")
        && !NO_LIMIT_OF_EXCHANGE.iter().any(|start| name.starts_with(start))
}

/// Every value that a manifest of a case sets, with the errors that are recorded at its place.
fn seen() -> Seen {
    let mut seen = Seen::new();
    for case in evaluate::cases(Path::new("tests/golden/evaluate")) {
        let errors = errors(&fs::read_to_string(case.join("out/findings.txt")).unwrap());
        for document in evaluate::documents(&case.join("in")) {
            let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let kind = document["kind"].as_str().unwrap_or_default();
            for found in uses(&document) {
                let place = format!("{kind}/{name} {}", found.place);
                let errors = errors.get(&place).cloned().unwrap_or_default();
                seen.entry(format!("{kind} {}", found.path)).or_default().push((found.value.clone(), errors));
            }
        }
    }
    seen
}

/// Codes of the errors in a recorded list of findings, by object and place.
fn errors(findings: &str) -> BTreeMap<String, Vec<String>> {
    let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in findings.lines() {
        if let Some((code, place)) = line.strip_prefix("error[").and_then(|line| line.split_once("] ")) {
            errors.entry(place.to_owned()).or_default().push(code.to_owned());
        }
    }
    errors
}

/// What the case `settings/every-default` says and shows.
struct Defaults {
    documents: Vec<Value>,
    answers: String,
    /// The gateway as its dial plan shows it.
    gateway: Value,
}

impl Defaults {
    fn read() -> Self {
        let case = Path::new("tests/golden/evaluate/settings/every-default");
        let answers = fs::read_to_string(case.join("out/answers.txt")).unwrap();
        let line = answers.lines().find_map(|line| line.strip_prefix("  gateways: ")).unwrap();
        let (gateways, _) = line.rsplit_once(" from ").unwrap();
        let gateway = serde_json::from_str::<Value>(gateways).unwrap()[0].clone();
        Self { documents: evaluate::documents(&case.join("in")), answers, gateway }
    }

    /// A default is shown, or stands in the table; not both.
    fn check(&self, leaf: &Leaf, missing: &mut String) {
        let Some(default) = leaf.definition.get("default") else { return };
        let listed = NOT_SERVED.iter().any(|(name, _)| *name == leaf.name());
        let shown = self.shows(leaf, default);
        if shown && listed {
            let _ = writeln!(missing, "{}: its default is shown and stands in NOT_SERVED", leaf.name());
        } else if !shown && !listed {
            let _ = writeln!(missing, "{}: no answer shows its default {default}", leaf.name());
        }
    }

    fn shows(&self, leaf: &Leaf, default: &Value) -> bool {
        let Some(field) = leaf.path.strip_prefix("spec.").filter(|field| !field.contains('.')) else {
            return false;
        };
        let mut objects = self.documents.iter().filter(|document| document["kind"] == *leaf.kind);
        let object = objects.next().unwrap();
        assert!(object["spec"].get(field).is_none(), "settings/every-default sets {}", leaf.name());
        let name = format!("{}/{}", leaf.kind, object["metadata"]["name"].as_str().unwrap());
        let setting = format!("  {field}: {default} from {name}\n");
        let switch = format!(" {name} spec.{field}: {default}\n");
        self.answers.contains(&setting)
            || self.answers.contains(&switch)
            || (leaf.kind == "UMIPGateway" && self.gateway.get(field) == Some(default))
    }
}
