//! NOTIFY on the wire, byte by byte, and what silence does.

use std::time::{Duration, Instant};

use crate::common::free_port;
use crate::common::manifests::{gateway, mailbox, object, plan, policy};
use crate::common::office::Office;
use crate::common::phone::Phone;
use crate::gateway::{RawGateway, field};

/// What differs from message to message, replaced by an ellipsis.
fn normalised(message: &str) -> String {
    let mut text = message.to_owned();
    for mark in [";branch=z9hG4bK", ";tag=", "Call-ID: "] {
        let (before, after) = text.split_once(mark).unwrap_or_else(|| panic!("no `{mark}` in\n{message}"));
        let end = after.find([';', '\r']).unwrap();
        assert!(end >= 8, "`{mark}` is followed by too little to be unique:\n{message}");
        text = format!("{before}{mark}…{}", &after[end..]);
    }
    text
}

#[test]
fn a_notify_over_udp_is_exactly_as_the_contract_has_it() {
    // On the default port; no other program of this machine has the address.
    let [high, low] = free_port().to_be_bytes();
    let address = format!("127.{}.{low}.5", high.max(1));
    let raw = RawGateway::bind(&format!("{address}:5060"));
    let office = Office::new();
    let spec = format!("{{address: {address}, transport: UDP, dialPlanRef: {{name: hq}}}}");
    office.write("pbx.yaml", &object("UMIPGateway", "pbx", &spec));
    let program = office.start();
    let body = serde_json::json!({"new": 12, "old": 3, "urgentNew": 2, "urgentOld": 1});
    program.write(&crate::common::office::messages("lina"), &body);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    let port = office.sip_port;
    let body =
        "Messages-Waiting: yes\r\nMessage-Account: sip:4201@127.0.0.1\r\nVoice-Message: 12/3 (2/1)\r\n";
    let head = [
        format!("NOTIFY sip:4201@{address}:5060 SIP/2.0"),
        format!("Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK…;rport"),
        "Max-Forwards: 70".to_owned(),
        "From: <sip:4201@127.0.0.1>;tag=…".to_owned(),
        format!("To: <sip:4201@{address}>"),
        "Call-ID: …".to_owned(),
        "CSeq: 1 NOTIFY".to_owned(),
        format!("Contact: <sip:127.0.0.1:{port}>"),
        "Event: message-summary".to_owned(),
        "Subscription-State: terminated".to_owned(),
        format!("User-Agent: Lamplighter/{}", env!("CARGO_PKG_VERSION")),
        "Content-Type: application/simple-message-summary".to_owned(),
        format!("Content-Length: {}", body.len()),
    ];
    assert_eq!(normalised(&message), format!("{}\r\n\r\n{body}", head.join("\r\n")));
    assert_eq!(from.to_string(), format!("127.0.0.1:{port}"), "it leaves from the port of the dial plan");
    program.lamp_is("lina", "on");
    program.put("lina", 0, 0);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    assert!(message.ends_with("\r\n\r\nMessages-Waiting: no\r\nMessage-Account: sip:4201@127.0.0.1\r\nVoice-Message: 0/0 (0/0)\r\n"), "{message}");
    program.lamp_is("lina", "off");
}

#[test]
fn with_an_outbound_proxy_requests_go_to_it_and_name_the_gateway_as_their_target() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    let spec = format!(
        "{{address: pbx.example.invalid, transport: UDP, outboundProxy: \"127.0.0.1:{}\", dialPlanRef: {{name: hq}}}}",
        raw.port()
    );
    office.write("pbx.yaml", &object("UMIPGateway", "pbx", &spec));
    let program = office.start();
    program.put("lina", 1, 0);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    assert!(message.starts_with("NOTIFY sip:4201@pbx.example.invalid:5060 SIP/2.0\r\n"), "{message}");
    assert_eq!(field(&message, "Route"), format!("<sip:127.0.0.1:{};lr>", raw.port()));
    program.lamp_is("lina", "on");
}

#[test]
fn a_notify_that_is_not_answered_is_sent_again_as_it_was_and_then_to_the_next_gateway_after_three_seconds() {
    let (raw, second) = (RawGateway::bind("127.0.0.1:0"), Phone::start());
    let office = Office::new();
    office.gateway("pbx-a", raw.port(), ", transport: UDP, priority: 1");
    office.gateway("pbx-b", second.port, ", priority: 2");
    let program = office.start();
    let start = Instant::now();
    program.put("lina", 1, 0);
    let (first, _) = raw.notify();
    for _ in 0..2 {
        let (again, _) = raw.notify();
        assert_eq!(again, first, "a retransmission is the same message (RFC 3261 section 17.1.2)");
    }
    assert!(
        start.elapsed() > Duration::from_millis(1_400),
        "T1 and 2 T1 lie between them: {:?}",
        start.elapsed()
    );
    assert_eq!(second.notified(), [] as [serde_json::Value; 0]);
    second.shows("4201", "on 1/0 (0/0)");
    let took = start.elapsed();
    assert!(took > Duration::from_millis(2_900) && took < Duration::from_secs(5), "{took:?}");
    assert_eq!(program.lamp_is("lina", "on")["lamps"][0]["gateways"][0]["name"], "pbx-b");
}

