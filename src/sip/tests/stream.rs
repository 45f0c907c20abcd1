//! Framing of streams: the same frames however the stream is cut, and an end to streams that do not keep to it.

use super::*;
use crate::sip::framing::{Frame, FramingError, MAX_MESSAGE, StreamFramer};
use proptest::prelude::*;

fn frames(pieces: &[&[u8]]) -> (Vec<Frame>, Option<FramingError>) {
    let mut framer = StreamFramer::default();
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fn conversation() -> (Vec<u8>, Vec<Frame>) {
    let notify = Parts::of("4201", "192.0.2.20:5060", "192.0.2.10:5060", Transport::Tcp).bytes();
    let binary =
        [options_with("l : 6").replace("Content-Length: 0\r\n", "").as_bytes(), b"\r\n\r\n\0\xff"].concat();
    let folded = options_with("Content-Length:\r\n 2").into_bytes();
    let bytes = [&b"\r\n\r\n"[..], &notify, b"\r\n", &binary, &folded, b"ab\r\n\r\n\r\n", &notify].concat();
    let expected = vec![
        Frame::Pong,
        Frame::Ping,
        Frame::Message(notify.clone()),
        Frame::Pong,
        Frame::Message(binary),
        Frame::Message([folded, b"ab".to_vec()].concat()),
        Frame::Pong,
        Frame::Ping,
        Frame::Pong,
        Frame::Message(notify),
    ];
    (bytes, expected)
}

#[test]
fn a_stream_cut_at_any_byte_gives_the_same_frames() {
    let (bytes, expected) = conversation();
    for at in 0..=bytes.len() {
        assert_eq!(frames(&[&bytes[..at], &bytes[at..]]), (expected.clone(), None), "cut at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(frames(&single), (expected, None));
}

#[test]
fn every_frame_is_a_message_that_parses() {
    let (bytes, _) = conversation();
    for frame in frames(&[&bytes]).0 {
        if let Frame::Message(message) = frame {
            assert!(Message::parse(&message).is_ok());
        }
    }
}

#[test]
fn a_message_without_content_length_ends_the_stream() {
    let bytes = options_with("X: y").replace("Content-Length: 0\r\n", "");
    assert_eq!(frames(&[bytes.as_bytes()]), (Vec::new(), Some(FramingError::NoLength)));
}

#[test]
fn lengths_that_lie_repeat_or_exceed_the_limit_end_the_stream() {
    for (line, why) in [
        ("Content-Length: -1", FramingError::Head(ParseError::ContentLength)),
        ("l: 0", FramingError::Head(ParseError::ContentLength)),
        ("Content-Length: 65536", FramingError::TooLong),
        ("Content-Length: 9999999999", FramingError::TooLong),
        ("Subject: a\nb", FramingError::Head(ParseError::Control)),
        ("Subject", FramingError::Head(ParseError::Header)),
    ] {
        let bytes = options_with(line);
        for piece in [bytes.len(), 7, 1] {
            let pieces: Vec<&[u8]> = bytes.as_bytes().chunks(piece).collect();
            assert_eq!(frames(&pieces), (Vec::new(), Some(why.clone())), "{line}");
        }
    }
}

#[test]
fn a_head_without_end_is_given_up_at_the_limit() {
    let mut framer = StreamFramer::default();
    let mut pushed = 0;
    while framer.next_frame() == Ok(None) {
        framer.push(&[b'x'; 1_000]);
        pushed += 1_000;
        assert!(pushed <= MAX_MESSAGE + 2_000, "not given up");
    }
    assert_eq!(framer.next_frame(), Err(FramingError::TooLong));
}

#[test]
fn a_message_of_the_greatest_size_passes() {
    let head = options_with("Content-Length: 65000");
    let head = head.replacen("65000", &(65_536 - head.len()).to_string(), 1);
    let bytes = [head.as_bytes(), &vec![b'b'; 65_536 - head.len()]].concat();
    assert_eq!(frames(&[&bytes]).0, vec![Frame::Message(bytes)]);
}

proptest! {
    #[test]
    fn a_stream_cut_anyhow_gives_the_same_frames(cuts in prop::collection::vec(1..300usize, 1..40)) {
        let (bytes, expected) = conversation();
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(frames(&pieces), (expected, None));
    }

    #[test]
    fn no_stream_makes_the_framer_panic_or_hold_more_than_one_message(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let total: usize = pieces.iter().map(|piece| piece.len()).sum();
        let (frames, _) = frames(&pieces);
        let given: usize = frames.iter().map(|frame| if let Frame::Message(bytes) = frame { bytes.len() } else { 2 }).sum();
        prop_assert!(given <= total);
    }
}
