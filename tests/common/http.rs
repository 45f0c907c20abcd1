//! As much of HTTP as a voice-mail server needs.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::LIMIT;

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header field by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// One request over a connection of its own; `headers` are whole lines without their ends.
pub fn request(to: SocketAddr, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Response {
    try_request(to, method, path, headers, body)
        .unwrap_or_else(|text| panic!("no answer to {method} {path}, but `{text}`"))
}

/// The same of somebody who may not be there.
pub fn try_request(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> Result<Response, String> {
    let headers: Vec<&str> = headers.iter().copied().chain(["Connection: close"]).collect();
    let mut stream = reach(to).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(2 * LIMIT)).unwrap();
    send(&mut stream, method, path, &headers, body).map_err(|error| error.to_string())?;
    read(stream)
}

/// Connects within [`LIMIT`], from another port each second: a SYN that comes before a Service's rules is tracked
/// as it is, and no SYN after it from that port ever meets the rules.
fn reach(to: SocketAddr) -> std::io::Result<TcpStream> {
    let end = Instant::now() + LIMIT;
    loop {
        match TcpStream::connect_timeout(&to, Duration::from_secs(1)) {
            Err(error) if error.kind() == ErrorKind::TimedOut && Instant::now() < end => {}
            connected => return connected,
        }
    }
}

/// Writes a request.
pub fn send(
    stream: &mut impl Write,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> std::io::Result<()> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: lamp.example.com\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes())?;
    // Who refuses a body by its head need not read it.
    let _ = stream.write_all(body);
    Ok(())
}

pub fn connect(to: SocketAddr) -> TcpStream {
    let stream = reach(to).unwrap();
    stream.set_read_timeout(Some(2 * LIMIT)).unwrap();
    stream
}

/// Reads until the other side closes; what was read if it is no answer.
pub fn read(mut stream: impl Read) -> Result<Response, String> {
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.is_empty() {
        return Err(format!("{ended:?}"));
    }
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Err(text) };
    let Some(Ok(status)) = head.split(' ').nth(1).map(str::parse) else { return Err(text) };
    let mut response = Response { status, head: head.to_owned(), body: body.to_owned() };
    if response.header("transfer-encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked")) {
        response.body = joined(&response.body).ok_or(text)?;
    }
    Ok(response)
}

/// A body that came in chunks, each after a line with its length in hexadecimal digits.
fn joined(mut chunks: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, rest) = chunks.split_once("\r\n")?;
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(rest.get(..length)?);
        chunks = rest.get(length..)?.strip_prefix("\r\n")?;
    }
}

/// Reads one answer from a connection that stays open.
pub fn read_one(stream: &mut impl Read) -> std::io::Result<Response> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().trim_end().to_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Response { status, head, body: String::new() };
    let length = answer.header("content-length").unwrap().parse().unwrap();
    stream.take(length).read_to_string(&mut answer.body)?;
    Ok(answer)
}
