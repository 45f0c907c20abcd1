//! The task of the UDP socket: it alone holds the transactions of all that goes over UDP, so the hot path has no locks.
//! Datagrams that are no SIP message get no answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::select;
use tokio::sync::mpsc;

use super::alarm::Alarm;
use super::client::{Answer, Command, Failure, Job, Ticket};
use super::serve::{Peer, Service};
use crate::sip::message::{Message, Request, ResponseHead, response_head};
use crate::sip::transaction::client::{ClientAction, ClientTable, Start};
use crate::sip::transaction::server::{ServerKey, ServerTable};
use crate::sip::transport::Transport;

/// The most commands, and the most datagrams, that are taken in a row.
const BATCH: usize = 64;
/// The largest datagram there is.
const LARGEST: usize = 65_535;
const DEFAULT_PORT: u16 = 5060;

/// A request that waits for its answer.
struct Sent {
    ticket: Ticket,
    bytes: Vec<u8>,
    to: SocketAddr,
}

pub(super) struct Datagrams {
    socket: UdpSocket,
    /// The socket is IPv6, where only Linux takes an IPv4 address that is not mapped into IPv6.
    mapped: bool,
    service: Arc<Service>,
    sent: ClientTable<Sent>,
    answered: ServerTable,
}

impl Datagrams {
    pub(super) fn new(socket: UdpSocket, local: SocketAddr, service: Arc<Service>) -> Datagrams {
        Datagrams {
            socket,
            mapped: local.is_ipv6(),
            service,
            sent: ClientTable::default(),
            answered: ServerTable::default(),
        }
    }

    /// Serves the socket until nobody can send commands any more.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut alarm = Alarm::new();
        let mut batch = Vec::with_capacity(BATCH);
        let mut buffer = vec![0; LARGEST];
        loop {
            alarm.set(self.sent.deadline());
            select! {
                taken = commands.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    for command in batch.drain(..) {
                        self.command(command, alarm.now()).await;
                    }
                }
                readable = self.socket.readable() => match readable {
                    Ok(()) => self.receive(&mut buffer, alarm.now()).await,
                    Err(error) => return tracing::error!(%error, "the UDP socket failed"),
                },
                () = alarm.ring() => self.due(alarm.now()).await,
            }
        }
    }

    async fn command(&mut self, command: Command, now: Duration) {
        let Job { key, branch, method, bytes, to, ticket } = match command {
            Command::Send(job) => job,
            Command::Abandon(key) => {
                self.sent.remove(key);
                return;
            }
        };
        let start = Start { key, branch, method, reliable: false, context: Sent { ticket, bytes, to } };
        if let Err(refused) = self.sent.start(start, now) {
            return refused.context.ticket.settle(Answer::Transport(Failure::Overloaded));
        }
        let Some(sent) = self.sent.context(key) else { return };
        if let Err(error) = self.send(&sent.bytes, sent.to).await
            && let Some(sent) = self.sent.remove(key)
        {
            sent.ticket.settle(Answer::Transport(Failure::of(&error)));
        }
    }

    async fn receive(&mut self, buffer: &mut [u8], now: Duration) {
        for _ in 0..BATCH {
            // An error concerns one datagram at most; a socket with nothing to read is one as well.
            let Ok((length, from)) = self.socket.try_recv_from(buffer) else { return };
            let from = SocketAddr::new(from.ip().to_canonical(), from.port());
            if let Some(bytes) = buffer.get(..length) {
                self.datagram(bytes, from, now).await;
            }
        }
    }

    async fn datagram(&mut self, bytes: &[u8], from: SocketAddr, now: Duration) {
        if let Some(head) = response_head(bytes) {
            return self.response(&head, bytes);
        }
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.request(&request, from, now).await,
            Ok(Message::Response(response)) => match (response.branch(), response.cseq()) {
                (Some(branch), Some((_, method))) => {
                    self.response(&ResponseHead { status: response.status(), branch, method }, bytes);
                }
                _ => self.service.count(|counters| &counters.malformed),
            },
            // Some peers keep a path through a NAT open with empty lines.
            Err(_) if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) => {}
            Err(_) => self.service.count(|counters| &counters.malformed),
        }
    }

    fn response(&mut self, head: &ResponseHead<'_>, bytes: &[u8]) {
        match self.sent.response(head) {
            Some((_, sent)) => sent.ticket.settle_final(head, bytes),
            None if head.status >= 200 => self.service.count(|counters| &counters.stray),
            None => {}
        }
    }

    async fn request(&mut self, request: &Request, from: SocketAddr, now: Duration) {
        let Some((key, to)) = ServerKey::of(request, from.ip()).zip(reply_address(request, from)) else {
            return self.service.count(|counters| &counters.malformed);
        };
        let answered = self.answered.answer(&key, now).map(<[u8]>::to_vec);
        if answered.is_some() {
            self.service.count(|counters| &counters.repeated);
        }
        let first = answered.is_none();
        let answer =
            answered.or_else(|| self.service.answer(request, Peer { addr: from, transport: Transport::Udp }));
        let Some(answer) = answer else { return };
        if let Err(error) = self.send(&answer, to).await {
            tracing::debug!(%error, %to, "an answer could not be sent");
        }
        if first {
            self.answered.remember(key, answer, now);
        }
    }

    async fn due(&mut self, now: Duration) {
        let mut actions = Vec::new();
        self.sent.poll(now, &mut actions);
        for action in actions {
            match action {
                ClientAction::Expired(key) => {
                    if let Some(sent) = self.sent.remove(key) {
                        sent.ticket.settle(Answer::Expired);
                    }
                }
                ClientAction::Retransmit(key) => {
                    let Some(sent) = self.sent.context(key) else { continue };
                    // The first copy may have arrived, so a failure here ends nothing; timer F will.
                    if let Err(error) = self.send(&sent.bytes, sent.to).await {
                        tracing::debug!(%error, to = %sent.to, "a request could not be sent again");
                    }
                }
            }
        }
    }

    async fn send(&self, bytes: &[u8], to: SocketAddr) -> std::io::Result<()> {
        let to = match to.ip() {
            IpAddr::V4(address) if self.mapped => SocketAddr::new(address.to_ipv6_mapped().into(), to.port()),
            _ => to,
        };
        self.socket.send_to(bytes, to).await.map(|_| ())
    }
}

/// Where the answer to a request over UDP goes: to the port that it came from if the peer asks for that, else to the
/// port that its Via names (RFC 3261 section 18.2.2, RFC 3581).
fn reply_address(request: &Request, from: SocketAddr) -> Option<SocketAddr> {
    let via = request.header("Via")?.split(',').next()?;
    let rport = |parameter: &str| {
        parameter.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("rport"))
    };
    if via.split(';').skip(1).any(rport) {
        return Some(from);
    }
    let sent_by = request.sent_by()?;
    let port = match sent_by.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => port.parse().ok()?,
        _ => DEFAULT_PORT,
    };
    Some(SocketAddr::new(from.ip(), port))
}