#[test]
fn an_answer_that_comes_late_counts() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.gateway("pbx", raw.port(), ", transport: UDP");
    let program = office.start();
    program.put("lina", 1, 0);
    let (first, from) = raw.notify();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(3_300) {
        // It goes on being sent again; only the clock matters here.
        let _ = raw.notify_within(Duration::from_millis(200));
    }
    assert_eq!(program.get("lina")["lamp"], "pending");
    raw.answer(&first, from, "200 OK");
    let told = program.lamp_is("lina", "on");
    assert_eq!(told["lamps"][0]["gateways"][0]["answer"], 200);
}

#[test]
fn every_notify_has_ids_of_its_own() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.gateway("pbx", raw.port(), ", transport: UDP");
    let program = office.start();
    let mut seen = std::collections::BTreeSet::new();
    for new in 1..=5 {
        program.put("lina", new, 0);
        let (message, from) = raw.notify();
        raw.answer(&message, from, "200 OK");
        program.lamp_is("lina", "on");
        for name in ["Via", "From", "Call-ID"] {
            assert!(seen.insert(field(&message, name).to_owned()), "{name} is not new:\n{message}");
        }
    }
}

#[test]
fn a_gateway_that_refuses_is_passed_over_for_the_next_one() {
    for status in
        ["480 Temporarily Unavailable", "503 Service Unavailable", "404 Not Found", "302 Moved Temporarily"]
    {
        let (raw, second) = (RawGateway::bind("127.0.0.1:0"), Phone::start());
        let office = Office::new();
        office.gateway("pbx-a", raw.port(), ", transport: UDP, priority: 1");
        office.gateway("pbx-b", second.port, ", priority: 2");
        let program = office.start();
        let start = Instant::now();
        program.put("lina", 1, 0);
        let (message, from) = raw.notify();
        raw.answer(&message, from, status);
        second.shows("4201", "on 1/0 (0/0)");
        assert!(start.elapsed() < Duration::from_secs(2), "{status} needs no waiting: {:?}", start.elapsed());
        program.lamp_is("lina", "on");
    }
}

#[test]
fn a_plan_of_numbers_names_the_lamp_by_its_number_with_plus() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.write("plan.yaml", &plan("hq", "E164", office.sip_port));
    office.gateway("pbx", raw.port(), ", transport: UDP");
    office.write(
        "lina.yaml",
        &mailbox("lina", "sales", &["4201"], ", sipResourceIdentifier: \"+493055504201\""),
    );
    office.remove("omar.yaml");
    let program = office.start();
    let path = crate::common::office::messages_of("hq", "+493055504201");
    assert_eq!(program.write(&path, &serde_json::json!({"new": 1, "old": 0})).status, 200);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    let at = |host: &str| format!("sip:+493055504201@{host}");
    assert!(
        message.starts_with(&format!("NOTIFY {} SIP/2.0\r\n", at(&format!("127.0.0.1:{}", raw.port())))),
        "{message}"
    );
    assert!(field(&message, "From").starts_with(&format!("<{}>;tag=", at("127.0.0.1"))), "{message}");
    assert_eq!(field(&message, "To"), format!("<{}>", at("127.0.0.1")), "no port (RFC 3261 section 19.1.1)");
    assert_eq!(field(&message, "Message-Account"), at("127.0.0.1"));
    assert_eq!(program.lamp_is("lina", "on")["lamps"][0]["address"], "+493055504201");
}

#[test]
fn a_plan_of_sip_names_names_the_lamp_by_its_address_everywhere() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.write("plan.yaml", &plan("hq", "SipName", office.sip_port));
    office.gateway("pbx", raw.port(), ", transport: UDP");
    office.write(
        "lina.yaml",
        &mailbox("lina", "sales", &["4201"], ", sipResourceIdentifier: lina@example.com"),
    );
    office.remove("omar.yaml");
    let program = office.start();
    program.put("lina", 1, 0);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    assert!(message.starts_with("NOTIFY sip:lina@example.com SIP/2.0\r\n"), "{message}");
    assert!(field(&message, "From").starts_with("<sip:lina@example.com>;tag="), "{message}");
    assert_eq!(field(&message, "To"), "<sip:lina@example.com>");
    assert_eq!(field(&message, "Message-Account"), "sip:lina@example.com");
    assert_eq!(program.lamp_is("lina", "on")["lamps"][0]["address"], "lina@example.com");
}

