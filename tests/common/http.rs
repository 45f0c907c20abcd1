//! As much of HTTP as a voice-mail server needs.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

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
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut stream = TcpStream::connect_timeout(&to, LIMIT).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(2 * LIMIT)).unwrap();
    stream.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    // Who refuses a body by its head need not read it.
    let _ = stream.write_all(body);
    read(stream)
}

pub fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(2 * LIMIT)).unwrap();
    stream
}

/// Reads until the other side closes; what was read if it is no answer.
pub fn read(mut stream: TcpStream) -> Result<Response, String> {
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
