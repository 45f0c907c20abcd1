//! The body of RFC 3842.

use crate::sip::summary::{Counts, MAX_BODY, Summary, SummaryError, parse_summary, write_summary};
use proptest::prelude::*;

fn written(account: &str, counts: Counts) -> String {
    let mut out = Vec::new();
    write_summary(&mut out, account, &counts);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_body_always_has_all_three_lines() {
    let counts = Counts { new: 12, old: 3, urgent_new: 1, urgent_old: 0 };
    assert_eq!(
        written("sip:a@h", counts),
        "Messages-Waiting: yes\r\nMessage-Account: sip:a@h\r\nVoice-Message: 12/3 (1/0)\r\n"
    );
    assert_eq!(
        written("sip:a@h", Counts::NONE),
        "Messages-Waiting: no\r\nMessage-Account: sip:a@h\r\nVoice-Message: 0/0 (0/0)\r\n"
    );
    assert_eq!(written("", Counts { old: 5, ..Counts::NONE }).lines().next(), Some("Messages-Waiting: no"));
}

#[test]
fn an_account_can_neither_add_a_line_nor_overrun_a_gateway() {
    assert_eq!(written("a\r\nEvil: 1\0ä", Counts::NONE).lines().nth(1), Some("Message-Account: aEvil: 1"));
    assert_eq!(
        written(&"a".repeat(600), Counts::NONE).lines().nth(1).unwrap().len(),
        "Message-Account: ".len() + 511
    );
}

#[test]
fn sums_and_numbers_stop_at_the_greatest() {
    let much = Counts { new: 999_999, old: u32::MAX, urgent_new: 1, urgent_old: 0 };
    let sum = much.saturating_add(Counts { new: 1, old: 1, urgent_new: 1, urgent_old: 0 });
    assert_eq!(sum, Counts { new: 999_999, old: 999_999, urgent_new: 2, urgent_old: 0 });
    assert!(written("", much).ends_with("Voice-Message: 999999/999999 (1/0)\r\n"));
}

#[test]
fn bodies_of_other_programs_are_read() {
    let of = |body: &str| parse_summary(body.as_bytes());
    let summary = |waiting, account: Option<&str>, voice| {
        Ok(Summary { waiting, account: account.map(str::to_owned), voice })
    };
    let counts = |new, old, urgent_new, urgent_old| Some(Counts { new, old, urgent_new, urgent_old });
    assert_eq!(of("Messages-Waiting: yes\nVOICE-MESSAGE : 2/8\n"), summary(true, None, counts(2, 8, 0, 0)));
    assert_eq!(of("Fax-Message: x\r\nmessages-waiting:No"), summary(false, None, None));
    assert_eq!(
        of(
            "Voice-Message: 2 / 8 ( 1/ 0 )\r\nMessage-Account: sip:a@h\r\nMessages-Waiting: yes\r\n\r\nTo: x\r\nVoice-Message: y"
        ),
        summary(true, Some("sip:a@h"), counts(2, 8, 1, 0))
    );
    assert_eq!(of("Messages-Waiting: yes\r\nMessages-Waiting: no\r\n"), summary(true, None, None));
    assert_eq!(
        of("Messages-Waiting: yes\r\nVoice-Message: 99999999999999999999/1\r\n"),
        summary(true, None, counts(999_999, 1, 0, 0))
    );
}

#[test]
fn hostile_bodies_are_refused_within_bounds() {
    let with = |line: &str| parse_summary(format!("Messages-Waiting: yes\r\n{line}\r\n").as_bytes());
    for line in [
        "1",
        "1/",
        "/1",
        "-1/0",
        "1/0 (",
        "1/0 (1)",
        "1/0 (1/0",
        "1/0) (1/0",
        "1/2/3",
        "",
        "a/b",
        "1/0 (1/0) x",
        "111111111111111111111/0",
    ] {
        assert_eq!(with(&format!("Voice-Message: {line}")), Err(SummaryError::Voice), "{line}");
    }
    assert_eq!(with(&format!("Message-Account: {}", "a".repeat(512))), Err(SummaryError::Account));
    assert!(with(&format!("Message-Account: {}", "a".repeat(511))).is_ok());
    assert_eq!(with("Message-Account: a\rb"), Err(SummaryError::Account));
    assert_eq!(with("Message-Account: a\0b"), Err(SummaryError::Account));
    for body in ["", "\r\nMessages-Waiting: yes\r\n", "Messages-Waiting: maybe", "Messages-Waiting", "yes"] {
        assert_eq!(parse_summary(body.as_bytes()), Err(SummaryError::Waiting), "{body:?}");
    }
    assert_eq!(with(&"X: y\r\n".repeat(64)), Err(SummaryError::TooLong));
    assert_eq!(with(&"y".repeat(MAX_BODY)), Err(SummaryError::TooLong));
}

#[test]
fn counts_are_decoded_with_urgent_ones_left_out() {
    let counts: Counts = serde_json::from_str(r#"{"new":1,"old":2}"#).unwrap();
    assert_eq!(counts, Counts { new: 1, old: 2, urgent_new: 0, urgent_old: 0 });
    assert_eq!(serde_json::to_string(&counts).unwrap(), r#"{"new":1,"old":2,"urgentNew":0,"urgentOld":0}"#);
}

proptest! {
    #[test]
    fn what_is_written_reads_back(new in 0..=Counts::MAX, old in 0..=Counts::MAX, urgent_new in 0..=Counts::MAX, urgent_old in 0..=Counts::MAX) {
        let counts = Counts { new, old, urgent_new, urgent_old };
        let summary = parse_summary(written("sip:4201@h", counts).as_bytes()).unwrap();
        prop_assert_eq!(summary, Summary { waiting: new > 0, account: Some("sip:4201@h".to_owned()), voice: Some(counts) });
    }

    #[test]
    fn what_is_read_from_any_bytes_is_bounded(body in prop::collection::vec(any::<u8>(), 0..600), lead in any::<bool>()) {
        let lead: &[u8] = if lead { b"Messages-Waiting: yes\r\nMessage-Account: " } else { b"" };
        if let Ok(summary) = parse_summary(&[lead, &body].concat()) {
            prop_assert!(summary.account.is_none_or(|account| account.chars().count() <= 511 && !account.chars().any(char::is_control)));
        }
    }
}
