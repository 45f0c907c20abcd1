//! Cases under `tests/golden/evaluate/<area>/<claim>/`: `in/*.yaml`, perhaps `facts.yaml`, and `out/` with findings,
//! statuses and effective policy; with `settings.yaml` the objects of the notifiers as well. For each case: shuffled input gives the same,
//! its own status fed back changes nothing, and every object is what its type reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use lamplighter::api::Condition;
use lamplighter::api::ip_gateway::GatewayPlanStatus;
use lamplighter::domain::{
    self, CertificateUse, ChildTrouble, Claim, Code, Earlier, Facts, Gate, KeyName, KeySource, Kind,
    Notifiers, Outcome, Replica, Severity, Snapshot, Versions,
};

use lamplighter::render::Settings;
use serde_json::{Value, json};

use crate::{answers, objects};

/// Fewest cases that the corpus may have; a path that leads nowhere must not pass.
const FEWEST: usize = 50;

pub fn run() {
    let cases = cases(Path::new("tests/golden/evaluate"));
    assert!(cases.len() >= FEWEST, "only {} cases were found", cases.len());
    let mut failures = String::new();
    for case in &cases {
        if let Err(difference) = check(case) {
            let _ = writeln!(failures, "--- {}\n{difference}", case.display());
        }
    }
    assert!(
        failures.is_empty(),
        "{failures}\nUPDATE=1 rewrites what is recorded; read the difference before you commit it"
    );
}

pub fn run_examples() {
    let mut seen = 0;
    for entry in fs::read_dir("examples").unwrap() {
        let folder = entry.unwrap().path();
        for (namespace, snapshot) in load(&folder) {
            seen += 1;
            let outcome = domain::evaluate(&snapshot);
            let findings: Vec<_> = outcome.findings().collect();
            assert!(findings.is_empty(), "{} namespace {namespace}: {findings:?}", folder.display());
            assert!(!outcome.linked.mailboxes.is_empty(), "{} has no mailbox", folder.display());
        }
    }
    assert!(seen > 0, "no example was found");
}

