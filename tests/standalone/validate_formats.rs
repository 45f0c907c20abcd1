//! The formats of `lamplighter validate`, each read by a reader of it.

use serde_json::Value;

use super::validate::{Run, sound, validate, validate_with};
use super::xml;
use crate::common::manifests::{Folder, mailbox};

/// Two errors about Omar, one about Lina, a broken file and a warning; with characters that formats have to escape.
fn broken() -> Folder {
    let folder = sound();
    folder.remove("pbx.yaml");
    folder.write(
        "a b,c:%.yaml",
        &mailbox("omar", "sa\\\"<&'>\\e\\u0001les", &["4202", "42 % :,"], "")
            .replace("{name: sa", "{name: \"sa")
            .replace("les}", "les\"}"),
    );
    folder.write("lina.yaml", &mailbox("lina", "sales", &["421"], ""));
    folder.write("z.yaml", "kind: [\n");
    folder
}

fn run(format: &str) -> Run {
    let run = validate(&broken(), &["manifests", "--format", format]);
    assert_eq!(run.code, 1, "{run:?}");
    run
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The codes of all findings, in their order.
const CODES: [&str; 5] =
    ["MailboxPolicyNotFound", "ExtensionInvalid", "ExtensionDigitsMismatch", "NoGateway", "InvalidYAML"];

fn of<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    value.as_array().unwrap().iter().map(|item| item[name].as_str().unwrap()).collect()
}

#[test]
fn json_has_every_finding_with_its_place_and_counts() {
    let report = parse(&run("json").stdout);
    assert_eq!(of(&report["findings"], "code"), CODES);
    let counts = &report["counts"];
    assert_eq!(counts.to_string(), r#"{"errors":4,"files":5,"resources":4,"warnings":1}"#);
    let members = [
        "advice",
        "code",
        "column",
        "file",
        "help",
        "kind",
        "line",
        "message",
        "name",
        "namespace",
        "notes",
        "path",
        "severity",
    ];
    for finding in report["findings"].as_array().unwrap() {
        assert_eq!(finding.as_object().unwrap().keys().collect::<Vec<_>>(), members);
        assert!(finding["line"].as_u64() >= Some(1) && finding["column"].as_u64() >= Some(1), "{finding}");
    }
    let digits = &report["findings"][2];
    assert_eq!(digits["file"], "manifests/lina.yaml");
    assert_eq!((digits["kind"].as_str(), digits["namespace"].as_str()), (Some("UMMailbox"), Some("voice")));
    assert_eq!(
        (digits["name"].as_str(), digits["path"].as_str()),
        (Some("lina"), Some("spec.extensions[0]"))
    );
    assert_eq!(digits["help"], "docs/findings.md#extensiondigitsmismatch");
    assert_eq!(digits["severity"], "error");
    assert_eq!(report["findings"][4]["name"], Value::Null);
    assert!(report["findings"][1]["notes"][0].as_str().unwrap().contains("should match"), "{report}");
}

#[test]
fn json_of_a_sound_tree_has_no_finding() {
    let run = validate(&sound(), &["manifests", "--format", "json"]);
    let report = parse(&run.stdout);
    assert_eq!((run.code, report["findings"].as_array().unwrap().len()), (0, 0), "{run:?}");
    assert_eq!(report["counts"]["resources"], 4);
}

#[test]
fn sarif_has_the_members_that_its_schema_requires() {
    let log = parse(&run("sarif").stdout);
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "lamplighter");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
        assert!(
            ["error", "warning"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()),
            "{rule}"
        );
    }
    let described: Vec<&str> =
        rules.iter().map(|rule| rule["shortDescription"]["text"].as_str().unwrap()).collect();
    assert!(
        described.contains(&"Invalid YAML") && described.contains(&"Mailbox policy not found"),
        "{described:?}"
    );
    let results = run["results"].as_array().unwrap();
    assert_eq!(of(&run["results"], "ruleId"), CODES);
    for result in results {
        assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "{result}");
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() >= Some(1), "{result}");
        assert!(place["region"]["startColumn"].as_u64() >= Some(1), "{result}");
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("manifests/") && !uri.contains([' ', ':', ',']), "{uri}");
    }
    let first = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(first, "manifests/a%20b%2Cc%3A%25.yaml");
}

