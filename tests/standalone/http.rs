//! Message state over HTTP, as the contract has it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::http::{Response, connect, read};
use crate::common::manifests::plan;
use crate::common::office::{Office, Program, messages, messages_of};
use crate::common::phone::Phone;

const JSON: &[&str] = &["Content-Type: application/json"];

/// An answer that says what is wrong, as RFC 9457 has it.
pub fn assert_problem(response: &Response, status: u16, detail: &str) -> Value {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{response:?}");
    let body = response.json();
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], "about:blank");
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{body}");
    assert!(body["detail"].as_str().is_some_and(|text| text.contains(detail)), "`{detail}` is not in {body}");
    body
}

/// A method that the address does not have, with those that it has (RFC 9110 section 15.5.6).
pub fn assert_not_allowed(response: &Response, detail: &str, methods: &[&str]) {
    assert_problem(response, 405, detail);
    let allowed: Vec<&str> = response.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
    assert_eq!(allowed, methods, "{response:?}");
}

fn office() -> (Office, Program) {
    let office = Office::new();
    let program = office.start();
    (office, program)
}

#[test]
fn the_state_of_a_mailbox_is_answered_exactly_as_the_contract_says() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    let unknown = json!({
        "namespace": "voice", "mailbox": "lina", "version": null, "messages": null, "lamp": "unknown",
        "mwi": {"allowed": true, "reason": "Allowed"},
        "lamps": [{"address": "4201", "state": "unknown", "gateways": []}],
    });
    assert_eq!(program.get("lina"), unknown);
    let body = json!({"new": 3, "old": 2, "urgentNew": 1, "urgentOld": 2, "version": 7});
    let accepted = program.write(&messages("lina"), &body);
    assert_eq!(accepted.header("content-type"), Some("application/json"));
    let counts = json!({"new": 3, "old": 2, "urgentNew": 1, "urgentOld": 2});
    assert_eq!((&accepted.json()["messages"], &accepted.json()["version"]), (&counts, &json!(7)));
    phone.shows("4201", "on 3/2 (1/2)");
    let mut state = program.lamp_is("lina", "on");
    let at = state["lamps"][0]["gateways"][0]["at"].take();
    let at: jiff::Timestamp = at.as_str().unwrap().parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(at).abs() < jiff::SignedDuration::from_mins(1), "{at}");
    let told = json!({"name": "pbx", "told": counts, "at": null, "answer": 200});
    let known = json!({
        "namespace": "voice", "mailbox": "lina", "version": 7, "messages": counts, "lamp": "on",
        "mwi": {"allowed": true, "reason": "Allowed"},
        "lamps": [{"address": "4201", "state": "on", "gateways": [told]}],
    });
    assert_eq!(state, known);
    program.put("lina", 0, 2);
    phone.shows("4201", "off 0/2 (0/0)");
    program.lamp_is("lina", "off");
}

#[test]
fn a_lamp_is_pending_until_a_gateway_confirmed_it() {
    let office = Office::with(crate::common::free_port());
    let program = office.start();
    program.put("lina", 1, 0);
    let state = program.get("lina");
    assert_eq!((&state["lamp"], &state["lamps"][0]["state"]), (&json!("pending"), &json!("pending")));
}

#[test]
fn a_mailbox_is_reached_by_its_name_by_any_extension_and_by_its_sip_address() {
    let office = Office::new();
    office.write("plan.yaml", &plan("hq", "SipName", office.sip_port));
    office.replace("lina.yaml", "extensions:", "sipResourceIdentifier: lina@example.com, extensions:");
    let program = office.start();
    for (at, known_by) in ["4201", "4299", "lina@example.com", "lina%40example.com"].into_iter().enumerate() {
        let new = at + 1;
        let put = program.write(&messages_of("hq", known_by), &json!({"new": new, "old": 0})).json();
        assert_eq!((&put["mailbox"], &put["version"]), (&json!("lina"), &json!(new)), "{known_by}");
        assert_eq!(program.get("lina")["messages"]["new"], new);
        assert_eq!(program.read(&messages_of("hq", known_by)).json(), program.get("lina"));
    }
}

