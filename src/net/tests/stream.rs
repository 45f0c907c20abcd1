use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket};

use super::*;

async fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).await.unwrap()
}

fn notify(n: u32) -> Vec<u8> {
    text("NOTIFY", "TCP 127.0.0.1:5060", &format!("z9hG4bK{n}"))
}

async fn accept(listener: &TcpListener) -> TcpStream {
    timeout(LIMIT, listener.accept()).await.expect("a connection in time").unwrap().0
}

/// A listener, and the way to it.
async fn peer_of(here: &Endpoint) -> (TcpListener, Route) {
    let listener = TcpListener::bind(local()).await.unwrap();
    let route = route(here, Transport::Tcp, listener.local_addr().unwrap()).await;
    (listener, route)
}

fn oks(requests: &str) -> String {
    let answer = |request: &str| {
        let kept: Vec<&str> = request
            .lines()
            .filter(|line| {
                ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
            })
            .collect();
        format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", kept.join("\r\n"))
    };
    requests.split_terminator("\r\n\r\n").map(answer).collect()
}

#[tokio::test]
async fn a_refused_connection_is_told_at_once_to_all_that_wait_for_it() {
    let (here, _) = endpoint();
    let (listener, route) = peer_of(&here).await;
    drop(listener);
    let mut sender = sender(&here, 32);
    let begun = tokio::time::Instant::now();
    for id in 0..32 {
        sender.client.send(outgoing(id, "NOTIFY", &route)).unwrap();
    }
    for _ in 0..32 {
        assert_eq!(sender.failure().await, Failure::Refused);
    }
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn many_requests_at_once_share_one_connection_and_a_broken_one_fails_all_and_is_opened_anew() {
    let (here, _) = endpoint();
    let (listener, route) = peer_of(&here).await;
    let mut sender = sender(&here, 32);
    for id in 0..32 {
        sender.client.send(outgoing(id, "NOTIFY", &route)).unwrap();
    }
    let mut first = accept(&listener).await;
    let requests = read_heads(&mut first, 32).await;
    let (answered, _) = requests.split_at(requests.find("\r\n\r\n").unwrap() + 4);
    first.write_all(oks(answered).as_bytes()).await.unwrap();
    assert_eq!(sender.status().await, 200);
    drop(first);
    for _ in 0..31 {
        assert_eq!(sender.failure().await, Failure::Closed);
    }
    sender.client.send(outgoing(100, "NOTIFY", &route)).unwrap();
    let mut second = accept(&listener).await;
    let request = read_heads(&mut second, 1).await;
    assert!(request.contains("z9hG4bK100"), "no other connection was opened before");
    second.write_all(oks(&request).as_bytes()).await.unwrap();
    assert_eq!(sender.status().await, 200);
}

#[tokio::test]
async fn a_gateway_that_resets_anywhere_in_its_answer_fails_the_request_at_once() {
    let (here, _) = endpoint();
    let (listener, route) = peer_of(&here).await;
    let mut sender = sender(&here, 4);
    for (id, percent) in [(1, 0), (2, 10), (3, 50), (4, 99)] {
        sender.client.send(outgoing(id, "NOTIFY", &route)).unwrap();
        let mut stream = accept(&listener).await;
        let answer = oks(&read_heads(&mut stream, 1).await);
        stream.write_all(&answer.as_bytes()[..answer.len() * percent / 100]).await.unwrap();
        // Closing with a lingering time of zero sends a reset.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        assert_eq!(sender.failure().await, Failure::Broken, "reset after {percent} %");
    }
}

#[tokio::test]
async fn frames_are_found_wherever_segments_end() {
    let (there, desk) = endpoint();
    let mut stream = connect(there.local_addr()).await;
    stream.set_nodelay(true).unwrap();
    let both = [notify(1), notify(2)].concat();
    stream.write_all(&both).await.unwrap();
    let answers = read_heads(&mut stream, 2).await;
    let order = (answers.find("z9hG4bK1").unwrap(), answers.find("z9hG4bK2").unwrap());
    assert!(order.0 < order.1, "{answers}");
    for piece in notify(3).chunks(7) {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(read_heads(&mut stream, 1).await.contains("z9hG4bK3"));
    assert_eq!(desk.seen().len(), 3);
}

#[tokio::test]
async fn a_stream_that_is_not_sip_is_closed_and_counted() {
    let (there, desk) = endpoint();
    for (count, junk) in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "NOTIFY sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n",
    ]
    .iter()
    .enumerate()
    {
        let mut stream = connect(there.local_addr()).await;
        stream.write_all(junk.as_bytes()).await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, b"", "{junk}");
        assert_eq!(there.tally().malformed, count as u64 + 1);
    }
    assert!(desk.seen().is_empty());
}

