//! `lamplighter ready`: what it says of a program that runs, of one that is not ready yet, and of nobody.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};
use std::thread::JoinHandle;

use crate::common::free_port;
use crate::common::office::Office;
use crate::common::process::LAMPLIGHTER;

fn ready(arguments: &[&str]) -> Output {
    Command::new(LAMPLIGHTER).arg("ready").args(arguments).output().unwrap()
}

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Listens at this address and answers one connection after the other with these lines. Returns where, and what it was asked.
fn answering(at: &str, answers: &'static [&'static str]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind(at).unwrap();
    let address = listener.local_addr().unwrap();
    let answer_all = move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            asked.push(lines.next().unwrap());
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            write!(stream, "HTTP/1.1 {answer}").unwrap();
        }
        asked
    };
    (address, std::thread::spawn(answer_all))
}

const READY: &str = "200 OK\r\nContent-Length: 3\r\n\r\nok\n";
const NOT_YET: &str = "503 Service Unavailable\r\nContent-Length: 8\r\n\r\nnot yet\n";

#[test]
fn a_program_that_runs_is_ready() {
    let office = Office::new();
    let program = office.start();
    let address = program.address.to_string();
    let output = ready(&[&address]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(said(&output.stdout), format!("{address} is ready.\n"));
}

#[test]
fn what_is_not_ready_is_asked_again_until_it_is() {
    let (address, asked) = answering("127.0.0.1:0", &[NOT_YET, READY]);
    let output = ready(&[&address.to_string(), "--within", "30s"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(asked.join().unwrap(), ["GET /readyz HTTP/1.1"; 2]);
}

#[test]
fn what_is_not_ready_in_time_ends_with_1_and_its_own_words() {
    let (address, asked) = answering("127.0.0.1:0", &[NOT_YET]);
    let output = ready(&[&address.to_string()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let wanted = format!("{address} is not ready: it answers 503 Service Unavailable: not yet\n");
    assert_eq!(said(&output.stderr), wanted);
    asked.join().unwrap();
}

#[test]
fn where_nobody_listens_it_says_so() {
    let address = format!("127.0.0.1:{}", free_port());
    let output = ready(&[&address]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = said(&output.stderr);
    assert!(text.starts_with(&format!("{address} is not ready: it can't be connected to: ")), "{text}");
}

#[test]
fn an_ipv6_address_needs_no_brackets() {
    let (address, asked) = answering("[::1]:0", &[READY]);
    let output = ready(&[&format!("::1:{}", address.port())]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    asked.join().unwrap();
}

#[test]
fn what_is_no_address_is_wrong_use() {
    for (address, wanted) in
        [("localhost", "HOST:PORT is expected"), ("localhost:http", "a port from 1 to 65535")]
    {
        let output = ready(&[address]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(said(&output.stderr).contains(wanted), "{output:?}");
    }
}
