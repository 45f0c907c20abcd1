//! Things that change around a lamp: the number of its owner, the address of the notifier, its port, its gateways.

use std::net::UdpSocket;

use crate::common::manifests::{gateway, mailbox, object, plan, policy};
use crate::common::office::{Office, Program};
use crate::common::phone::Phone;
use crate::common::{free_port, wait};
use crate::gateway::{RawGateway, field};

const IDENTITY: &str = ", transport: UDP, identity: {requestURI: \"sip:{extension}@{gateway}\"}";

/// Answers the next NOTIFY, which must have this Request-URI and these counts, and leave from this port.
fn takes(raw: &RawGateway, uri: &str, counts: &str) -> (String, u16) {
    let (message, from) = raw.notify();
    raw.answer(&message, from, "200 OK");
    assert!(
        message.starts_with(&format!("NOTIFY {uri} SIP/2.0\r\n")),
        "{uri} is not the address of\n{message}"
    );
    assert!(
        message.contains(&format!("\r\nVoice-Message: {counts} (0/0)\r\n")),
        "{counts} is not in\n{message}"
    );
    (message, from.port())
}

/// The URI of an extension at a gateway.
fn at(raw: &RawGateway, extension: &str) -> String {
    format!("sip:{extension}@127.0.0.1:{}", raw.port())
}

/// The office whose gateway knows people by their extensions; Lina has one new message.
fn known_by_extension(uri_type: &str, lina: &str) -> (RawGateway, Office, Program) {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.gateway("pbx", raw.port(), IDENTITY);
    office.write("plan.yaml", &plan("hq", uri_type, office.sip_port));
    office.write("lina.yaml", &mailbox("lina", "sales", &["4201"], lina));
    office.remove("omar.yaml");
    let program = office.start();
    program.put("lina", 1, 0);
    takes(&raw, &at(&raw, "4201"), "1/0");
    program.lamp_is("lina", "on");
    (raw, office, program)
}

#[test]
fn a_lamp_that_nobody_names_any_more_is_put_out_under_the_extension_that_it_had() {
    for (uri_type, lina) in [("TelExtn", ""), ("SipName", ", sipResourceIdentifier: lina@example.com")] {
        let (raw, office, _program) = known_by_extension(uri_type, lina);
        office.remove("lina.yaml");
        takes(&raw, &at(&raw, "4201"), "0/0");
    }
}

#[test]
fn a_lamp_is_put_out_under_the_old_extension_when_its_owner_has_another_one() {
    let (raw, office, _program) = known_by_extension("SipName", ", sipResourceIdentifier: lina@example.com");
    let moved = mailbox("lina", "sales", &["4301"], ", sipResourceIdentifier: lina@office.example.com");
    office.write("lina.yaml", &moved);
    let mut told = Vec::new();
    for _ in 0..2 {
        let (message, from) = raw.notify();
        raw.answer(&message, from, "200 OK");
        told.push((message.split(' ').nth(1).unwrap().to_owned(), message.contains("Messages-Waiting: yes")));
    }
    told.sort();
    assert_eq!(told, [(at(&raw, "4201"), false), (at(&raw, "4301"), true)]);
}

/// A plan that advertises this host.
fn advertising(name: &str, port: u16, host: &str) -> String {
    let sip = format!("{{port: {port}, advertisedAddress: {host}}}");
    let notifier = format!("{{mode: Active, sip: {sip}}}");
    let spec = format!("{{numberOfDigitsInExtension: 4, uriType: TelExtn, notifier: {notifier}}}");
    object("UMDialPlan", name, &spec)
}

#[test]
fn another_advertised_address_is_in_the_next_notify_which_leaves_from_the_same_port() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.gateway("pbx", raw.port(), ", transport: UDP");
    office.write("plan.yaml", &advertising("hq", office.sip_port, "vm.example.com"));
    let program = office.start();
    for (new, host) in [(1, "vm.example.com"), (2, "mail.example.com"), (3, "127.0.0.1")] {
        let (mark, digit) = (program.mark(), new + 2);
        office.write("plan.yaml", &advertising("hq", office.sip_port, host));
        office.write("omar.yaml", &mailbox("omar", "sales", &[&format!("420{digit}")], ""));
        program.says(mark, &format!("420{digit}"));
        program.put("lina", new, 0);
        let (message, port) = takes(&raw, &at(&raw, "4201"), &format!("{new}/0"));
        assert_eq!(port, office.sip_port, "{host}");
        let via = format!("SIP/2.0/UDP {host}:{port};");
        assert!(field(&message, "Via").starts_with(&via), "{via} is not in\n{message}");
        let from = format!("<sip:4201@{host}>;");
        assert!(field(&message, "From").starts_with(&from), "{from} is not in\n{message}");
        assert_eq!(field(&message, "Contact"), format!("<sip:{host}:{port}>"));
        program.lamp_is("lina", "on");
    }
}