/// Each code has a case of its name, in whose output it stands, and a heading in the documentation.
pub fn run_codes() {
    let cases = cases(Path::new("tests/golden/evaluate"));
    let docs = fs::read_to_string("docs/findings.md").unwrap();
    let headings: Vec<&str> = docs.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut failures = String::new();
    for code in Code::ALL {
        let of_code =
            |case: &&PathBuf| case.file_name().is_some_and(|name| name.to_str() == Some(&code.kebab()));
        let shows = |case: &PathBuf| {
            let places: &[(&str, String)] = if code.severity() == Severity::Reason {
                &[("policy.txt", format!(": {code} by ")), ("answers.txt", format!(": {code} by "))]
            } else {
                &[("findings.txt", format!("[{code}] "))]
            };
            places.iter().any(|(file, text)| {
                fs::read_to_string(case.join("out").join(file)).is_ok_and(|out| out.contains(text))
            })
        };
        if !cases.iter().find(of_code).is_some_and(shows) {
            let _ = writeln!(failures, "{code}: no case {} that shows it", code.kebab());
        }
        if headings.iter().filter(|heading| **heading == code.as_str()).count() != 1 {
            let _ = writeln!(failures, "{code}: docs/findings.md has not one heading `## {code}`");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The folders of all cases, by area and name.
pub fn cases(root: &Path) -> Vec<PathBuf> {
    let mut cases = Vec::new();
    for area in folders(root) {
        for case in folders(&area) {
            assert!(case.join("case.md").is_file(), "{} has no case.md", case.display());
            cases.push(case);
        }
    }
    cases.sort();
    cases
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    all.sort();
    all
}

fn check(case: &Path) -> Result<(), String> {
    let mut snapshots = load(&case.join("in"));
    assert_eq!(snapshots.len(), 1, "{}: a case has one namespace", case.display());
    let (_, mut snapshot) = snapshots.pop_first().unwrap();
    if let Ok(text) = fs::read_to_string(case.join("facts.yaml")) {
        let given = serde_saphyr::from_str(&text).unwrap();
        snapshot.facts = facts(&given);
        reported(&mut snapshot, &given["reported"]);
    }
    let outcome = domain::evaluate(&snapshot);
    lamps_and_chains_agree(&outcome)?;
    let given: Option<Value> = fs::read_to_string(case.join("settings.yaml"))
        .ok()
        .map(|text| serde_saphyr::from_str(&text).unwrap());
    let settings = objects::settings(given.as_ref());
    objects::check(&outcome, &settings)?;
    let all = outputs(&outcome, &snapshot, &settings);
    let mut recorded = all.clone();
    recorded.remove("objects");
    if let Some(given) = &given {
        recorded.insert("objects.yaml", objects::text(&outcome, &settings, &objects::shown(given)));
    }
    if let Ok(text) = fs::read_to_string(case.join("ask.yaml")) {
        recorded.insert("answers.txt", answers::answers(&outcome, &serde_saphyr::from_str(&text).unwrap()));
    }
    compare(&case.join("out"), &recorded)?;
    shuffled(&snapshot, &settings, &all)?;
    fed_back(&snapshot, &settings, &outcome)
}

fn facts(value: &Value) -> Facts {
    let listed = |field: &str| value[field].as_array().cloned().unwrap_or_default();
    let key_name = |key: &Value| KeyName {
        source: if key["source"] == "ConfigMap" { KeySource::ConfigMap } else { KeySource::Secret },
        name: key["name"].as_str().unwrap().into(),
        key: key["key"].as_str().unwrap().into(),
    };
    for key in value.as_object().unwrap().keys() {
        assert!(
            [
                "programmed",
                "replicas",
                "children",
                "unlisted",
                "missingKeys",
                "reported",
                "badCertificates",
                "badPorts",
                "badTokens",
                "stopped",
                "refusedPins",
                "unread"
            ]
            .contains(&key.as_str()),
            "facts.yaml: unknown field {key}"
        );
    }
    let entries = |field: &str| value[field].as_object().cloned().unwrap_or_default().into_iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let gateways = entries("badCertificates").map(|(name, why)| (CertificateUse::Gateway(name), text(&why)));
    let ports = entries("badPorts").flat_map(|(name, ports)| {
        let of =
            |port: &str, is: fn(String) -> CertificateUse| Some((is(name.clone()), text(ports.get(port)?)));
        [of("sip", CertificateUse::Sip), of("http", CertificateUse::Http)]
    });
    Facts {
        notifiers: notifiers(value),
        unlisted: entries("unlisted").map(|(kind, why)| (kind, text(&why))).collect(),
        children: children(&value["children"]),
        bad_certificates: gateways.chain(ports.flatten()).collect(),
        bad_tokens: listed("badTokens").iter().map(|key| (key_name(key), text(&key["reason"]))).collect(),
        refused_pins: entries("refusedPins").map(|(name, rule)| (name, text(&rule))).collect(),
        unread: entries("unread").map(|(name, kind)| (kind_named(kind.as_str().unwrap()), name)).collect(),
        stopped: listed("stopped").iter().map(text).collect(),
        missing_keys: listed("missingKeys").iter().map(key_name).collect(),
    }
}

/// What notifiers have said of gateways: for each of these, entries of `status.plans`.
fn reported(snapshot: &mut Snapshot, given: &Value) {
    for (name, plans) in given.as_object().into_iter().flatten() {
        let mut gateways = snapshot.gateways.iter_mut();
        let gateway = gateways.find(|gateway| gateway.metadata.name.as_ref() == Some(name)).unwrap();
        let status = serde_json::from_value(json!({"plans": plans})).unwrap();
        Arc::make_mut(gateway).status = Some(status);
    }
}

fn kind_named(name: &str) -> Kind {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).unwrap()
}

/// Generations of golden cases were first seen at version 10. `inForce` of a replica is one number for all kinds.
fn notifiers(value: &Value) -> Notifiers {
    let Some(plans) = value["replicas"].as_object() else {
        return if value["programmed"] == true { Notifiers::Acting } else { Notifiers::Unknown };
    };
    let versions = |number: u64| Versions {
        dial_plans: number,
        mailbox_policies: number,
        gateways: number,
        mailboxes: number,
    };
    let replica = |replica: &Value| Replica {
        name: replica["name"].as_str().unwrap().into(),
        ready: replica["ready"].as_bool().unwrap(),
        program: replica["program"].as_str().map(Into::into),
        in_force: replica["inForce"].as_u64().map(versions),
    };
    let plan = |(name, replicas): (&String, &Value)| {
        (name.clone(), replicas.as_array().unwrap().iter().map(replica).collect())
    };
    Notifiers::Seen(plans.iter().map(plan).collect())
}

fn children(value: &Value) -> BTreeMap<String, Vec<ChildTrouble>> {
    let trouble = |(object, refused): (&String, &Value)| ChildTrouble {
        object: object.clone(),
        refused: refused.as_str().map(Into::into),
    };
    let plan = |(name, troubles): (&String, &Value)| {
        (name.clone(), troubles.as_object().unwrap().iter().map(trouble).collect())
    };
    value.as_object().into_iter().flatten().map(plan).collect()
}

/// Reads the manifests of a folder by namespace, strictly: an unknown field fails.
pub fn load(folder: &Path) -> BTreeMap<String, Snapshot> {
    let mut snapshots: BTreeMap<String, Snapshot> = BTreeMap::new();
    for document in documents(folder) {
        let namespace = document.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("default");
        let snapshot = snapshots.entry(namespace.to_owned()).or_default();
        add(snapshot, document).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    }
    for snapshot in snapshots.values_mut() {
        snapshot.add_default_policies(&|_| true);
    }
    snapshots
}

/// The manifests of a folder as they stand there, by file.
pub fn documents(folder: &Path) -> Vec<Value> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "yaml")) {
        let text = fs::read_to_string(file).unwrap();
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        all.extend(documents);
    }
    all
}

