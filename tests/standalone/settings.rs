//! Effective settings over HTTP: each with the object that it comes from, and an ETag that changes when one of them does.

use serde_json::{Value, json};

use super::http::{assert_not_allowed, assert_problem};
use super::unserved::assert_unavailable;
use crate::common::http::Response;
use crate::common::manifests::{calm, mailbox, object, plan, policy};
use crate::common::office::{Office, Program, messages};
use crate::common::{free_port, wait};

/// The settings of a mailbox in the namespace `voice`.
fn of(mailbox: &str) -> String {
    format!("/v1/namespaces/voice/mailboxes/{mailbox}")
}

fn of_extension(plan: &str, extension: &str) -> String {
    format!("/v1/namespaces/voice/dial-plans/{plan}/extensions/{extension}")
}

fn of_plan(plan: &str) -> String {
    format!("/v1/namespaces/voice/dial-plans/{plan}")
}

fn office() -> (Office, Program) {
    let office = Office::new();
    let program = office.start();
    (office, program)
}

/// The settings at an address.
fn settings(program: &Program, path: &str) -> Value {
    let response = program.read(path);
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/json"));
    response.json()
}

fn tag(response: &Response) -> String {
    let tag = response.header("etag").unwrap_or_else(|| panic!("no ETag: {response:?}"));
    assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");
    tag.to_owned()
}

fn tag_of(program: &Program, path: &str) -> String {
    tag(&program.read(path))
}

/// Waits until the ETag is another.
fn next_tag(program: &Program, path: &str, before: &str) -> String {
    wait("another ETag", || Some(tag_of(program, path)).filter(|tag| tag != before))
}

#[test]
fn each_setting_of_a_mailbox_is_answered_with_the_object_that_it_comes_from() {
    let office = Office::with(free_port());
    office.replace(
        "policy.yaml",
        "allowMessage",
        "maxGreetingDuration: 3, allowCallAnsweringRules: false, allowMessage",
    );
    office.replace(
        "lina.yaml",
        "extensions:",
        "displayName: Lina Berg, operatorNumber: \"4202\", extensions:",
    );
    let program = office.start();
    let lina = settings(&program, &of("lina"));
    for (key, value, from) in [
        ("displayName", json!("Lina Berg"), "UMMailbox/lina"),
        ("extensions", json!(["4201", "4299"]), "UMMailbox/lina"),
        ("operatorNumber", json!("4202"), "UMMailbox/lina"),
        ("mailboxPolicyRef", json!({"name": "sales"}), "UMMailbox/lina"),
        ("maxGreetingDuration", json!(3), "UMMailboxPolicy/sales"),
        ("allowMessageWaitingIndicator", json!(true), "UMMailboxPolicy/sales"),
        ("dialPlanRef", json!({"name": "hq"}), "UMMailboxPolicy/sales"),
        // The mailbox and the dial plan would have it; the policy turns it off.
        ("callAnsweringRulesEnabled", json!(false), "UMMailboxPolicy/sales"),
        ("numberOfDigitsInExtension", json!(4), "UMDialPlan/hq"),
        ("accessTelephoneNumbers", json!(["hq@example.com"]), "UMDialPlan/hq"),
    ] {
        assert_eq!(lina[key], json!({"value": value, "from": from}), "{key} of {lina}");
    }
    // Omar names no operator, so his is that of the dial plan.
    let omar = settings(&program, &of("omar"));
    assert_eq!(omar["operatorNumber"], json!({"value": "0", "from": "UMDialPlan/hq"}));
    assert_eq!(omar["displayName"], json!({"value": "omar", "from": "UMMailbox/omar"}));
}

#[test]
fn the_keys_stand_in_order_and_each_has_a_value_and_an_object() {
    let (_office, program) = office();
    for path in [of("lina"), of_plan("hq")] {
        let body = program.read(&path).body;
        let keys: Vec<&str> = body
            .match_indices(":{\"value\":")
            .map(|(at, _)| body[..at].rsplit('"').nth(1).unwrap())
            .collect();
        assert!(keys.len() > 20 && keys.is_sorted(), "{body}");
        for (key, setting) in settings(&program, &path).as_object().unwrap() {
            let from = setting["from"].as_str().unwrap_or_default();
            assert!(from.starts_with("UM") && from.contains('/'), "{key}: {setting}");
            assert!(setting.as_object().unwrap().keys().eq(["from", "value"]), "{key}: {setting}");
        }
        assert!(body.ends_with("}\n"), "a line of its own in a terminal");
    }
}

