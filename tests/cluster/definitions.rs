//! The definitions of the four kinds on an API server: taken without a word, and what people see of them by kubectl.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{self, Cluster, Output};
use crate::namespace::Namespace;

/// What `kubectl get` shows of each kind.
const COLUMNS: &str = "tests/cluster/columns.txt";

/// The definitions, by file.
fn definitions() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    assert_eq!(files.len(), 4);
    let read = |file: &PathBuf| serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    files.iter().map(|file| (file.clone(), read(file))).collect()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

#[test]
fn definitions_are_taken_without_a_warning_and_kept_as_they_are() {
    let cluster = harness::shared();
    for (_, definition) in definitions() {
        let name = text(&definition, "/metadata/name");
        // The server warns when a definition is new, so one with another name is shown to it.
        let copy = definition.to_string().replace("um.lamplighter.dev", "copy.um.lamplighter.dev");
        let told = said_of(&cluster, &copy);
        assert!(told.is_success && told.stderr.is_empty(), "{name}: {told:?}");
        let odd = copy.replacen("\"format\":\"int", "\"format\":\"odd", 1);
        assert!(
            said_of(&cluster, &odd).stderr.contains("Warning: unrecognized format"),
            "{name}: no warning comes"
        );

        let stored = cluster.kubectl(&["get", "crd", name, "-o", "json"]).json();
        let conditions = stored["status"]["conditions"].as_array().unwrap();
        let holds = |wanted: &str| {
            conditions.iter().any(|condition| condition["type"] == wanted && condition["status"] == "True")
        };
        assert!(holds("Established") && holds("NamesAccepted"), "{name}: {conditions:?}");
        assert!(!holds("NonStructuralSchema"), "{name}: {conditions:?}");
        assert_kept(&definition["spec"], &stored["spec"], name);
    }
}

/// What the server says to a definition that it is shown.
fn said_of(cluster: &Cluster, definition: &str) -> Output {
    cluster.kubectl_with(definition, &["create", "--dry-run=server", "-f", "-"])
}

/// That the server keeps all that was written as it was written: what it drops or words anew, tools that compare call a difference for ever.
fn assert_kept(written: &Value, stored: &Value, path: &str) {
    match (written, stored) {
        (Value::Object(written), Value::Object(stored)) => {
            for (name, value) in written {
                assert_kept(value, stored.get(name).unwrap_or(&Value::Null), &format!("{path}.{name}"));
            }
        }
        (Value::Array(written), Value::Array(stored)) if written.len() == stored.len() => {
            for (index, (written, stored)) in written.iter().zip(stored).enumerate() {
                assert_kept(written, stored, &format!("{path}[{index}]"));
            }
        }
        _ => assert_eq!(stored, written, "{path}"),
    }
}

#[test]
fn a_definition_can_also_be_applied_by_the_client() {
    let cluster = harness::shared();
    for (file, _) in definitions() {
        // It keeps all of the last one in an annotation, of which there is 256 KiB.
        let size = fs::metadata(&file).unwrap().len();
        assert!(size < 200_000, "{}: {size} bytes", file.display());
        let dry = ["apply", "--dry-run=server", "--warnings-as-errors", "-f", file.to_str().unwrap()];
        let applied = cluster.kubectl(&dry);
        // That it was made server-side is all that may be said.
        let said: Vec<&str> =
            applied.stderr.lines().filter(|line| !line.contains("last-applied-configuration")).collect();
        assert!(said.is_empty(), "{applied:?}");
    }
}

#[test]
fn kubectl_explains_each_field_to_the_last() {
    let cluster = harness::shared();
    for (_, definition) in definitions() {
        let schema = definition.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap();
        let mut wanted = BTreeSet::new();
        fields(schema, "", &mut wanted);
        let plural = text(&definition, "/spec/names/plural");
        let explained = explained(&cluster.kubectl(&["explain", plural, "--recursive"]).text());
        let is_ours = |path: &&String| path.starts_with("spec") || path.starts_with("status");
        let (wanted, explained): (Vec<_>, Vec<_>) =
            (wanted.iter().filter(is_ours).collect(), explained.iter().filter(is_ours).collect());
        assert!(wanted.len() > 20, "{plural}: {wanted:?}");
        assert_eq!(explained, wanted, "{plural}");
    }
}

/// The paths of all fields of a schema; each has to say what it is for.
fn fields(schema: &Value, path: &str, all: &mut BTreeSet<String>) {
    for below in ["items", "additionalProperties"] {
        schema.get(below).into_iter().for_each(|below| fields(below, path, all));
    }
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}{}{name}", if path.is_empty() { "" } else { "." });
        let is_ours = path.starts_with("spec.") || path.starts_with("status.");
        assert!(!is_ours || field["description"].is_string(), "{path} has no description");
        fields(field, &path, all);
        all.insert(path);
    }
}

/// The paths in what `kubectl explain --recursive` prints: two spaces for each level, the name, a tab, the type.
fn explained(text: &str) -> BTreeSet<String> {
    let mut above: Vec<&str> = Vec::new();
    let mut all = BTreeSet::new();
    let (_, fields) = text.split_once("FIELDS:").unwrap();
    for line in fields.lines().filter(|line| line.contains("\t<")) {
        let name = line.trim_start();
        let depth = (line.len() - name.len()) / 2 - 1;
        above.truncate(depth);
        above.push(name.split_once('\t').unwrap().0);
        all.insert(above.join("."));
    }
    all
}

#[test]
fn kubectl_get_shows_what_people_look_for() {
    let cluster = harness::shared();
    let namespace = Namespace::new(&cluster, "columns");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    for file in ["1-dial-plans.yaml", "2-gateways.yaml", "3-policies.yaml", "4-mailboxes.yaml"] {
        let mut manifests = fs::read_to_string(examples.join(file)).unwrap();
        if file == "1-dial-plans.yaml" {
            // What is shown does not change, as an operator in this cluster would have it.
            manifests = manifests.replace("\nspec:\n", "\nspec:\n  suspend: true\n");
        }
        namespace.apply(&manifests.replace("namespace: voice", &format!("namespace: {}", namespace.name)));
    }
    let mut shown = String::new();
    for (_, definition) in definitions() {
        let (kind, short) =
            (text(&definition, "/spec/names/kind"), text(&definition, "/spec/names/shortNames/0"));
        for more in [&[][..], &["-o", "wide"]] {
            let list = namespace.kubectl(&[&["get", short], more].concat()).text();
            // The age is never the same; it is the last column.
            let age = list.find("AGE").unwrap();
            shown.push_str(&format!("{kind}, kubectl {}\n", [&["get", short], more].concat().join(" ")));
            for line in list.lines().take(2) {
                shown.push_str(&format!("  {}\n", line[..age].trim_end()));
            }
            assert!(list[age..].starts_with("AGE\n"), "{kind}: the last column is not the age: {list}");
        }
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(COLUMNS);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &shown).unwrap();
    }
    let recorded = fs::read_to_string(&golden).unwrap_or_default();
    assert!(recorded == shown, "{COLUMNS} is not what is shown now; UPDATE=1 rewrites it:\n{shown}");
    let all = namespace.kubectl(&["get", "um", "-o", "name"]).text();
    assert_eq!(all.lines().count(), 2 + 3 + 3 + 6, "{all}");
}
