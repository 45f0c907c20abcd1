#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::{Value, json};

use super::{Admission, AdmissionError, By};
use crate::api::schema::{crds, kind, open_api_schema};

/// A definition of the kind `Thing` whose spec has this schema.
fn thing(spec: &Value) -> Value {
    json!({"spec": {"names": {"kind": "Thing"}, "versions": [{"schema": {"openAPIV3Schema": {
        "type": "object", "required": ["spec"], "properties": {"spec": spec, "status": {"type": "object", "required": ["never"]}},
    }}}]}})
}

/// What is said of a `Thing` with this spec.
fn said(schema: &Value, spec: &Value) -> Vec<String> {
    changed(schema, spec, None)
}

fn changed(schema: &Value, spec: &Value, old: Option<&Value>) -> Vec<String> {
    let admission = Admission::new(&[thing(schema)]).unwrap();
    let object = |spec: &Value| json!({"metadata": {"name": "a"}, "spec": spec, "status": {}});
    let refusals = admission.review("Thing", &object(spec), old.map(object).as_ref());
    refusals.iter().map(|refusal| format!("{}: {}", refusal.path, refusal.message)).collect()
}

/// Checks one field `f`: the value, and what is said of it; nothing if that is empty.
fn field(schema: Value, cases: &[(Value, &str)]) {
    let schema = json!({"type": "object", "properties": {"f": schema}});
    for (value, expected) in cases {
        let expected: Vec<String> = match *expected {
            "" => Vec::new(),
            text => vec![format!("spec.f{text}")],
        };
        assert_eq!(said(&schema, &json!({"f": value})), expected, "{value}");
    }
}

#[test]
fn faults_of_shape_are_told_in_the_words_of_an_api_server() {
    field(
        json!({"type": "integer", "minimum": 1, "maximum": 20}),
        &[
            (json!(20), ""),
            (json!(99), ": Invalid value: 99: should be less than or equal to 20"),
            (json!(0), ": Invalid value: 0: should be greater than or equal to 1"),
            (json!("9"), ": Invalid value: \"string\": must be of type integer: \"string\""),
        ],
    );
    field(
        json!({"type": "string", "enum": ["TelExtn", "E164"]}),
        &[(json!("telextn"), ": Unsupported value: \"telextn\": supported values: \"TelExtn\", \"E164\"")],
    );
    field(
        json!({"type": "string", "pattern": "^[0-9]+$", "minLength": 2}),
        &[
            (json!("42O1"), ": Invalid value: \"42O1\": should match '^[0-9]+$'"),
            (json!("4"), ": Invalid value: \"4\": should be at least 2 chars long"),
        ],
    );
    field(
        json!({"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}}),
        &[
            (json!([]), ": Invalid value: 0: should have at least 1 items"),
            (json!(["a", "b", "c"]), ": Too many: 3: must have at most 2 items"),
            (json!(["a", 1]), "[1]: Invalid value: \"integer\": must be of type string: \"integer\""),
        ],
    );
    field(json!({"type": "string", "format": "ipv4"}), &[(json!("1.2.3.4"), "")]);
    field(
        json!({"type": "number", "maximum": 2.0}),
        &[(json!(3.0), ": Invalid value: 3: should be less than or equal to 2")],
    );
}

#[test]
fn a_field_that_is_missing_is_named_itself() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    assert_eq!(said(&schema, &json!({})), ["spec.a: Required value"]);
}

#[test]
fn lengths_are_counted_in_characters() {
    field(
        json!({"type": "string", "maxLength": 3}),
        &[(json!("ÄÖÜ"), ""), (json!("ÄÖÜß"), ": Too long: may not be more than 3 characters")],
    );
}

#[test]
fn defaults_stand_before_anything_is_checked() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "default": 5}},
        "x-kubernetes-validations": [{"rule": "self.a == 5", "message": "not five"}]});
    assert_eq!(said(&schema, &json!({})), [""; 0]);
    assert_eq!(said(&schema, &json!({"a": 6})), ["spec: not five"]);
}

