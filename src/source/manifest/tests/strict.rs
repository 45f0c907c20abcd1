use super::{brief, document, mailbox, problem, read};

/// The problem of a mailbox with one line added, as `line:column code path: message | advice`.
fn verdict(spec: &str) -> String {
    let p = problem(&mailbox(spec));
    format!("{}:{} {} {}: {} | {}", p.place.line, p.place.column, p.code, p.path, p.message, p.advice)
}

#[test]
fn a_sound_mailbox_becomes_a_document_with_its_identity_and_value() {
    let lina = document(&mailbox("  displayName: Lina Berg\n  priority: 7"));
    assert_eq!(
        (lina.kind.as_str(), lina.namespace.as_str(), lina.name.as_str()),
        ("UMMailbox", "voice", "lina")
    );
    assert_eq!(lina.api_version, "um.lamplighter.dev/v1alpha1");
    assert_eq!(lina.value["spec"]["displayName"], "Lina Berg");
    assert_eq!(lina.value["spec"]["priority"], 7);
    assert_eq!(lina.value["kind"], "UMMailbox");
}

#[test]
fn each_value_has_its_exact_place_and_what_is_absent_that_of_its_nearest_parent() {
    let lina = document(&mailbox(
        "  rules:\n    - name: first\n      ratio: 1.5\n    - {name: \"zweiter ü\",   ratio: 2}\n  labels:\n    example.com/a: b",
    ));
    let place = |path: &str| lina.place_of(path).to_string();
    assert_eq!(place("metadata.name"), "a.yaml:3:18");
    assert_eq!(place("metadata.namespace"), "a.yaml:3:35");
    assert_eq!(place("spec"), "a.yaml:4:1");
    assert_eq!(place("spec.extensions"), "a.yaml:6:15");
    assert_eq!(place("spec.extensions[0]"), "a.yaml:6:16");
    assert_eq!(place("spec.rules"), "a.yaml:7:3");
    assert_eq!(place("spec.rules[0]"), "a.yaml:8:7");
    assert_eq!(place("spec.rules[0].ratio"), "a.yaml:9:14");
    assert_eq!(place("spec.rules[1].ratio"), "a.yaml:10:36");
    assert_eq!(place("spec.labels[example.com/a]"), "a.yaml:12:20");
    assert_eq!(place("spec.extensions[1]"), "a.yaml:6:15");
    assert_eq!(place("spec.pin.secretRef"), "a.yaml:4:1");
    assert_eq!(place("nothing"), "a.yaml:1:1");
    assert_eq!(place(""), "a.yaml:1:1");
}

#[test]
fn an_unknown_field_names_what_was_meant_or_what_is_allowed() {
    assert_eq!(
        verdict("  priorty: 1"),
        "7:3 UnknownField spec.priorty: unknown field `priorty` | did you mean `priority`?"
    );
    assert_eq!(
        verdict("  DISPLAYNAME: x"),
        "7:3 UnknownField spec.DISPLAYNAME: unknown field `DISPLAYNAME` | did you mean `displayName`?"
    );
    assert_eq!(
        verdict("  pin: {colour: red}"),
        "7:9 UnknownField spec.pin.colour: unknown field `colour` | fields allowed here: expired, secretRef"
    );
    assert_eq!(
        verdict("  rules:\n    - name: a\n      nmae: b"),
        "9:7 UnknownField spec.rules[0].nmae: unknown field `nmae` | did you mean `name`?"
    );
}

#[test]
fn a_wrong_type_says_what_to_write() {
    let wrong = |spec: &str| verdict(spec);
    assert_eq!(
        wrong("  displayName: 4201"),
        "7:16 WrongType spec.displayName: expected text, found the number 4201 | write it in quotes: \"4201\""
    );
    assert_eq!(
        wrong("  displayName: +4930"),
        "7:16 WrongType spec.displayName: expected text, found the number +4930 | write it in quotes: \"+4930\""
    );
    assert_eq!(
        wrong("  displayName: 0420"),
        "7:16 WrongType spec.displayName: expected text, found the number 0420 | write it in quotes: \"0420\""
    );
    assert_eq!(
        wrong("  displayName: true"),
        "7:16 WrongType spec.displayName: expected text, found true | write it in quotes: \"true\""
    );
    assert_eq!(
        wrong("  displayName: [a]"),
        "7:16 WrongType spec.displayName: expected text, found a list | write text after the colon"
    );
    assert_eq!(
        wrong("  priority: \"5\""),
        "7:13 WrongType spec.priority: expected a whole number, found the text \"5\" | write it without quotes: 5"
    );
    assert_eq!(
        wrong("  priority: 1.5"),
        "7:13 WrongType spec.priority: expected a whole number, found the number 1.5 | write a whole number"
    );
    assert_eq!(
        wrong("  priority: 3000000000"),
        "7:13 WrongType spec.priority: the number 3000000000 is too large or too small | write a whole number from -2147483648 to 2147483647"
    );
    assert_eq!(
        wrong("  priority: 010"),
        "7:13 WrongType spec.priority: expected a whole number, found `010`, which Kubernetes reads as 8 | write it in decimal digits: 8"
    );
    assert_eq!(
        wrong("  labels: {a: 1}"),
        "7:15 WrongType spec.labels[a]: expected text, found the number 1 | write it in quotes: \"1\""
    );
}