/// Adds a manifest to what is evaluated, strictly: an unknown field fails.
pub fn add(snapshot: &mut Snapshot, document: Value) -> Result<(), serde_json::Error> {
    let kind = document["kind"].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "UMDialPlan" => snapshot.dial_plans.push(Arc::new(serde_json::from_value(document)?)),
        "UMMailboxPolicy" => snapshot.mailbox_policies.push(Arc::new(serde_json::from_value(document)?)),
        "UMIPGateway" => snapshot.gateways.push(Arc::new(serde_json::from_value(document)?)),
        "UMMailbox" => snapshot.mailboxes.push(Arc::new(serde_json::from_value(document)?)),
        "Secret" | "ConfigMap" | "Namespace" => {}
        other => panic!("unknown kind {other}"),
    }
    Ok(())
}

fn outputs(outcome: &Outcome, snapshot: &Snapshot, settings: &Settings) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("findings.txt", findings(outcome)),
        ("objects", objects::bytes(outcome, settings)),
        ("policy.txt", policy(outcome)),
        ("status.txt", status(outcome, snapshot)),
    ])
}

fn findings(outcome: &Outcome) -> String {
    let mut out = String::new();
    for (kind, name, finding) in outcome.findings() {
        let severity = if finding.code.severity() == Severity::Error { "error" } else { "warning" };
        let place = if finding.path.is_empty() { String::new() } else { format!(" {}", finding.path) };
        let _ = writeln!(
            out,
            "{severity}[{}] {kind}/{name}{place}\n    {}\n    {}",
            finding.code, finding.message, finding.advice
        );
    }
    out
}

