//! What GitOps tools make of the statuses of our objects: the health check for Argo CD and the expressions for Flux, as they stand in the
//! documentation, over every status of the golden cases, which have to agree with one table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kube::core::cel::cel::{Context, Program, Value as CelValue, to_value};
use serde_json::{Map, Value, json};

const ARGO_CD: &str = "docs/gitops/resource_customizations/um.lamplighter.dev/_";
const PAGE: &str = "docs/gitops.md";
const CASES: &str = "tests/golden/evaluate";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{:?}: {error}", path.as_ref()))
}

/// What a tool may say of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    InProgress,
    Failed,
    Current,
    Suspended,
}

impl Health {
    fn of_argo_cd(word: &str) -> Self {
        match word {
            "Progressing" => Self::InProgress,
            "Degraded" => Self::Failed,
            "Healthy" => Self::Current,
            "Suspended" => Self::Suspended,
            other => panic!("Argo CD has no health {other}"),
        }
    }
}

/// What is true of an object, in the words of the documentation.
fn wanted(object: &Value) -> Health {
    match wanted_by_status(object) {
        _ if object["spec"]["suspend"] == true => Health::Suspended,
        Health::Current if condition(object, "Held") == "True" => Health::Suspended,
        health => health,
    }
}

/// The status of a condition; empty if there is none.
fn condition<'a>(object: &'a Value, type_: &str) -> &'a str {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.find(|c| c["type"] == type_).map_or("", |c| c["status"].as_str().unwrap())
}

fn wanted_by_status(object: &Value) -> Health {
    let seen = object["status"]["observedGeneration"] == object["metadata"]["generation"];
    let of = |type_| condition(object, type_);
    match (seen, of("Reconciling"), of("Stalled"), of("Ready")) {
        (false, ..) | (_, "True", ..) => Health::InProgress,
        (_, _, "True", _) | (.., "False") => Health::Failed,
        (.., "True") => Health::Current,
        _ => Health::InProgress,
    }
}

/// Every status of the golden cases, as new objects have it, as their last generation has it, and as seen before a change; and the
/// objects beside the health check.
fn objects() -> Vec<(String, Value)> {
    let mut objects = Vec::new();
    for area in folders(&root().join(CASES)) {
        for case in folders(&area) {
            let status = fs::read_to_string(case.join("out/status.txt")).unwrap();
            for (name, object) in recorded(&status) {
                for (generation, observed) in [(3, 3), (4, 3), (1, -1)] {
                    let mut object = object.clone();
                    object["metadata"]["generation"] = generation.into();
                    object["status"]["observedGeneration"] = observed.into();
                    objects.push((format!("{} {name} {generation}/{observed}", case.display()), object));
                }
            }
        }
    }
    assert!(objects.len() > 1000, "only {} objects were found", objects.len());
    for file in files(&root().join(ARGO_CD).join("testdata")) {
        objects.push((file.display().to_string(), yaml(&fs::read_to_string(&file).unwrap())));
    }
    objects
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_file()).collect()
}

/// The objects of a `status.txt`: a line `KIND/NAME: …` each, and a line `  TYPE: STATUS REASON - MESSAGE` for each condition.
fn recorded(status: &str) -> Vec<(String, Value)> {
    let mut objects: Vec<(String, Value)> = Vec::new();
    for line in status.lines() {
        if let Some(condition) = line.strip_prefix("  ") {
            let (type_, rest) = condition.split_once(": ").unwrap();
            let (words, message) = rest.split_once(" - ").unwrap();
            let (status, reason) = words.split_once(' ').unwrap();
            let condition = json!({"type": type_, "status": status, "reason": reason, "message": message});
            let (_, object) = objects.last_mut().unwrap();
            object["status"]["conditions"].as_array_mut().unwrap().push(condition);
        } else {
            let id = line.split(": ").next().unwrap();
            let (kind, name) = id.split_once('/').unwrap();
            let object = json!({
                "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": {},
                "status": {"conditions": []},
            });
            objects.push((id.to_owned(), object));
        }
    }
    objects
}