#[test]
fn a_wrong_shape_says_what_to_write() {
    let wrong = |spec: &str| verdict(spec);
    assert_eq!(
        wrong("  rules: first"),
        "7:10 WrongType spec.rules: expected a list, found the text \"first\" | write items below, each after `- `"
    );
    assert_eq!(
        wrong("  lamps: 4201"),
        "7:10 WrongType spec.lamps: expected a list, found the number 4201 | write it as a list: [\"4201\"]"
    );
    assert_eq!(
        wrong("  lamps: true"),
        "7:10 WrongType spec.lamps: expected a list, found true | write items below, each after `- `"
    );
    assert_eq!(
        wrong("  pin: \"1234\""),
        "7:8 WrongType spec.pin: expected an object, found the text \"1234\" | write fields below, indented: expired, secretRef"
    );
    assert_eq!(
        wrong("  pin: [a]"),
        "7:8 WrongType spec.pin: expected an object, found a list | write fields here: expired, secretRef"
    );
    assert_eq!(
        wrong("  rules: {a: b}"),
        "7:10 WrongType spec.rules: expected a list, found an object | begin each item with `- `"
    );
    assert_eq!(
        wrong("  maxUnavailable: 1.5"),
        "7:19 WrongType spec.maxUnavailable: expected a whole number or text, found the number 1.5 | write digits only, or text in quotes"
    );
    assert_eq!(
        wrong("  rules: [{name: a, ratio: .inf}]"),
        "7:28 WrongType spec.rules[0].ratio: expected a number, found `.inf` | write a number"
    );
    assert_eq!(
        wrong("  displayName: !secret x"),
        "7:16 WrongType spec.displayName: the tag `!secret` has no meaning in a manifest | remove it; put text that begins with `!` in quotes"
    );
}

#[test]
fn words_that_only_yaml_1_1_takes_for_truth_values_are_pointed_out() {
    for word in ["yes", "No", "on", "OFF", "y", "N"] {
        let text = verdict(&format!("  displayName: {word}"));
        assert!(
            text.contains(&format!("expected text, found `{word}`, which Kubernetes reads as ")),
            "{text}"
        );
        assert!(text.ends_with(&format!("write it in quotes: \"{word}\"")), "{text}");
    }
    assert_eq!(
        verdict("  missedCallNotificationEnabled: yes"),
        "7:34 WrongType spec.missedCallNotificationEnabled: expected true or false, found `yes`, which is a truth value in YAML 1.1 only | write true"
    );
    assert_eq!(
        verdict("  missedCallNotificationEnabled: \"true\""),
        "7:34 WrongType spec.missedCallNotificationEnabled: expected true or false, found the text \"true\" | write it without quotes: true"
    );
    assert_eq!(document(&mailbox("  displayName: \"yes\"")).value["spec"]["displayName"], "yes");
    assert_eq!(document(&mailbox("  pod: {x: yes}")).value["spec"]["pod"]["x"], true);
}

#[test]
fn where_one_of_several_words_is_expected_the_one_that_is_meant_is_named() {
    let advice = |spec: &str| problem(&mailbox(spec)).advice;
    for (written, advised) in [
        ("true", "write \"True\", in quotes"),
        ("True", "write \"True\", in quotes"),
        ("FALSE", "write \"False\", in quotes"),
        ("no", "write \"False\", in quotes"),
        ("1", "choose one of \"True\", \"False\", Uninterruptible"),
        ("[a]", "choose one of \"True\", \"False\", Uninterruptible"),
        ("~", "remove the line, or choose one of \"True\", \"False\", Uninterruptible"),
    ] {
        assert_eq!(advice(&format!("  announcement: {written}")), advised, "{written}");
    }
    for written in ["on", "5060", "0x10", ".inf"] {
        assert_eq!(advice(&format!("  transport: {written}")), "choose one of UDP, TCP", "{written}");
    }
}