#[test]
fn a_version_that_is_older_or_has_other_counts_is_refused_with_what_is_known() {
    let (_office, program) = office();
    let put = |new: u32, version: Option<u64>| {
        let mut body = json!({"new": new, "old": 0});
        if let Some(version) = version {
            body["version"] = version.into();
        }
        program.write(&messages("lina"), &body)
    };
    let version = |response: &Response| response.json()["version"].clone();
    assert_eq!(version(&put(1, None)), 1);
    assert_eq!(version(&put(1, None)), 2);
    assert_eq!(version(&put(2, Some(10))), 10);
    for (new, version) in [(2, 9), (5, 9), (5, 10)] {
        let refused = assert_problem(&put(new, Some(version)), 409, "version");
        assert_eq!(refused["current"], program.get("lina"));
        assert_eq!(refused["current"]["messages"]["new"], 2);
    }
    let again = put(2, Some(10));
    assert_eq!((again.status, version(&again)), (200, json!(10)));
    assert_eq!(version(&put(3, None)), 11);
    assert_eq!(program.get("lina")["messages"]["new"], 3);
}

#[test]
fn what_is_not_there_is_404_with_a_sentence() {
    let (_office, program) = office();
    for (path, detail) in [
        (messages("nobody"), "there is no mailbox nobody in namespace voice"),
        (messages_of("hq", "4999"), "has the extension 4999"),
        (messages_of("branch", "4201"), "branch"),
        ("/v1/namespaces/other/mailboxes/lina/messages".to_owned(), "namespace other"),
    ] {
        assert_problem(&program.read(&path), 404, detail);
        assert_problem(&program.write(&path, &json!({"new": 1, "old": 0})), 404, detail);
    }
    for path in [
        "/",
        "/v1",
        "/v1/namespaces/voice/mailboxes/lina/messages/",
        "/v2/namespaces/voice/mailboxes/lina/messages",
    ] {
        assert_problem(&program.read(path), 404, "nothing at this address");
    }
}