#[test]
fn the_settings_of_a_dial_plan_are_those_of_callers_who_have_not_signed_in() {
    let office = Office::with(free_port());
    let groups = "configuredInCountryOrRegionGroups: [{name: local, numberMask: \"5xxx\", dialedNumber: \"05xxx\"}], allowedInCountryOrRegionGroups: [local], numberOf";
    office.replace("plan.yaml", "numberOf", groups);
    let program = office.start();
    let hq = settings(&program, &of_plan("hq"));
    for (key, value) in [
        ("allowedInCountryOrRegionGroups", json!(["local"])),
        ("displayName", json!("hq")),
        ("operatorExtension", json!("0")),
    ] {
        assert_eq!(hq[key], json!({"value": value, "from": "UMDialPlan/hq"}), "{hq}");
    }
    assert_eq!(hq["gateways"]["value"][0]["name"], "pbx");
    // What only a policy has is not asked here.
    assert_eq!(hq["minPINLength"], Value::Null);
    // Those of a mailbox are of callers who have signed in: the policy allows no group.
    let none = json!({"value": [], "from": "UMMailboxPolicy/sales"});
    assert_eq!(settings(&program, &of("lina"))["allowedInCountryOrRegionGroups"], none);
}

#[test]
fn the_tag_changes_when_a_policy_changes_a_setting_and_only_then() {
    let (office, program) = office();
    let (lina, omar, hq) =
        (tag_of(&program, &of("lina")), tag_of(&program, &of("omar")), tag_of(&program, &of_plan("hq")));
    assert!(lina != omar && omar != hq && hq != lina);
    // Another mailbox is changed, and one is made; neither is Lina's matter.
    office.replace("omar.yaml", "extensions:", "displayName: Omar, extensions:");
    next_tag(&program, &of("omar"), &omar);
    office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
    wait("Noor", || (program.read(&of("noor")).status == 200).then_some(()));
    assert_eq!(tag_of(&program, &of("lina")), lina);
    // A label changes the policy and no setting; the mailbox beside it says when it is in force.
    office.replace("policy.yaml", "namespace: voice", "namespace: voice, labels: {team: sales}");
    office.write("tilda.yaml", &mailbox("tilda", "sales", &["4206"], ""));
    wait("Tilda", || (program.read(&of("tilda")).status == 200).then_some(()));
    assert_eq!(tag_of(&program, &of("lina")), lina);
    office.replace("policy.yaml", "allowMessage", "maxGreetingDuration: 7, allowMessage");
    let changed = next_tag(&program, &of("lina"), &lina);
    assert_eq!(settings(&program, &of("lina"))["maxGreetingDuration"]["value"], 7);
    assert_eq!(tag_of(&program, &of_plan("hq")), hq, "no policy matters to callers who have not signed in");
    office.replace("policy.yaml", "maxGreetingDuration: 7, ", "");
    assert_eq!(next_tag(&program, &of("lina"), &changed), lina, "the same settings have the same tag");
}

#[test]
fn the_tag_is_the_same_after_a_restart_in_another_process_and_by_every_address() {
    let (office, program) = office();
    let before = (tag_of(&program, &of("lina")), tag_of(&program, &of_plan("hq")));
    assert_eq!(tag_of(&program, &of_extension("hq", "4299")), before.0);
    program.stop();
    let program = office.start();
    assert_eq!((tag_of(&program, &of("lina")), tag_of(&program, &of_plan("hq"))), before);
    let beside = Program::start(&office.manifests(), &office.beside("other"), &[]);
    assert_eq!((tag_of(&beside, &of("lina")), tag_of(&beside, &of_plan("hq"))), before);
}

