//! `lamplighter why`: that the answers are true, switch by switch, and at the right place.

use serde_json::{Value, json};

use crate::common::free_port;
use crate::common::manifests::{Folder, calm, copy, gateway, mailbox, object, plan, policy};
use crate::common::office::Program;
use crate::validate::sound;
use crate::why::{FEATURES, ask, ask_one, why};

/// The first chain of the one feature that was asked.
fn chain(folder: &Folder, object: &str, feature: &str) -> Value {
    ask_one(folder, &[object, feature])["features"][0]["chains"][0].clone()
}

/// Where a switch with this field stands, as FILE:LINE.
fn place(chain: &Value, path: &str) -> String {
    let steps = chain["steps"].as_array().unwrap().iter();
    let mut switches = steps.flat_map(|step| step["oneOf"].as_array().unwrap());
    let switch =
        switches.find(|switch| switch["path"] == path).unwrap_or_else(|| panic!("{path} in {chain}"));
    match &switch["place"] {
        Value::Null => "nowhere".to_owned(),
        place => format!("{}:{}", place["file"].as_str().unwrap(), place["line"]),
    }
}

/// All that is in `examples/`, and an office where each thing is forbidden in another way.
fn everything() -> Folder {
    let folder = sound();
    // The quick start has the namespace of the office.
    for name in ["e164", "protected-voice-mail", "several-sites", "sip-uri", "traditional-pbx"] {
        copy(&std::path::Path::new("examples").join(name), &folder.manifests().join("examples").join(name));
    }
    let dark = |mode: &str| {
        let spec = format!("{{numberOfDigitsInExtension: 4, {}, notifier: {{mode: {mode}}}}}", calm(mode));
        object("UMDialPlan", &mode.to_lowercase(), &spec)
    };
    folder.write("dark.yaml", &(dark("Dark") + "---\n" + &dark("Observe")));
    folder.write("lonely.yaml", &plan("lonely", "TelExtn", 5070));
    for name in ["dark", "observe", "lonely"] {
        folder.write(&format!("{name}-policy.yaml"), &policy(name, name));
        folder.write(&format!("{name}-mailbox.yaml"), &mailbox(name, name, &["4301"], ""));
    }
    folder.write("quiet.yaml", &policy("quiet", "hq").replace("true}", "false}"));
    folder.write("omar.yaml", &mailbox("omar", "quiet", &["4202"], ""));
    folder.write("short.yaml", &mailbox("short", "sales", &["42"], ""));
    folder.write("orphan.yaml", &mailbox("orphan", "nobody", &["4203"], ""));
    folder
}

#[test]
fn the_switch_that_stops_is_marked_once_and_is_the_first_that_does_not_pass() {
    let folder = everything();
    let mailboxes =
        ["lina", "omar", "dark", "observe", "lonely", "short", "orphan", "noor", "helena", "grace"];
    let mut stopped = 0;
    for object in mailboxes.map(|name| format!("ummb/{name}")).iter().flat_map(|name| ask(&folder, &[name])) {
        for feature in object["features"].as_array().unwrap() {
            for chain in feature["chains"].as_array().unwrap() {
                let steps = chain["steps"].as_array().unwrap();
                let first = steps.iter().position(|step| step["passes"] == false);
                let marked: Vec<usize> =
                    (0..steps.len()).filter(|at| steps[*at]["decides"] == true).collect();
                assert_eq!(marked, first.into_iter().collect::<Vec<_>>(), "{chain}");
                assert_eq!(chain["allowed"], first.is_none(), "{chain}");
                assert_eq!(chain["reason"] == "Allowed", first.is_none(), "{chain}");
                stopped += marked.len();
            }
        }
    }
    assert!(stopped > 50, "{stopped}");
    let text = why(&folder, &["ummb/lina", "-n", "voice"]).stdout;
    for part in text.split("\n\n") {
        let verdicts = part.lines().filter(|line| line.contains(": no, ")).count();
        assert_eq!(part.matches("  <- stops it").count(), verdicts, "{part}");
    }
}

#[test]
fn text_and_json_have_the_same_verdicts() {
    let folder = everything();
    for (name, feature) in ["lina", "short", "omar"].iter().flat_map(|name| FEATURES.map(|word| (name, word)))
    {
        let asked = format!("UMMailbox/{name}");
        let text = why(&folder, &[&asked, feature, "-n", "voice"]).stdout;
        let shown = ask_one(&folder, &[&asked, feature, "-n", "voice"])["features"][0].clone();
        assert_eq!(shown["feature"], feature);
        for chain in shown["chains"].as_array().unwrap() {
            let key = if shown["allowed"].is_null() || chain != &shown["chains"][0] {
                format!("{feature}, {}", chain["key"].as_str().unwrap())
            } else {
                feature.to_owned()
            };
            let verdict = match chain["allowed"].as_bool().unwrap() {
                true => format!("\n{key}: yes\n"),
                false => format!(
                    "\n{key}: no, {}: {}\n",
                    chain["reason"].as_str().unwrap(),
                    chain["meaning"].as_str().unwrap()
                ),
            };
            assert!(text.contains(&verdict), "{verdict} is not in\n{text}");
        }
        for setting in shown["settings"].as_array().unwrap() {
            assert!(text.contains(setting["key"].as_str().unwrap()), "{setting} is not in\n{text}");
        }
    }
}

