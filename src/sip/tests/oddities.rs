//! One-line oddities seen in the field, IPv6 (RFC 5118), limits, and the fast path for responses.

use super::*;
use crate::sip::message::response_head;
use proptest::prelude::*;

fn ok_with(top: &[&str]) -> String {
    let rest = ["f: <sip:a@h>;tag=1", "t: <sip:b@h>;tag=2", "i: x", "CSeq: 7 NOTIFY", "l: 0"];
    lines(&[&["SIP/2.0 200 OK"], top, &rest].concat())
}

#[test]
fn compact_names_folded_lines_and_blanks_before_the_colon_are_normalised() {
    let response = response(ok_with(&["v : SIP/2.0/UDP h\r\n ;branch=z9hG4bKx", "s:a\r\n\tb \r\n  c"]));
    assert_eq!(response.branch(), Some("z9hG4bKx"));
    assert_eq!(
        (response.from_tag(), response.to_tag(), response.call_id()),
        (Some("1"), Some("2"), Some("x"))
    );
    assert_eq!(response.header("subject"), Some("a b c"));
    assert_eq!(response.cseq(), Some((7, "NOTIFY")));
}

#[test]
fn unknown_and_lower_case_methods_are_kept_as_written() {
    for method in ["FOO", "notify", "NOTIFY2"] {
        let message = options_with(&format!("CSeq: 1 {method}")).replacen("OPTIONS", method, 1);
        assert_eq!(request(message).method(), method);
    }
}

#[test]
fn latin_1_in_a_header_harms_neither_that_header_nor_the_next() {
    let mut bytes = options_with("To: \"J#rg\" <sip:4201@192.0.2.2>").into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'#').unwrap();
    bytes[at] = 0xf6;
    let request = request(bytes);
    assert_eq!(request.header("To"), Some("\"Jörg\" <sip:4201@192.0.2.2>"));
    assert_eq!(request.to_uri(), Some("sip:4201@192.0.2.2"));
}

#[test]
fn tel_uris_are_read_in_every_place() {
    let message =
        options_with("To: <tel:+4930123456>").replacen("sip:192.0.2.2", "tel:+4930123456;phone-context=x", 1);
    let request = request(message);
    assert_eq!(
        (request.to_uri(), request.uri()),
        (Some("tel:+4930123456"), "tel:+4930123456;phone-context=x")
    );
}

#[test]
fn ipv6_stands_in_every_place() {
    for (via, sent_by) in [
        ("SIP/2.0/UDP [2001:DB8::9:1];branch=z9hG4bK1", "[2001:db8::9:1]"),
        ("SIP/2.0/UDP [2001:db8::1]:5070;received=2001:db8::255;branch=z9hG4bK1", "[2001:db8::1]:5070"),
        ("SIP/2.0/TCP [2001:db8::1] : 5070;received=[2001:db8::255];branch=z9hG4bK1", "[2001:db8::1]:5070"),
        ("SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bK1, SIP/2.0/TCP h", "[::ffff:192.0.2.10]:19823"),
    ] {
        let request = request(options_with(&format!("Via: {via}")));
        assert_eq!((request.sent_by(), request.branch()), (Some(sent_by), Some("z9hG4bK1")));
    }
    for via in [
        "SIP/2.0/UDP 2001:db8::9:1",
        "SIP/2.0/UDP [2001:db8:::1]",
        "SIP/2.0/UDP [2001:db8::1",
        "SIP/2.0/UDP [::1]x",
    ] {
        assert_eq!(
            refusal(options_with(&format!("Via: {via};branch=z9hG4bK1"))),
            ParseError::Value("Via"),
            "{via}"
        );
    }
    let request = request(options_with("Contact: \"Caller\" <sip:c@[2001:db8::1]:5061;transport=tls>"));
    assert_eq!(request.contact_uri(), Some("sip:c@[2001:db8::1]:5061;transport=tls"));
}

#[test]
fn a_content_length_that_lies_or_repeats_is_refused() {
    for value in ["-1", "+0", "1x", "", "0, 0", "99999999999", "0x0"] {
        assert_eq!(
            refusal(options_with(&format!("Content-Length: {value}"))),
            ParseError::ContentLength,
            "{value:?}"
        );
    }
    assert_eq!(refusal(options_with("Content-Length: 1")), ParseError::ShortBody);
    assert_eq!(refusal(options_with("l: 0")), ParseError::ContentLength);
}

