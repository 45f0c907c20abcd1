use super::{brief, document, gateway, mailbox, names, problem, read, read_as};

#[test]
fn a_byte_order_mark_and_crlf_line_ends_move_no_column() {
    let text = format!("\u{feff}{}", mailbox("  displayName: 1")).replace('\n', "\r\n");
    assert_eq!(brief(&read(&text)), ["7:16 WrongType spec.displayName"]);
    let p = problem("\u{feff}kind: UMMailbox");
    assert_eq!((p.place.line, p.place.column), (1, 1));
    assert_eq!(
        document(&mailbox("  displayName: Lina").replace('\n', "\r\n")).value["spec"]["displayName"],
        "Lina"
    );
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        brief(&read(&mailbox("  labels: {\"ключ\": ü, \"😀\": 1}"))),
        ["7:28 WrongType spec.labels[😀]"]
    );
}

#[test]
fn a_tab_in_the_indentation_is_named() {
    let p = problem(&mailbox("  pin:\n\texpired: true"));
    assert_eq!((p.code, p.place.line), ("InvalidYAML", 8));
    assert_eq!(p.advice, "indent with spaces; YAML allows no tabs there");
}

#[test]
fn empty_documents_and_comments_are_no_documents() {
    for text in [
        "",
        "\n\n",
        "# only this\n",
        "---\n---\n# x\n---\n",
        "---\n...\n",
        "~\n",
        "\u{feff}",
        "%YAML 1.2\n---\n",
    ] {
        let loaded = read(text);
        assert!(loaded.documents.is_empty() && loaded.problems.is_empty(), "{text:?} {:?}", loaded.problems);
        assert!(loaded.files[0].healthy);
    }
}

#[test]
fn a_file_holds_several_documents_and_a_fault_in_one_hides_no_other() {
    let text = format!(
        "%YAML 1.2\n---\n{}---  # second\nspec: [\n---\n{}...\n---\n{}",
        gateway("a"),
        gateway("b"),
        gateway("c")
    );
    let loaded = read(&text);
    assert_eq!(names(&loaded), ["default/a", "default/b", "default/c"]);
    assert_eq!(loaded.documents[2].place.line, 14);
    assert_eq!(loaded.problems.len(), 1);
    assert_eq!(loaded.problems[0].code, "InvalidYAML");
    assert!(!loaded.files[0].healthy);
    assert_eq!(loaded.problems[0].place.to_string(), "a.yaml:7:8", "the end of what is broken");
    let inside_text = document(&mailbox("  displayName: |\n    a\n     ---\n    b"));
    assert_eq!(inside_text.value["spec"]["displayName"], "a\n ---\nb\n");
}

#[test]
fn a_truncated_file_is_not_healthy() {
    for end in ["  displayName: \"Li", "  labels: {a: b", "  rules: [", "  displayName: 'x"] {
        let loaded = read(&mailbox(end));
        assert_eq!(loaded.problems.len(), 1, "{end}");
        assert_eq!(loaded.problems[0].code, "InvalidYAML", "{end}");
        assert!(loaded.problems[0].place.line >= 7, "{end}");
        assert!(loaded.documents.is_empty() && !loaded.files[0].healthy, "{end}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_have_a_place() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a.yaml"), b"a: b\nc: \xc3\xbc\xff\n").unwrap();
    let loaded = super::super::load(directory.path(), &super::schemas());
    assert_eq!(brief(&loaded), ["2:5 InvalidYAML "]);
    assert!(!loaded.files[0].healthy);
}

#[test]
fn json_is_read_with_places_and_its_own_faults() {
    let json = "{\n\t\"apiVersion\": \"um.lamplighter.dev/v1alpha1\",\n\t\"kind\": \"UMIPGateway\",\n\t\"metadata\": {\"name\": \"a\"},\n\t\"spec\": {\"x\": \"\\ud83d\\ude00\\/\\\\ud83d\", \"y\": -1.5e3, \"z\": null}\n}\n";
    let loaded = read_as("a.json", json);
    assert_eq!(loaded.problems, []);
    let document = &loaded.documents[0];
    assert_eq!(document.value["spec"]["x"], "😀/\\ud83d");
    assert_eq!(document.value["spec"]["y"], -1500.0);
    assert_eq!(document.place_of("metadata.name").to_string(), "a.json:4:23");
    assert_eq!(
        brief(&read_as("a.json", "{\"apiVersion\": \"v1\",\n \"kind\": \"X\",}\n")),
        ["2:14 InvalidYAML "]
    );
    assert_eq!(brief(&read_as("a.json", "{} {}")), ["1:4 InvalidYAML "]);
    assert_eq!(brief(&read_as("a.json", "a: b\n")).len(), 1);
    let twice = json.replace("\"z\": null", "\"x\": null");
    assert_eq!(read_as("a.json", &twice).problems[0].code, "DuplicateKey");
}

