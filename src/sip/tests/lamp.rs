//! What a phone of ours answers.

use super::*;
use crate::sip::uas::{Received, Reply, lamp_reply};

fn notify() -> String {
    String::from_utf8(Parts::of("4201", "192.0.2.20:5060", "192.0.2.10:5060", Transport::Udp).bytes())
        .unwrap()
}

fn status(message: &str) -> (u16, Vec<(&'static str, &'static str)>) {
    match lamp_reply(&request(message)) {
        Reply::Status(status, _, extra) => (status, extra),
        other => panic!("{other:?}\n{message}"),
    }
}

fn with_body(body: &str) -> String {
    let message = notify();
    let head = message.split("Content-Length").next().unwrap();
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn received(message: &str) -> Received {
    match lamp_reply(&request(message)) {
        Reply::Notified(received) => received,
        other => panic!("{other:?}\n{message}"),
    }
}

#[test]
fn a_notify_of_ours_changes_the_lamp() {
    assert_eq!(
        received(&notify()),
        Received {
            account: Some("sip:4201@192.0.2.20".to_owned()),
            extension: "4201".to_owned(),
            counts: Counts { new: 1, ..Counts::NONE },
            waiting: true
        }
    );
}

#[test]
fn the_lamp_is_the_user_of_to_else_of_the_request_uri() {
    for (to, extension) in [
        ("<sip:lina%40home@h>", "lina@home"),
        ("<sips:lina.berg:secret@h>", "lina.berg"),
        ("<tel:+4930123456;phone-context=x>", "+4930123456"),
        ("<sip:h>", "4201"),
        ("<sip:%0d%0a@h>", "4201"),
        ("<sip:%ff@h>", "4201"),
        ("<sip:%4@h>", "4201"),
        ("<mailto:a@h>", "4201"),
    ] {
        let message = notify().replacen("<sip:4201@192.0.2.10>", to, 1);
        assert_eq!(received(&message).extension, extension, "{to}");
    }
    let nobody = notify().replacen("<sip:4201@192.0.2.10>", "<sip:h>", 1).replacen(
        "sip:4201@192.0.2.10:5060",
        "sip:h",
        1,
    );
    assert_eq!(status(&nobody).0, 404);
}

#[test]
fn a_body_without_voice_line_still_says_whether_messages_wait() {
    let got = received(&with_body("messages-waiting:YES\n"));
    assert_eq!((got.waiting, got.counts, got.account), (true, Counts::NONE, None));
    assert!(!received(&with_body("Messages-Waiting: no\r\nVoice-Message: 0/7\r\n")).waiting);
}

#[test]
fn other_events_bodies_and_types_are_refused_with_what_is_wanted() {
    let events = vec![("Allow-Events", "message-summary")];
    let accept = vec![("Accept", "application/simple-message-summary")];
    assert_eq!(status(&notify().replace("Event: message-summary", "Event: presence")), (489, events.clone()));
    assert_eq!(status(&notify().replace("Event: message-summary\r\n", "")), (489, events));
    assert_eq!(
        received(&notify().replace("Event: message-summary", "o: message-summary;id=1")).extension,
        "4201"
    );
    assert_eq!(
        status(&notify().replace("application/simple-message-summary", "text/plain")),
        (415, accept.clone())
    );
    assert_eq!(
        status(&notify().replace("Content-Type: application/simple-message-summary\r\n", "")),
        (415, accept.clone())
    );
    assert_eq!(status(&notify().replace("Max-Forwards: 70", "Content-Encoding: gzip")), (415, accept));
    assert_eq!(
        received(
            &notify().replace("simple-message-summary\r\nC", "Simple-Message-Summary ; charset=utf-8\r\nC")
        )
        .extension,
        "4201"
    );
    assert_eq!(status(&with_body("")).0, 400);
    assert_eq!(status(&with_body("Voice-Message: 1/0\r\n")).0, 400);
    assert_eq!(status(&with_body("Messages-Waiting: yes\r\nVoice-Message: many\r\n")).0, 400);
}

#[test]
fn other_methods_are_told_apart() {
    let of =
        |method: &str| status(&options_with(&format!("CSeq: 1 {method}")).replacen("OPTIONS", method, 1));
    let allow = ("Allow", "NOTIFY, OPTIONS");
    assert_eq!(of("OPTIONS").0, 200);
    assert!(
        of("OPTIONS").1.contains(&allow)
            && of("OPTIONS").1.contains(&("Accept", "application/simple-message-summary"))
    );
    for method in ["INVITE", "SUBSCRIBE", "REGISTER", "MESSAGE", "PRACK", "BYE"] {
        assert_eq!(of(method), (405, vec![allow]), "{method}");
    }
    for method in ["FOO", "invite", "Notify"] {
        assert_eq!(of(method).0, 501, "{method}");
    }
    assert_eq!(of("CANCEL").0, 481);
    let ack = options_with("CSeq: 1 ACK").replacen("OPTIONS", "ACK", 1);
    assert_eq!(lamp_reply(&request(ack)), Reply::Ignore);
}
