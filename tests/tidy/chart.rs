//! The Helm chart: its definitions are those of `crds/`, and what it says of itself is so.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::generated;
use crate::tree;
use crate::values;

const CHART: &str = "charts/lamplighter/Chart.yaml";
const TEMPLATES: &str = "charts/lamplighter/templates/crds";
const SCHEMA: &str = "charts/lamplighter/values.schema.json";

/// Complaints about generated files of the chart. `UPDATE=1` rewrites them.
pub fn check_generated() -> Vec<String> {
    let mut wanted: Vec<(String, String)> =
        definitions().iter().map(|path| (path.replacen("crds", TEMPLATES, 1), template(path))).collect();
    let known: BTreeSet<String> = wanted.iter().map(|(path, _)| path.clone()).collect();
    let surplus =
        tree::names().into_iter().filter(|path| path.starts_with(TEMPLATES) && !known.contains(path));
    let mut complaints: Vec<String> =
        surplus.map(|path| format!("{path}:1: it comes from no definition: remove it")).collect();
    wanted.push((SCHEMA.into(), values::schema()));
    complaints.extend(wanted.iter().flat_map(|(path, text)| generated::check_file(path, text)));
    complaints
}

/// The files of the definitions.
fn definitions() -> Vec<String> {
    let names = tree::names().into_iter();
    let files: Vec<String> =
        names.filter(|path| path.starts_with("crds/") && path.ends_with(".yaml")).collect();
    assert_eq!(files.len(), 4, "crds:1: four definitions are expected: {files:?}");
    files
}

/// A definition as a template: behind its switch, with labels and annotations of the release.
fn template(path: &str) -> String {
    const METADATA: &str = "\nmetadata:\n";
    let text = tree::read(path);
    let (head, tail) = text.split_once(METADATA).expect("a definition has metadata");
    assert!(!tail.contains(METADATA) && !text.contains("{{"), "{path}:1: it can't be made a template");
    format!(
        "{{{{- if .Values.crds.enabled }}}}\n\
        {{{{- /* Generated from {path}: `UPDATE=1 cargo test --test tidy` rewrites it. */}}}}\n\
        {head}{METADATA}  {{{{- include \"lamplighter.crdMetadata\" . | nindent 2 }}}}\n{tail}{{{{- end }}}}\n"
    )
}

/// Complaints about versions and kinds that the chart tells wrong.
pub fn check_chart() -> Vec<String> {
    let chart: Value = serde_saphyr::from_str(&tree::read(CHART)).expect("Chart.yaml is YAML");
    let mut complaints = Vec::new();
    for field in ["version", "appVersion"] {
        if chart[field] != env!("CARGO_PKG_VERSION") {
            complaints.push(format!(
                "{CHART}:1: {field} is {}: write {}, the version in Cargo.toml",
                chart[field],
                env!("CARGO_PKG_VERSION")
            ));
        }
    }
    let label = format!("LABEL org.opencontainers.image.version=\"{}\"", env!("CARGO_PKG_VERSION"));
    if !tree::read("Dockerfile").lines().any(|line| line == label) {
        complaints.push(format!("Dockerfile:1: the version is not that in Cargo.toml: write {label}"));
    }
    let told: Value =
        serde_saphyr::from_str(chart["annotations"]["artifacthub.io/crds"].as_str().unwrap_or("[]"))
            .expect("artifacthub.io/crds is YAML");
    let told: BTreeSet<(&str, &str, &str)> = told
        .as_array()
        .into_iter()
        .flatten()
        .map(|crd| (text(crd, "/kind"), text(crd, "/name"), text(crd, "/version")))
        .collect();
    let there: BTreeSet<(&str, &str, &str)> = crate::tables::CRDS
        .iter()
        .map(|crd| {
            (text(crd, "/spec/names/kind"), text(crd, "/metadata/name"), text(crd, "/spec/versions/0/name"))
        })
        .collect();
    if told != there {
        complaints.push(format!("{CHART}:1: artifacthub.io/crds names {told:?}: there are {there:?}"));
    }
    complaints
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
