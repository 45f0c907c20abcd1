//! Message state that can't be taken yet, or not any more: 503 with a time, never 404; and what runs again by itself.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::common::http::{self, Response};
use crate::common::manifests::{gateway, mailbox, object, plan, policy};
use crate::common::office::{Office, Program, messages, messages_of};
use crate::common::phone::Phone;
use crate::common::process::{LAMPLIGHTER, Process};
use crate::common::{LIMIT, free_port, wait};

const JSON: &[&str] = &["Content-Type: application/json"];

/// Refused for now, and when to ask again.
pub fn assert_unavailable(response: &Response) {
    assert_eq!(response.status, 503, "{response:?}");
    assert_eq!(response.header("retry-after"), Some("1"), "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{response:?}");
}

#[test]
fn before_a_configuration_is_in_force_message_state_is_refused_for_now() {
    let office = Office::new();
    let first = office.start();
    let to = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut command = Command::new(LAMPLIGHTER);
    command.arg("standalone").arg(office.manifests()).args(["--listen", &to.to_string(), "--data"]);
    // The first holds the store, and the second waits for it.
    let mut second = Process::start(command.arg(office.data()));
    wait("the HTTP port of the second", || TcpStream::connect(to).ok());
    for (method, body) in [("PUT", r#"{"new":1,"old":0}"#), ("GET", "")] {
        for mailbox in ["lina", "nobody"] {
            assert_unavailable(&http::request(to, method, &messages(mailbox), JSON, body.as_bytes()));
        }
    }
    assert_eq!(http::request(to, "GET", "/readyz", &[], b"").status, 503);
    assert_eq!(http::request(to, "GET", "/healthz", &[], b"").status, 200);
    assert_eq!(second.exit().code(), Some(2));
    second.stderr.wait_for(0, "voice/hq");
    assert_eq!(first.put("lina", 1, 0)["version"], 1);
}

#[test]
fn a_dial_plan_that_is_wrong_at_the_start_takes_counts_and_shows_them_once_it_is_mended() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    office.replace("plan.yaml", "sip: {", "refreshInterval: soon, sip: {");
    let program = office.start();
    program.says_all(0, &["error[DurationInvalid]", "--> plan.yaml:4:"]);
    assert_eq!(program.put("lina", 1, 0)["version"], 1);
    assert_eq!(program.get("lina")["messages"]["new"], 1);
    office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
    program.says(0, "noor");
    assert_eq!(phone.notified(), [] as [serde_json::Value; 0], "its lamps stay as they are");
    office.write("plan.yaml", &plan("hq", "TelExtn", office.sip_port));
    phone.shows("4201", "on 1/0 (0/0)");
}

#[test]
fn a_setting_that_is_wrong_at_the_start_leaves_lit_lamps_alone_and_counts_are_taken() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    program.lamp_is("lina", "on");
    program.stop();
    let good = office.read("plan.yaml");
    office.write("plan.yaml", &good.replace("sip: {", "refreshInterval: soon, sip: {"));
    office.remove("omar.yaml");
    let program = office.start();
    program.says_all(0, &["error[", "--> plan.yaml:4:"]);
    assert_eq!(program.put("lina", 2, 0)["version"], 2);
    assert_eq!(phone.history("4201"), ["on 1/0 (0/0)"]);
    office.write("plan.yaml", &good);
    phone.shows("4201", "on 2/0 (0/0)");
}

#[test]
fn a_mailbox_whose_dial_plan_nobody_knows_is_refused_for_now_and_not_unknown() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    office.write("branch.yaml", &plan("branch", "TelExtn", office.sip_port));
    office.write("lina.yaml", &mailbox("lina", "sale", &["4201"], ""));
    let program = office.start();
    program.says_all(0, &["error[MailboxPolicyNotFound]", "--> lina.yaml:4:"]);
    assert_unavailable(&program.write(&messages("lina"), &json!({"new": 1, "old": 0})));
    assert_unavailable(&program.read(&messages("lina")));
    assert_eq!(program.read(&messages("nobody")).status, 404);
    office.write("lina.yaml", &mailbox("lina", "sales", &["4201"], ""));
    wait("Lina's dial plan", || (program.read(&messages("lina")).status == 200).then_some(()));
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
}

#[test]
fn a_mailbox_whose_dial_plan_only_its_store_knows_has_its_counts_taken() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    // It stands before the other in the order of names.
    office.write("branch.yaml", &plan("branch", "TelExtn", office.sip_port));
    let program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    program.stop();
    office.write("lina.yaml", &mailbox("lina", "sale", &["4201"], ""));
    let program = office.start();
    program.says_all(0, &["error[MailboxPolicyNotFound]", "--> lina.yaml:4:"]);
    assert_eq!(program.put("lina", 2, 0)["version"], 2);
    assert_eq!(phone.history("4201"), ["on 1/0 (0/0)"]);
    office.write("lina.yaml", &mailbox("lina", "sales", &["4201"], ""));
    phone.shows("4201", "on 2/0 (0/0)");
}

#[test]
fn a_mailbox_whose_dial_plan_is_gone_is_refused_for_now_and_not_unknown() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let good = office.read("plan.yaml");
    let program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    let mark = program.mark();
    office.remove("plan.yaml");
    program.says(mark, "DialPlanNotFound");
    let newer = json!({"new": 9, "old": 0});
    for path in [messages("lina"), messages_of("hq", "4201")] {
        wait("the dial plan to be gone", || (program.read(&path).status != 200).then_some(()));
        assert_unavailable(&program.write(&path, &newer));
    }
    office.write("plan.yaml", &good);
    wait("the dial plan to be back", || (program.read(&messages("lina")).status == 200).then_some(()));
    assert_eq!(program.put("lina", 2, 0)["version"], 2);
    phone.shows("4201", "on 2/0 (0/0)");
}