#[test]
fn sets_and_tables_hold_each_entry_once() {
    field(
        json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}),
        &[(json!(["a", "b"]), ""), (json!(["a", "b", "a"]), "[2]: Duplicate value: \"a\"")],
    );
    field(
        json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": {"type": "object"}}),
        &[
            (json!([{"k": 1, "v": 1}, {"k": 2, "v": 1}]), ""),
            (json!([{"k": 1, "v": 1}, {"k": 1, "v": 2}]), "[1]: Duplicate value: {\"k\":1}"),
        ],
    );
}

#[test]
fn whole_numbers_or_text_and_null_are_taken_where_a_definition_says_so() {
    let port =
        json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]});
    for schema in [port, json!({"x-kubernetes-int-or-string": true})] {
        field(
            schema,
            &[
                (json!(1), ""),
                (json!("10%"), ""),
                (json!(true), ": Invalid value: \"boolean\": must be of type integer,string: \"boolean\""),
            ],
        );
    }
    field(json!({"type": "string", "nullable": true}), &[(Value::Null, ""), (json!("a"), "")]);
    field(
        json!({"type": "string"}),
        &[(Value::Null, ": Invalid value: \"null\": must be of type string: \"null\"")],
    );
}

#[test]
fn rules_speak_with_their_own_message_at_their_own_field() {
    let rules = json!([
        {"rule": "has(self.a) || has(self.b)", "message": "a or b", "fieldPath": ".a", "reason": "FieldValueRequired"},
        {"rule": "!has(self.b) || self.b < 3", "messageExpression": "'b is ' + string(self.b)"},
    ]);
    let integer = json!({"type": "integer"});
    let schema = json!({"type": "object", "properties": {"a": integer, "b": integer}, "x-kubernetes-validations": rules});
    assert_eq!(said(&schema, &json!({})), ["spec.a: a or b"]);
    assert_eq!(said(&schema, &json!({"b": 4})), ["spec: b is 4"]);
    assert_eq!(said(&schema, &json!({"b": 2})), [""; 0]);
}

#[test]
fn rules_see_times_and_the_keys_of_tables_as_in_a_cluster() {
    let schema = json!({"type": "object", "properties": {
        "at": {"type": "string", "format": "date-time"},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "x-kubernetes-validations": [
            {"rule": "self != 'x'", "message": "no x"}]}},
        "plain": {"type": "object", "properties": {"n": {"type": "integer"}}},
    },
    "x-kubernetes-validations": [
        {"rule": "self.at.getFullYear() == 2026", "message": "not this year"},
        {"rule": "'a.b/c' in self.labels", "message": "no key"},
        {"rule": "self.plain.n == 1", "message": "no n"},
    ]});
    let spec = |year: &str, label: &str| json!({"at": format!("{year}-11-22T10:00:00Z"), "labels": {"a.b/c": label}, "plain": {"n": 1}});
    assert_eq!(said(&schema, &spec("2026", "y")), [""; 0]);
    assert_eq!(said(&schema, &spec("2025", "x")), ["spec: not this year", "spec.labels[a.b/c]: no x"]);
}

#[test]
fn what_can_not_change_is_only_checked_against_what_was() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer", "x-kubernetes-validations": [
        {"rule": "self == oldSelf", "message": "can't be changed"}]}}});
    let one = json!({"a": 1});
    assert_eq!(said(&schema, &one), [""; 0]);
    assert_eq!(changed(&schema, &one, Some(&one)), [""; 0]);
    assert_eq!(changed(&schema, &json!({"a": 2}), Some(&one)), ["spec.a: can't be changed"]);
}

#[test]
fn a_rule_that_can_not_be_evaluated_here_refuses_and_says_so() {
    for rule in ["self.a.sortBy(x, x) == self.a", "self.a ==", "cel.bind(x, 1, x == 1)"] {
        let schema = json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}},
            "x-kubernetes-validations": [{"rule": rule, "message": "never"}]});
        let said = said(&schema, &json!({"a": [1]}));
        assert_eq!(said.len(), 1, "{rule}");
        assert!(said[0].contains(rule), "{said:?}");
        assert!(
            said[0].contains("can't be evaluated here") || said[0].contains("evaluation error"),
            "{said:?}"
        );
    }
}

