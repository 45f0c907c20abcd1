//! A telephone system that is nothing but a UDP socket, so that a test sees each byte and answers what it likes.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::common::LIMIT;

pub struct RawGateway {
    socket: UdpSocket,
}

impl RawGateway {
    pub fn bind(address: &str) -> Self {
        Self { socket: UdpSocket::bind(address).unwrap() }
    }

    pub fn port(&self) -> u16 {
        self.socket.local_addr().unwrap().port()
    }

    /// The next NOTIFY, and from where; probes are answered meanwhile.
    pub fn notify(&self) -> (String, SocketAddr) {
        self.notify_within(LIMIT).expect("a NOTIFY comes")
    }

    /// The same, if one comes in time.
    pub fn notify_within(&self, limit: Duration) -> Option<(String, SocketAddr)> {
        let end = Instant::now() + limit;
        let mut bytes = [0; 4096];
        loop {
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            self.socket.set_read_timeout(Some(left)).unwrap();
            let Ok((length, from)) = self.socket.recv_from(&mut bytes) else { continue };
            let text = String::from_utf8(bytes[..length].to_vec()).unwrap();
            if text.starts_with("NOTIFY ") {
                return Some((text, from));
            }
            self.answer(&text, from, "200 OK");
        }
    }

    /// Answers a request (RFC 3261 section 8.2.6).
    pub fn answer(&self, request: &str, to: SocketAddr, status: &str) {
        let kept = ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| {
            let tag = if name == "To" { ";tag=raw" } else { "" };
            format!("{name}: {}{tag}\r\n", field(request, name))
        });
        let response = format!("SIP/2.0 {status}\r\n{}Content-Length: 0\r\n\r\n", kept.concat());
        self.socket.send_to(response.as_bytes(), to).unwrap();
    }
}

/// The value of a header field.
pub fn field<'a>(message: &'a str, name: &str) -> &'a str {
    let mut fields = message.lines().filter_map(|line| line.split_once(": "));
    fields
        .find(|(field, _)| *field == name)
        .map(|(_, value)| value)
        .unwrap_or_else(|| panic!("no {name} in\n{message}"))
}