#[test]
fn junit_is_well_formed_and_has_a_case_for_each_resource() {
    let run = run("junit");
    let root = xml::parse(&run.stdout);
    assert_eq!(
        (root.name.as_str(), root.attribute("tests"), root.attribute("failures")),
        ("testsuites", "5", "3")
    );
    let suite = &root.children[0];
    assert_eq!((suite.name.as_str(), suite.children.len()), ("testsuite", 5));
    let failed = |case: &xml::Element| case.children.iter().filter(|child| child.name == "failure").count();
    let cases: Vec<(&str, usize)> =
        suite.children.iter().map(|case| (case.attribute("name"), failed(case))).collect();
    let expected =
        [("manifests/z.yaml", 1), ("voice/hq", 0), ("voice/lina", 1), ("voice/omar", 1), ("voice/sales", 0)];
    assert_eq!(cases, expected);
    let omar = &suite.children[3].children[0];
    assert!(omar.text.contains("UMMailboxPolicy/sa\"<&'>"), "{}", omar.text);
    assert!(omar.text.contains("ExtensionInvalid"), "{}", omar.text);
    assert_eq!(omar.text.lines().count(), 2, "{}", omar.text);
}

#[test]
fn workflow_commands_are_escaped_and_stand_one_a_line() {
    let run = run("github");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 6, "{run:?}");
    assert_eq!(lines[5], "4 errors, 1 warning in 4 resources of 5 files");
    for (line, code) in lines.iter().zip(CODES) {
        let (properties, message) = line.trim_start_matches("::").split_once("::").unwrap();
        let (command, properties) = properties.split_once(' ').unwrap();
        assert_eq!(command, if code == "NoGateway" { "warning" } else { "error" });
        let names: Vec<&str> = properties.split(',').map(|pair| pair.split_once('=').unwrap().0).collect();
        assert_eq!(names, ["file", "line", "col", "title"], "{line}");
        assert!(properties.ends_with(&format!("title={code}")) && !message.is_empty(), "{line}");
    }
    assert!(lines[0].contains("file=manifests/a b%2Cc%3A%25.yaml,"), "{run:?}");
    assert!(lines[1].contains("42 %25 :,"), "{run:?}");
}

#[test]
fn gitlab_issues_have_fingerprints_that_stay_when_lines_move() {
    let folder = broken();
    let issues = |folder: &Folder| {
        let run = validate(folder, &["manifests", "--format", "gitlab"]);
        parse(&run.stdout)
    };
    let before = issues(&folder);
    assert_eq!(of(&before, "check_name"), CODES);
    for issue in before.as_array().unwrap() {
        assert!(["major", "minor"].contains(&issue["severity"].as_str().unwrap()), "{issue}");
        assert!(issue["location"]["lines"]["begin"].as_u64() >= Some(1), "{issue}");
        assert!(issue["location"]["path"].as_str().unwrap().starts_with("manifests/"), "{issue}");
        assert!(!issue["description"].as_str().unwrap().is_empty(), "{issue}");
    }
    let mut prints = of(&before, "fingerprint");
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 5, "each issue has its own");
    let text = folder.read("lina.yaml");
    folder.write("lina.yaml", &format!("# A line more.\n\n{text}"));
    let after = issues(&folder);
    assert_eq!(of(&before, "fingerprint"), of(&after, "fingerprint"));
    assert_ne!(before[2]["location"], after[2]["location"]);
}

#[test]
fn machines_get_paths_below_the_directory_they_are_started_in() {
    let folder = broken();
    let absolute = std::fs::canonicalize(folder.manifests()).unwrap();
    for format in ["sarif", "gitlab", "github", "junit"] {
        let run = validate(&folder, &[absolute.to_str().unwrap(), "--format", format]);
        let path = if format == "github" { "file=manifests/lina.yaml" } else { "\"manifests/lina.yaml\"" };
        assert!(run.stdout.contains(path), "{format}: {run:?}");
    }
}

#[test]
fn findings_of_stdin_have_a_name_in_every_format() {
    let folder = Folder::new();
    for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
        let run = validate_with(&folder, &["-", "--format", format], b"kind: [\n");
        assert_eq!(run.code, 1, "{run:?}");
        let names = ["<stdin>", "%3Cstdin%3E", "&lt;stdin&gt;"];
        assert!(names.iter().any(|name| run.stdout.contains(name)), "{format}: {run:?}");
    }
}
