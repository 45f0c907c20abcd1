//! What tests of the whole program share: folders of manifests, the program and phones as child processes, HTTP.
//!
//! Knows nothing of the library: all goes through files, sockets and the output of the real program. Whoever waits, waits for
//! a state and has a deadline; children end with the values that stand for them.
#![allow(dead_code, reason = "each test program takes what it needs")]

pub mod authority;
pub mod http;
pub mod https;
pub mod manifests;
pub mod office;
pub mod phone;
pub mod process;

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take that takes a moment on an idle machine.
pub const LIMIT: Duration = Duration::from_secs(10);
/// The same for what waits for a probe, which comes every five seconds.
pub const PROBE_LIMIT: Duration = Duration::from_secs(25);

/// Asks until there is an answer.
pub fn wait<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    wait_within(LIMIT, what, ask)
}

/// The same with a limit of its own.
pub fn wait_within<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ports below those that the system gives away by itself, so that nobody gets one before it is used; each is given once.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// A port that nobody has, over UDP and TCP, at 127.0.0.1 and `[::1]`.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 100).unwrap_or_default() * 200;
    let span = PORTS.end - PORTS.start;
    let is_free = |port: u16| {
        UdpSocket::bind(("127.0.0.1", port)).is_ok()
            && TcpListener::bind(("127.0.0.1", port)).is_ok()
            && UdpSocket::bind(("::1", port)).is_ok()
            && TcpListener::bind(("::1", port)).is_ok()
    };
    let mut ports = (0..span).map(|_| {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % span;
        PORTS.start + (start + next) % span
    });
    ports.find(|port| is_free(*port)).expect("a port is free")
}