#[test]
fn a_field_has_the_place_of_its_line_or_of_the_block_where_it_would_stand() {
    let folder = sound();
    let head = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailboxPolicy\nmetadata:\n  name: sales\n  namespace: voice\nspec:\n";
    let spec = "  dialPlanRef: {name: hq}\n  # On.\n  allowMessageWaitingIndicator: true\n";
    folder.write("policy.yaml", &format!("# Ours.\n---\n{head}{spec}"));
    let mwi = chain(&folder, "ummb/lina", "mwi");
    assert_eq!(place(&mwi, "spec.allowMessageWaitingIndicator"), "manifests/policy.yaml:11");
    assert_eq!(place(&mwi, "spec.notifier.mode"), "manifests/plan.yaml:4");
    assert_eq!(place(&mwi, "spec.messageWaitingIndicatorAllowed"), "manifests/pbx.yaml:4");
    let sms = chain(&folder, "ummb/lina", "sms");
    assert_eq!(place(&sms, "spec.allowSMSNotification"), "manifests/policy.yaml:8", "absent: the spec");
    let lines = why(&folder, &["ummb/lina", "sms"]).stdout;
    assert!(lines.contains("allowSMSNotification: true (default)  "), "{lines}");
    let set: Vec<&Value> =
        mwi["steps"].as_array().unwrap().iter().map(|step| &step["oneOf"][0]["isSet"]).collect();
    assert_eq!(set, [&json!(true), &json!(true), &json!(false)]);
}

#[test]
fn a_policy_that_is_made_by_default_stands_in_no_file() {
    let folder = sound();
    folder.write("eve.yaml", &mailbox("eve", "hq-default", &["4209"], ""));
    let mwi = chain(&folder, "ummb/eve", "mwi");
    assert_eq!(place(&mwi, "spec.allowMessageWaitingIndicator"), "nowhere");
    let policy = why(&folder, &["ummbp/hq-default", "mwi"]);
    assert!(
        policy
            .stdout
            .starts_with("UMMailboxPolicy/hq-default in namespace voice, made by default, in no file\n"),
        "{policy:?}"
    );
    assert!(
        policy
            .stdout
            .contains("  ok UMMailboxPolicy/hq-default allowMessageWaitingIndicator: true (default)\n")
    );
}

#[test]
fn the_only_gateway_switched_off_leaves_all_dark_and_that_is_said() {
    let folder = sound();
    folder.write("pbx.yaml", &gateway("pbx", "hq", 5060, ", messageWaitingIndicatorAllowed: false"));
    folder.write("omar.yaml", &mailbox("omar", "sales", &["4202"], ""));
    let dark = chain(&folder, "ummb/lina", "mwi");
    assert_eq!(dark["reason"], "NoGatewayForMWI");
    let remark = "UMIPGateway/pbx is the only gateway of UMDialPlan/hq, so all its 2 mailboxes go without";
    for asked in ["ummb/lina", "ummbp/sales", "umdp/hq"] {
        let text = why(&folder, &[asked, "mwi"]).stdout;
        assert!(text.contains(remark), "{text}");
        assert!(
            text.contains("  no UMIPGateway/pbx messageWaitingIndicatorAllowed: false  <- stops it"),
            "{text}"
        );
    }
    let own = why(&folder, &["umgw/pbx", "mwi"]).stdout;
    assert!(own.contains("mwi: no, this gateway does not carry it\n"), "{own}");
    assert!(
        own.contains("UMDialPlan/hq has no other that does, so all its 2 mailboxes go without\n"),
        "{own}"
    );
    folder.remove("pbx.yaml");
    let none = why(&folder, &["ummb/lina", "mwi"]).stdout;
    assert!(none.contains("  no one of 0 gateways  <- stops it\n"), "{none}");
    assert!(none.contains("no gateway serves UMDialPlan/hq, so all its 2 mailboxes go without\n"), "{none}");
}