#[test]
fn counts_of_a_mailbox_whose_dial_plan_was_renamed_by_mistake_go_to_no_other_store() {
    for restart in [false, true] {
        let phone = Phone::start();
        let office = Office::with(phone.port);
        let good = office.read("plan.yaml");
        let mut program = office.start();
        program.put("lina", 1, 0);
        phone.shows("4201", "on 1/0 (0/0)");
        program.lamp_is("lina", "on");
        let mark = program.mark();
        office.write("plan.yaml", &good.replace("name: hq", "name: head-quarters"));
        program.says(mark, "DialPlanNotFound");
        if restart {
            program.stop();
            program = office.start();
        }
        wait("the dial plan to be gone", || (program.read(&messages("lina")).status != 200).then_some(()));
        assert_unavailable(&program.write(&messages("lina"), &json!({"new": 9, "old": 0})));
        office.write("plan.yaml", &good);
        wait("the dial plan to be back", || (program.read(&messages("lina")).status == 200).then_some(()));
        assert_eq!(program.put("lina", 2, 0)["version"], 2);
        phone.shows("4201", "on 2/0 (0/0)");
    }
}

/// A plan `branch` with Noor, who has a gateway.
fn branch(office: &Office, phone: &Phone) {
    let parts = [
        plan("branch", "TelExtn", office.sip_port),
        policy("staff", "branch"),
        gateway("pbx-branch", "branch", phone.port, ""),
        mailbox("noor", "staff", &["4301"], ""),
    ];
    office.write("branch.yaml", &parts.join("---\n"));
}

/// A row of the newest table that has this object: its cells.
fn row(program: &Program, mark: usize, name: &str) -> Option<Vec<String>> {
    let lines = program.process.stdout.since(mark);
    let cells = |line: &String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    lines.iter().rev().map(cells).find(|cells| {
        cells.first().is_some_and(|cell| cell == "voice") && cells.get(1).is_some_and(|cell| cell == name)
    })
}

fn wait_for_row(program: &Program, mark: usize, name: &str, end: [&str; 2]) {
    wait(&format!("{name} to be {end:?}"), || {
        row(program, mark, name).filter(|cells| cells.ends_with(&end.map(str::to_owned)))
    });
}

#[test]
fn a_notifier_that_cannot_start_is_named_and_shown_and_starts_once_the_obstacle_is_gone() {
    let foreign = |office: &Office| {
        let database = rusqlite::Connection::open(office.data().join("voice.branch.sqlite")).unwrap();
        database.execute_batch("PRAGMA application_id = 7; CREATE TABLE t (a)").unwrap();
    };
    let folder = |office: &Office| fs::create_dir(office.data().join("voice.branch.sqlite")).unwrap();
    for obstruct in [folder as fn(&Office), foreign] {
        let (phone, there) = (Phone::start(), Phone::start());
        let office = Office::with(phone.port);
        let program = office.start();
        obstruct(&office);
        let mark = program.mark();
        branch(&office, &there);
        let line = program.logs("the notifier can't start");
        assert!(line.contains("voice") && line.contains("branch"), "{line}");
        for name in ["branch", "staff", "noor"] {
            wait_for_row(&program, mark, name, ["False", "NotServed"]);
        }
        assert_unavailable(&program.write(&messages("noor"), &json!({"new": 1, "old": 0})));
        program.put("lina", 1, 0);
        phone.shows("4201", "on 1/0 (0/0)");
        let path = office.data().join("voice.branch.sqlite");
        let removed = if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) };
        removed.unwrap();
        for name in ["branch", "staff", "noor"] {
            wait_for_row(&program, mark, name, ["True", "Ready"]);
        }
        program.put("noor", 2, 0);
        there.shows("4301", "on 2/0 (0/0)");
        let said = program.process.stderr.text().matches("the notifier can't start").count();
        assert_eq!(said, 1, "it is said once: {}", program.process.stderr.text());
    }
}

/// A program whose output nobody takes; it is killed when this is dropped.
struct Unread(Child);

impl Drop for Unread {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn lamps_change_and_the_program_ends_though_nobody_reads_what_it_prints() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    // More than a pipe holds, before the program is ready.
    for at in 0..600 {
        office.write(
            &format!("wrong-{at}.yaml"),
            &object("UMMailbox", &format!("wrong-{at}"), "{extension: 42}"),
        );
    }
    let to = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut command = Command::new(LAMPLIGHTER);
    command.arg("standalone").arg(office.manifests()).args(["--listen", &to.to_string(), "--data"]);
    command.arg(office.data()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = Unread(command.spawn().unwrap());
    let put = |new: u32| {
        let body = json!({"new": new, "old": 0}).to_string();
        http::request(to, "PUT", &messages("lina"), JSON, body.as_bytes()).status
    };
    wait("the HTTP port", || TcpStream::connect(to).ok());
    wait("a configuration in force", || (put(1) == 200).then_some(()));
    phone.shows("4201", "on 1/0 (0/0)");
    office.write("lina.yaml", &mailbox("lina", "sales", &["4203"], ""));
    phone.shows("4203", "on 1/0 (0/0)");
    phone.shows("4201", "off 0/0 (0/0)");
    assert_eq!(put(2), 200);
    phone.shows("4203", "on 2/0 (0/0)");
    let sent = Command::new("kill").args(["-s", "TERM", &program.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let status = wait("the end of the program", || program.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(0), "{status} within {LIMIT:?}");
}
