//! `--once`: the directory is evaluated, printed, and the exit code says what was found.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::common::manifests::mailbox;
use crate::common::office::{Office, once};
use crate::common::process::LAMPLIGHTER;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn an_office_without_errors_ends_with_0_warnings_included() {
    let quickstart = once(&root("examples/quickstart"));
    assert_eq!(quickstart.status.code(), Some(0), "{quickstart:?}");
    assert!(stdout(&quickstart).contains("UMMAILBOX"));
    let warned = Office::new().once();
    assert!(stdout(&warned).contains("warning[NoGateway]"), "{warned:?}");
    assert_eq!(warned.status.code(), Some(0));
}

#[test]
fn an_error_ends_with_1_and_nothing_is_written_beside_the_manifests() {
    let office = Office::new();
    office.write("omar.yaml", &mailbox("omar", "sales", &["42"], ""));
    let output = office.once();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("error[ExtensionDigitsMismatch]"), "{output:?}");
    assert!(!office.data().exists());
    assert_eq!(fs::read_dir(office.manifests()).unwrap().count(), 4);
}

#[test]
fn a_directory_that_is_not_there_and_wrong_use_end_with_2() {
    let office = Office::new();
    let missing = once(&office.beside("nowhere"));
    let text = String::from_utf8_lossy(&missing.stderr);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text.starts_with("error: ") && text.contains("nowhere"), "{text}");
    let file = once(&office.manifests().join("plan.yaml"));
    assert_eq!(file.status.code(), Some(2), "{file:?}");
    for wrong in [
        &["standalone"][..],
        &["standalone", ".", "--listen", "here"],
        &["standalone", ".", "--ounce"],
        &["lightplamer"],
        &[],
    ] {
        let output = Command::new(LAMPLIGHTER).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
    }
}

/// Findings as they are recorded, without those that only say of a policy that no manifest has that its dial plan has errors: people
/// read that at the dial plan.
fn of_manifests(recorded: &str, case: &Path) -> String {
    let mut written = String::new();
    for entry in fs::read_dir(case.join("in")).unwrap() {
        written.push_str(&fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let is_made = |line: &&str| {
        let policy = line.strip_prefix("error[DialPlanInvalid] UMMailboxPolicy/");
        let name = policy.and_then(|rest| rest.split(' ').next());
        name.is_some_and(|name| name.ends_with("-default") && !written.contains(&format!("name: {name}")))
    };
    recorded.lines().filter(|line| !is_made(line)).map(|line| format!("{line}\n")).collect()
}

/// How often each code stands behind `error[` or `warning[` at the beginning of a line, the word included.
fn codes(text: &str) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning[")) {
        *codes.entry(line[..=line.find(']').unwrap()].to_owned()).or_default() += 1;
    }
    codes
}

/// Every key that manifests name in Secrets and ConfigMaps: name and key.
fn named_keys(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(name), Some(key)) = (text("name"), text("key")) {
                found.push((name, key));
            }
            if let Some(name) = value.pointer("/certificateSecretRef/name").and_then(Value::as_str) {
                found.extend(["tls.crt", "tls.key"].map(|key| (name.to_owned(), key.to_owned())));
            }
            // Of a mail server, or of one for text messages.
            if let Some(name) = value.pointer("/authSecretRef/name").and_then(Value::as_str) {
                let keys = ["username", "systemId", "password"];
                found.extend(keys.map(|key| (name.to_owned(), key.to_owned())));
            }
            fields.values().for_each(|value| named_keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| named_keys(value, found)),
        _ => {}
    }
}

/// A folder with the values of all keys that the manifests of a case name, but those that its facts call missing. Certificates
/// can be used, but those of gateways and ports whose certificates its facts call bad, and each token is another.
fn secrets(case: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let facts: Value = fs::read_to_string(case.join("facts.yaml"))
        .map(|text| serde_saphyr::from_str(&text).unwrap())
        .unwrap_or_default();
    let listed = |field: &str| facts[field].as_array().cloned().unwrap_or_default();
    let (missing, bad_tokens) = (listed("missingKeys"), listed("badTokens"));
    let own = rcgen::generate_simple_self_signed(["pbx.example.com".to_owned()]).unwrap();
    let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    for entry in fs::read_dir(case.join("in")).unwrap() {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        for document in &documents {
            let mut keys = Vec::new();
            named_keys(document, &mut keys);
            let object = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let is_bad = ["badCertificates", "badPorts"].iter().any(|list| facts[list].get(object).is_some());
            // A PIN that keeps the rules of every policy of the cases, or one that breaks them all.
            let pin = if facts["refusedPins"].get(object).is_some() { "7" } else { "940271836405" };
            let is_mailbox = document["kind"] == "UMMailbox";
            for (name, part) in keys {
                let is_bad_token = bad_tokens.iter().any(|bad| bad["name"] == *name && bad["key"] == *part);
                let other = format!("value-of-{name}-{part}");
                if missing.iter().all(|entry| entry["name"] != *name || entry["key"] != *part) {
                    let value = match part.as_str() {
                        "tls.key" if is_bad => "value",
                        "tls.key" => &key,
                        _ if is_mailbox => pin,
                        part if part.ends_with(".crt") => &certificate,
                        _ if is_bad_token => "",
                        _ => &other,
                    };
                    fs::create_dir_all(folder.path().join(&name)).unwrap();
                    fs::write(folder.path().join(name).join(part), value).unwrap();
                }
            }
        }
    }
    folder
}

