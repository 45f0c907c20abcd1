//! What a caller may dial, over HTTP, as the contract has it. The rules themselves have tests of their own.

use std::io::Write as _;

use serde_json::{Value, json};

use super::http::{assert_not_allowed, assert_problem};
use super::unserved::assert_unavailable;
use crate::common::http::{Response, connect, read};
use crate::common::manifests::{calm, mailbox, object, plan, policy};
use crate::common::office::{Office, Program};
use crate::common::{free_port, wait};

const JSON: &[&str] = &["Content-Type: application/json"];

fn path(plan: &str) -> String {
    format!("/v1/namespaces/voice/dial-plans/{plan}/dial:authorize")
}

/// The office with a gateway and a group `local`, which callers who have signed in may dial.
fn office() -> (Office, Program) {
    let office = Office::with(free_port());
    let rule = "{name: local, numberMask: \"xxxxxxx\", dialedNumber: \"0xxxxxxx\"}";
    office.replace(
        "plan.yaml",
        "numberOf",
        &format!("configuredInCountryOrRegionGroups: [{rule}], numberOf"),
    );
    office.replace("policy.yaml", "allowMessage", "allowedInCountryOrRegionGroups: [local], allowMessage");
    let program = office.start();
    (office, program)
}

fn post(program: &Program, plan: &str, body: &Value) -> Response {
    program.request("POST", &path(plan), JSON, body.to_string().as_bytes())
}

fn body(caller: &str, mailbox: &str, number: &str) -> Value {
    json!({"caller": caller, "mailbox": mailbox, "number": number})
}

/// The answer of the dial plan `hq` to Lina's callers.
fn ask(program: &Program, caller: &str, number: &str) -> Value {
    let response = post(program, "hq", &body(caller, "lina", number));
    assert_eq!(response.status, 200, "{caller} {number}: {response:?}");
    assert_eq!(response.header("content-type"), Some("application/json"));
    response.json()
}

fn refused(reason: &str) -> Value {
    json!({"allowed": false, "reason": reason})
}

/// Waits until the answer is this one.
fn becomes(program: &Program, caller: &str, number: &str, wanted: &Value) {
    wait(&format!("{caller} {number}: {wanted}"), || (ask(program, caller, number) == *wanted).then_some(()));
}

#[test]
fn a_number_that_a_rule_opens_is_answered_with_what_to_dial_and_the_rule() {
    let (office, program) = office();
    let opened =
        json!({"allowed": true, "dial": "05551234", "rule": {"group": "local", "numberMask": "xxxxxxx"}});
    for caller in ["signedIn", "playOnPhone"] {
        assert_eq!(ask(&program, caller, "5551234"), opened);
        assert_eq!(ask(&program, caller, "555-12 34"), opened, "as people write it");
    }
    // The dial plan allows the group to nobody who has not signed in, whosever mailbox answered the call.
    let nobody = json!({"caller": "unauthenticated", "number": "5551234"});
    assert_eq!(ask(&program, "unauthenticated", "5551234"), refused("NoAllowedRule"));
    assert_eq!(post(&program, "hq", &nobody).json(), refused("NoAllowedRule"));
    office.replace("plan.yaml", "numberOf", "allowedInCountryOrRegionGroups: [local], numberOf");
    becomes(&program, "unauthenticated", "5551234", &opened);
    assert_eq!(post(&program, "hq", &nobody).json(), opened);
}

#[test]
fn an_extension_is_answered_without_a_rule() {
    let (_office, program) = office();
    for caller in ["unauthenticated", "signedIn", "playOnPhone"] {
        assert_eq!(ask(&program, caller, "4202"), json!({"allowed": true, "dial": "4202"}), "{caller}");
    }
}

#[test]
fn every_refusal_has_its_reason() {
    let (office, program) = office();
    for caller in ["unauthenticated", "signedIn", "playOnPhone"] {
        for number in ["", "*72", "555x", "+0", "123456789012345678901234567890123"] {
            assert_eq!(ask(&program, caller, number), refused("NumberInvalid"), "{caller} {number}");
        }
        assert_eq!(ask(&program, caller, "555123"), refused("NoAllowedRule"), "{caller}");
    }
    let closed = "allowDialPlanSubscribers: false, allowExtensions: false, ";
    office.replace("policy.yaml", "allowMessage", &format!("{closed}allowMessage"));
    office.replace("plan.yaml", "numberOf", &format!("{closed}numberOf"));
    for caller in ["unauthenticated", "signedIn", "playOnPhone"] {
        becomes(&program, caller, "4202", &refused("DialPlanSubscribersNotAllowed"));
        becomes(&program, caller, "4999", &refused("ExtensionsNotAllowed"));
    }
}

