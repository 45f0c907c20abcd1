//! The quick start of the README.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::free_port;
use crate::common::manifests::{Folder, copy};
use crate::common::office::Program;

/// The quick start on a SIP port of the test's own.
fn quickstart() -> (Folder, Program) {
    let folder = Folder::new();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"), &folder.manifests());
    folder.replace("1-dial-plans.yaml", "port: 5070", &format!("port: {}", free_port()));
    let program = Program::start(&folder.manifests(), &folder.data(), &[]);
    (folder, program)
}

/// Runs the command that the program printed, as a user would who copies it to a shell.
fn light(program: &Program) {
    program.says(0, "/messages");
    let text = program.process.stdout.text();
    let start = text.find("  curl ").expect("a command is printed");
    let end = start + text[start..].find("/messages").unwrap() + "/messages".len();
    let mark = program.mark();
    let output = Command::new("sh").arg("-c").arg(&text[start..end]).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["messages"]["new"], 1, "{output:?}");
    program.says(mark, "● lamp 4201 on   1 new, 0 old  (NOTIFY answered by gateway simulator)");
}

#[test]
fn the_quick_start_prints_tables_and_a_command_that_lights_the_simulated_lamp() {
    let (_folder, program) = quickstart();
    let text = program.process.stdout.text();
    for row in [
        "NAMESPACE  UMDIALPLAN   URI-TYPE  SECURITY   MAILBOXES  READY  REASON",
        "NAMESPACE  UMMAILBOXPOLICY      PLAN         MWI   SMS   MISSED-CALL  READY  REASON",
        "NAMESPACE  UMIPGATEWAY      ADDRESS      STATUS    MWI   PLANS",
        "NAMESPACE  UMMAILBOX   EXTENSION  POLICY        PLAN         MWI-ALLOWED  READY  REASON",
        "voice      lina        4201       sales         head-office  True",
        // Nobody wrote it: a dial plan has one unless it is told otherwise.
        "voice      head-office-default  head-office  true  true  true         True   Ready",
    ] {
        assert!(text.contains(row), "`{row}` is not in\n{text}");
    }
    assert!(!text.contains("error") && !text.contains("warning"), "{text}");
    light(&program);
    assert_eq!(program.lamp_is("lina", "on")["lamps"][0]["gateways"][0]["name"], "simulator");
}

#[test]
fn a_policy_without_mwi_puts_the_lamp_out_within_a_second_and_back_on_when_reverted() {
    let (folder, program) = quickstart();
    light(&program);
    let policies = folder.read("3-policies.yaml");
    let off =
        policies.replacen("allowMessageWaitingIndicator: true", "allowMessageWaitingIndicator: false", 1);
    let (mark, saved) = (program.mark(), Instant::now());
    folder.write("3-policies.yaml", &off);
    program.says(mark, "○ lamp 4201 off  0 new, 0 old");
    assert!(saved.elapsed() < Duration::from_secs(1), "it took {:?}", saved.elapsed());
    let state = program.get("lina");
    assert_eq!(state["mwi"], serde_json::json!({"allowed": false, "reason": "MWIForbiddenByPolicy"}));
    assert_eq!(state["messages"]["new"], 1, "messages are not forgotten");
    let (mark, saved) = (program.mark(), Instant::now());
    folder.write("3-policies.yaml", &policies);
    program.says(mark, "● lamp 4201 on   1 new, 0 old");
    assert!(saved.elapsed() < Duration::from_secs(1), "it took {:?}", saved.elapsed());
}

#[test]
fn a_plan_of_sip_addresses_lights_its_simulated_lamp_by_the_address_and_by_the_extension() {
    let (_folder, program) = quickstart();
    for (at, (known_by, new)) in [("5101", 1), ("noor@example.com", 2)].into_iter().enumerate() {
        let mark = program.mark();
        let path = crate::common::office::messages_of("branch", known_by);
        let answer = program.write(&path, &serde_json::json!({"new": new, "old": 0}));
        assert_eq!(answer.json()["version"], at + 1, "{answer:?}");
        program.says(mark, &format!("{new} new, 0 old"));
    }
    assert_eq!(program.lamp_is("noor", "on")["lamps"][0]["address"], "noor@example.com");
}