#[test]
fn what_is_wrong_with_a_policy_that_no_manifest_has_stands_at_its_dial_plan() {
    let office = Office::new();
    let mailboxes: Vec<String> = (0..101)
        .map(|at| mailbox(&format!("m{at}"), "hq-default", &[&format!("{}", 5000 + at)], ""))
        .collect();
    office.write("many.yaml", &mailboxes.join("---\n"));
    let text = stdout(&office.once());
    let (_, warning) = text.split_once("warning[DefaultPolicyUsedByMany]").expect(&text);
    let end = warning.find("= help").unwrap();
    assert!(warning[..end].contains("--> plan.yaml:3:18"), "{text}");
    assert!(warning[..end].contains("in UMMailboxPolicy voice/hq-default"), "{text}");
    // An error of the dial plan is said once, not once more for what hangs on it by itself.
    office.replace("plan.yaml", "sip: {", "refreshInterval: soon, sip: {");
    let text = stdout(&office.once());
    assert!(text.contains("error[DurationInvalid]"), "{text}");
    assert_eq!(text.matches("error[DialPlanInvalid]").count(), 1, "of the policy sales: {text}");
}

#[test]
fn every_golden_case_has_the_same_codes_through_the_program() {
    let mut differences = String::new();
    let mut seen = 0;
    let areas = fs::read_dir(root("tests/golden/evaluate")).unwrap().map(|entry| entry.unwrap().path());
    for case in areas.filter(|area| area.is_dir()).flat_map(|area| fs::read_dir(area).unwrap()) {
        let case = case.unwrap().path();
        let Ok(recorded) = fs::read_to_string(case.join("out/findings.txt")) else { continue };
        // What an API server refuses, and that an object can't be read, are facts that no sound manifest makes. One case names Secrets
        // that neither a cluster nor a folder can hold.
        let facts = fs::read_to_string(case.join("facts.yaml")).unwrap_or_default();
        if ["unread:", "children:", "unlisted:"].iter().any(|fact| facts.contains(fact))
            || case.ends_with("objects/secrets-and-configmaps")
        {
            continue;
        }
        seen += 1;
        let (secrets, recorded) = (secrets(&case), codes(&of_manifests(&recorded, &case)));
        let mut command = Command::new(LAMPLIGHTER);
        command.arg("standalone").arg(case.join("in")).arg("--once").arg("--secrets").arg(secrets.path());
        let output = command.output().unwrap();
        let printed = codes(&stdout(&output));
        let wanted = i32::from(recorded.keys().any(|code| code.starts_with("error")));
        if printed != recorded || output.status.code() != Some(wanted) {
            differences.push_str(&format!(
                "{}: {printed:?} and {}, recorded {recorded:?}\n",
                case.display(),
                output.status
            ));
        }
    }
    assert!(seen > 0, "no case was found");
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn certificates_that_are_no_certificates_are_a_finding_of_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let plan = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMDialPlan\nmetadata: {name: hq}\nspec: {numberOfDigitsInExtension: 4, voipSecurity: Secured}\n";
    let gateway = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\nmetadata: {name: pbx}\nspec:\n  address: pbx.example.com\n  dialPlanRef: {name: hq}\n  tls: {caRef: {kind: Secret, name: ca, key: ca.crt}, certificateSecretRef: {name: own}}\n";
    let secrets = "apiVersion: v1\nkind: Secret\nmetadata: {name: ca}\nstringData: {ca.crt: nothing}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: own}\nstringData: {tls.crt: of the, tls.key: kind}\n";
    fs::write(folder.path().join("all.yaml"), format!("{plan}---\n{gateway}---\n{secrets}")).unwrap();
    let output = once(folder.path());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("error[CertificateInvalid]") && text.contains("--> all.yaml:12:8"), "{text}");
    assert!(!text.contains("nothing") && !text.contains("kind}"), "{text}");
}
