//! What sipp sees of NOTIFY: its form, its number, its connection, and two dial plans at one gateway.

use std::net::UdpSocket;

use serde_json::json;

use super::installed::connections;
use super::scripted::Scripted;
use super::sipp::Sipp;
use super::staff::{PATIENCE, all_on_by, hire, light};
use crate::common::manifests::{mailbox, object, plan, policy};
use crate::common::office::{Office, Program, messages};
use crate::common::phone::Phone;
use crate::common::{free_port, wait};

fn is_as_the_contract_says(protocol: &str) {
    let sipp = Sipp::start("uas_checks.xml", protocol);
    let office = Office::new();
    office.gateway("pbx", sipp.port, &format!(", transport: {}", protocol.to_uppercase()));
    let program = office.start();
    let counts = json!({"new": 3, "old": 2, "urgentNew": 1, "urgentOld": 0});
    assert_eq!(program.write(&messages("lina"), &counts).status, 200);
    program.lamp_is("lina", "on");
    program.put("lina", 0, 2);
    program.lamp_is("lina", "off");
    let notifies = sipp.wait_for(2);
    program.stop();

    let (port, sip_port) = (sipp.port, office.sip_port);
    let body = "Messages-Waiting: yes\r\nMessage-Account: sip:4201@127.0.0.1\r\nVoice-Message: 3/2 (1/0)\r\n";
    let (head, first) = notifies[0].split_once("\r\n\r\n").unwrap();
    // The log of sipp ends each message with a line of its own.
    assert_eq!(first.trim_end_matches('\n'), body.trim_end_matches('\n'));
    let head: Vec<&str> = head.split("\r\n").collect();
    assert_eq!(head[0], format!("NOTIFY sip:4201@127.0.0.1:{port} SIP/2.0"));
    assert!(head.contains(&format!("Content-Length: {}", body.len()).as_str()), "{head:?}");
    assert!(head.contains(&"To: <sip:4201@127.0.0.1>"), "{head:?}");
    let via = format!("Via: SIP/2.0/{} 127.0.0.1:{sip_port};", protocol.to_uppercase());
    assert!(head[1].starts_with(&via), "{head:?} has no {via}");
    assert!(notifies[1].contains("Messages-Waiting: no\r\n"), "{}", notifies[1]);
    assert!(notifies[1].contains("Voice-Message: 0/2 (0/0)\r\n"), "{}", notifies[1]);

    let errors = sipp.errors();
    let counts = sipp.stop();
    assert_eq!((counts["1_NOTIFY_Recv"], counts["FailedCall(C)"]), (2, 0), "{errors}\n{counts:?}");
}

#[test]
fn notify_over_udp_is_as_the_contract_says() {
    is_as_the_contract_says("udp");
}

#[test]
fn notify_over_tcp_is_as_the_contract_says() {
    is_as_the_contract_says("tcp");
}

#[test]
fn notify_over_udp_leaves_from_the_port_of_the_dial_plan() {
    let pbx = Scripted::start(Box::new(|_| ("200 OK", Vec::new())));
    let office = Office::new();
    office.gateway("pbx", pbx.port, ", transport: UDP");
    let program = office.start();
    program.put("lina", 1, 0);
    program.lamp_is("lina", "on");
    let heard = pbx.heard();
    assert_eq!(heard.iter().map(|heard| heard.from).collect::<Vec<_>>(), [office.sip_port]);
}

#[test]
fn the_checks_of_sipp_fail_a_notify_without_a_subscription_state() {
    let sipp = Sipp::start("uas_checks.xml", "udp");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let from = socket.local_addr().unwrap();
    let body = "Messages-Waiting: yes\r\nMessage-Account: sip:4201@127.0.0.1\r\nVoice-Message: 1/0 (0/0)\r\n";
    let notify = |call: &str, state: &str| {
        format!(
            "NOTIFY sip:4201@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{call};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:4201@127.0.0.1>;tag=a1\r\nTo: <sip:4201@127.0.0.1>\r\nCall-ID: {call}\r\n\
             CSeq: 1 NOTIFY\r\nContact: <sip:{from}>\r\nEvent: message-summary\r\n{state}User-Agent: Lamplighter/0.1.0\r\n\
             Content-Type: application/simple-message-summary\r\nContent-Length: {length}\r\n\r\n{body}",
            port = sipp.port,
            length = body.len()
        )
    };
    // The one that is right shows that nothing else is wrong.
    for (call, state) in [("wrong", ""), ("right", "Subscription-State: terminated\r\n")] {
        socket.send_to(notify(call, state).as_bytes(), ("127.0.0.1", sipp.port)).unwrap();
    }
    sipp.wait_for(2);
    wait("sipp to say what is wrong", || {
        sipp.errors().contains("Subscription-State: not found").then_some(())
    });
    let counts = sipp.stop();
    assert_eq!((counts["SuccessfulCall(C)"], counts["FailedCall(C)"]), (1, 1), "{counts:?}");
}

