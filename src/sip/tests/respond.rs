//! Answers to requests.

use super::*;
use std::net::SocketAddr;

fn answer(via: &str, peer: &str) -> String {
    let peer: SocketAddr = peer.parse().unwrap();
    let bytes = request(options_with(&format!("Via: {via}"))).respond(
        200,
        "OK",
        "tag1",
        &[("Allow", "NOTIFY")],
        peer,
    );
    let text = String::from_utf8(bytes).unwrap();
    text.lines().find_map(|line| line.strip_prefix("Via: ")).unwrap().to_owned()
}

#[test]
fn an_answer_has_the_headers_of_the_request_and_nothing_else() {
    let peer = "192.0.2.1:5060".parse().unwrap();
    let bytes = request(options_with("Subject: x")).respond(
        489,
        "Bad Event",
        "tag1",
        &[("Allow-Events", "message-summary")],
        peer,
    );
    let expected = lines(&[
        "SIP/2.0 489 Bad Event",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        "From: <sip:4201@192.0.2.1>;tag=a",
        "To: <sip:4201@192.0.2.2>;tag=tag1",
        "Call-ID: c1@192.0.2.1",
        "CSeq: 1 OPTIONS",
        "Allow-Events: message-summary",
        &format!("Server: Lamplighter/{}", env!("CARGO_PKG_VERSION")),
        "Content-Length: 0",
    ]);
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
    assert_eq!((response(&bytes).status(), response(&bytes).reason()), (489, "Bad Event"));
}

#[test]
fn the_top_via_tells_where_the_request_came_from() {
    for (via, peer, expected) in [
        (
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
            "192.0.2.1:999",
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        ),
        (
            "SIP/2.0/UDP h;branch=z9hG4bK1",
            "192.0.2.1:999",
            "SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1",
        ),
        (
            "SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1",
            "192.0.2.1:999",
            "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.1;rport=999",
        ),
        (
            "SIP/2.0/UDP [2001:db8::1];rport=7;received=192.0.2.66;branch=z9hG4bK1",
            "[2001:db8::2]:999",
            "SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1;received=2001:db8::2;rport=999",
        ),
        (
            "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
            "[::ffff:192.0.2.1]:999",
            "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        ),
        (
            "SIP / 2.0 / UDP h ; branch = z9hG4bK1 , SIP/2.0/TCP g;branch=z9hG4bK0;rport",
            "192.0.2.1:9",
            "SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1 , SIP/2.0/TCP g;branch=z9hG4bK0;rport",
        ),
    ] {
        assert_eq!(answer(via, peer), expected, "{via}");
    }
}

#[test]
fn a_tag_is_added_only_where_there_is_none_and_one_is_given() {
    let peer = "192.0.2.1:5060".parse().unwrap();
    let tagged = request(options_with("To: <sip:a@h>;tag=theirs")).respond(200, "OK", "ours", &[], peer);
    assert_eq!(response(tagged).to_tag(), Some("theirs"));
    for tag in ["", "a b", "a\r\nX: y"] {
        assert_eq!(
            response(request(options_with("To: <sip:a@h>")).respond(100, "Trying", tag, &[], peer)).to_tag(),
            None
        );
    }
}

#[test]
fn nothing_given_to_an_answer_can_add_a_line() {
    let peer = "192.0.2.1:5060".parse().unwrap();
    let extra = [("Allow", "a\r\nEvil: 1"), ("Bad\r\nEvil", "x"), ("Evil: y\r\nX", "z"), ("Warning", "\0\n")];
    let text =
        String::from_utf8(request(options_with("X: y")).respond(400, "a\r\nEvil: 1\0", "t", &extra, peer))
            .unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with("Evil")).count(), 0, "{text}");
    assert_eq!(text.lines().count(), 11);
    assert_eq!(response(text).header("Allow"), Some("aEvil: 1"));
}
