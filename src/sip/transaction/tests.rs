#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::IpAddr;
use std::time::Duration;

use super::client::{CAPACITY, ClientAction, ClientTable, Key, Start};
use super::server::{self, ServerKey, ServerTable};
use crate::sip::message::{Message, Request, ResponseHead};

const ZERO: Duration = Duration::ZERO;

fn key(id: u64) -> Key {
    Key { owner: 1, id }
}

fn start(id: u64, reliable: bool) -> Start<u64> {
    Start { key: key(id), branch: format!("z9hG4bK{id}"), method: "NOTIFY", reliable, context: id * 10 }
}

fn head(status: u16, branch: &str) -> ResponseHead<'_> {
    ResponseHead { status, branch, method: "NOTIFY" }
}

/// What happens, and when in milliseconds, if the table is asked exactly when it wants to be.
fn story(table: &mut ClientTable<u64>) -> Vec<(u128, ClientAction)> {
    let mut told = Vec::new();
    while let Some(due) = table.deadline() {
        let mut actions = Vec::new();
        table.poll(due, &mut actions);
        told.extend(actions.into_iter().map(|action| (due.as_millis(), action)));
    }
    told
}

#[test]
fn a_black_hole_over_udp_gets_eleven_copies_and_expires_after_32_seconds() {
    let mut table = ClientTable::default();
    table.start(start(7, false), ZERO).unwrap();
    let again = [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    let mut wanted: Vec<_> = again.iter().map(|at| (*at, ClientAction::Retransmit(key(7)))).collect();
    wanted.push((32_000, ClientAction::Expired(key(7))));
    assert_eq!(story(&mut table), wanted);
    assert_eq!(table.remove(key(7)), Some(70));
    assert!(table.is_empty());
}

#[test]
fn a_black_hole_over_a_stream_gets_one_copy_and_expires_after_32_seconds() {
    let mut table = ClientTable::default();
    table.start(start(7, true), ZERO).unwrap();
    assert_eq!(story(&mut table), [(32_000, ClientAction::Expired(key(7)))]);
}

#[test]
fn a_provisional_answer_slows_retransmission_to_four_seconds_and_ends_nothing() {
    let mut table = ClientTable::default();
    table.start(start(7, false), ZERO).unwrap();
    assert_eq!(table.response(&head(100, "z9hG4bK7")), None);
    let told: Vec<u128> = story(&mut table).into_iter().map(|(at, _)| at).collect();
    assert_eq!(told, [500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500, 32_000]);
}

#[test]
fn a_final_answer_ends_a_transaction_once_and_stops_its_timers() {
    let mut table = ClientTable::default();
    table.start(start(7, false), ZERO).unwrap();
    assert_eq!(table.response(&head(503, "z9hG4bK7")), Some((key(7), 70)));
    assert_eq!(table.response(&head(200, "z9hG4bK7")), None);
    assert_eq!(table.deadline(), None);
    assert!(table.is_empty());
}

#[test]
fn an_answer_with_another_branch_or_method_belongs_to_nobody() {
    let mut table = ClientTable::default();
    table.start(start(7, false), ZERO).unwrap();
    assert_eq!(table.response(&head(200, "z9hG4bK8")), None);
    let other = ResponseHead { status: 200, branch: "z9hG4bK7", method: "OPTIONS" };
    assert_eq!(table.response(&other), None);
    assert_eq!(table.len(), 1);
}

#[test]
fn what_is_removed_is_neither_repeated_nor_answered() {
    let mut table = ClientTable::default();
    table.start(start(7, false), ZERO).unwrap();
    assert_eq!(table.remove(key(7)), Some(70));
    assert_eq!(table.remove(key(7)), None);
    assert_eq!(story(&mut table), []);
    assert_eq!(table.response(&head(200, "z9hG4bK7")), None);
}

#[test]
fn owners_may_use_the_same_numbers_but_no_branch_and_no_name_twice() {
    let mut table = ClientTable::default();
    table.start(start(7, false), ZERO).unwrap();
    let other = Key { owner: 2, id: 7 };
    assert!(table.start(Start { key: other, ..start(7, false) }, ZERO).is_err(), "the branch is in use");
    assert!(
        table.start(Start { branch: "z9hG4bKx".to_owned(), ..start(7, false) }, ZERO).is_err(),
        "the name is in use"
    );
    table.start(Start { key: other, branch: "z9hG4bKy".to_owned(), ..start(7, false) }, ZERO).unwrap();
    assert_eq!(table.response(&head(200, "z9hG4bKy")), Some((other, 70)));
}

#[test]
fn a_poll_that_comes_late_repeats_once_and_keeps_the_distance() {
    let mut table = ClientTable::default();
    table.start(start(7, false), ZERO).unwrap();
    let mut actions = Vec::new();
    table.poll(Duration::from_secs(10), &mut actions);
    assert_eq!(actions, [ClientAction::Retransmit(key(7))]);
    assert_eq!(table.deadline(), Some(Duration::from_secs(11)));
}

#[test]
fn a_full_table_gives_a_request_back_and_takes_it_when_there_is_room() {
    let mut table = ClientTable::default();
    for id in 0..CAPACITY as u64 {
        table.start(start(id, false), Duration::from_millis(id)).unwrap();
    }
    let refused = table.start(start(99_999, false), ZERO).unwrap_err();
    assert_eq!(refused.context, 999_990);
    table.remove(key(5)).unwrap();
    table.start(refused, ZERO).unwrap();
    assert_eq!(table.remove_all().count(), CAPACITY);
    assert_eq!((table.deadline(), table.len()), (None, 0));
}

fn request(via: &str, call_id: &str, cseq: u32, method: &str) -> Request {
    let text = format!(
        "{method} sip:lamp@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a@192.0.2.2>;tag=1\r\nTo: <sip:lamp@192.0.2.1>\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    match Message::parse(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn source(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[test]
fn the_answer_to_a_repeated_request_is_remembered_for_32_seconds() {
    let mut table = ServerTable::default();
    let key = ServerKey::of(&request("192.0.2.9:5060;branch=z9hG4bKa", "1", 1, "NOTIFY"), source(9)).unwrap();
    assert_eq!(table.answer(&key, ZERO), None);
    table.remember(key.clone(), b"answer".to_vec(), ZERO);
    assert_eq!(table.answer(&key, Duration::from_millis(31_999)), Some(&b"answer"[..]));
    assert_eq!(table.answer(&key, Duration::from_secs(32)), None);
}

#[test]
fn requests_differ_by_branch_sender_method_and_source() {
    let of = |via: &str, method: &str, from: u8| {
        ServerKey::of(&request(via, "1", 1, method), source(from)).unwrap()
    };
    let first = of("192.0.2.9:5060;branch=z9hG4bKa", "NOTIFY", 9);
    assert_eq!(of("192.0.2.9:5060;branch=z9hG4bKa", "NOTIFY", 9), first);
    assert_ne!(of("192.0.2.9:5060;branch=z9hG4bKb", "NOTIFY", 9), first);
    assert_ne!(of("192.0.2.9:5062;branch=z9hG4bKa", "NOTIFY", 9), first);
    assert_ne!(of("192.0.2.9:5060;branch=z9hG4bKa", "OPTIONS", 9), first);
    assert_ne!(
        of("192.0.2.9:5060;branch=z9hG4bKa", "NOTIFY", 8),
        first,
        "another peer must not get this answer"
    );
}

#[test]
fn requests_of_an_old_peer_without_branches_differ_by_call_and_number() {
    let of = |call: &str, number: u32| {
        ServerKey::of(&request("192.0.2.9:5060", call, number, "NOTIFY"), source(9)).unwrap()
    };
    assert_eq!(of("1", 1), of("1", 1));
    assert_ne!(of("1", 1), of("1", 2));
    assert_ne!(of("1", 1), of("2", 1));
}

#[test]
fn the_oldest_answer_is_forgotten_when_there_are_too_many() {
    let mut table = ServerTable::default();
    let keys: Vec<ServerKey> = (0..=server::CAPACITY)
        .map(|n| {
            ServerKey::of(&request(&format!("192.0.2.9;branch=z9hG4bK{n}"), "1", 1, "NOTIFY"), source(9))
                .unwrap()
        })
        .collect();
    for key in &keys {
        table.remember(key.clone(), Vec::new(), ZERO);
    }
    assert!(table.answer(&keys[0], ZERO).is_none());
    assert!(keys[1..].iter().all(|key| table.answer(key, ZERO).is_some()));
}