#[test]
fn of_several_gateways_each_is_shown_in_the_order_of_trying_and_one_is_enough() {
    let folder = sound();
    folder.write("a.yaml", &gateway("a", "hq", 5061, ", priority: 20"));
    folder.write("b.yaml", &gateway("b", "hq", 5062, ", priority: 5, status: Disabled"));
    let mwi = chain(&folder, "ummb/lina", "mwi");
    let step = &mwi["steps"][2];
    assert_eq!(
        (&mwi["allowed"], &step["isChoice"], &step["passes"]),
        (&json!(true), &json!(true), &json!(true))
    );
    let objects: Vec<(&str, bool)> = step["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|switch| (switch["object"].as_str().unwrap(), switch["passes"].as_bool().unwrap()))
        .collect();
    let expected = [("UMIPGateway/b", false), ("UMIPGateway/pbx", true), ("UMIPGateway/a", true)];
    assert_eq!(objects, expected);
    let one_is_off = why(&folder, &["umgw/b", "mwi"]).stdout;
    assert!(!one_is_off.contains("without"), "others carry it: {one_is_off}");
    for name in ["a", "pbx"] {
        folder.write(&format!("{name}.yaml"), &gateway(name, "hq", 5061, ", status: Disabled"));
    }
    let text = why(&folder, &["ummb/lina", "mwi"]).stdout;
    assert!(
        text.contains("  no one of 3 gateways, in the order in which they are tried  <- stops it\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "none of the 3 gateways of UMDialPlan/hq carries it, so its one mailbox goes without\n"
        )
    );
}

#[test]
fn an_error_that_keeps_the_lamps_is_the_first_switch_and_in_the_head() {
    let folder = sound();
    folder.write("lina.yaml", &mailbox("lina", "sales", &["42"], ""));
    let text = why(&folder, &["ummb/lina", "mwi"]).stdout;
    let message = "extension 42 has 2 digits, its dial plan wants 4";
    assert!(
        text.contains(&format!("\n  error[ExtensionDigitsMismatch] spec.extensions[0]: {message}")),
        "{text}"
    );
    assert!(text.contains("\nmwi: no, ExtensionDigitsMismatch: "), "{text}");
    assert!(text.contains(&format!("\n  no UMMailbox/lina extensions[0]: {message}  <- stops it")), "{text}");
    assert!(text.contains("on stays on, off stays off\n"), "{text}");
}

#[test]
fn pin_rules_have_units_and_say_whether_there_is_a_pin_at_all() {
    let folder = sound();
    let spec = "{dialPlanRef: {name: hq}, minPINLength: 8, pinLifetime: 0, logonFailuresBeforePINReset: 0}";
    folder.write("policy.yaml", &object("UMMailboxPolicy", "sales", spec));
    let text = why(&folder, &["ummb/lina", "pin"]).stdout;
    for line in [
        "minPINLength: 8 digits, from UMMailboxPolicy/sales ",
        "pinLifetime: 0, so they never expire, from UMMailboxPolicy/sales ",
        "pinHistoryCount: the last 5 can't be used again, default of UMMailboxPolicy/sales ",
        "pin: absent, so no PIN is made for UMMailbox/lina ",
    ] {
        assert!(text.contains(&format!("\n     {line}")), "`{line}` is not in\n{text}");
    }
    folder.write(
        "lina.yaml",
        &mailbox("lina", "sales", &["4201"], ", pin: {lockedOut: true, sendEmail: false}"),
    );
    let locked = why(&folder, &["ummb/lina", "pin"]).stdout;
    assert!(
        locked.contains("pin: present, from UMMailbox/lina ") && locked.contains("pin.lockedOut: true, from"),
        "{locked}"
    );
}

/// Its gate in `why` is what the running program says of the mailbox.
#[test]
fn the_running_program_says_the_same_of_every_lamp() {
    let folder = everything();
    folder.write("plan.yaml", &plan("hq", "TelExtn", free_port()));
    folder.write("lonely.yaml", &plan("lonely", "TelExtn", free_port()));
    std::fs::remove_dir_all(folder.manifests().join("examples")).unwrap();
    for mode in ["Dark", "Observe"] {
        let ports = format!("mode: {mode}, sip: {{port: {}}}", free_port());
        folder.replace("dark.yaml", &format!("mode: {mode}"), &ports);
    }
    let program = Program::start(&folder.manifests(), &folder.data(), &[]);
    let mut reasons = std::collections::BTreeSet::new();
    for name in ["lina", "omar", "dark", "observe", "lonely"] {
        let said = program.get(name)["mwi"].clone();
        let chain = chain(&folder, &format!("ummb/{name}"), "mwi");
        assert_eq!(said, json!({"allowed": chain["allowed"], "reason": chain["reason"]}), "{name}");
        reasons.insert(said["reason"].as_str().unwrap().to_owned());
    }
    assert_eq!(reasons.len(), 5, "{reasons:?}");
    program.stop();
}