#[test]
fn who_has_the_settings_already_is_told_so_without_them() {
    let (_office, program) = office();
    for path in [of("lina"), of_extension("hq", "4201"), of_plan("hq")] {
        let own = tag_of(&program, &path);
        let ask =
            |method, list: &str| program.request(method, &path, &[&format!("If-None-Match: {list}")], b"");
        let lists =
            [own.clone(), format!("\"of, others\", W/{own}"), "*".to_owned(), format!("W/\"a\",{own}")];
        for (list, method) in lists.iter().flat_map(|list| [(list, "GET"), (list, "HEAD")]) {
            let response = ask(method, list);
            assert_eq!((response.status, response.body.as_str()), (304, ""), "{list}: {response:?}");
            assert_eq!(tag(&response), own);
        }
        for list in ["\"0\"", "", own.trim_matches('"'), "W/\"*\""] {
            assert_eq!(ask("GET", list).status, 200, "{list}");
        }
    }
    let two =
        ["If-None-Match: \"a\"".to_owned(), format!("If-None-Match: {}", tag_of(&program, &of("lina")))];
    let two = program.request("GET", &of("lina"), &[&two[0], &two[1]], b"");
    assert_eq!(two.status, 304, "{two:?}");
    let nobody = program.request("GET", &of("nobody"), &["If-None-Match: *"], b"");
    assert_problem(&nobody, 404, "nobody");
}

#[test]
fn a_head_has_what_a_get_has_but_the_body() {
    let (_office, program) = office();
    for path in [of("lina"), of_plan("hq")] {
        let (get, head) = (program.read(&path), program.request("HEAD", &path, &[], b""));
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{head:?}");
        assert_eq!(tag(&head), tag(&get));
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    }
    assert_eq!(program.request("HEAD", &of("nobody"), &[], b"").status, 404);
}

#[test]
fn a_mailbox_is_reached_by_any_extension_by_its_sip_address_and_by_its_number() {
    let office = Office::new();
    let numbers = object(
        "UMDialPlan",
        "numbers",
        &format!("{{numberOfDigitsInExtension: 4, {}, uriType: E164}}", calm("numbers")),
    );
    office.write("plan.yaml", &[plan("hq", "SipName", office.sip_port), numbers].join("---\n"));
    office.replace("lina.yaml", "extensions:", "sipResourceIdentifier: lina@example.com, extensions:");
    let noor = mailbox("noor", "abroad", &["4301"], ", sipResourceIdentifier: \"+49305550\"");
    office.write("noor.yaml", &[policy("abroad", "numbers"), noor].join("---\n"));
    let program = office.start();
    let lina = program.read(&of("lina"));
    for known_by in ["4201", "4299", "lina@example.com", "lina%40example.com", "LINA@example.com"] {
        let response = program.read(&of_extension("hq", known_by));
        assert_eq!((response.status, &response.body), (200, &lina.body), "{known_by}");
    }
    let noor = program.read(&of("noor"));
    assert_eq!(noor.json()["sipResourceIdentifier"]["value"], "+49305550");
    for known_by in ["4301", "+49305550", "%2B49305550", "%2b49305550"] {
        let response = program.read(&of_extension("numbers", known_by));
        assert_eq!((response.status, &response.body), (200, &noor.body), "{known_by}");
    }
    for (plan, known_by) in [("hq", "4301"), ("numbers", "4201"), ("hq", "noor"), ("numbers", "49305550")] {
        assert_problem(&program.read(&of_extension(plan, known_by)), 404, known_by);
    }
}

#[test]
fn what_is_not_there_or_not_understood_is_refused_with_a_sentence() {
    let (_office, program) = office();
    for (path, detail) in [
        (of("nobody"), "there is no mailbox nobody in namespace voice"),
        (of("4201"), "there is no mailbox 4201"),
        (of_extension("hq", "4999"), "has the extension 4999"),
        (of_extension("branch", "4201"), "branch"),
        (of_plan("branch"), "there is no dial plan branch in namespace voice"),
        ("/v1/namespaces/other/mailboxes/lina".to_owned(), "namespace other"),
        ("/v1/namespaces/other/dial-plans/hq".to_owned(), "namespace other"),
        ("/v1/namespaces/voice/mailboxes/".to_owned(), "nothing at this address"),
        (format!("{}/", of("lina")), "nothing at this address"),
    ] {
        assert_problem(&program.read(&path), 404, detail);
    }
    for path in [of("%ff"), of_extension("hq", "%ff"), of_plan("%ff"), messages("%ff")] {
        assert_problem(&program.read(&path), 400, "UTF-8");
    }
    for (path, method) in [of("lina"), of_extension("hq", "4201"), of_plan("hq")]
        .iter()
        .flat_map(|path| ["PUT", "POST", "DELETE"].map(|method| (path, method)))
    {
        let response = program.request(method, path, &["Content-Type: application/json"], b"{}");
        assert_not_allowed(&response, "use GET here", &["GET", "HEAD"]);
    }
}