#[test]
fn a_list_is_as_good_as_its_items() {
    let text = "apiVersion: v1\nkind: List\nmetadata: {resourceVersion: \"\"}\nitems:\n- apiVersion: um.lamplighter.dev/v1alpha1\n  kind: UMIPGateway\n  metadata: {name: a}\n\
                - apiVersion: v1\n  kind: Pod\n- apiVersion: um.lamplighter.dev/v1alpha1\n  kind: UMIPGateway\n  metadata: {name: b}\n  colour: red\n- {}\n";
    let loaded = read(text);
    assert_eq!(names(&loaded), ["default/a"]);
    assert_eq!(loaded.documents[0].place.to_string(), "a.yaml:5:3");
    assert_eq!(brief(&loaded), ["13:3 UnknownField colour", "14:3 MissingKind apiVersion"]);
    assert_eq!(loaded.problems[0].object.as_ref().map(|object| object.name.as_str()), Some("b"));
}

#[test]
fn aliases_and_merge_keys_are_expanded() {
    let text =
        mailbox("  labels: &l {a: x, b: w}\n  pod:\n    copy: *l\n    merged: {<<: *l, b: z, c: [*l]}");
    let lina = document(&text);
    assert_eq!(
        lina.value["spec"]["pod"],
        serde_json::json!({"copy": {"a": "x", "b": "w"}, "merged": {"a": "x", "b": "z", "c": [{"a": "x", "b": "w"}]}})
    );
    assert_eq!(lina.place_of("spec.pod.copy").to_string(), "a.yaml:9:11");
    assert_eq!(lina.place_of("spec.pod.copy.a").to_string(), "a.yaml:7:18");
    assert_eq!(problem(&mailbox("  displayName: *missing")).code, "InvalidYAML");
    assert_eq!(problem(&mailbox("  pod: &p {a: *p}")).code, "InvalidYAML");
    assert_eq!(
        problem(&format!("{}---\n{}", mailbox("  pod: &p {}"), gateway("b, labels: *p"))).code,
        "InvalidYAML"
    );
}

#[test]
fn keys_are_text() {
    assert_eq!(document(&mailbox("  labels: {4201: a, \"yes\": b}")).value["spec"]["labels"]["4201"], "a");
    for key in ["yes", "null", "0x10", "1.50", "true"] {
        let p = problem(&mailbox(&format!("  labels: {{{key}: a}}")));
        assert_eq!((p.code, p.advice), ("WrongType", format!("write it in quotes: \"{key}\"")), "{key}");
    }
    assert_eq!(problem(&mailbox("  labels: {[a]: b}")).code, "WrongType");
}

#[test]
fn scalars_mean_what_they_mean_to_kubernetes() {
    let value =
        |text: &str| document(&mailbox(&format!("  pod: {{x: {text}}}"))).value["spec"]["pod"]["x"].clone();
    for (text, json) in [
        ("12", "12"),
        ("-7", "-7"),
        ("+7", "7"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("017", "15"),
        ("0b11", "3"),
        ("1_000", "1000"),
        ("089", "89"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("1e3", "1000.0"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("2026-11-22", "\"2026-11-22\""),
        ("12:30", "\"12:30\""),
        ("1.2.3", "\"1.2.3\""),
        ("1e", "\"1e\""),
        (".", "\".\""),
        ("0x", "\"0x\""),
        ("+49 30", "\"+49 30\""),
        ("_1", "\"_1\""),
        ("!!str 12", "\"12\""),
        ("! 12", "\"12\""),
        ("'12'", "\"12\""),
        ("True", "true"),
        ("OFF", "false"),
        ("~", "null"),
    ] {
        assert_eq!(value(text).to_string(), json, "{text}");
    }
}
