//! What outlives the process.

use crate::common::http::{self, Response};
use crate::common::office::{Office, Program, messages};
use crate::common::phone::Phone;
use crate::common::process::{LAMPLIGHTER, Process};
use crate::common::{free_port, wait};
use serde_json::json;
use std::process::Command;

#[test]
fn state_that_was_accepted_is_delivered_after_a_kill_before_any_gateway_heard_it() {
    let port = free_port();
    let office = Office::with(port);
    let mut program = office.start();
    let accepted =
        program.write(&messages("lina"), &json!({"new": 3, "old": 1, "urgentNew": 2, "version": 41}));
    assert_eq!(accepted.status, 200, "{accepted:?}");
    program.process.kill();
    let phone = Phone::start_at(port);
    let program = office.start();
    phone.shows("4201", "on 3/1 (2/0)");
    let state = program.lamp_is("lina", "on");
    assert_eq!(state["version"], 41);
    let older: Response = program.write(&messages("lina"), &json!({"new": 0, "old": 0, "version": 40}));
    assert_eq!(older.status, 409, "{older:?}");
}

#[test]
fn a_lamp_that_was_lit_before_a_kill_is_put_out_after_it_when_the_messages_were_read_in_between() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let mut program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    office.replace("pbx.yaml", &phone.port.to_string(), &free_port().to_string());
    let mark = program.mark();
    office.replace("omar.yaml", "4202", "4203");
    program.says(mark, "4203");
    program.put("lina", 0, 1);
    program.process.kill();
    office.gateway("pbx", phone.port, "");
    let program = office.start();
    phone.shows("4201", "off 0/1 (0/0)");
    assert_eq!(program.lamp_is("lina", "off")["version"], 2);
}

#[test]
fn twenty_kills_one_after_the_other_lose_no_state_and_leave_the_lamp_right() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    for kill in 1..=20 {
        let mut program = office.start();
        let before = program.get("lina");
        assert_eq!(before["version"], if kill == 1 { json!(null) } else { json!(kill - 1) });
        let new = kill % 3;
        assert_eq!(program.put("lina", new, kill)["version"], kill);
        program.process.kill();
    }
    let program = office.start();
    phone.shows("4201", "on 2/20 (0/0)");
    assert_eq!(program.lamp_is("lina", "on")["version"], 20);
}

#[test]
fn after_sigterm_the_program_ends_well_and_the_next_start_finds_everything() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    program.put("lina", 1, 2);
    program.put("omar", 0, 5);
    phone.shows("4202", "off 0/5 (0/0)");
    let known = [program.lamp_is("lina", "on"), program.lamp_is("omar", "off")];
    program.stop();
    let program = office.start();
    assert_eq!([program.get("lina"), program.get("omar")], known);
    program.put("omar", 1, 5);
    phone.shows("4202", "on 1/5 (0/0)");
    assert_eq!(phone.history("4201").len(), 1, "what a gateway knows is not sent again at a start");
}

#[test]
fn sigint_ends_the_program_well_as_does_sigterm_while_a_gateway_owes_an_answer() {
    let office = Office::new();
    let mut program = office.start();
    program.process.signal("INT");
    assert_eq!(program.process.exit().code(), Some(0));
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    office.gateway("pbx", silent.local_addr().unwrap().port(), ", transport: UDP");
    let program = office.start();
    program.put("lina", 1, 0);
    program.stop();
}

#[test]
fn a_second_process_on_the_same_data_says_so_and_leaves_the_first_alone() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    let mut command = Command::new(LAMPLIGHTER);
    command
        .arg("standalone")
        .arg(office.manifests())
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(office.data());
    let mut second = Process::start(&mut command);
    assert_eq!(second.exit().code(), Some(2));
    second.stderr.wait_for(0, "error: ");
    let text = second.stderr.text();
    assert!(text.contains("voice.hq.sqlite") && text.contains("another process"), "{text}");
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
}

#[test]
fn an_http_port_that_is_taken_is_named_with_the_option_that_chooses_another() {
    let office = Office::new();
    let program: Program = office.start();
    let mut command = Command::new(LAMPLIGHTER);
    command.arg("standalone").arg(office.manifests()).args(["--listen", &program.address.to_string()]);
    let output = command.arg("--data").arg(office.beside("other")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("--listen") && text.contains(&program.address.to_string()), "{text}");
}

#[test]
fn a_kill_amid_writes_loses_nothing_that_was_answered() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let mut answered = 0;
    for round in 1..=5 {
        let mut program = office.start();
        let known = program.get("lina")["version"].as_u64().unwrap_or_default();
        assert!(known >= answered, "{known} is on disk, {answered} was answered");
        let (address, last) = (program.address, std::sync::atomic::AtomicU64::new(known));
        let last = std::sync::Arc::new(last);
        let writer = std::thread::spawn({
            let last = std::sync::Arc::clone(&last);
            move || {
                for version in known + 1.. {
                    let body = json!({"new": version % 1000, "old": 0, "version": version}).to_string();
                    let Some(200) = put_or_die(address, &body) else { return };
                    last.store(version, std::sync::atomic::Ordering::SeqCst);
                }
            }
        });
        wait("some writes", || {
            (last.load(std::sync::atomic::Ordering::SeqCst) >= known + 10 * round).then_some(())
        });
        program.process.kill();
        writer.join().unwrap();
        answered = last.load(std::sync::atomic::Ordering::SeqCst);
    }
    let program = office.start();
    let state = program.lamp_is("lina", "on");
    assert!(state["version"].as_u64().is_some_and(|version| version >= answered), "{state}");
    let new = state["messages"]["new"].as_u64().unwrap();
    phone.shows("4201", &format!("on {new}/0 (0/0)"));
}

/// The status of a PUT, if the program lives long enough to answer.
fn put_or_die(to: std::net::SocketAddr, body: &str) -> Option<u16> {
    use std::io::Write as _;
    let mut stream = std::net::TcpStream::connect(to).ok()?;
    let (path, length) = (messages("lina"), body.len());
    let head =
        format!("PUT {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json");
    write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    http::read(stream).ok().map(|response| response.status)
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let office = Office::new();
    let data = office.manifests().join("plan.yaml").join("data");
    let mut command = Command::new(LAMPLIGHTER);
    command.arg("standalone").arg(office.manifests()).args(["--listen", "127.0.0.1:0", "--data"]).arg(&data);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text.contains(data.to_str().unwrap()), "{text}");
}

#[test]
fn a_store_that_was_damaged_makes_all_unknown_says_so_and_touches_no_lamp() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    program.put("lina", 1, 0);
    program.put("omar", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    phone.shows("4202", "on 1/0 (0/0)");
    program.stop();
    let store = office.data().join("voice.hq.sqlite");
    std::fs::write(&store, [b"SQLite format 3\0".as_slice(), &[0xAA; 8192]].concat()).unwrap();
    let program = office.start();
    program.logs("the store was damaged and was moved aside");
    assert_eq!(program.get("lina")["messages"], json!(null));
    program.put("omar", 2, 0);
    phone.shows("4202", "on 2/0 (0/0)");
    assert_eq!(phone.history("4201"), ["on 1/0 (0/0)"]);
}
