//! `lamplighter why … --dial`: which rule opens a number, and what keeps it closed.

use serde_json::{Value, json};

use crate::common::manifests::{Folder, gateway, mailbox, object};
use crate::why::{ask_one, why};

/// Berlin of `docs/dialing.md`: before signing in `emergency` and `local`, then `emergency`, `local`, `germany` and `london`.
fn berlin() -> Folder {
    let folder = Folder::new();
    let plan = r#"
  numberOfDigitsInExtension: 4
  countryOrRegionCode: "49"
  outsideLineAccessCode: "0"
  internationalAccessCode: "00"
  nationalNumberPrefix: "0"
  configuredInCountryOrRegionGroups:
  - {name: emergency, numberMask: "112", dialedNumber: "0112"}
  - {name: local, numberMask: "xxxxxxx", dialedNumber: "0xxxxxxx"}
  - {name: germany, numberMask: "0xxxxxxxxxx", dialedNumber: "00xxxxxxxxxx"}
  - {name: premium, numberMask: "0900xxxxxxx", dialedNumber: "00900xxxxxxx"}
  - {name: any, numberMask: "*", dialedNumber: "*"}
  configuredInternationalGroups:
  - {name: london, numberMask: "004420xxxxxxxx", dialedNumber: "0004420xxxxxxxx"}
  - {name: world, numberMask: "*", dialedNumber: "*"}
  allowedInCountryOrRegionGroups: [emergency, local]"#;
    folder.write("plan.yaml", &object("UMDialPlan", "berlin", plan));
    let policy = r#"
  dialPlanRef: {name: berlin}
  allowExtensions: false
  allowedInCountryOrRegionGroups: [emergency, local, germany, any]
  allowedInternationalGroups: [london]"#;
    folder.write("policy.yaml", &object("UMMailboxPolicy", "staff", policy));
    folder.write("pbx.yaml", &gateway("pbx", "berlin", 5060, ""));
    folder.write("lina.yaml", &mailbox("lina", "staff", &["4201"], ""));
    folder
}

/// What becomes of the number before signing in, signed in and with Play on Phone.
fn dial(folder: &Folder, number: &str) -> [Value; 3] {
    let answer = ask_one(folder, &["ummb/lina", &format!("--dial={number}")]);
    assert_eq!(answer["features"], json!([]), "only the number is asked about");
    let all = answer["dial"].as_array().unwrap().clone();
    let callers: Vec<&str> = all.iter().map(|one| one["caller"].as_str().unwrap()).collect();
    assert_eq!(callers, ["unauthenticated", "signedIn", "playOnPhone"]);
    all.try_into().unwrap()
}

#[test]
fn a_number_that_a_rule_opens_has_group_rule_and_what_is_dialed() {
    let folder = berlin();
    let [_, signed_in, _] = dial(&folder, "030 5550 4200");
    assert_eq!((&signed_in["allowed"], &signed_in["dial"]), (&json!(true), &json!("003055504200")));
    let rule = json!({
        "list": "configuredInCountryOrRegionGroups", "group": "germany",
        "numberMask": "0xxxxxxxxxx", "dialedNumber": "00xxxxxxxxxx",
        "place": {"file": "manifests/plan.yaml", "line": 13},
    });
    assert_eq!(signed_in["rule"], rule);
    assert_eq!(signed_in["from"], "UMMailboxPolicy/staff");
    assert_eq!(signed_in["place"], json!({"file": "manifests/policy.yaml", "line": 7}));
    let text = why(&folder, &["ummb/lina", "--dial", "030 5550 4200"]).stdout;
    for line in [
        "dial 030 5550 4200, signed in: yes, dials 003055504200\n",
        "  ok UMMailboxPolicy/staff allows group germany ",
        "  ok rule 0xxxxxxxxxx -> 00xxxxxxxxxx of group germany ",
        "     rule * -> * of group any matches too, with fewer digits before its first x ",
    ] {
        assert!(text.contains(line), "`{line}` is not in\n{text}");
    }
}

#[test]
fn a_refused_number_names_the_rules_that_match_and_whose_group_is_not_allowed() {
    let folder = berlin();
    let [before, ..] = dial(&folder, "030 5550 4200");
    assert_eq!((&before["allowed"], &before["reason"]), (&json!(false), &json!("NoAllowedRule")));
    let groups: Vec<&Value> =
        before["others"].as_array().unwrap().iter().map(|rule| &rule["group"]).collect();
    assert_eq!(groups, ["germany", "any"]);
    let text = why(&folder, &["ummb/lina", "--dial", "+44 20 7946 0123"]).stdout;
    let line = "     rule * -> * of group world matches, and UMMailboxPolicy/staff does not allow world ";
    assert!(text.contains(line), "{text}");
    folder.replace("plan.yaml", "  - {name: any, numberMask: \"*\", dialedNumber: \"*\"}\n", "");
    folder.replace("policy.yaml", "germany, any", "germany");
    let none = why(&folder, &["ummb/lina", "--dial", "555"]).stdout;
    let line = "     no rule of the dial plan is for this number, whatever its group\n";
    assert_eq!(none.matches(line).count(), 3, "{none}");
}

