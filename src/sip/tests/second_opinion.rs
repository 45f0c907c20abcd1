//! The same bytes read by other people's parsers: what we send must be sound to them, and what they refuse we refuse too, but
//! for differences that are stated.

use super::*;
use proptest::prelude::*;
use sipx_sip::{Finding, Limits, parse_datagram, validate};

/// Whether the second parser accepts the message and finds no fault in it but these.
fn other_accepts(bytes: &[u8], stated: &[Finding]) -> bool {
    parse_datagram(bytes.to_vec().into(), &Limits::datagram())
        .is_ok_and(|message| validate(&message).iter().all(|finding| stated.contains(finding)))
}

#[test]
fn two_other_parsers_find_no_fault_in_our_notify() {
    for (us, gateway) in
        [("192.0.2.20:5060", "192.0.2.10:5060"), ("ums.example.com:5060", "pbx.example.com:5061")]
    {
        for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
            let bytes = Parts::of("4201", us, gateway, transport).bytes();
            assert!(other_accepts(&bytes, &[]));
            let theirs = rsip::Request::try_from(bytes.as_slice()).unwrap();
            assert_eq!(
                (theirs.method, theirs.uri.to_string()),
                (rsip::Method::Notify, format!("sip:4201@{gateway}"))
            );
            assert_eq!(theirs.body, request(&bytes).body());
        }
    }
    assert!(other_accepts(
        &Parts::of("lina.berg", "[2001:db8::20]:5060", "[2001:db8::10]:5060", Transport::Tls).bytes(),
        &[]
    ));
}

#[test]
fn the_second_parser_finds_no_fault_in_our_answers() {
    let notify = request(Parts::of("4201", "[2001:db8::20]:5060", "192.0.2.10:5060", Transport::Udp).bytes());
    for status in [200, 415, 489] {
        let bytes = notify.respond(
            status,
            "Whatever",
            "t",
            &[("Allow", "NOTIFY")],
            "[2001:db8::21]:5060".parse().unwrap(),
        );
        assert!(other_accepts(&bytes, &[]), "{}", String::from_utf8_lossy(&bytes));
    }
}

/// Why `rsip` reads only parameters here: it takes the user for a part of the host, and an IPv6 host for a port.
#[test]
fn rsip_still_mistakes_users_with_a_dot_and_ipv6_hosts() {
    let dotted = rsip::Uri::try_from("sip:lina.berg@example.com").unwrap();
    assert_eq!(dotted.user(), None);
    assert!(rsip::Uri::try_from("sip:4201@[2001:db8::1]:5060").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// We may be stricter: the other way round would be a hole.
    #[test]
    fn what_the_second_parser_refuses_we_refuse_too(
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\r\n \t;,=:\"<>@0aV/".to_vec()), 0..3u8), 1..4)
    ) {
        let mut bytes = Parts::of("4201", "192.0.2.20:5060", "192.0.2.10:5060", Transport::Udp).bytes();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let Ok(Message::Request(request)) = Message::parse(&bytes) {
            let via = request.header("Via").unwrap();
            let mut stated = vec![
                // RFC 2543 had none.
                Finding::MissingRequiredHeader("Max-Forwards"),
                // Of a foreign URI we check characters and host, not its parameters and headers.
                Finding::MalformedRequiredHeader("From"),
                Finding::MalformedRequiredHeader("To"),
            ];
            // RFC 3261 25.1 allows blanks around the colon before a port; the second parser does not.
            if [" :", ": ", "\t:", ":\t"].iter().any(|blank| via.contains(blank)) {
                stated.push(Finding::MalformedRequiredHeader("Via"));
            }
            prop_assert!(other_accepts(&bytes, &stated), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