#[test]
fn rules_wait_until_the_shape_is_right() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.a > 3", "message": "small"}]});
    assert_eq!(
        said(&schema, &json!({"a": "x"})),
        ["spec.a: Invalid value: \"string\": must be of type integer: \"string\""]
    );
}

#[test]
fn names_labels_and_annotations_are_those_of_kubernetes() {
    let admission = Admission::new(&[thing(&json!({"type": "object"}))]).unwrap();
    let long = "a".repeat(64);
    let good = json!({"name": "a.b-c", "labels": {"example.com/App_1": "x.y", "e": ""}, "annotations": {"Example.com/a": "any text"}});
    let bad = [
        (json!({"name": "A"}), "metadata.name"),
        (json!({"name": "-a"}), "metadata.name"),
        (json!({"name": "a..b"}), "metadata.name"),
        (json!({"name": ""}), "metadata.name"),
        (json!({}), "metadata.name"),
        (json!({"name": "a", "labels": {"a b": ""}}), "metadata.labels[a b]"),
        (json!({"name": "a", "labels": {"a": "-"}}), "metadata.labels[a]"),
        (json!({"name": "a", "labels": {"a": long}}), "metadata.labels[a]"),
        (json!({"name": "a", "labels": {"x_y/a": ""}}), "metadata.labels[x_y/a]"),
        (json!({"name": "a", "annotations": {"a/b/c": ""}}), "metadata.annotations[a/b/c]"),
        (json!({"name": "a", "annotations": {"a": "x".repeat(300_000)}}), "metadata.annotations"),
    ];
    assert_eq!(admission.review("Thing", &json!({"metadata": good, "spec": {}}), None), []);
    for (metadata, path) in bad {
        let refusals = admission.review("Thing", &json!({"metadata": metadata, "spec": {}}), None);
        assert_eq!(
            refusals.iter().map(|r| (r.path.as_str(), r.by)).collect::<Vec<_>>(),
            [(path, By::Schema)]
        );
    }
}

#[test]
fn a_kind_without_a_definition_is_let_pass_and_a_definition_that_can_not_be_used_is_an_error() {
    let admission = Admission::new(&[]).unwrap();
    assert_eq!(admission.review("Deployment", &json!({}), None), []);
    assert!(matches!(Admission::new(&[json!({})]), Err(AdmissionError::NoSchema { .. })));
    // An API server knows no look-around either.
    let spec = json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "^(?!x)"}}});
    assert!(matches!(Admission::new(&[thing(&spec)]), Err(AdmissionError::BadSchema { .. })));
}

#[test]
fn refusals_of_one_object_are_bounded() {
    let schema =
        json!({"type": "object", "properties": {"f": {"type": "array", "items": {"type": "string"}}}});
    let spec = json!({"f": vec![1; 10_000]});
    assert_eq!(said(&schema, &spec).len(), super::MOST);
}

/// Whatever the definitions are, none of their rules needs what can't be evaluated here, and each default passes.
#[test]
fn every_rule_of_the_definitions_can_be_evaluated_here() {
    let crds = crds().unwrap();
    let admission = Admission::new(&crds).unwrap();
    let mut rules = 0;
    for crd in &crds {
        let schema = open_api_schema(crd).unwrap();
        rules += schema.to_string().matches("\"x-kubernetes-validations\"").count();
        let compiled = &admission.kinds[kind(crd)];
        assert_eq!(
            compiled.rules.is_some(),
            schema.to_string().contains("\"x-kubernetes-validations\""),
            "{}",
            kind(crd)
        );
        compile_all(&compiled.schema);
    }
    assert!(rules > 3, "only {rules} fields have rules");
}

fn compile_all(schema: &Value) {
    let compiled = kube::core::cel::compile_schema(schema);
    assert!(!compiled.has_errors(), "{:?}", compiled.compilation_errors());
    for child in schema["properties"].as_object().into_iter().flatten().map(|(_, child)| child) {
        compile_all(child);
    }
    if let Some(items) = schema.get("items") {
        compile_all(items);
    }
}