#[test]
fn a_request_that_is_not_right_is_refused_and_changes_nothing() {
    let (_office, program) = office();
    let path = messages("lina");
    let put = |headers: &[&str], body: &str| program.request("PUT", &path, headers, body.as_bytes());
    for body in
        ["{", "", "[]", "null", "{}", r#"{"new":1}"#, r#"{"new":"1","old":0}"#, r#"{"new":1.5,"old":0}"#]
    {
        assert_problem(&put(JSON, body), 400, "expected, for example");
    }
    assert_problem(&put(JSON, r#"{"new":1,"old":0,"newer":2}"#), 400, "newer");
    assert_problem(&put(JSON, r#"{"new":1,"old":0,"new":2}"#), 400, "new");
    assert_problem(&program.request("PUT", &path, JSON, b"{\"new\":1,\"old\":0,\"\xff\":1}"), 400, "");
    for (body, detail) in [
        (r#"{"new":1000000,"old":0}"#, "new is 1000000; choose 0 to 999999"),
        (r#"{"new":0,"old":-1}"#, "old is -1; choose 0 to 999999"),
        (r#"{"new":1,"old":0,"urgentNew":2}"#, "urgentNew is at most new"),
        (r#"{"new":1,"old":0,"urgentOld":1}"#, "urgentOld at most old"),
        (r#"{"new":1,"old":0,"version":-1}"#, "version"),
    ] {
        assert_problem(&put(JSON, body), 422, detail);
    }
    let good = r#"{"new":1,"old":0}"#;
    for headers in
        [&[][..], &["Content-Type: text/plain"], &["Content-Type: application/x-www-form-urlencoded"]]
    {
        assert_problem(&put(headers, good), 415, "Content-Type: application/json");
    }
    for method in ["POST", "DELETE", "PATCH"] {
        let response = program.request(method, &path, JSON, good.as_bytes());
        assert_not_allowed(&response, "use GET or PUT here", &["GET", "HEAD", "PUT"]);
        let response = program.request(method, "/readyz", JSON, good.as_bytes());
        assert_not_allowed(&response, "use GET here", &["GET", "HEAD"]);
    }
    assert_eq!(program.get("lina")["messages"], Value::Null);
    let accepted = put(&["content-type: Application/JSON; charset=utf-8"], r#"{"new":999999,"old":999999}"#);
    assert_eq!(accepted.status, 200, "{accepted:?}");
}

#[test]
fn a_body_over_64_kib_is_refused_however_it_is_sent() {
    let (_office, program) = office();
    let path = messages("lina");
    let padded = |length: usize| r#"{"new":1,"old":0}"#.to_owned() + &" ".repeat(length - 17);
    let sized = program.request("PUT", &path, JSON, padded(64 * 1024 + 1).as_bytes());
    assert_problem(&sized, 413, "64 KiB");
    let text = padded(64 * 1024 + 1);
    let chunked = format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len());
    let mut stream = connect(program.address);
    write!(stream, "PUT {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}", JSON[0]).unwrap();
    assert_problem(&read(stream).unwrap(), 413, "64 KiB");
    assert_eq!(program.get("lina")["messages"], Value::Null);
    assert_eq!(program.request("PUT", &path, JSON, padded(64 * 1024).as_bytes()).status, 200);
}

#[test]
fn a_caller_who_does_not_finish_is_cut_off() {
    let (_office, program) = office();
    let start = Instant::now();
    let mut head = connect(program.address);
    head.write_all(b"PUT /v1/namespaces/voice").unwrap();
    let mut body = connect(program.address);
    let path = messages("lina");
    write!(
        body,
        "PUT {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{}\r\nContent-Length: 20\r\n\r\n{{\"new\"",
        JSON[0]
    )
    .unwrap();
    let silent = connect(program.address);
    assert!(read(head).is_err_and(|text| text.starts_with("Ok")), "an unfinished head has no answer");
    assert!(read(silent).is_err_and(|text| text.starts_with("Ok")), "a silent caller has no answer");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_problem(&read(body).unwrap(), 408, "10 s");
    assert_eq!(program.get("lina")["messages"], Value::Null);
}

#[test]
fn health_readiness_and_metrics_need_nothing() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    for path in ["/healthz", "/readyz"] {
        let response = program.read(path);
        assert_eq!((response.status, response.body.as_str()), (200, "ok\n"), "{path}");
    }
    program.put("lina", 1, 0);
    program.lamp_is("lina", "on");
    let response = program.read("/metrics");
    let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((response.status, response.header("content-type")), (200, Some(open_metrics)));
    let families = assert_open_metrics(&response.body);
    let plan = r#"namespace="voice",name="hq""#;
    for sample in [
        format!("lamplighter_notify_total{{{plan},gateway=\"pbx\",code=\"200\"}} 1"),
        format!("lamplighter_gateway_up{{{plan},gateway=\"pbx\"}} 1"),
        format!("lamplighter_message_updates_total{{{plan}}} 1"),
        format!("lamplighter_lamps{{{plan}}} 2"),
        format!("lamplighter_lamps_pending{{{plan}}} 0"),
        format!("lamplighter_lamps_unknown{{{plan}}} 1"),
    ] {
        assert!(response.body.lines().any(|line| line == sample), "`{sample}` is not in\n{}", response.body);
    }
    assert!(families.iter().all(|family| family.starts_with("lamplighter_")), "{families:?}");
}

/// Holds a text against OpenMetrics 1.0: metadata before samples, families unbroken, suffixes by type, EOF at the end.
/// Returns the families.
fn assert_open_metrics(text: &str) -> Vec<String> {
    let body = text.strip_suffix("# EOF\n").expect("EOF stands last");
    let (mut families, mut kind) = (Vec::<String>::new(), String::new());
    for line in body.lines() {
        if let Some(metadata) = line.strip_prefix("# ") {
            let words: Vec<&str> = metadata.splitn(3, ' ').collect();
            let [key, name, value] = words[..] else { panic!("metadata in three parts: {line}") };
            assert!(["TYPE", "HELP", "UNIT"].contains(&key) && !value.is_empty(), "{line}");
            if families.last().is_none_or(|last| last != name) {
                assert!(!families.iter().any(|family| family == name), "the family is broken: {line}");
                families.push(name.to_owned());
                kind.clear();
            }
            match key {
                "TYPE" => kind = value.to_owned(),
                "UNIT" => assert!(name.ends_with(&format!("_{value}")), "{line}"),
                _ => {}
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let (name, labels) = series
            .split_once('{')
            .map_or((series, ""), |(name, rest)| (name, rest.strip_suffix('}').unwrap()));
        let suffix =
            name.strip_prefix(families.last().unwrap().as_str()).expect("a sample follows its family");
        let allowed: &[&str] = match kind.as_str() {
            "counter" => &["_total", "_created"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_count", "_sum", "_created"],
            other => panic!("the type {other}: {line}"),
        };
        assert!(allowed.contains(&suffix), "{line}");
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let quoted = label
                .split_once('=')
                .is_some_and(|(_, value)| value.len() > 1 && value.starts_with('"') && value.ends_with('"'));
            assert!(quoted, "{line}");
        }
    }
    families
}