#[tokio::test]
async fn half_a_message_is_never_served_and_hurts_nobody_else() {
    let (there, desk) = endpoint();
    let message = notify(1);
    let mut half = connect(there.local_addr()).await;
    half.write_all(&message[..message.len() / 2]).await.unwrap();
    half.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut half).await, b"");
    let mut other = connect(there.local_addr()).await;
    other.write_all(&notify(2)).await.unwrap();
    assert!(read_heads(&mut other, 1).await.contains("z9hG4bK2"));
    assert_eq!(desk.seen().len(), 1);
}

#[tokio::test]
async fn a_peer_that_closes_its_side_after_the_request_still_gets_the_answer() {
    let (there, _) = endpoint();
    // As long as what is read at once, and often enough, so that the end is read before the answer is written.
    let bare = String::from_utf8(notify(1)).unwrap();
    let body = "x".repeat(16 * 1024 - bare.len() - "16000".len() + "0".len());
    let request = bare.replace("Content-Length: 0", &format!("Content-Length: {}", body.len())) + &body;
    for _ in 0..50 {
        let mut stream = connect(there.local_addr()).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with(b"SIP/2.0 200 OK\r\n"));
    }
}

#[tokio::test]
async fn a_ping_gets_its_pong() {
    let (there, _) = endpoint();
    let mut stream = connect(there.local_addr()).await;
    stream.write_all(b"\r\n\r\n").await.unwrap();
    let mut pong = [0; 2];
    timeout(LIMIT, stream.read_exact(&mut pong)).await.unwrap().unwrap();
    assert_eq!(&pong, b"\r\n");
}

#[tokio::test]
async fn requests_that_come_through_a_connection_of_ours_are_served() {
    let (here, desk) = endpoint();
    let (listener, route) = peer_of(&here).await;
    let mut sender = sender(&here, 4);
    sender.client.send(outgoing(1, "NOTIFY", &route)).unwrap();
    let mut stream = accept(&listener).await;
    let request = read_heads(&mut stream, 1).await;
    stream.write_all(&text("OPTIONS", "TCP 127.0.0.1:5060", "z9hG4bKx")).await.unwrap();
    assert!(read_heads(&mut stream, 1).await.starts_with("SIP/2.0 401 "));
    stream.write_all(oks(&request).as_bytes()).await.unwrap();
    assert_eq!(sender.status().await, 200);
    assert_eq!(desk.seen(), ["OPTIONS"]);
}

#[tokio::test]
async fn idle_connections_from_one_address_leave_room_for_others() {
    let (there, _) = endpoint();
    let mut idle = Vec::new();
    for _ in 0..64 {
        idle.push(connect(there.local_addr()).await);
    }
    assert_eq!(read_to_end(&mut connect(there.local_addr()).await).await, b"");
    assert_eq!(there.tally().crowded, 1);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(there.local_addr()).await.unwrap();
    other.write_all(&notify(1)).await.unwrap();
    assert!(read_heads(&mut other, 1).await.starts_with("SIP/2.0 200 "));
    drop(idle);
    let address = there.local_addr();
    let again = async {
        loop {
            let mut stream = connect(address).await;
            if stream.write_all(&notify(2)).await.is_ok()
                && stream.read(&mut [0; 1]).await.is_ok_and(|length| length == 1)
            {
                return;
            }
        }
    };
    timeout(LIMIT, again).await.expect("places are given back");
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_closed_after_ten_seconds_and_one_that_spoke_is_not() {
    let (there, _) = endpoint();
    let mut spoke = connect(there.local_addr()).await;
    spoke.write_all(&notify(1)).await.unwrap();
    read_heads(&mut spoke, 1).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(read_to_end(&mut connect(there.local_addr()).await).await, b"");
    assert!((9..13).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    spoke.write_all(&notify(2)).await.unwrap();
    assert!(read_heads(&mut spoke, 1).await.contains("z9hG4bK2"));
}

#[tokio::test]
async fn a_peer_that_never_reads_its_answers_is_read_no_more_and_stops_nobody_else() {
    let (there, desk) = endpoint();
    let mut deaf = connect(there.local_addr()).await;
    let flood = (0..2_000).flat_map(notify).collect::<Vec<u8>>();
    let held_back = async {
        for _ in 0..200 {
            if timeout(Duration::from_secs(1), deaf.write_all(&flood)).await.is_err() {
                return true;
            }
        }
        false
    };
    assert!(held_back.await, "the whole flood was swallowed");
    assert!(desk.seen().len() < 200_000);
    let mut other = connect(there.local_addr()).await;
    other.write_all(&text("OPTIONS", "TCP 127.0.0.1:5060", "z9hG4bKx")).await.unwrap();
    assert!(read_heads(&mut other, 1).await.starts_with("SIP/2.0 401 "));
}
