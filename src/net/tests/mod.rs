//! An endpoint against another one, and against sockets that do what no decent peer does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod datagram;
mod resolve;
mod stream;
mod tls;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::client::{Answer, Client, Failure, Outcome, Outgoing};
use super::endpoint::{Endpoint, EndpointConfig};
use super::resolve::{Family, Route, Target};
use super::serve::{Handler, Peer, Reply};
use super::tls::TlsTarget;
use crate::sip::message::Request;
use crate::sip::text::Host;
use crate::sip::transport::Transport;

/// More than anything here may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Answers NOTIFY with 200, OPTIONS with a challenge, ACK not at all; remembers who asked what.
#[derive(Default)]
struct Desk(Mutex<Vec<(String, Peer)>>);

impl Handler for Desk {
    fn handle(&self, request: &Request, peer: Peer) -> Option<Reply> {
        self.0.lock().unwrap().push((request.method().to_owned(), peer));
        let challenge = ("WWW-Authenticate", "Digest realm=\"pbx\", nonce=\"n\"".to_owned());
        match request.method() {
            "ACK" => None,
            "OPTIONS" => Some(Reply { status: 401, reason: "Unauthorized", headers: vec![challenge] }),
            _ => Some(Reply { status: 200, reason: "OK", headers: Vec::new() }),
        }
    }
}

impl Desk {
    fn seen(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(method, _)| method.clone()).collect()
    }
}

fn local() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn endpoint() -> (Endpoint, Arc<Desk>) {
    endpoint_at(local())
}

fn endpoint_at(listen: SocketAddr) -> (Endpoint, Arc<Desk>) {
    let desk = Arc::new(Desk::default());
    (Endpoint::bind(EndpointConfig { listen, tls: None, advertised: None }, desk.clone()).unwrap(), desk)
}

fn target(transport: Transport, to: SocketAddr, tls: Option<Arc<TlsTarget>>) -> Target {
    Target { host: Host::from(to.ip()), port: to.port(), transport, family: Family::Any, tls, proxy: None }
}

async fn route(endpoint: &Endpoint, transport: Transport, to: SocketAddr) -> Route {
    endpoint.routes(&target(transport, to, None)).await.unwrap().remove(0)
}

/// A request as it goes over the wire.
fn text(method: &str, via: &str, branch: &str) -> Vec<u8> {
    format!(
        "{method} sip:4201@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{via};branch={branch}\r\nMax-Forwards: 70\r\nFrom: <sip:4201@127.0.0.1>;tag=1\r\n\
         To: <sip:4201@127.0.0.1>\r\nCall-ID: {branch}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn outgoing(id: u64, method: &'static str, route: &Route) -> Outgoing {
    let branch = format!("z9hG4bK{id}");
    let via = format!("{} {};rport", route.hop.transport.via_name(), route.hop.sent_by);
    Outgoing { id, route: route.clone(), bytes: text(method, &via, &branch), branch, method }
}

struct Sender {
    client: Client,
    outcomes: mpsc::Receiver<Outcome>,
}

fn sender(endpoint: &Endpoint, room: usize) -> Sender {
    let (outcomes, receiver) = mpsc::channel(room);
    Sender { client: endpoint.client(outcomes), outcomes: receiver }
}

impl Sender {
    async fn outcome(&mut self) -> Outcome {
        timeout(LIMIT, self.outcomes.recv()).await.expect("an outcome in time").expect("an outcome")
    }

    async fn status(&mut self) -> u16 {
        match self.outcome().await.answer {
            Answer::Final { status, .. } => status,
            other => panic!("{other:?}"),
        }
    }

    async fn failure(&mut self) -> Failure {
        match self.outcome().await.answer {
            Answer::Transport(failure) => failure,
            other => panic!("{other:?}"),
        }
    }
}

/// Reads until `count` heads have ended.
async fn read_heads(stream: &mut (impl AsyncRead + Unpin), count: usize) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if text.matches("\r\n\r\n").count() >= count {
            return text;
        }
        let length = timeout(LIMIT, stream.read(&mut buffer)).await.expect("bytes in time").unwrap();
        assert_ne!(length, 0, "the connection ended after {text:?}");
        all.extend_from_slice(&buffer[..length]);
    }
}

/// Everything until the other side closes.
async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset is an end as well.
    let _ = timeout(LIMIT, stream.read_to_end(&mut all)).await.expect("an end in time");
    all
}

/// Waits until something is so.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
