use tokio::net::UdpSocket;

use super::*;
use crate::net::{BindError, RouteError, SendError};

async fn raw() -> UdpSocket {
    UdpSocket::bind(local()).await.unwrap()
}

async fn receive(socket: &UdpSocket) -> (String, SocketAddr) {
    let mut buffer = [0; 2048];
    let (length, from) =
        timeout(LIMIT, socket.recv_from(&mut buffer)).await.expect("a datagram in time").unwrap();
    (String::from_utf8_lossy(&buffer[..length]).into_owned(), from)
}

fn ok_to(request: &str) -> Vec<u8> {
    let kept =
        |line: &&str| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name));
    let head: Vec<&str> = request.lines().filter(kept).collect();
    format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", head.join("\r\n")).into_bytes()
}

#[tokio::test]
async fn requests_between_endpoints_are_answered_over_udp_and_tcp() {
    let (here, _) = endpoint();
    let (there, desk) = endpoint();
    let mut sender = sender(&here, 8);
    for (id, transport) in [(1, Transport::Udp), (2, Transport::Tcp)] {
        let route = route(&here, transport, there.local_addr()).await;
        assert_eq!(route.hop.sent_by.to_string(), here.local_addr().to_string());
        sender.client.send(outgoing(id, "NOTIFY", &route)).unwrap();
        let outcome = sender.outcome().await;
        assert!(
            matches!(outcome, Outcome { id: got, answer: Answer::Final { status: 200, response: None } } if got == id)
        );
    }
    let transports: Vec<Transport> = desk.0.lock().unwrap().iter().map(|(_, peer)| peer.transport).collect();
    assert_eq!(transports, [Transport::Udp, Transport::Tcp]);
}

#[tokio::test]
async fn a_challenge_comes_back_with_its_headers_over_udp_and_tcp() {
    let (here, _) = endpoint();
    let (there, _) = endpoint();
    let mut sender = sender(&here, 8);
    for (id, transport) in [(1, Transport::Udp), (2, Transport::Tcp)] {
        sender
            .client
            .send(outgoing(id, "OPTIONS", &route(&here, transport, there.local_addr()).await))
            .unwrap();
        let Answer::Final { status: 401, response: Some(response) } = sender.outcome().await.answer else {
            panic!()
        };
        assert_eq!(response.header("WWW-Authenticate"), Some("Digest realm=\"pbx\", nonce=\"n\""));
    }
}

#[tokio::test]
async fn a_repeated_request_is_seen_once_and_gets_the_same_answer_again() {
    let (there, desk) = endpoint();
    let socket = raw().await;
    let request = text("NOTIFY", &format!("UDP {};rport", socket.local_addr().unwrap()), "z9hG4bK1");
    let mut answers = Vec::new();
    for _ in 0..3 {
        socket.send_to(&request, there.local_addr()).await.unwrap();
        answers.push(receive(&socket).await.0);
    }
    assert!(answers[0].starts_with("SIP/2.0 200 OK\r\n") && answers[0].contains(";tag="));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(desk.seen(), ["NOTIFY"]);
    assert_eq!(there.tally().repeated, 2);
}

#[tokio::test]
async fn an_answer_goes_to_the_port_in_via_unless_the_peer_asks_for_its_own() {
    let (there, _) = endpoint();
    let (sends, listens) = (raw().await, raw().await);
    let via = format!("UDP {}", listens.local_addr().unwrap());
    sends.send_to(&text("NOTIFY", &via, "z9hG4bK1"), there.local_addr()).await.unwrap();
    assert!(receive(&listens).await.0.starts_with("SIP/2.0 200"));
    sends.send_to(&text("NOTIFY", &format!("{via};rport"), "z9hG4bK2"), there.local_addr()).await.unwrap();
    let answer = receive(&sends).await.0;
    assert!(answer.contains(&format!(";rport={}", sends.local_addr().unwrap().port())), "{answer}");
}

#[tokio::test]
async fn what_is_no_message_is_dropped_and_counted_and_an_ack_gets_no_answer() {
    let (there, desk) = endpoint();
    let socket = raw().await;
    let via = format!("UDP {};rport", socket.local_addr().unwrap());
    let cut = text("NOTIFY", &via, "z9hG4bK1");
    for junk in [&b"\x00\xff\x00"[..], b"GET / HTTP/1.1\r\n\r\n", &cut[..cut.len() / 2], b"\r\n\r\n"] {
        socket.send_to(junk, there.local_addr()).await.unwrap();
    }
    socket.send_to(&text("ACK", &via, "z9hG4bK2"), there.local_addr()).await.unwrap();
    socket.send_to(&text("NOTIFY", &via, "z9hG4bK3"), there.local_addr()).await.unwrap();
    assert!(receive(&socket).await.0.contains("z9hG4bK3"), "the first answer is to the last request");
    assert_eq!(desk.seen(), ["ACK", "NOTIFY"]);
    assert_eq!(there.tally().malformed, 3, "an empty line is only a keep-alive");
}