#[test]
fn quotes_are_advised_only_where_they_make_it_right() {
    let advice = |spec: &str| problem(&mailbox(spec)).advice;
    assert_eq!(advice("  interval: 6"), "write a text such as `6h`");
    assert_eq!(advice("  code: 49"), "write it in quotes: \"49\"");
    assert_eq!(advice("  code: 49000"), "write a text of at most 4 characters that matches ^[0-9]*$");
    assert_eq!(advice("  code: false"), "write a text of at most 4 characters that matches ^[0-9]*$");
    assert_eq!(
        advice("  mail: 12"),
        "write a text of at most 254 characters that matches ^[^\\s@]+@[^\\s@]+$"
    );
}

#[test]
fn nothing_is_allowed_where_the_schema_says_so_or_has_a_default() {
    assert!(document(&mailbox("  displayName:")).value["spec"]["displayName"].is_null());
    assert!(
        document(&mailbox("  missedCallNotificationEnabled: null")).value["spec"]
            .get("missedCallNotificationEnabled")
            .is_none()
    );
    let nothing = |spec: &str| verdict(spec).split_once("found nothing (null) | ").unwrap().1.to_owned();
    assert_eq!(nothing("  pin:"), "remove the line, or write fields below, indented: expired, secretRef");
    assert_eq!(nothing("  rules: ~"), "remove the line, or write items below, each after `- `");
    assert_eq!(nothing("  priority:"), "remove the line, or give it a value: a whole number");
    assert_eq!(
        nothing("  labels: {a: null}"),
        "remove the line, or give it a value; if that word is meant, in quotes: \"null\""
    );
    for nothing_at_all in ["", "~"] {
        assert_eq!(
            nothing(&format!("  labels:\n    a: {nothing_at_all}")),
            "remove the line, or give it a value: a text, \"\" for an empty one"
        );
    }
    assert_eq!(
        nothing("  mail:"),
        "remove the line, or give it a value: a text of at most 254 characters that matches ^[^\\s@]+@[^\\s@]+$"
    );
    assert_eq!(nothing("  transport: null"), "remove the line, or choose one of UDP, TCP");
}

#[test]
fn a_missing_field_is_told_at_its_parent() {
    assert_eq!(
        verdict("  pin:\n    secretRef: {}"),
        "8:16 MissingField spec.pin.secretRef.name: the field `name` is missing | add `name:` with text"
    );
    let head = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailbox\nmetadata: {name: lina}\n";
    assert_eq!(brief(&read(head)), ["1:1 MissingField spec"]);
    let loaded = read(&format!("{head}spec:\n  displayName: Lina\n"));
    assert_eq!(
        brief(&loaded),
        ["4:1 MissingField spec.mailboxPolicyRef", "4:1 MissingField spec.extensions"]
    );
}

#[test]
fn all_problems_of_a_document_are_found_at_once_in_the_order_of_the_text() {
    let loaded = read(&mailbox(
        "  displayName: 1\n  priority: x\n  colour: red\n  colour: blue\n  pin: {secretRef: {}}",
    ));
    assert_eq!(
        brief(&loaded),
        [
            "7:16 WrongType spec.displayName",
            "8:13 WrongType spec.priority",
            "9:3 UnknownField spec.colour",
            "10:3 DuplicateKey spec.colour",
            "11:20 MissingField spec.pin.secretRef.name"
        ]
    );
    assert!(loaded.documents.is_empty());
    assert!(loaded.problems.iter().all(|problem| {
        problem.object.as_ref().is_some_and(|object| object.to_string() == "UMMailbox voice/lina")
    }));
    assert!(loaded.files[0].healthy, "the object is known");
}

#[test]
fn a_key_that_stands_twice_names_the_first() {
    let p = problem(&mailbox("  displayName: a\n  displayName: b"));
    assert_eq!((p.code, p.place.line, p.place.column), ("DuplicateKey", 8, 3));
    assert_eq!(p.message, "the key `displayName` stands here twice, first in line 7");
    assert_eq!(p.advice, "remove one of the two");
    assert_eq!(brief(&read(&mailbox("spec: {}"))), ["7:1 DuplicateKey spec"]);
    let joined = read(&format!("{}{}", mailbox("  labels: {kind: a}"), mailbox("  priority: 1")));
    let advices: Vec<&str> = joined.problems.iter().map(|problem| problem.advice.as_str()).collect();
    let separate = "where another object begins, put a line `---` before it; else remove one of the two";
    assert_eq!(advices.get(..2), Some([separate, separate].as_slice()));
    let nested = problem(&mailbox("  labels: {kind: a, kind: b}"));
    assert_eq!(nested.advice, "remove one of the two");
}