#[test]
fn who_takes_no_calls_from_strangers_is_reached_by_users_only() {
    let (office, program) = office();
    office.replace("omar.yaml", "extensions:", "allowUMCallsFromNonUsers: None, extensions:");
    becomes(&program, "unauthenticated", "4202", &refused("CallsFromNonUsersNotAllowed"));
    assert_eq!(ask(&program, "signedIn", "4202")["allowed"], true);
}

#[test]
fn play_on_phone_needs_policy_mailbox_and_gateway() {
    let (office, program) = office();
    for (file, from, to, reason) in [
        ("policy.yaml", "allowMessage", "allowPlayOnPhone: false, allowMessage", "ForbiddenByPolicy"),
        ("lina.yaml", "extensions:", "playOnPhoneEnabled: false, extensions:", "DeclinedByMailbox"),
        ("pbx.yaml", "address:", "outcallsAllowed: false, address:", "NoGatewayForOutcalls"),
    ] {
        let good = office.read(file);
        office.replace(file, from, to);
        becomes(&program, "playOnPhone", "5551234", &refused(reason));
        assert_eq!(ask(&program, "signedIn", "5551234")["dial"], "05551234", "{reason}");
        office.write(file, &good);
        wait("Play on Phone", || (ask(&program, "playOnPhone", "5551234")["allowed"] == true).then_some(()));
    }
}

#[test]
fn a_mailbox_is_named_by_its_name_or_by_any_extension_address_or_number_of_it() {
    let (office, program) = office();
    let sip = plan("branch", "SipName", office.sip_port);
    let noor = mailbox("noor", "staff", &["4301"], ", sipResourceIdentifier: noor@example.com");
    office.write("branch.yaml", &[sip, policy("staff", "branch"), noor].join("---\n"));
    let spec = format!("{{numberOfDigitsInExtension: 4, {}, uriType: E164}}", calm("numbers"));
    let pavel = mailbox("pavel", "abroad", &["4401"], ", sipResourceIdentifier: \"+49305550\"");
    office.write(
        "numbers.yaml",
        &[object("UMDialPlan", "numbers", &spec), policy("abroad", "numbers"), pavel].join("---\n"),
    );
    let is_taken = |plan: &str, mailbox: &str, number: &str| {
        let body = body("signedIn", mailbox, number);
        wait(&format!("{mailbox} of {plan}"), || (post(&program, plan, &body).status == 200).then_some(()));
        assert_eq!(post(&program, plan, &body).json(), json!({"allowed": true, "dial": number}), "{mailbox}");
    };
    for (plan, names) in [
        ("hq", &["lina", "4201", "4299", "4202"][..]),
        ("branch", &["noor", "4301", "noor@example.com", "Noor@Example.com"]),
        ("numbers", &["pavel", "4401", "+49305550"]),
    ] {
        names.iter().for_each(|mailbox| is_taken(plan, mailbox, "4301"));
    }
    // A name that is digits comes before the extension of another in its own dial plan, and not elsewhere.
    let digits = mailbox("\"4301\"", "sales", &["4207"], "");
    office.write("digits.yaml", &digits);
    let is_there = || (program.read("/v1/namespaces/voice/mailboxes/4301").status == 200).then_some(());
    wait("the mailbox 4301", is_there);
    is_taken("branch", "4301", "4301");
    is_taken("hq", "4301", "4301");
}

#[test]
fn a_mailbox_of_another_dial_plan_or_of_none_is_404_with_a_sentence() {
    let (office, program) = office();
    let noor = mailbox("noor", "staff", &["4301"], "");
    let parts = [plan("branch", "TelExtn", office.sip_port), policy("staff", "branch"), noor];
    office.write("branch.yaml", &parts.join("---\n"));
    wait("Noor", || (program.read("/v1/namespaces/voice/mailboxes/noor").status == 200).then_some(()));
    for caller in ["unauthenticated", "signedIn", "playOnPhone"] {
        let ask = |plan: &str, mailbox: &str| post(&program, plan, &body(caller, mailbox, "4202"));
        assert_problem(
            &ask("hq", "noor"),
            404,
            "mailbox noor in namespace voice belongs to dial plan branch, not to hq",
        );
        assert_problem(&ask("branch", "lina"), 404, "belongs to dial plan hq, not to branch");
        for nobody in ["nobody", "4301", "nobody@example.com", "+49305550"] {
            assert_problem(&ask("hq", nobody), 404, nobody);
        }
        assert_problem(&ask("nowhere", "lina"), 404, "there is no dial plan nowhere in namespace voice");
        let long = assert_problem(&ask("hq", &"9".repeat(60_000)), 404, "hq");
        assert!(long.to_string().len() < 400, "what was sent is not sent back as a whole");
    }
    let elsewhere = path("hq").replace("voice", "other");
    let response =
        program.request("POST", &elsewhere, JSON, body("signedIn", "lina", "1").to_string().as_bytes());
    assert_problem(&response, 404, "namespace other");
}