#[test]
fn a_binary_body_is_kept_byte_for_byte() {
    let body: Vec<u8> = (0..=255).collect();
    let message = [options_with("Content-Length: 256").as_bytes(), &body].concat();
    assert_eq!(request(message).body(), body);
    let without = options_with("X: y").replace("Content-Length: 0\r\n", "");
    assert_eq!(request([without.as_bytes(), &body].concat()).body(), body);
}

#[test]
fn nul_and_bare_line_ends_are_refused_wherever_they_stand_in_a_head() {
    let good = options_with("Subject: x");
    for at in 0..good.len() - 4 {
        for stray in ["\0", "\r", "\n"] {
            let (before, after) = good.split_at(at);
            let completes =
                (stray == "\r" && after.starts_with('\n')) || (stray == "\n" && before.ends_with('\r'));
            // A line end before the start line, or one that makes two, is another error, never a message.
            if !completes {
                assert!(
                    matches!(
                        Message::parse(format!("{before}{stray}{after}").as_bytes()),
                        Err(ParseError::Control)
                    ),
                    "{at} {stray:?}"
                );
            }
        }
    }
}

#[test]
fn status_and_cseq_have_their_ranges() {
    let good = ok_with(&["v: SIP/2.0/UDP h;branch=z9hG4bK1"]);
    for status in ["099", "700", "999", "20", "2000", "+20", "2x0"] {
        assert_eq!(refusal(good.replacen("200", status, 1)), ParseError::StartLine, "{status}");
    }
    assert_eq!(response(good.replacen("200", "699", 1)).status(), 699);
    for value in
        ["2147483648 OPTIONS", "1", "OPTIONS", "-1 OPTIONS", "+1 OPTIONS", "1 OPT/IONS", "1 OPTIONS x"]
    {
        assert_eq!(refusal(options_with(&format!("CSeq: {value}"))), ParseError::Value("CSeq"), "{value}");
    }
    assert_eq!(request(options_with("CSeq: 2147483647 OPTIONS")).cseq(), Some((2_147_483_647, "OPTIONS")));
}

#[test]
fn max_forwards_is_a_number_of_at_most_255() {
    for value in ["", "256", "-1", "+1", "7 0", "x", ";70"] {
        assert_eq!(
            refusal(options_with(&format!("Max-Forwards: {value}"))),
            ParseError::Value("Max-Forwards"),
            "{value:?}"
        );
    }
    assert_eq!(request(options_with("Max-Forwards: 0255")).header("max-forwards"), Some("0255"));
}

#[test]
fn what_must_be_there_must_be_there_once() {
    let names = ["Via", "From", "To", "Call-ID", "CSeq"];
    for (line, name) in TOP.into_iter().zip(names) {
        let whole = options_with("Subject: x");
        assert_eq!(refusal(whole.replacen(&format!("{line}\r\n"), "", 1)), ParseError::Missing(name));
        if name != "Via" {
            assert_eq!(refusal(whole.replacen("Subject: x", line, 1)), ParseError::Repeated(name));
        }
    }
}

#[test]
fn addresses_are_read_by_the_grammar() {
    for (value, uri) in [
        ("sip:a@h;tag=x", "sip:a@h"),
        ("A. Person <sip:a@h;lr>;tag=x", "sip:a@h;lr"),
        ("\"A \\\" <x>, y\"<sip:a@h>;tag=x;p=\"a;b\"", "sip:a@h"),
        ("<sip:a@h?Subject=x>;tag=x", "sip:a@h?Subject=x"),
    ] {
        let request = request(options_with(&format!("To: {value}")));
        assert_eq!((request.to_uri(), request.to_tag()), (Some(uri), Some("x")), "{value}");
    }
    for value in [
        "",
        "a",
        "<>",
        "<sip:>",
        "<sip:a@h",
        "sip:a@h>",
        "\"x <sip:a@h>",
        "\"x\" sip:a@h",
        "a, b <sip:a@h>",
        "<sip:a b@h>",
        "<sip:a@h> x",
        "<sip:a@h>;tag=",
        "<sip:a@h>;tag",
        "<sip:a@h>;tag=\"x\"",
        "<sip:a@h>;tag=x;tag=y",
        "<sip:a@h>;;tag=x",
        "<sip:a@h>;tag=x=y",
        "<sip:a\"@h>",
        "sip:a@h?x=y",
        "<sip:@h>",
        "<sip::p@h>",
        "<sip:a@>",
        "<sip:a@h:0>",
        "<sips:;x>",
        "<sip:a@h;>",
        "<sip:a@h;;x>",
    ] {
        assert_eq!(refusal(options_with(&format!("To: {value}"))), ParseError::Value("To"), "{value:?}");
    }
}

