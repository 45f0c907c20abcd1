//! What we send, to the letter.

use super::*;
use crate::sip::outgoing::{OptionsPing, branch_text};

#[test]
fn a_notify_reads_as_the_contract_says() {
    let parts = Parts::of("4201", "192.0.2.20:5060", "192.0.2.10:5060", Transport::Udp);
    let body =
        "Messages-Waiting: yes\r\nMessage-Account: sip:4201@192.0.2.20\r\nVoice-Message: 1/0 (0/0)\r\n";
    let expected = lines(&[
        "NOTIFY sip:4201@192.0.2.10:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bKb1;rport",
        "Max-Forwards: 70",
        "From: <sip:4201@192.0.2.20>;tag=t1",
        "To: <sip:4201@192.0.2.10>",
        "Call-ID: c1",
        "CSeq: 1 NOTIFY",
        "Contact: <sip:192.0.2.20:5060>",
        "Event: message-summary",
        "Subscription-State: terminated",
        &format!("User-Agent: Lamplighter/{}", env!("CARGO_PKG_VERSION")),
        "Content-Type: application/simple-message-summary",
        &format!("Content-Length: {}", body.len()),
    ]) + body;
    assert_eq!(String::from_utf8(parts.bytes()).unwrap(), expected);
    assert_eq!(branch_text(&parts.ids), "z9hG4bKb1");
    assert_eq!(request(parts.bytes()).branch(), Some("z9hG4bKb1"));
}

#[test]
fn via_and_contact_name_transport_and_ipv6_address() {
    for (transport, via, contact) in [
        (
            Transport::Udp,
            "SIP/2.0/UDP [2001:db8::20]:5060;branch=z9hG4bKb1;rport",
            "<sip:[2001:db8::20]:5060>",
        ),
        (
            Transport::Tcp,
            "SIP/2.0/TCP [2001:db8::20]:5060;branch=z9hG4bKb1;rport",
            "<sip:[2001:db8::20]:5060;transport=tcp>",
        ),
        (
            Transport::Tls,
            "SIP/2.0/TLS [2001:db8::20]:5060;branch=z9hG4bKb1;rport",
            "<sip:[2001:db8::20]:5060;transport=tls>",
        ),
    ] {
        let request =
            request(Parts::of("4201", "[2001:db8::20]:5060", "[2001:db8::10]:5060", transport).bytes());
        assert_eq!((request.header("Via"), request.header("Contact")), (Some(via), Some(contact)));
        assert_eq!(request.sent_by(), Some("[2001:db8::20]:5060"));
    }
    let mut parts = Parts::of("4201", "192.0.2.20:5061", "192.0.2.10:5061", Transport::Tls);
    parts.request_uri = "sips:4201@pbx.example.com".parse().unwrap();
    assert_eq!(request(parts.bytes()).contact_uri(), Some("sips:192.0.2.20:5061"));
}

#[test]
fn credentials_are_one_header_whatever_they_hold() {
    let parts = Parts::of("4201", "192.0.2.20:5060", "192.0.2.10:5060", Transport::Udp);
    let mut out = Vec::new();
    Notify {
        authorization: Some(("Proxy-Authorization", "Digest a=\"b\"\r\nEvil: 1\0")),
        cseq: 2,
        ..parts.notify()
    }
    .write(&mut out);
    let request = request(out);
    assert_eq!(request.header("Proxy-Authorization"), Some("Digest a=\"b\"Evil: 1"));
    assert_eq!((request.header("Evil"), request.cseq()), (None, Some((2, "NOTIFY"))));
}

#[test]
fn an_options_asks_without_a_body() {
    let parts = Parts::of("x", "192.0.2.20:5060", "192.0.2.10:5060", Transport::Tcp);
    let (hop, ids) = (&parts.hop, &parts.ids);
    let mut out = b"kept".to_vec();
    OptionsPing { request_uri: &parts.to, from: &parts.from, to: &parts.to, hop, ids, cseq: 4_294_967_295 }
        .write(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("keptOPTIONS sip:x@192.0.2.10 SIP/2.0\r\n"));
    assert!(text.contains("\r\nCSeq: 4294967295 OPTIONS\r\n"));
    assert!(text.ends_with("\r\nContent-Length: 0\r\n\r\n"));
    assert!(!text.contains("Event"));
}