#[test]
fn who_has_signed_in_has_a_mailbox_and_every_caller_is_of_a_kind() {
    let (_office, program) = office();
    for caller in ["signedIn", "playOnPhone"] {
        for none in [json!({}), json!({"mailbox": null}), json!({"mailbox": ""})] {
            let mut body = json!({"caller": caller, "number": "4202"});
            body.as_object_mut().unwrap().extend(none.as_object().unwrap().clone());
            assert_problem(&post(&program, "hq", &body), 422, "name it in `mailbox`");
        }
    }
    for caller in ["", "signedin", "SignedIn", "operator"] {
        let response = post(&program, "hq", &body(caller, "lina", "4202"));
        assert_problem(
            &response,
            422,
            &format!("caller is `{caller}`; choose unauthenticated, signedIn or playOnPhone"),
        );
    }
}

#[test]
fn a_request_that_is_not_right_is_refused() {
    let (_office, program) = office();
    let path = path("hq");
    let send = |headers: &[&str], body: &str| program.request("POST", &path, headers, body.as_bytes());
    for body in [
        "{",
        "",
        "[]",
        "null",
        "{}",
        r#"{"caller":"signedIn","mailbox":"lina"}"#,
        r#"{"mailbox":"lina","number":"1"}"#,
        r#"{"caller":"signedIn","mailbox":"lina","number":5551234}"#,
        r#"{"caller":"signedIn","mailbox":["lina"],"number":"1"}"#,
    ] {
        assert_problem(&send(JSON, body), 400, r#"expected, for example, {"caller":"signedIn""#);
    }
    assert_problem(
        &send(JSON, r#"{"caller":"signedIn","mailbox":"lina","number":"1","pin":"1"}"#),
        400,
        "pin",
    );
    assert_problem(
        &send(JSON, r#"{"caller":"signedIn","mailbox":"lina","number":"1","number":"2"}"#),
        400,
        "number",
    );
    let good = body("signedIn", "lina", "4202").to_string();
    for headers in [&[][..], &["Content-Type: text/plain"]] {
        assert_problem(&send(headers, &good), 415, "Content-Type: application/json");
    }
    let padded = good.clone() + &" ".repeat(64 * 1024 + 1 - good.len());
    assert_problem(&send(JSON, &padded), 413, "64 KiB");
    let mut stream = connect(program.address);
    let chunked = format!("{:x}\r\n{padded}\r\n0\r\n\r\n", padded.len());
    write!(stream, "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}", JSON[0]).unwrap();
    assert_problem(&read(stream).unwrap(), 413, "64 KiB");
    assert_eq!(send(JSON, &padded[..64 * 1024]).status, 200);
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let response = program.request(method, &path, JSON, good.as_bytes());
        if method == "HEAD" {
            assert_eq!((response.status, response.header("allow")), (405, Some("POST")));
        } else {
            assert_not_allowed(&response, "use POST here", &["POST"]);
        }
    }
    for near in ["dial", "dial:", "dial:authorise", "dial:authorize/"] {
        let near = path.replace("dial:authorize", near);
        assert_problem(
            &program.request("POST", &near, JSON, good.as_bytes()),
            404,
            "nothing at this address",
        );
    }
}

#[test]
fn a_mailbox_whose_policy_does_not_resolve_is_refused_for_now_unless_the_dial_plan_decides() {
    let (office, program) = office();
    let good = office.read("policy.yaml");
    office.remove("policy.yaml");
    for (caller, mailbox) in ["signedIn", "playOnPhone"]
        .iter()
        .flat_map(|caller| ["lina", "4201"].map(|mailbox| (caller, mailbox)))
    {
        let body = body(caller, mailbox, "4202");
        wait("the end of the policy", || (post(&program, "hq", &body).status != 200).then_some(()));
        assert_unavailable(&post(&program, "hq", &body));
    }
    assert_eq!(ask(&program, "unauthenticated", "5551234"), refused("NoAllowedRule"));
    office.write("policy.yaml", &good);
    let body = body("signedIn", "lina", "5551234");
    wait("the policy", || (post(&program, "hq", &body).status == 200).then_some(()));
    assert_eq!(post(&program, "hq", &body).json()["dial"], "05551234");
}