fn policy(outcome: &Outcome) -> String {
    let mut out = String::new();
    for notifier in outcome.notifiers() {
        let port = |port: Option<u16>| port.map(|port| format!(" {port}")).unwrap_or_default();
        let gateways: Vec<String> =
            notifier.gateways.iter().map(|g| format!("{} ({:?}{})", g.name, g.way, port(g.port))).collect();
        let gateways = if gateways.is_empty() { "none".into() } else { gateways.join(", ") };
        let sound = if notifier.sound { "" } else { " with errors" };
        let _ = writeln!(
            out,
            "UMDialPlan/{}: {:?}{sound}, gateways {gateways}",
            notifier.dial_plan, notifier.mode
        );
        for mailbox in &notifier.mailboxes {
            let _ = writeln!(out, "    {} answers to [{}]", mailbox.name, mailbox.addresses.join(", "));
        }
    }
    for (node, mwi) in outcome.linked.mailboxes.iter().zip(&outcome.mwi) {
        let lamps: Vec<String> = node.value.own.lamps.iter().map(ToString::to_string).collect();
        let claim = match mwi.claim {
            Claim::Allowed => format!("claims [{}]", lamps.join(", ")),
            Claim::Forbidden => format!("puts out [{}]", lamps.join(", ")),
            Claim::Frozen => "leaves its lamps as they are".into(),
        };
        let _ = writeln!(
            out,
            "UMMailbox/{}: {} by {}/{}, {claim}",
            node.name, mwi.reason, mwi.from.0, mwi.from.1
        );
    }
    out
}

fn status(outcome: &Outcome, snapshot: &Snapshot) -> String {
    let now = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
    let mut out = String::new();
    let mut show = |kind: &str, name: &str, conditions: &[Condition], more: Value| {
        let _ = writeln!(out, "{kind}/{name}: {more}");
        for c in conditions {
            let _ = writeln!(out, "  {}: {} {} - {}", c.type_, c.status, c.reason, c.message);
        }
    };
    let linked = &outcome.linked;
    for (at, node) in linked.dial_plans.iter().enumerate() {
        let status = outcome.dial_plan_status(at, Earlier { status: None, since: 10 }, &now).unwrap();
        show(
            "UMDialPlan",
            &node.name,
            &status.conditions,
            json!({"mailboxes": status.mailboxes, "gateways": status.gateways}),
        );
    }
    for (at, node) in linked.policies.iter().enumerate() {
        let status = outcome.policy_status(at, Earlier { status: None, since: 10 }, &now).unwrap();
        show("UMMailboxPolicy", &node.name, &status.conditions, json!({"mailboxes": status.mailboxes}));
    }
    for (at, node) in linked.gateways.iter().enumerate() {
        let object = snapshot.gateways.iter().find(|o| o.metadata.name.as_deref() == Some(&*node.name));
        let earlier = Earlier { status: object.and_then(|object| object.status.as_ref()), since: 10 };
        let status = outcome.gateway_status(at, earlier, &now).unwrap();
        let is_plain = |plan: &GatewayPlanStatus| !domain::delivered::is_reported(plan);
        let plain = |plan: &GatewayPlanStatus| if is_plain(plan) { json!(plan.name) } else { json!(plan) };
        let plans: Vec<Value> = status.plans.iter().map(plain).collect();
        show("UMIPGateway", &node.name, &status.conditions, json!({"plans": plans}));
    }
    for (at, node) in linked.mailboxes.iter().enumerate() {
        let status = outcome.mailbox_status(at, Earlier { status: None, since: 10 }, &now).unwrap();
        show(
            "UMMailbox",
            &node.name,
            &status.conditions,
            json!({"dialPlan": status.dial_plan, "mwiAllowed": status.mwi_allowed}),
        );
    }
    out
}

