//! Nothing that parses can break out of its line: every accepted value gives exactly the expected lines.

use super::*;
use crate::sip::digest;
use crate::sip::message::response_head;
use crate::sip::text::{HostPort, Token};
use crate::sip::uas::{Reply, lamp_reply};
use proptest::prelude::*;

/// Text that tempts: control characters, separators, and pieces of what is allowed.
fn tempting() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9.%_+-]{1,8}",
        2 => Just("\r\n".to_owned()),
        1 => Just("\r\nEvil: 1\r\n".to_owned()),
        1 => "[\\x00-\\x20<>\"@:;,?=\\[\\]\\\\\\x7f]",
        1 => "\\PC",
        1 => Just("sip:".to_owned()),
        1 => Just(";transport=tcp".to_owned()),
        1 => Just("%0d%0a".to_owned()),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn user() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9._~!*'()&=+$,;?/-]{1,20}", "\\+[1-9][0-9]{3,14}", "[a-z]{1,5}(%[2-7][0-9]){1,3}"]
}

fn place() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
        "[a-z][a-z0-9]{0,10}(\\.[a-z][a-z0-9]{0,10}){0,3}",
    ];
    (host, 1..=u16::MAX).prop_map(|(host, port)| format!("{host}:{port}"))
}

fn token() -> impl Strategy<Value = Token> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,64}".prop_map(|text| text.parse().unwrap())
}

fn is_one_line(text: &str) -> bool {
    text.bytes().all(|byte| (0x21..0x7f).contains(&byte)) && !text.contains(['<', '>', '"'])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_accepted_uri_host_or_token_holds_a_line_end_or_a_blank(text in tempting(), scheme in prop::sample::select(vec!["", "sip:", "sips:4201@"])) {
        let text = format!("{scheme}{text}");
        if let Ok(uri) = text.parse::<SipUri>() {
            prop_assert!(is_one_line(uri.as_str()), "{:?}", uri);
            prop_assert_eq!(uri.as_str().parse::<SipUri>().unwrap(), uri);
        }
        prop_assert!(text.parse::<Token>().ok().is_none_or(|token| is_one_line(token.as_str())));
        prop_assert!(Token::call_id(&text).ok().is_none_or(|token| is_one_line(token.as_str())));
        prop_assert!(text.parse::<HostPort>().ok().is_none_or(|both| is_one_line(&both.to_string())));
    }

    #[test]
    fn a_notify_of_any_accepted_values_has_exactly_its_lines_and_comes_back_whole(
        user in user(), us in place(), gateway in place(), transport in prop::sample::select(vec![Transport::Udp, Transport::Tcp, Transport::Tls]),
        ids in (token(), token(), token()), counts in (any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()), cseq in 0..1u32 << 31,
        secret in prop::option::of(tempting()),
    ) {
        let mut parts = Parts::of(&user, &us, &gateway, transport);
        parts.ids = Ids { branch: ids.0, call_id: ids.1, from_tag: ids.2 };
        parts.counts = Counts { new: counts.0, old: counts.1, urgent_new: counts.2, urgent_old: counts.3 };
        let mut out = Vec::new();
        Notify { cseq, authorization: secret.as_deref().map(|value| ("Authorization", value)), ..parts.notify() }.write(&mut out);

        let text = String::from_utf8(out.clone()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head.split("\r\n").skip(1).map(|line| line.split(':').next().unwrap()).collect();
        let mut expected = vec!["Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Event", "Subscription-State", "User-Agent"];
        expected.extend(secret.as_ref().map(|_| "Authorization"));
        expected.extend(["Content-Type", "Content-Length"]);
        prop_assert_eq!(names, expected);
        prop_assert_eq!(body.split("\r\n").count(), 4);

        let request = request(&out);
        prop_assert_eq!(request.uri(), parts.request_uri.as_str());
        prop_assert_eq!(request.from_uri(), Some(parts.from.as_str()));
        prop_assert_eq!(request.to_uri(), Some(parts.to.as_str()));
        prop_assert_eq!(request.cseq(), Some((cseq, "NOTIFY")));
        prop_assert_eq!(request.call_id(), Some(parts.ids.call_id.as_str()));
        prop_assert_eq!(request.from_tag(), Some(parts.ids.from_tag.as_str()));
        let sent_by = parts.hop.sent_by.to_string();
        prop_assert_eq!(request.sent_by(), Some(sent_by.as_str()));
        let Reply::Notified(received) = lamp_reply(&request) else { panic!("not taken for a lamp: {text}") };
        prop_assert_eq!(received.counts, Counts::NONE.saturating_add(parts.counts));
        prop_assert_eq!(received.waiting, parts.counts.new > 0);
        prop_assert_eq!(received.account.as_deref(), Some(parts.account.as_str()));

        let answer = request.respond(200, "OK", "t", &[], "192.0.2.9:5060".parse().unwrap());
        let head = response_head(&answer).unwrap();
        let branch = crate::sip::outgoing::branch_text(&parts.ids);
        prop_assert_eq!((head.status, head.branch, head.method), (200, branch.as_str(), "NOTIFY"));
    }

    #[test]
    fn no_challenge_and_no_name_can_put_a_line_end_into_credentials(
        challenge in tempting(), name in tempting(), password in tempting(), uri in tempting(), cnonce in tempting(),
    ) {
        let challenge = format!("Digest realm=\"{challenge}\", nonce=\"n\", opaque=\"{challenge}\", qop=\"auth\"");
        if let Ok(challenge) = digest::parse_challenge(&challenge) {
            let value = digest::answer(&challenge, "NOTIFY", &uri, &name, &password, &cnonce, 1);
            prop_assert!(!value.chars().any(|letter| letter.is_control() && letter != '\t'), "{value:?}");
        }
    }
}