#[test]
fn sizes_are_bounded() {
    let many = vec!["X: y"; 64 - TOP.len()].join("\r\n");
    assert!(Message::parse(options_with(&many).as_bytes()).is_ok());
    assert_eq!(refusal(options_with(&format!("{many}\r\nX: y"))), ParseError::TooManyHeaders);
    let long = "y".repeat(8_192 - 3);
    assert!(Message::parse(options_with(&format!("X: {long}")).as_bytes()).is_ok());
    assert_eq!(refusal(options_with(&format!("X: {long}y"))), ParseError::LineTooLong);
    assert_eq!(refusal(options_with(&format!("X: {}", " \r\n y".repeat(3_000)))), ParseError::LineTooLong);
    let whole = options_with("Subject: x").replace("Content-Length: 0\r\n", "");
    let body = "b".repeat(65_536 - whole.len());
    assert_eq!(request(format!("{whole}{body}")).body().len(), body.len());
    assert_eq!(refusal(format!("{whole}{body}b")), ParseError::TooLong);
    assert_eq!(refusal("\r\n\r\n"), ParseError::Empty);
    assert_eq!(refusal(""), ParseError::Empty);
    assert_eq!(refusal("OPTIONS sip:h SIP/2.0\r\n"), ParseError::Unfinished);
}

#[test]
fn the_fast_path_reads_a_plain_response() {
    let plain = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h:5060;rport=5;branch=z9hG4bKx;received=192.0.2.1\r\nCSeq: 1 NOTIFY\r\n\r\n";
    let head = response_head(plain.as_bytes()).unwrap();
    assert_eq!((head.status, head.branch, head.method), (200, "z9hG4bKx", "NOTIFY"));
    for unusual in [
        plain.replace("SIP/2.0 200", "SIP/2.0  200"),
        plain.replace("200", "700"),
        plain.replace("h:5060;", "h:5060\r\n ;"),
        plain.replace("rport=5", "x=\";branch=y\""),
        plain.replace("z9hG4bKx", "z9hG4bK"),
        plain.replace("1 NOTIFY", "1\r\n NOTIFY"),
        plain.replace("OK\r\n", "OK\n"),
        plain.replace("Via", "Vio"),
        plain.replace("\r\n\r\n", "\r\n"),
        plain.replace(";received", ";branch=z9hG4bKy;received"),
    ] {
        assert_eq!(response_head(unusual.as_bytes()), None, "{unusual}");
    }
}

proptest! {
    #[test]
    fn where_fast_path_and_whole_parser_both_read_a_response_they_agree(
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\r\n \t;,=:\"<>vbVzK\0\xe4".to_vec()), 0..3u8), 0..4)
    ) {
        let mut bytes = ok_with(&["Via: SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bKx, SIP/2.0/TCP h;branch=z9hG4bKy"]).into_bytes();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let (Some(head), Ok(Message::Response(whole))) = (response_head(&bytes), Message::parse(&bytes)) {
            prop_assert_eq!(head.status, whole.status());
            prop_assert_eq!(Some(head.branch), whole.branch());
            prop_assert_eq!(Some(head.method), whole.cseq().map(|(_, method)| method));
        }
    }

    #[test]
    fn no_bytes_make_any_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), head in any::<bool>()) {
        let bytes = if head { [ok_with(&["v: SIP/2.0/UDP h;branch=z9hG4bK1"]).trim_end().as_bytes(), b"\r\n", &bytes, b"\r\n\r\n"].concat() } else { bytes };
        let _ = response_head(&bytes);
        if let Ok(Message::Response(response)) = Message::parse(&bytes) {
            for name in ["Via", "From", "To", "Call-ID", "CSeq", "Subject"] {
                prop_assert!(response.headers(name).all(|value| !value.contains(['\r', '\n', '\0'])));
            }
        }
    }
}
