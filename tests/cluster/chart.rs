//! The Helm chart without a cluster: what it renders is as recorded under `tests/golden/chart`, alike in Helm 3 and 4. `UPDATE=1` rewrites.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::programs;

const CHART: &str = "charts/lamplighter";
const CASES: &str = "tests/golden/chart";
/// Programs of both versions that are supported.
const HELMS: [&str; 2] = ["helm4", "helm3"];
/// The API server that is rendered for; by itself each Helm takes another.
const SERVER: &str = "1.37.1";

/// Runs Helm in the repository, with no settings of whoever runs the tests.
fn helm(version: &str, arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(programs().join(version))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("HOME", home.path())
        .env_remove("KUBECONFIG")
        .output()
        .unwrap_or_else(|error| panic!("{version} does not start: {error}"))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What `helm template` renders, without empty lines, in which versions of Helm differ.
fn render(version: &str, arguments: &[&str]) -> String {
    let fixed =
        ["template", "lamplighter", CHART, "--namespace", "lamplighter-system", "--kube-version", SERVER];
    let output = helm(version, &[&fixed, arguments].concat());
    assert!(output.status.success(), "{version} {arguments:?}: {}", text(&output.stderr));
    text(&output.stdout).lines().filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
}

/// The folders of all cases.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(CASES);
    let mut cases: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 5, "only {} cases were found", cases.len());
    cases
}

fn values(case: &Path) -> String {
    case.join("values.yaml").to_str().unwrap().to_owned()
}

/// The text with each definition cut short after its metadata, once the rest was found to be that of `crds/`.
fn without_definitions(rendered: &str) -> String {
    const SPEC: &str = "\nspec:\n";
    let cut = |document: &str| {
        if !document.contains("\nkind: CustomResourceDefinition\n") {
            return document.to_owned();
        }
        let (head, spec) = document.split_once(SPEC).unwrap();
        let file =
            head.lines().find_map(|line| line.strip_prefix("# Source: lamplighter/templates/")).unwrap();
        let origin = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert_eq!(spec, origin.split_once(SPEC).unwrap().1, "{file}");
        format!("{head}\nspec: as in {file}\n")
    };
    rendered.split_inclusive("---\n").map(cut_before_mark(&cut)).collect()
}

/// Keeps the mark that ends a document where it is.
fn cut_before_mark(cut: &impl Fn(&str) -> String) -> impl Fn(&str) -> String {
    move |document| match document.strip_suffix("---\n") {
        Some(document) => format!("{}---\n", cut(document)),
        None => cut(document),
    }
}

#[test]
fn each_set_of_values_renders_what_is_recorded_alike_in_helm_3_and_4() {
    for case in cases() {
        let [new, old] = HELMS.map(|version| render(version, &["--values", &values(&case)]));
        assert_eq!(new, old, "{}: Helm 4 and Helm 3 differ", case.display());
        let (found, recorded) = (without_definitions(&new), case.join("out.yaml"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&recorded, &found).unwrap();
        }
        let wanted = fs::read_to_string(&recorded).unwrap_or_default();
        assert_eq!(
            found,
            wanted,
            "{}: UPDATE=1 rewrites it; read the difference before you commit it",
            recorded.display()
        );
    }
}

#[test]
fn lint_has_no_complaint() {
    for (case, version) in cases().iter().flat_map(|case| HELMS.map(|version| (case, version))) {
        let output =
            helm(version, &["lint", "--strict", CHART, "--kube-version", SERVER, "--values", &values(case)]);
        assert!(output.status.success(), "{version} {}: {}", case.display(), text(&output.stdout));
    }
}

#[test]
fn values_that_are_mistyped_or_impossible_are_refused_by_name() {
    let bad = [
        ("operator.replica=3", "replica"),
        ("operator.replicas=two", "replicas"),
        ("operator.replicas=-1", "replicas"),
        ("image.tag=a b", "tag"),
        ("image.digest=sha256:1", "digest"),
        ("image.pullPolicy=Sometimes", "pullPolicy"),
        ("imagePullSecrets[0]=registry", "imagePullSecrets"),
        ("watchNamespaces[0]=Voice", "watchNamespaces"),
        ("webhook.enabled=true", "webhook"),
        ("metrics.serviceMonitor.intervall=1m", "intervall"),
        ("networkPolicy.apiServerPorts[0]=0", "apiServerPorts"),
        ("serviceAccount.create=false", "serviceAccount.name"),
    ];
    for ((setting, named), version) in bad.iter().flat_map(|bad| HELMS.map(|version| (bad, version))) {
        let output = helm(version, &["template", CHART, "--kube-version", SERVER, "--set", setting]);
        assert!(!output.status.success(), "{version} takes {setting}");
        assert!(text(&output.stderr).contains(named), "{version} {setting}: {}", text(&output.stderr));
    }
}

#[test]
fn an_api_server_that_lacks_functions_of_our_rules_is_refused() {
    for version in HELMS {
        for (server, taken) in [("1.30.9", false), ("1.31.0", true), ("1.37.1-gke.100", true)] {
            let output = helm(version, &["template", CHART, "--kube-version", server]);
            assert_eq!(output.status.success(), taken, "{version} {server}: {}", text(&output.stderr));
        }
    }
}

/// Words that no rule of the operator may have: what would let it read secrets, or become more than it is.
const NEVER: &[&str] = &[
    "*",
    "secrets",
    "escalate",
    "bind",
    "impersonate",
    "serviceaccounts/token",
    "pods/exec",
    "nodes",
    "customresourcedefinitions",
];

#[test]
fn no_rule_grants_what_the_operator_never_needs() {
    let mut seen = 0;
    for case in cases() {
        let rendered = render("helm4", &["--values", &values(&case)]);
        for document in serde_saphyr::from_multiple::<Value>(&rendered).unwrap() {
            for rule in document["rules"].as_array().into_iter().flatten() {
                seen += 1;
                let words = ["apiGroups", "resources", "verbs"]
                    .into_iter()
                    .flat_map(|key| rule[key].as_array().into_iter().flatten().filter_map(Value::as_str));
                let bad: Vec<&str> = words.filter(|word| NEVER.contains(word)).collect();
                assert!(bad.is_empty(), "{}: {} has {bad:?}", case.display(), document["metadata"]["name"]);
            }
        }
    }
    assert!(seen > 50, "only {seen} rules were seen");
}