/// A value as Lua writes it; strings as numbers of bytes, so that nothing has to be quoted right.
fn lua(value: &Value) -> String {
    match value {
        Value::Null => "nil".into(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => {
            let bytes: String = text.bytes().map(|byte| format!("\\{byte:03}")).collect();
            format!("\"{bytes}\"")
        }
        Value::Array(items) => format!("{{{}}}", items.iter().map(lua).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| format!("[{}]={}", lua(&key.as_str().into()), lua(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
    }
}

/// What the script says of each object: health and message. Only what Argo CD leaves a script is there.
fn argo_cd(objects: &[(String, Value)]) -> Vec<(Health, String)> {
    let mut program = format!(
        "local check = assert(loadfile({}))\nlocal function ask(obj)\n  \
        setfenv(check, {{obj = obj, ipairs = ipairs, pairs = pairs, tostring = tostring, type = type}})\n  \
        local health = check()\n  print(health.status .. '\\t' .. (health.message or ''))\nend\n",
        lua(&root().join(ARGO_CD).join("health.lua").to_str().unwrap().into())
    );
    for (_, object) in objects {
        let _ = writeln!(program, "ask({})", lua(object));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ask.lua");
    fs::write(&file, program).unwrap();
    // Argo CD's interpreter is one of Lua 5.1.
    let output = Command::new("lua5.1").arg(&file).output().unwrap_or_else(|error| {
        panic!("lua5.1 does not start ({error}): tests/tools/install-peers installs it")
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = answers
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(word, message)| (Health::of_argo_cd(word), message.to_owned()))
        .collect();
    assert_eq!(answers.len(), objects.len());
    answers
}

#[test]
fn argo_cd_says_of_every_status_what_is_so() {
    let objects = objects();
    let mut seen = BTreeMap::new();
    for ((name, object), (health, message)) in objects.iter().zip(argo_cd(&objects)) {
        assert_eq!(health, wanted(object), "{name}: {message}");
        assert!(!message.is_empty(), "{name}");
        *seen.entry(health).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 4, "not every health was seen: {seen:?}");
}

#[test]
fn the_cases_beside_the_health_check_of_argo_cd_are_right_and_complete() {
    let cases = yaml(&read(Path::new(ARGO_CD).join("health_test.yaml")));
    let cases = cases["tests"].as_array().unwrap();
    let path = |case: &Value| root().join(ARGO_CD).join(case["inputPath"].as_str().unwrap());
    let objects: Vec<(String, Value)> = cases
        .iter()
        .map(|case| (case["inputPath"].to_string(), yaml(&fs::read_to_string(path(case)).unwrap())))
        .collect();
    for (case, (health, message)) in cases.iter().zip(argo_cd(&objects)) {
        let status = case["healthStatus"]["status"].as_str().unwrap();
        assert_eq!(health, Health::of_argo_cd(status), "{}", case["inputPath"]);
        assert_eq!(message, case["healthStatus"]["message"], "{}", case["inputPath"]);
    }
    let mut named: Vec<PathBuf> = cases.iter().map(path).collect();
    named.sort();
    assert_eq!(named, files(&root().join(ARGO_CD).join("testdata")));
}

/// The expressions of the documentation, by kind.
fn expressions() -> BTreeMap<String, Map<String, Value>> {
    let page = read(PAGE);
    let block = page.split("```").find(|block| block.contains("\n  healthCheckExprs:\n")).unwrap();
    let kustomization = yaml(block.trim_start_matches("yaml\n"));
    let expressions = kustomization["spec"]["healthCheckExprs"].as_array().unwrap();
    assert!(expressions.iter().all(|one| one["apiVersion"] == "um.lamplighter.dev/v1alpha1"));
    expressions
        .iter()
        .map(|one| (one["kind"].as_str().unwrap().to_owned(), one.as_object().unwrap().clone()))
        .collect()
}

/// Whether an expression holds of an object; its members are the variables.
fn holds(expression: &Value, object: &Value) -> bool {
    let expression = expression.as_str().unwrap();
    let program = Program::compile(expression).unwrap();
    let mut context = Context::default();
    for (name, value) in object.as_object().unwrap() {
        context.add_variable_from_value(name.as_str(), to_value(value).unwrap());
    }
    match program.execute(&context) {
        Ok(CelValue::Bool(holds)) => holds,
        other => panic!("{expression} gives {other:?} for {object}"),
    }
}

/// As Flux asks: first the generation, then the expressions in this order, and what fits none is in progress.
fn flux(expressions: &BTreeMap<String, Map<String, Value>>, object: &Value) -> Health {
    if object["status"]["observedGeneration"] != object["metadata"]["generation"] {
        return Health::InProgress;
    }
    let of_kind = &expressions[object["kind"].as_str().unwrap()];
    let words =
        [("inProgress", Health::InProgress), ("failed", Health::Failed), ("current", Health::Current)];
    let found = words.into_iter().find(|(word, _)| holds(&of_kind[*word], object));
    found.map_or(Health::InProgress, |(_, health)| health)
}

#[test]
fn flux_says_of_every_status_what_is_so() {
    let expressions = expressions();
    assert_eq!(expressions.len(), 4);
    let mut seen = BTreeMap::new();
    for (name, object) in objects() {
        let wanted = match wanted(&object) {
            // Flux has no such word: it goes by what the status says.
            Health::Suspended => wanted_by_status(&object),
            health => health,
        };
        let health = flux(&expressions, &object);
        assert_eq!(health, wanted, "{name}");
        *seen.entry(health).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 3, "not every health was seen: {seen:?}");
}

#[test]
fn flux_takes_an_object_without_a_status_for_one_in_progress() {
    let expressions = expressions();
    for (kind, of_kind) in &expressions {
        let object = json!({"kind": kind, "metadata": {"generation": 1}, "spec": {}, "status": {}});
        for word in ["inProgress", "failed", "current"] {
            assert!(!holds(&of_kind[word], &object), "{kind} {word}");
        }
    }
}