#[test]
fn a_gateway_names_its_uris_itself_where_it_has_an_identity() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    let identity = ", transport: UDP, identity: {requestURI: \"sip:mwi-{extension}@{gateway}\", from: \"sip:vm@{notifier}\", to: \"sip:{number}@pbx.example.com\"}";
    office.gateway("pbx", raw.port(), identity);
    let program = office.start();
    program.put("lina", 1, 0);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    assert!(
        message.starts_with(&format!("NOTIFY sip:mwi-4201@127.0.0.1:{} SIP/2.0\r\n", raw.port())),
        "{message}"
    );
    assert!(field(&message, "From").starts_with("<sip:vm@127.0.0.1>;tag="), "{message}");
    assert_eq!(field(&message, "To"), "<sip:4201@pbx.example.com>");
}

#[test]
fn udp_and_tcp_are_taken_as_the_gateway_says_and_tcp_where_it_says_nothing() {
    for (transport, wanted) in [(", transport: UDP", "udp"), (", transport: TCP", "tcp"), ("", "tcp")] {
        let phone = Phone::start();
        let office = Office::new();
        office.gateway("pbx", phone.port, transport);
        let program = office.start();
        program.put("lina", 1, 0);
        phone.shows("4201", "on 1/0 (0/0)");
        assert_eq!(phone.notified()[0]["transport"], wanted);
    }
}

#[test]
fn a_gateway_at_an_ipv6_address_is_reached_over_udp_and_tcp() {
    for transport in ["UDP", "TCP"] {
        let phone = Phone::listen(&format!("[::1]:{}", free_port()));
        let office = Office::new();
        let spec = format!(
            "{{address: \"::1\", port: {}, ipAddressFamily: IPv6Only, transport: {transport}, dialPlanRef: {{name: hq}}}}",
            phone.port
        );
        office.write("pbx.yaml", &object("UMIPGateway", "pbx", &spec));
        let program = crate::common::office::Program::start(
            &office.manifests(),
            &office.data(),
            &["--sip-listen", "::1"],
        );
        program.put("lina", 1, 0);
        phone.shows("4201", "on 1/0 (0/0)");
        let line = &phone.notified()[0];
        assert_eq!(line["account"], "sip:4201@[::1]");
        assert!(line["from"].as_str().is_some_and(|from| from.starts_with("[::1]:")), "{line}");
    }
}

#[test]
fn a_sip_port_that_is_taken_is_a_warning_and_notify_leaves_from_another() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.write("plan.yaml", &plan("hq", "TelExtn", port));
    office.gateway("pbx", raw.port(), ", transport: UDP");
    let program = office.start();
    program.logs("NOTIFY leaves from another port");
    program.put("lina", 1, 0);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    assert_ne!(from.port(), port);
    assert!(field(&message, "Via").contains(&format!("127.0.0.1:{};", from.port())), "{message}");
    program.lamp_is("lina", "on");
}

#[test]
fn a_sip_port_that_changes_while_the_program_runs_is_where_the_next_notify_comes_from() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.gateway("pbx", raw.port(), ", transport: UDP");
    let program = office.start();
    program.put("lina", 1, 0);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    program.lamp_is("lina", "on");
    let (port, mark) = (free_port(), program.mark());
    office.write("plan.yaml", &plan("hq", "TelExtn", port));
    office.replace("omar.yaml", "4202", "4203");
    program.says(mark, "4203");
    program.put("lina", 2, 0);
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    assert_eq!(from.port(), port);
    assert!(message.contains("\r\nVoice-Message: 2/0 (0/0)\r\n"), "{message}");
    program.lamp_is("lina", "on");
}

#[test]
fn two_plans_share_a_port_and_each_tells_its_own_gateway() {
    let (here, there) = (Phone::start(), Phone::start());
    let office = Office::new();
    office.gateway("pbx", here.port, ", transport: UDP");
    let parts = [
        plan("branch", "TelExtn", office.sip_port),
        policy("staff", "branch"),
        gateway("pbx-branch", "branch", there.port, ", transport: UDP"),
        mailbox("noor", "staff", &["4201"], ""),
    ];
    office.write("branch.yaml", &parts.join("---\n"));
    let program = office.start();
    program.put("lina", 1, 0);
    program.put("noor", 2, 0);
    here.shows("4201", "on 1/0 (0/0)");
    there.shows("4201", "on 2/0 (0/0)");
    for phone in [&here, &there] {
        let from = format!("127.0.0.1:{}", office.sip_port);
        assert!(phone.notified().iter().all(|line| line["from"] == from), "{:?}", phone.notified());
    }
    assert_eq!((here.notified().len(), there.notified().len()), (1, 1));
}
