//! Every setting changes something that evaluation gives, besides findings; or it stands in `src/domain/deferred.txt`, which says what
//! it waits for. `effects/base.yaml` sets all of them; one after another is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lamplighter::domain::policy::Caller;
use lamplighter::domain::{self, Gate, Kind, Outcome, Severity, Snapshot};
use lamplighter::render::{ChildKind, RENDERED};
use serde_json::{Value, json};

use crate::leaves::{Leaf, leaves, uses};
use crate::{evaluate, objects};

/// What is dialed in every evaluation: of a user, of nobody, in the country, abroad, of users of other dial plans, and no number.
const NUMBERS: [&str; 8] =
    ["4201", "4999", "5551234", "015112345678", "+33123456789", "+493077705201", "00012125550100", "lina"];

/// Other values for texts where another last letter or digit would be wrong; the first column is part of the path.
const OTHERS: [(&str, &[&str]); 17] = [
    ("dialPlanRef.name", &["head-office", "branch", "london"]),
    ("mailboxPolicyRef.name", &["head-office-default"]),
    ("refreshInterval", &["3h"]),
    ("configuredInCountryOrRegionGroups[].name", &["local", "mobile"]),
    ("configuredInternationalGroups[].name", &["europe", "america"]),
    ("allowedInCountryOrRegionGroups[]", &["mobile"]),
    ("allowedInternationalGroups[]", &["america"]),
    ("configuredInCountryOrRegionGroups[].numberMask", &["1xxxxxxx"]),
    ("configuredInCountryOrRegionGroups[].dialedNumber", &["9xxxxxxx"]),
    ("configuredInternationalGroups[].numberMask", &["00034xxxxxxxxx"]),
    ("configuredInternationalGroups[].dialedNumber", &["*"]),
    ("NumberFormat", &["0205550xxxx"]),
    ("numberingPlanFormats[]", &["4940555xxxx"]),
    ("welcomeGreetingFilename", &["other.wav"]),
    ("faxServerURI", &["sip:other.example.com"]),
    ("store.size", &["3Gi"]),
    ("spec.identity", &["sip:lamp@{gateway}"]),
];

