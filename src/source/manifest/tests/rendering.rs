use super::super::{Look, Problem, Source, render};
use super::{mailbox, problem};

/// As an error, without colour.
fn render_error(problem: &Problem, source: Option<&str>) -> String {
    render(problem, source.map(Source::new).as_ref(), Look::default())
}

#[test]
fn a_problem_is_shown_at_its_line_in_the_manner_of_rustc() {
    let text = mailbox("  displayName: 4201 # Lina");
    let shown = render_error(&problem(&text), Some(&text));
    let expected = "\
error[WrongType]: expected text, found the number 4201
 --> a.yaml:7:16
  |
7 |   displayName: 4201 # Lina
  |                ^^^^ spec.displayName
  |
  = note: in UMMailbox voice/lina
  = help: write it in quotes: \"4201\"";
    assert_eq!(shown, expected);
}

#[test]
fn without_the_text_the_place_alone_is_shown() {
    let shown = render_error(&problem(&mailbox("  priorty: 1")), None);
    let expected = "\
error[UnknownField]: unknown field `priorty`
--> a.yaml:7:3
 = note: in UMMailbox voice/lina
 = help: did you mean `priority`?";
    assert_eq!(shown, expected);
}

#[test]
fn a_text_with_byte_order_mark_crlf_and_wide_characters_keeps_its_marks() {
    let text = format!("\u{feff}{}", mailbox("  labels: {\"ключ\": 1}")).replace('\n', "\r\n");
    let shown = render_error(&problem(&text), Some(&text));
    assert!(
        shown.contains("\n7 |   labels: {\"ключ\": 1}\n  |                    ^ spec.labels[ключ]\n"),
        "{shown}"
    );
}

#[test]
fn no_line_of_a_secret_and_no_control_character_is_shown() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: pins}\nstringData: {lina: 482913}\n";
    assert!(!render_error(&problem(text), Some(text)).contains("482913"));
    for broken in [
        "metadata: {name: pins}\nstringData: {lina: \"482913}",
        "metadata: {name: PINS}\nstringData: {lina: 482913}",
    ] {
        let text = format!("# first\n---\napiVersion: v1\n\"kind\": Secret\n{broken}\n");
        for problem in super::read(&text).problems {
            let shown = render_error(&problem, Some(&text));
            assert!(!shown.contains("482913") && shown.contains("a.yaml:"), "{shown}");
        }
    }
    let text = mailbox("  x\u{9b}31m: 1");
    assert!(!render_error(&problem(&text), Some(&text)).contains('\u{9b}'));
    let text = mailbox("  \"pri\\e[31mority\u{202e}\": 1");
    let shown = render_error(&problem(&text), Some(&text));
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
}

#[test]
fn no_value_of_a_secret_in_one_line_is_shown() {
    let problems = [
        // A name that can't be, a value without its end, a key that stands twice, a field that does not exist.
        "{apiVersion: v1, kind: Secret, metadata: {name: PINS}, stringData: {lina: \"482913\"}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: pins}, stringData: {lina: \"482913}}",
        "{ stringData: {lina: \"482913\"}, metadata: {name: pins}, kind : 'Secret', kind: Secret, apiVersion: v1}",
        "{stringData: {lina: \"482913}, metadata: {name: pins}, apiVersion: v1}",
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"PINS"},"stringData":{"lina":"482913"}}"#,
        r#"{"apiVersion": "v1", "kind" : "Secret", "metadata": {"name": "pins"}, "stringData": {"lina": "482913}}"#,
        r#"{"data":{"lina":"482913"},"kind":"Secret","metadata":{"name":"pins},"apiVersion":"v1"}"#,
    ];
    for (name, text) in problems.iter().flat_map(|text| [("a.yaml", text), ("a.json", text)]) {
        let found = super::read_as(name, text).problems;
        assert!(!found.is_empty(), "{text} has a problem");
        for problem in found {
            let shown = render_error(&problem, Some(text));
            assert!(!shown.contains("482913") && shown.contains(&format!("{name}:1:")), "{shown}");
        }
    }
}

#[test]
fn a_line_of_what_only_names_a_secret_is_shown() {
    let text = mailbox("  pin: {secretRef: {name: pins}, expired: maybe}");
    let shown = render_error(&problem(&text), Some(&text));
    assert!(shown.contains("expired: maybe"), "{shown}");
}

#[test]
fn a_place_beyond_the_text_is_still_shown() {
    let text = mailbox("  rules: [");
    let problem = problem(&text);
    for shown in [
        render_error(&problem, Some(&text)),
        render_error(&problem, Some("")),
        render_error(&problem, Some("x\n")),
    ] {
        assert!(shown.starts_with("error[InvalidYAML]: this is not YAML: "), "{shown}");
        assert!(shown.contains(&problem.place.to_string()), "{shown}");
    }
}

#[test]
fn notes_stand_before_the_advice_and_a_warning_is_called_so() {
    let text = mailbox("  displayName: 4201");
    let notes = ["one".to_owned(), "two".to_owned()];
    let look = Look { is_warning: true, notes: &notes, colour: false };
    let shown = render(&problem(&text), Some(&Source::new(&text)), look);
    let end = "  = note: in UMMailbox voice/lina\n  = note: one\n  = note: two\n  = help: write it in quotes: \"4201\"";
    assert!(shown.starts_with("warning[WrongType]") && shown.ends_with(end), "{shown}");
}

#[test]
fn a_very_long_line_is_not_shown_and_its_place_is() {
    let text = mailbox(&format!("  displayName: 4201 # {}", "x".repeat(3000)));
    let shown = render_error(&problem(&text), Some(&text));
    assert!(shown.contains("--> a.yaml:7:16") && !shown.contains("xxx"), "{shown}");
}