#[test]
fn extensions_are_opened_and_refused_by_the_two_flags() {
    let folder = berlin();
    for answer in dial(&folder, "4201") {
        assert_eq!((&answer["dial"], &answer["rule"]), (&json!("4201"), &Value::Null), "{answer}");
    }
    for answer in dial(&folder, "4999") {
        assert_eq!(
            (&answer["reason"], &answer["others"]),
            (&json!("ExtensionsNotAllowed"), &json!([])),
            "{answer}"
        );
    }
    let text = why(&folder, &["ummb/lina", "--dial", "4999"]).stdout;
    assert!(text.contains("  no UMMailboxPolicy/staff allowExtensions: false "), "{text}");
    assert!(text.contains("manifests/policy.yaml:6\n"), "{text}");
}

#[test]
fn a_number_may_begin_with_plus_or_minus_and_what_is_no_number_is_refused() {
    let folder = berlin();
    for arguments in [["--dial", "-555-1234"], ["--dial", "-5551234"], ["--dial", "(555)1234"]] {
        let answer = ask_one(&folder, &[&["ummb/lina"][..], &arguments].concat());
        assert_eq!(answer["dial"][1]["dial"], "05551234", "{arguments:?}: {answer}");
    }
    let plus = ask_one(&folder, &["ummb/lina", "--dial", "+442079460123"]);
    assert_eq!(plus["dial"][1]["reason"], "NoAllowedRule", "{plus}");
    for number in ["555*1234", "", "+", "twelve", "1\u{1b}[31m2"] {
        for answer in dial(&folder, number) {
            assert_eq!(
                (&answer["reason"], &answer["place"]),
                (&json!("NumberInvalid"), &Value::Null),
                "{answer}"
            );
        }
    }
    let text = why(&folder, &["ummb/lina", "--dial", "1\u{1b}[31m2"]).stdout;
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn policies_and_dial_plans_are_asked_as_well() {
    let folder = berlin();
    let callers = |object: &str| {
        let answer = ask_one(&folder, &[object, "--dial", "5551234"]);
        let all = answer["dial"].as_array().unwrap().iter();
        all.map(|one| (one["caller"].as_str().unwrap().to_owned(), one["dial"] == "05551234"))
            .collect::<Vec<_>>()
    };
    assert_eq!(callers("umdp/berlin"), [("unauthenticated".to_owned(), true)]);
    assert_eq!(callers("ummbp/staff").len(), 3);
}

#[test]
fn play_on_phone_is_refused_with_the_gateways_that_make_no_calls() {
    let folder = berlin();
    folder.write("pbx.yaml", &gateway("pbx", "berlin", 5060, ", outcallsAllowed: false"));
    let [_, signed_in, play] = dial(&folder, "5551234");
    assert_eq!((&signed_in["allowed"], &play["reason"]), (&json!(true), &json!("NoGatewayForOutcalls")));
    let text = why(&folder, &["ummb/lina", "--dial", "5551234"]).stdout;
    assert!(
        text.contains("  no UMDialPlan/berlin stops Play on Phone; ask for the feature play-on-phone "),
        "{text}"
    );
}

#[test]
fn the_feature_dial_lists_all_groups_and_the_rules_of_those_that_are_allowed() {
    let folder = berlin();
    let groups = ask_one(&folder, &["ummb/lina", "dial"])["features"][0]["groups"].clone();
    let shown: Vec<(&str, bool)> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["group"].as_str().unwrap(), group["allowed"].as_bool().unwrap()))
        .collect();
    let expected = [
        ("emergency", true),
        ("local", true),
        ("germany", true),
        ("premium", false),
        ("any", true),
        ("london", true),
        ("world", false),
    ];
    assert_eq!(shown, expected);
    let text = why(&folder, &["ummb/lina", "dial"]).stdout;
    assert!(text.contains("\n  ok in-country group germany\n     0xxxxxxxxxx -> 00xxxxxxxxxx "), "{text}");
    assert!(text.contains("\n  no in-country group premium: not allowed (1 rule) "), "{text}");
    assert!(text.contains("\n  ok international group london\n"), "{text}");
    let with_feature = ask_one(&folder, &["ummb/lina", "dial", "--dial", "112"]);
    assert_eq!(with_feature["features"][0]["feature"], "dial");
    assert_eq!(with_feature["dial"][0]["dial"], "0112");
}