#[test]
fn a_mailbox_whose_policy_or_dial_plan_does_not_resolve_is_refused_for_now() {
    let (office, program) = office();
    let (good, hq) = (office.read("policy.yaml"), office.read("plan.yaml"));
    let before = tag_of(&program, &of("lina"));
    for (file, text) in [("policy.yaml", &good), ("plan.yaml", &hq)] {
        office.remove(file);
        for path in [of("lina"), of_extension("hq", "4201"), of("omar")] {
            wait("the end of what was there", || (program.read(&path).status != 200).then_some(()));
            assert_unavailable(&program.read(&path));
            assert_unavailable(&program.request("GET", &path, &["If-None-Match: *"], b""));
        }
        assert_problem(&program.read(&of("nobody")), 404, "nobody");
        office.write(file, text);
        wait("what was there", || (program.read(&of("lina")).status == 200).then_some(()));
        assert_eq!(tag_of(&program, &of("lina")), before);
    }
    office.remove("plan.yaml");
    wait("the end of the dial plan", || (program.read(&of_plan("hq")).status == 404).then_some(()));
}

#[test]
fn a_manifest_that_breaks_leaves_the_settings_that_are_in_force() {
    let (office, program) = office();
    let before = tag_of(&program, &of("lina"));
    for (file, from, to) in [
        ("lina.yaml", "extensions:", "extension:"),
        ("policy.yaml", "allowMessage", "allowMassage"),
        ("plan.yaml", "numberOfDigitsInExtension: 4", "numberOfDigitsInExtension: 99"),
    ] {
        let (mark, good) = (program.mark(), office.read(file));
        office.replace(file, from, to);
        program.says_all(mark, &["error[", &format!("--> {file}:4:")]);
        assert_eq!(tag_of(&program, &of("lina")), before, "{file}");
        assert_eq!(program.read(&of_plan("hq")).status, 200);
        let mark = program.mark();
        office.write(file, &good);
        program.says(mark, "warning[NoGateway]");
    }
}

#[test]
fn what_was_never_readable_is_refused_for_now_and_not_unknown() {
    let office = Office::new();
    let good = office.read("lina.yaml");
    office.replace("lina.yaml", "extensions:", "extension:");
    office.write("branch.yaml", &plan("branch", "TelExtn", office.sip_port).replace("uriType", "uriTypo"));
    let program = office.start();
    assert_unavailable(&program.read(&of("lina")));
    assert_unavailable(&program.read(&of_plan("branch")));
    assert_eq!(program.read(&of("omar")).status, 200);
    office.write("lina.yaml", &good);
    office.write("branch.yaml", &plan("branch", "TelExtn", office.sip_port));
    for path in [of("lina"), of_plan("branch"), of_extension("hq", "4201")] {
        wait("its settings", || (program.read(&path).status == 200).then_some(()));
    }
}

#[test]
fn settings_need_no_notifier_that_runs() {
    let office = Office::new();
    std::fs::create_dir_all(office.data().join("voice.branch.sqlite")).unwrap();
    let program = office.start();
    let noor = mailbox("noor", "staff", &["4301"], "");
    let parts = [plan("branch", "TelExtn", office.sip_port), policy("staff", "branch"), noor];
    office.write("branch.yaml", &parts.join("---\n"));
    program.logs("the notifier can't start");
    wait("Noor's settings", || (program.read(&of("noor")).status == 200).then_some(()));
    assert_eq!(program.read(&of_extension("branch", "4301")).status, 200);
    assert_eq!(program.read(&of_plan("branch")).status, 200);
    assert_unavailable(&program.read(&messages("noor")));
}

#[test]
fn of_a_namespace_that_is_gone_nothing_is_known_any_more() {
    let (office, program) = office();
    let there = |text: String| text.replace("namespace: voice", "namespace: there");
    // Nothing of it has a notifier, for its dial plan is missing.
    office.write(
        "there.yaml",
        &there([policy("sales", "hq"), mailbox("lina", "sales", &["4201"], "")].join("---\n")),
    );
    let path = "/v1/namespaces/there/mailboxes/lina";
    wait("the namespace", || (program.read(path).status != 404).then_some(()));
    assert_unavailable(&program.read(path));
    office.remove("there.yaml");
    for path in [path.to_owned(), format!("{path}/messages")] {
        wait("the end of the namespace", || (program.read(&path).status == 404).then_some(()));
    }
    assert_eq!(program.read(&of("lina")).status, 200);
}