pub fn run() {
    let base = evaluate::documents(Path::new("tests/golden/effects"));
    let (errors, before) = result(&base);
    assert!(errors.is_empty(), "effects/base.yaml has errors:\n{errors}");
    let deferred = deferred();
    let tried = try_all(&base, &before);
    let mut wrong = String::new();
    for leaf in leaves().iter().filter(|leaf| !leaf.is_list()) {
        let name = leaf.name();
        let is_deferred = deferred.contains(&name);
        match tried.get(&name) {
            None => writeln!(wrong, "{name}: effects/base.yaml does not set it").unwrap(),
            Some(Tried { sound: false, .. }) => {
                writeln!(wrong, "{name}: no other value without an error").unwrap()
            }
            Some(Tried { effect: true, .. }) if is_deferred => {
                writeln!(wrong, "{name}: has an effect now; take it out of deferred.txt").unwrap();
            }
            Some(Tried { effect: false, .. }) if !is_deferred => {
                writeln!(wrong, "{name}: has no effect").unwrap()
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<String> = leaves().iter().map(Leaf::name).collect();
    for name in deferred.difference(&known) {
        writeln!(wrong, "{name}: stands in deferred.txt and is no setting").unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What came of other values of a setting.
#[derive(Default)]
struct Tried {
    /// One was without an error.
    sound: bool,
    /// One that was without an error changed something.
    effect: bool,
}

fn try_all(base: &[Value], before: &str) -> BTreeMap<String, Tried> {
    let leaves: BTreeMap<String, Leaf> = leaves().into_iter().map(|leaf| (leaf.name(), leaf)).collect();
    let mut tried: BTreeMap<String, Tried> = BTreeMap::new();
    for (at, document) in base.iter().enumerate() {
        let kind = document["kind"].as_str().unwrap();
        for found in uses(document) {
            let leaf = &leaves[&format!("{kind} {}", found.path)];
            if leaf.is_list() {
                continue;
            }
            let result_of = tried.entry(leaf.name()).or_default();
            for other in others(leaf, found.value) {
                if result_of.effect {
                    break;
                }
                let mut changed = base.to_vec();
                *changed[at].pointer_mut(&found.pointer).unwrap() = other;
                let (errors, after) = result(&changed);
                let sound = errors.is_empty();
                result_of.sound |= sound;
                result_of.effect |= sound && after != before;
            }
        }
    }
    tried
}

/// Other values of a setting.
fn others(leaf: &Leaf, value: &Value) -> Vec<Value> {
    let definition = &leaf.definition;
    let of_leaf = |(part, _): &&(&str, &[&str])| leaf.path.contains(part);
    let listed = || OTHERS.iter().filter(of_leaf).flat_map(|(_, others)| *others);
    let mut others: Vec<Value> = match value {
        Value::Bool(on) => vec![json!(!on)],
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            let bounds = (definition["minimum"].as_i64().unwrap(), definition["maximum"].as_i64().unwrap());
            let near = [number + 1, number - 1, bounds.0, bounds.1];
            near.into_iter().filter(|n| (bounds.0..=bounds.1).contains(n)).map(|n| json!(n)).collect()
        }
        Value::String(_) if definition["enum"].is_array() => definition["enum"].as_array().unwrap().clone(),
        Value::String(text) if listed().next().is_none() => vec![json!(with_another_end(text))],
        Value::String(_) => listed().map(|text| json!(text)).collect(),
        Value::Object(block) => {
            let mut block = block.clone();
            for value in block.values_mut().filter(|value| value.is_string()) {
                *value = json!("other");
            }
            if *value == Value::Object(block.clone()) {
                block.clear();
                block.extend(
                    value.as_object().unwrap().is_empty().then(|| ("nodeAffinity".to_owned(), json!({}))),
                );
            }
            vec![Value::Object(block)]
        }
        _ => panic!("{}: {value} is no value", leaf.name()),
    };
    others.retain(|other| other != value);
    others
}

/// The text with another last letter or digit.
fn with_another_end(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let last = letters.iter_mut().rev().find(|letter| letter.is_ascii_alphanumeric()).unwrap();
    *last = if last.is_ascii_digit() {
        if *last == '9' { '8' } else { '9' }
    } else if *last == 'n' {
        'm'
    } else {
        'n'
    };
    letters.into_iter().collect()
}

/// Errors, and everything else that evaluation gives.
fn result(documents: &[Value]) -> (String, String) {
    let mut snapshot = Snapshot::default();
    for document in documents {
        evaluate::add(&mut snapshot, document.clone()).unwrap();
    }
    let made = snapshot.add_default_policies(&|_| true);
    let outcome = domain::evaluate(&snapshot);
    let mut errors = String::new();
    for (kind, name, finding) in outcome.findings() {
        if finding.code.severity() == Severity::Error {
            let _ = writeln!(errors, "{kind}/{name} {finding:?}");
        }
    }
    let made: Vec<_> = snapshot
        .mailbox_policies
        .iter()
        .filter(|p| made.contains(p.metadata.name.as_ref().unwrap()))
        .collect();
    let mut all = format!("{made:?}\n{:?}\n{:?}\n", outcome.notifiers(), outcome.mwi);
    views(&outcome, &mut all);
    objects_of(&outcome, &mut all);
    (errors, all)
}

/// The objects of every notifier, without what only makes way for an effect: a Secret that is mounted is not yet read, and a port that is
/// open not yet used. The digest of an object stands for all of it.
fn objects_of(outcome: &Outcome, all: &mut String) {
    for (plan, children) in objects::render(outcome, &objects::settings(None)) {
        let _ = writeln!(all, "{plan} {}", children.is_some());
        for mut child in children.unwrap_or_default() {
            if child.kind == ChildKind::NetworkPolicy {
                continue;
            }
            child.object["metadata"]["annotations"].as_object_mut().unwrap().remove(RENDERED);
            if let Some(pod) = child.object.pointer_mut("/spec/template/spec") {
                let is_mount = |entry: &Value| {
                    let name = entry["name"].as_str().unwrap();
                    ["secret-", "configmap-", "long-"].iter().any(|start| name.starts_with(start))
                };
                for list in ["/volumes", "/containers/0/volumeMounts"] {
                    let list = pod.pointer_mut(list).and_then(Value::as_array_mut);
                    list.into_iter().for_each(|list| list.retain(|entry| !is_mount(entry)));
                }
            }
            let _ = writeln!(all, "{}", child.object);
        }
    }
}

/// Settings, chains and dialing of every object.
fn views(outcome: &Outcome, all: &mut String) {
    let linked = &outcome.linked;
    let plans = linked.dial_plans.iter().map(|node| (Kind::DialPlan, &node.name));
    let policies = linked.policies.iter().map(|node| (Kind::MailboxPolicy, &node.name));
    let mailboxes = linked.mailboxes.iter().map(|node| (Kind::Mailbox, &node.name));
    for (kind, name) in plans.chain(policies).chain(mailboxes) {
        let view = outcome.view(kind, name).unwrap();
        let _ = writeln!(all, "{kind}/{name} {:?}", view.settings());
        for gate in Gate::ALL {
            let _ = writeln!(all, "{:?}", view.chain(gate));
        }
        for caller in Caller::ALL {
            for number in NUMBERS {
                let _ = writeln!(all, "{:?}", view.dial(caller, number));
            }
        }
    }
}

/// Settings that wait for what gives them an effect, one a line, sorted.
fn deferred() -> BTreeSet<String> {
    let text = fs::read_to_string("src/domain/deferred.txt").unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.is_sorted(), "src/domain/deferred.txt is not sorted");
    let all: BTreeSet<String> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(all.len(), lines.len(), "src/domain/deferred.txt names a setting twice");
    all
}