fn compare(folder: &Path, outputs: &BTreeMap<&'static str, String>) -> Result<(), String> {
    if std::env::var_os("UPDATE").is_some() {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).unwrap();
        for (name, text) in outputs {
            fs::write(folder.join(name), text).unwrap();
        }
        return Ok(());
    }
    let mut recorded: Vec<String> = fs::read_dir(folder)
        .map_err(|e| format!("out: {e}"))?
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    recorded.sort();
    if recorded != outputs.keys().map(ToString::to_string).collect::<Vec<_>>() {
        return Err(format!("out/ holds {recorded:?}, expected {:?}", outputs.keys()));
    }
    for (name, text) in outputs {
        let wanted = fs::read_to_string(folder.join(name)).unwrap();
        if *text != wanted {
            return Err(format!("{name} recorded:\n{wanted}{name} now:\n{text}"));
        }
    }
    Ok(())
}

/// What is decided about a lamp and what the chain of its switches shows are one.
fn lamps_and_chains_agree(outcome: &Outcome) -> Result<(), String> {
    for (node, mwi) in outcome.linked.mailboxes.iter().zip(&outcome.mwi) {
        let chain = outcome.view(Kind::Mailbox, &node.name).unwrap().chain(Gate::Mwi);
        if chain.reason() != mwi.reason {
            return Err(format!(
                "{}: the lamp is {}, its chain says {}",
                node.name,
                mwi.reason,
                chain.reason()
            ));
        }
    }
    Ok(())
}

/// The same objects in other orders give the same outcome.
fn shuffled(
    snapshot: &Snapshot,
    settings: &Settings,
    outputs: &BTreeMap<&'static str, String>,
) -> Result<(), String> {
    for turn in 0..4_usize {
        let mut other = snapshot.clone();
        other.dial_plans.rotate_left(turn.min(snapshot.dial_plans.len()));
        other.mailbox_policies.rotate_left(turn.min(snapshot.mailbox_policies.len()));
        other.gateways.rotate_left(turn.min(snapshot.gateways.len()));
        other.mailboxes.rotate_left(turn.min(snapshot.mailboxes.len()));
        if turn % 2 == 1 {
            other.dial_plans.reverse();
            other.mailbox_policies.reverse();
            other.gateways.reverse();
            other.mailboxes.reverse();
        }
        if self::outputs(&domain::evaluate(&other), &other, settings) != *outputs {
            return Err(format!("the order of the input shows (turn {turn})"));
        }
    }
    Ok(())
}

/// Statuses written and read again, at a later time, are the same to the letter.
fn fed_back(snapshot: &Snapshot, settings: &Settings, outcome: &Outcome) -> Result<(), String> {
    let at = |second: i64| Time(k8s_openapi::jiff::Timestamp::from_second(second).unwrap());
    let mut again = snapshot.clone();
    macro_rules! feed {
        ($list:ident, $nodes:ident, $status:ident) => {
            for (index, node) in outcome.linked.$nodes.iter().enumerate() {
                let object =
                    again.$list.iter_mut().find(|o| o.metadata.name.as_deref() == Some(&*node.name)).unwrap();
                let earlier = Earlier { status: object.status.as_ref(), since: 10 };
                let status = outcome.$status(index, earlier, &at(1000));
                Arc::make_mut(object).status = status;
            }
            let second = domain::evaluate(&again);
            for (index, node) in second.linked.$nodes.iter().enumerate() {
                let object =
                    again.$list.iter().find(|o| o.metadata.name.as_deref() == Some(&*node.name)).unwrap();
                if second.$status(index, Earlier { status: object.status.as_ref(), since: 10 }, &at(2000))
                    != object.status
                {
                    return Err(format!("the status of {} changes when it is fed back", node.name));
                }
            }
        };
    }
    feed!(dial_plans, dial_plans, dial_plan_status);
    feed!(mailbox_policies, policies, policy_status);
    feed!(gateways, gateways, gateway_status);
    feed!(mailboxes, mailboxes, mailbox_status);
    if outputs(&domain::evaluate(&again), &again, settings) != outputs(outcome, snapshot, settings) {
        return Err("feeding statuses back changes the outcome".into());
    }
    Ok(())
}
