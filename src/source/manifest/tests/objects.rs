use super::{brief, document, gateway, mailbox, names, problem, read};

#[test]
fn metadata_is_checked_and_a_status_is_not() {
    let with = |metadata: &str, rest: &str| {
        format!("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\nmetadata:\n{metadata}\n{rest}")
    };
    let exported = with(
        "  name: a\n  uid: x\n  generation: 3\n  creationTimestamp: null\n  managedFields: [{a: b}]\n  labels: {a: \"1\"}",
        "status: {any: [thing]}",
    );
    assert_eq!(document(&exported).name, "a");
    assert_eq!(
        brief(&read(&with("  name: a\n  annotations: {b: 1}", ""))),
        ["5:20 WrongType metadata.annotations[b]"]
    );
    assert_eq!(brief(&read(&with("  name: a\n  lables: {}", ""))), ["5:3 UnknownField metadata.lables"]);
    assert_eq!(brief(&read(&with("  name: 42", ""))), ["4:9 WrongType metadata.name"]);
}

#[test]
fn names_are_those_of_kubernetes() {
    let p = problem(&gateway("PBX_A"));
    assert_eq!(
        (p.code, p.path.as_str(), p.advice.as_str()),
        ("InvalidName", "metadata.name", "write `pbx-a`")
    );
    assert!(p.object.is_none());
    let p = problem("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\nmetadata: {namespace: x}\n");
    assert_eq!((p.code, p.place.line, p.place.column), ("MissingName", 3, 11));
    assert_eq!(
        brief(&read("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\n")),
        ["1:1 MissingName metadata.name"]
    );
    assert_eq!(brief(&read(&gateway("a, namespace: a.b"))), ["3:32 InvalidName metadata.namespace"]);
    assert_eq!(document(&gateway("a.b-c")).namespace, "default");
}

#[test]
fn kinds_and_versions_of_our_group_are_known() {
    let p = problem("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailBoxx\nmetadata: {name: a}\n");
    assert_eq!(
        (p.code, p.place.line, p.place.column, p.advice.as_str()),
        ("UnknownKind", 2, 7, "did you mean `UMMailbox`?")
    );
    let p = problem("apiVersion: um.lamplighter.dev/v1alpha1\nkind: Telephone\nmetadata: {name: a}\n");
    assert_eq!(p.advice, "kinds of um.lamplighter.dev: UMIPGateway, UMMailbox");
    for version in ["um.lamplighter.dev/v1", "um.lamplihgter.dev/v1alpha1", "v1", "example.com/v1"] {
        let p = problem(&format!("apiVersion: {version}\nkind: UMMailbox\nmetadata: {{name: a}}\n"));
        assert_eq!(
            (p.code, p.place.line, p.place.column, p.advice.as_str()),
            ("UnknownVersion", 1, 13, "write `apiVersion: um.lamplighter.dev/v1alpha1`")
        );
    }
    let loaded = read("apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailBoxx\nmetadata: {name: a}\n");
    assert!(!loaded.files[0].healthy, "which object is meant is not known");
}

#[test]
fn what_is_no_manifest_says_so() {
    assert_eq!(brief(&read("- a\n- b\n")), ["1:1 NotAnObject "]);
    assert_eq!(brief(&read("just text\n")), ["1:1 NotAnObject "]);
    assert_eq!(brief(&read("kind: UMMailbox\n")), ["1:1 MissingKind apiVersion"]);
    assert_eq!(brief(&read("apiVersion: v1\nkind: 42\n")), ["2:7 MissingKind kind"]);
    assert!(super::read_as("x/kustomization.yaml", "resources: [a.yaml]\n").problems.is_empty());
}

#[test]
fn foreign_kinds_are_passed_over_and_secrets_and_config_maps_kept() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, name: x}\nspec: {a: yes, 1: {}}\n---\n\
                apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: pins}\nstringData: {lina: \"482913\"}\n---\n\
                apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: voice}\ndata: {ca.crt: x}\n";
    let loaded = read(text);
    assert_eq!(loaded.problems, []);
    assert_eq!(names(&loaded), ["default/pins", "voice/ca"]);
    assert!(!format!("{loaded:?}").contains("482913"), "Debug output shows no value");
    assert_eq!(loaded.documents[1].place_of("data[ca.crt]").to_string(), "a.yaml:17:16");
}

#[test]
fn a_secrets_value_is_in_no_message() {
    let secret = |data: &str| {
        problem(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: pins}}\nstringData: {{lina: {data}}}\n"
        ))
    };
    for data in ["482913", "0482913", "[482913]", "{x: 482913}", "482913.5"] {
        let p = secret(data);
        assert_eq!(p.code, "WrongType");
        assert!(!format!("{p:?}").contains("482913"), "{p:?}");
    }
    assert_eq!(secret("482913").message, "expected text, found a number");
}

#[test]
fn the_second_of_two_like_objects_is_refused_and_names_the_first() {
    let text = format!("{}---\n{}---\n{}", gateway("a"), gateway("b"), gateway("a"));
    let loaded = read(&text);
    assert_eq!(names(&loaded), ["default/a", "default/b"]);
    assert_eq!(brief(&loaded), ["9:1 DuplicateObject "]);
    assert_eq!(loaded.problems[0].message, "UMIPGateway default/a is already described at a.yaml:1:1");
    let broken = mailbox("  colour: red");
    let loaded = read(&format!("{broken}---\n{}", mailbox("")));
    assert_eq!(names(&loaded), [""; 0], "a broken first one still stands");
    assert_eq!(brief(&loaded), ["7:3 UnknownField spec.colour", "9:1 DuplicateObject "]);
}

#[test]
fn two_objects_run_into_one_hide_the_second_and_the_file_is_not_healthy() {
    let loaded = read(&format!("{}{}", gateway("a"), gateway("b")));
    assert!(loaded.documents.is_empty());
    assert!(loaded.problems.iter().all(|problem| problem.code == "DuplicateKey"));
    assert!(!loaded.files[0].healthy);
    let inside = read(&mailbox("  displayName: a\n  displayName: b"));
    assert!(inside.files[0].healthy);
}

#[test]
fn merged_metadata_counts_for_the_identity() {
    let text = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\nspec: {x: &m {namespace: voice, name: a}}\nmetadata: {<<: *m, name: b}\n";
    let gateway = document(text);
    assert_eq!(gateway.key().to_string(), "UMIPGateway voice/b");
    assert_eq!(gateway.place_of("metadata.namespace").to_string(), "a.yaml:4:12");
}

#[test]
fn a_flood_of_problems_is_cut_off_and_leaves_no_file_healthy_that_it_hides() {
    let fields: String = (0..300).map(|number| format!("  x{number}: 1\n")).collect();
    let one = read(&mailbox(&fields));
    assert_eq!(one.problems.len(), 100);
    assert!(one.files[0].healthy);
    let schemas = super::schemas();
    let mut loader = super::Loader::new(&schemas);
    for number in 0..102 {
        loader.text(
            &format!("{number}.yaml"),
            &mailbox(&fields).replace("name: lina", &format!("name: l{number}")),
        );
    }
    let many = loader.finish();
    assert_eq!(many.problems.len(), 10_000);
    assert_eq!(many.files.iter().filter(|file| !file.healthy).count(), 2);
}