#[tokio::test]
async fn a_lost_request_is_sent_again_and_its_answer_counts_once() {
    let (here, _) = endpoint();
    let peer = raw().await;
    let mut sender = sender(&here, 8);
    sender
        .client
        .send(outgoing(1, "NOTIFY", &route(&here, Transport::Udp, peer.local_addr().unwrap()).await))
        .unwrap();
    let (lost, _) = receive(&peer).await;
    let (again, from) = receive(&peer).await;
    assert_eq!(lost, again);
    for _ in 0..2 {
        peer.send_to(&ok_to(&again), from).await.unwrap();
    }
    assert_eq!(sender.status().await, 200);
    until("the second copy of the answer is a stray", || here.tally().stray == 1).await;
    assert!(sender.outcomes.try_recv().is_err());
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_outcomes_have_room_and_abandoning_one_makes_room() {
    let (here, _) = endpoint();
    let hole = raw().await;
    let route = route(&here, Transport::Udp, hole.local_addr().unwrap()).await;
    let sender = sender(&here, 1);
    sender.client.send(outgoing(1, "NOTIFY", &route)).unwrap();
    assert_eq!(sender.client.send(outgoing(2, "NOTIFY", &route)), Err(SendError::Busy));
    sender.client.abandon(1);
    let client = sender.client.clone();
    until("there is room for the next", || client.send(outgoing(2, "NOTIFY", &route)).is_ok()).await;
}

#[tokio::test]
async fn a_branch_that_is_in_use_is_refused_and_clients_do_not_hear_of_each_other() {
    let (here, _) = endpoint();
    let peer = raw().await;
    let route = route(&here, Transport::Udp, peer.local_addr().unwrap()).await;
    let (mut first, mut second) = (sender(&here, 4), sender(&here, 4));
    first.client.send(outgoing(1, "NOTIFY", &route)).unwrap();
    second.client.send(outgoing(1, "NOTIFY", &route)).unwrap();
    assert_eq!(second.failure().await, Failure::Overloaded);
    second.client.abandon(1);
    let (request, from) = receive(&peer).await;
    peer.send_to(&ok_to(&request), from).await.unwrap();
    assert_eq!(first.status().await, 200);
}

#[tokio::test]
async fn an_endpoint_on_all_addresses_names_the_one_that_the_peer_sees() {
    let (there, _) = endpoint();
    for any in ["0.0.0.0:0", "[::]:0"] {
        let (here, _) = endpoint_at(any.parse().unwrap());
        let mut sender = sender(&here, 4);
        for (id, transport) in [(1, Transport::Udp), (2, Transport::Tcp)] {
            let route = route(&here, transport, there.local_addr()).await;
            assert_eq!(route.hop.sent_by.to_string(), format!("127.0.0.1:{}", here.local_addr().port()));
            sender.client.send(outgoing(id, "NOTIFY", &route)).unwrap();
            assert_eq!(sender.status().await, 200);
        }
    }
}

#[tokio::test]
async fn an_endpoint_on_ipv6_serves_both_families_and_sees_ipv4_as_such() {
    let (there, desk) = endpoint_at("[::]:0".parse().unwrap());
    let port = there.local_addr().port();
    for (listen, to) in [
        ("127.0.0.1:0", SocketAddr::from(([127, 0, 0, 1], port))),
        ("[::1]:0", format!("[::1]:{port}").parse().unwrap()),
    ] {
        let (here, _) = endpoint_at(listen.parse().unwrap());
        let mut sender = sender(&here, 4);
        for (id, transport) in [(1, Transport::Udp), (2, Transport::Tcp)] {
            sender.client.send(outgoing(id, "NOTIFY", &route(&here, transport, to).await)).unwrap();
            assert_eq!(sender.status().await, 200);
        }
    }
    let shown: Vec<String> =
        desk.0.lock().unwrap().iter().map(|(_, peer)| peer.addr.ip().to_string()).collect();
    assert_eq!(shown, ["127.0.0.1", "127.0.0.1", "::1", "::1"]);
}

#[tokio::test]
async fn the_advertised_host_stands_in_via_and_the_other_family_has_no_way() {
    let config =
        EndpointConfig { listen: local(), tls: None, advertised: Some("lamp.example.com".parse().unwrap()) };
    let here = Endpoint::bind(config, Arc::new(Desk::default())).unwrap();
    let hop = here.hop(Transport::Udp, "127.0.0.1:5060".parse().unwrap()).unwrap();
    assert_eq!(hop.sent_by.to_string(), format!("lamp.example.com:{}", here.local_addr().port()));
    let refused = here.routes(&target(Transport::Udp, "[::1]:5060".parse().unwrap(), None)).await;
    assert!(matches!(refused, Err(RouteError::OtherFamily { .. })));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_freed_with_the_endpoint() {
    let taken = raw().await;
    let listen = taken.local_addr().unwrap();
    let bind =
        || Endpoint::bind(EndpointConfig { listen, tls: None, advertised: None }, Arc::new(Desk::default()));
    let Err(BindError { transport, address, source }) = bind() else { panic!("bound twice") };
    assert_eq!((transport, address, source.kind()), (Transport::Udp, listen, std::io::ErrorKind::AddrInUse));
    drop(taken);
    drop(bind().unwrap());
    until("the port is free again", || bind().is_ok()).await;
}

#[tokio::test]
async fn a_client_of_an_endpoint_that_ended_is_told() {
    let (here, _) = endpoint();
    let mut sender = sender(&here, 4);
    let [udp, tcp] =
        [route(&here, Transport::Udp, local()).await, route(&here, Transport::Tcp, local()).await];
    drop(here);
    let client = sender.client.clone();
    until("UDP is closed", || client.send(outgoing(1, "NOTIFY", &udp)) == Err(SendError::Closed)).await;
    until("TCP is closed", || client.send(outgoing(2, "NOTIFY", &tcp)) == Err(SendError::Closed)).await;
    assert!(sender.outcomes.try_recv().is_err());
}
