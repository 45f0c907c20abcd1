//! Tests of the protocol as a whole; what concerns one scalar stands beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod corpus;
mod credentials;
mod injection;
mod lamp;
mod oddities;
mod respond;
mod second_opinion;
mod sending;
mod stream;
mod summary;
mod text;
mod uri;

use super::message::{Message, ParseError, Request, Response};
use super::outgoing::{Hop, Ids, Notify};
use super::summary::Counts;
use super::transport::Transport;
use super::uri::SipUri;

fn request(bytes: impl AsRef<[u8]>) -> Request {
    match Message::parse(bytes.as_ref()) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}\n{}", String::from_utf8_lossy(bytes.as_ref())),
    }
}

fn response(bytes: impl AsRef<[u8]>) -> Response {
    match Message::parse(bytes.as_ref()) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response: {other:?}\n{}", String::from_utf8_lossy(bytes.as_ref())),
    }
}

fn refusal(bytes: impl AsRef<[u8]>) -> ParseError {
    match Message::parse(bytes.as_ref()) {
        Err(refused) => refused,
        Ok(message) => panic!("accepted: {message:?}\n{}", String::from_utf8_lossy(bytes.as_ref())),
    }
}

/// A message from lines, each ended by CRLF, with an empty line behind them.
fn lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\r\n")).chain(["\r\n".to_owned()]).collect()
}

const TOP: [&str; 6] = [
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
    "From: <sip:4201@192.0.2.1>;tag=a",
    "To: <sip:4201@192.0.2.2>",
    "Call-ID: c1@192.0.2.1",
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
];

/// An OPTIONS in which the header that `line` names is replaced by `line`, or which has `line` added.
fn options_with(line: &str) -> String {
    let name = line.split(':').next().unwrap().trim_end();
    let mut all = vec!["OPTIONS sip:192.0.2.2 SIP/2.0"];
    all.extend(TOP.iter().filter(|known| !known.starts_with(&format!("{name}:"))));
    all.push(line);
    lines(&all)
}

/// The parts of a NOTIFY, owned.
struct Parts {
    request_uri: SipUri,
    from: SipUri,
    to: SipUri,
    account: SipUri,
    hop: Hop,
    ids: Ids,
    counts: Counts,
}

impl Parts {
    fn of(user: &str, us: &str, gateway: &str, transport: Transport) -> Self {
        let host = |place: &str| place.parse::<crate::sip::text::HostPort>().unwrap().host.to_string();
        Self {
            request_uri: format!("sip:{user}@{gateway}").parse().unwrap(),
            from: format!("sip:{user}@{}", host(us)).parse().unwrap(),
            to: format!("sip:{user}@{}", host(gateway)).parse().unwrap(),
            account: format!("sip:{user}@{}", host(us)).parse().unwrap(),
            hop: Hop { transport, sent_by: us.parse().unwrap(), proxy: None },
            ids: Ids {
                branch: "b1".parse().unwrap(),
                call_id: "c1".parse().unwrap(),
                from_tag: "t1".parse().unwrap(),
            },
            counts: Counts { new: 1, ..Counts::NONE },
        }
    }

    fn notify(&self) -> Notify<'_> {
        Notify {
            request_uri: &self.request_uri,
            from: &self.from,
            to: &self.to,
            account: &self.account,
            counts: self.counts,
            hop: &self.hop,
            ids: &self.ids,
            cseq: 1,
            authorization: None,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.notify().write(&mut out);
        out
    }
}