fn fifty_lamps_are_lit(protocol: &str) -> Sipp {
    let sipp = Sipp::start("uas_200.xml", protocol);
    let office = Office::new();
    office.gateway("pbx", sipp.port, &format!(", transport: {}", protocol.to_uppercase()));
    let staff = hire(&office, 50);
    let program = office.start();
    light(&program, &staff);
    all_on_by(&program, &staff, "pbx", PATIENCE);
    if protocol == "tcp" {
        assert_eq!(connections(sipp.port), 1, "one connection carries all");
    }
    program.stop();
    let lamps = sipp.lamps();
    let lit = staff.iter().filter(|(_, extension)| lamps[extension] == "1/0 (0/0)").count();
    assert_eq!((lit, lamps.len()), (50, 50));
    sipp
}

fn counts_agree(sipp: Sipp) {
    let counts = sipp.stop();
    let of_notify =
        ["1_NOTIFY_Recv", "1_NOTIFY_Retrans", "1_NOTIFY_Unexp", "2_200_Sent"].map(|name| counts[name]);
    assert_eq!(of_notify, [50, 0, 0, 50], "{counts:?}");
    assert_eq!(counts["FailedCall(C)"], 0, "{counts:?}");
    assert_eq!(counts["SuccessfulCall(C)"], 50 + counts["0_OPTIONS_Recv"], "{counts:?}");
}

#[test]
fn fifty_lamps_are_fifty_notifies_over_udp_and_none_is_repeated() {
    counts_agree(fifty_lamps_are_lit("udp"));
}

#[test]
fn fifty_lamps_are_fifty_notifies_over_one_tcp_connection() {
    counts_agree(fifty_lamps_are_lit("tcp"));
}

#[test]
fn a_gateway_with_hunt_groups_gets_the_lamps_of_both_dial_plans() {
    let sipp = Sipp::start("uas_200.xml", "udp");
    let office = Office::new();
    office.write("branch.yaml", &plan("branch", "TelExtn", free_port()));
    office.write("branch-policy.yaml", &policy("branch-staff", "branch"));
    // The same extension in both plans is another phone.
    office.write("noor.yaml", &mailbox("noor", "branch-staff", &["4201"], ""));
    office.write("pavel.yaml", &mailbox("pavel", "branch-staff", &["6102"], ""));
    let groups = "[{dialPlanRef: {name: hq}, pilotIdentifiers: ['4000']}, {dialPlanRef: {name: branch}, pilotIdentifiers: ['5000']}]";
    let spec = format!("{{address: 127.0.0.1, port: {}, transport: UDP, huntGroups: {groups}}}", sipp.port);
    office.write("pbx.yaml", &object("UMIPGateway", "pbx", &spec));
    let program = office.start();
    for (mailbox, new) in [("lina", 1), ("omar", 2), ("noor", 3), ("pavel", 4)] {
        program.put(mailbox, new, 0);
        program.lamp_is(mailbox, "on");
    }
    program.stop();
    let lines: Vec<String> = sipp
        .notifies()
        .iter()
        .map(|notify| {
            let user = notify["NOTIFY sip:".len()..].split('@').next().unwrap();
            let voice = notify.lines().find_map(|line| line.strip_prefix("Voice-Message: ")).unwrap();
            format!("{user} {}", voice.trim_end())
        })
        .collect();
    assert_eq!(lines, ["4201 1/0 (0/0)", "4202 2/0 (0/0)", "4201 3/0 (0/0)", "6102 4/0 (0/0)"]);
}

fn is_told_over_ipv6(transport: &str) {
    let phone = Phone::listen(&format!("{}:[::1]:{}", transport.to_lowercase(), free_port()));
    let office = Office::new();
    let spec = format!(
        "{{address: '::1', port: {}, transport: {transport}, ipAddressFamily: IPv6Only, dialPlanRef: {{name: hq}}}}",
        phone.port
    );
    office.write("pbx.yaml", &object("UMIPGateway", "pbx", &spec));
    let program = Program::start(&office.manifests(), &office.data(), &["--sip-listen", "::1"]);
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    program.lamp_is("lina", "on");
    let notified = phone.notified();
    assert_eq!(notified[0]["account"], "sip:4201@[::1]");
    assert!(notified[0]["from"].as_str().unwrap().starts_with("[::1]:"), "{notified:?}");
}

#[test]
fn a_gateway_with_an_ipv6_address_is_told_over_udp() {
    is_told_over_ipv6("UDP");
}

#[test]
fn a_gateway_with_an_ipv6_address_is_told_over_tcp() {
    is_told_over_ipv6("TCP");
}