#[test]
fn a_sip_port_that_another_program_gives_up_is_taken_without_a_restart() {
    let port = free_port();
    let other = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.write("plan.yaml", &plan("hq", "TelExtn", port));
    office.gateway("pbx", raw.port(), ", transport: UDP");
    let program = office.start();
    program.logs("NOTIFY leaves from another port");
    program.put("lina", 1, 0);
    let (_, from) = takes(&raw, &at(&raw, "4201"), "1/0");
    assert_ne!(from, port);
    drop(other);
    let mut new = 1;
    wait("a NOTIFY from the port of the dial plan", || {
        new = new % 100 + 1;
        program.put("lina", new, 0);
        let (message, from) = raw.notify();
        raw.answer(&message, from, "200 OK");
        (from.port() == port).then_some(())
    });
    program.lamp_is("lina", "on");
}

#[test]
fn a_gateway_that_comes_back_is_put_out_though_the_mailbox_is_gone_meanwhile() {
    let (first, second) = (Phone::start(), Phone::start());
    let office = Office::new();
    office.gateway("pbx-a", first.port, ", priority: 1");
    office.gateway("pbx-b", second.port, ", priority: 2");
    let program = office.start();
    program.put("lina", 1, 0);
    first.shows("4201", "on 1/0 (0/0)");
    office.gateway("pbx-a", first.port, ", priority: 1, status: Disabled");
    second.shows("4201", "on 1/0 (0/0)");
    office.remove("lina.yaml");
    second.shows("4201", "off 0/0 (0/0)");
    assert_eq!(first.history("4201"), ["on 1/0 (0/0)"]);
    office.gateway("pbx-a", first.port, ", priority: 1");
    first.shows("4201", "off 0/0 (0/0)");
}

#[test]
fn a_gateway_that_is_removed_is_in_no_metric_of_the_present() {
    let (first, second) = (Phone::start(), Phone::start());
    let office = Office::new();
    office.gateway("pbx-a", first.port, ", priority: 1");
    office.gateway("pbx-b", second.port, ", priority: 2");
    let program = office.start();
    let up = |gateway: &str| {
        format!("lamplighter_gateway_up{{namespace=\"voice\",name=\"hq\",gateway=\"{gateway}\"}}")
    };
    program.put("lina", 1, 0);
    first.shows("4201", "on 1/0 (0/0)");
    let text = program.read("/metrics").body;
    assert!(text.contains(&up("pbx-a")) && text.contains(&up("pbx-b")), "{text}");
    office.remove("pbx-a.yaml");
    second.shows("4201", "on 1/0 (0/0)");
    let text = wait("the gateway to be gone from the metrics", || {
        let text = program.read("/metrics").body;
        (!text.contains(&up("pbx-a"))).then_some(text)
    });
    assert!(text.contains(&format!("{} 1\n", up("pbx-b"))), "{text}");
}

#[test]
fn a_dial_plan_that_is_removed_is_in_no_metric_of_the_present() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    office.write("branch.yaml", &plan("branch", "TelExtn", office.sip_port));
    let program = office.start();
    let lamps = "lamplighter_lamps{namespace=\"voice\",name=\"branch\"}";
    assert!(program.read("/metrics").body.contains(lamps));
    office.remove("branch.yaml");
    wait("the dial plan to be gone from the metrics", || {
        (!program.read("/metrics").body.contains(lamps)).then_some(())
    });
}

#[test]
fn another_advertised_address_of_two_plans_that_share_a_port_is_in_the_next_notify_of_both() {
    let (here, there) = (RawGateway::bind("127.0.0.1:0"), RawGateway::bind("127.0.0.1:0"));
    let office = Office::new();
    office.gateway("pbx", here.port(), ", transport: UDP");
    let parts = [
        policy("staff", "branch"),
        gateway("pbx-branch", "branch", there.port(), ", transport: UDP"),
        mailbox("noor", "staff", &["4201"], ""),
    ];
    office.write("more.yaml", &parts.join("---\n"));
    let both = |host: &str| {
        let plans = ["hq", "branch"].map(|name| advertising(name, office.sip_port, host));
        office.write("plan.yaml", &plans.join("---\n"));
    };
    both("vm.example.com");
    let program = office.start();
    both("mail.example.com");
    let mut new = 0;
    wait("both to send from the port with the new name", || {
        new = new % 100 + 1;
        let right = [("lina", &here), ("noor", &there)].map(|(mailbox, raw)| {
            program.put(mailbox, new, 0);
            let (message, from) = raw.notify();
            raw.answer(&message, from, "200 OK");
            field(&message, "Via").contains(&format!(" mail.example.com:{};", office.sip_port))
                && from.port() == office.sip_port
        });
        (right == [true, true]).then_some(())
    });
}
