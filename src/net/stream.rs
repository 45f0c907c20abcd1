//! One TCP or TLS connection, opened by either side: its task reads, answers, matches answers to requests, and writes what
//! has gathered in one go. A stream that is not SIP is closed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::select;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::alarm::Alarm;
use super::client::{Answer, Command, Failure, Job, Ticket, refuse_all};
use super::serve::{Peer, Service};
use crate::sip::framing::{Frame, StreamFramer};
use crate::sip::message::{Message, ResponseHead, response_head};
use crate::sip::transaction::client::{ClientAction, ClientTable, Start};

/// A connection ends when no message came and none was sent for so long.
const IDLE: Duration = Duration::from_secs(300);
/// A peer that opens a connection has so long for its first message.
const FIRST: Duration = Duration::from_secs(10);
/// How long the last answers may take to leave when the connection ends.
const LINGER: Duration = Duration::from_secs(1);
/// With so many bytes not yet written nothing more is read or taken: the peer does not listen.
const FULL: usize = 64 * 1024;
const READ: usize = 16 * 1024;
const BATCH: usize = 64;

/// Why a connection ends.
enum End {
    /// The peer closed it, or nothing happened for too long.
    Quiet,
    /// What came is not SIP.
    Malformed,
    /// It broke.
    Broken(io::Error),
}

/// The state of one connection beside its socket.
pub(super) struct Connection {
    service: Arc<Service>,
    peer: Peer,
    framer: StreamFramer,
    sent: ClientTable<Ticket>,
    out: Vec<u8>,
    /// How much of `out` is written.
    written: usize,
    /// When it ends if nothing happens.
    idle_at: Duration,
    /// The peer has sent a message: it does speak SIP here.
    has_spoken: bool,
}

impl Connection {
    /// `ours`: we opened it, so that the peer need not speak first.
    pub(super) fn new(service: Arc<Service>, peer: Peer, ours: bool) -> Connection {
        Connection {
            service,
            peer,
            framer: StreamFramer::default(),
            sent: ClientTable::default(),
            out: Vec::new(),
            written: 0,
            idle_at: if ours { IDLE } else { FIRST },
            has_spoken: false,
        }
    }

    /// Serves the connection until it ends. All requests that wait for their answer then are broken.
    pub(super) async fn run(
        mut self,
        stream: impl AsyncRead + AsyncWrite,
        mut commands: mpsc::Receiver<Command>,
    ) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let end = self.exchange(&mut reader, &mut writer, &mut commands).await;
        let failure = match end {
            End::Quiet if self.has_spoken => Failure::Closed,
            End::Quiet => Failure::Broken,
            End::Malformed => {
                self.service.count(|counters| &counters.malformed);
                Failure::Broken
            }
            End::Broken(error) => {
                tracing::debug!(%error, peer = %self.peer.addr, "connection lost");
                Failure::of_established(&error)
            }
        };
        for (_, ticket) in self.sent.remove_all() {
            ticket.settle(Answer::Transport(failure.clone()));
        }
        // Nobody waits for a connection that is gone while its last bytes leave.
        let farewell = timeout(LINGER, async {
            writer.write_all(self.out.get(self.written..).unwrap_or_default()).await?;
            writer.shutdown().await
        });
        let (_, _) = tokio::join!(refuse_all(commands, failure), farewell);
    }

    async fn exchange<R, W>(
        &mut self,
        reader: &mut R,
        writer: &mut W,
        commands: &mut mpsc::Receiver<Command>,
    ) -> End
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut alarm = Alarm::new();
        let mut batch = Vec::with_capacity(BATCH);
        let mut input = vec![0; READ];
        let mut flushed = true;
        loop {
            alarm.set(Some(self.sent.deadline().map_or(self.idle_at, |due| due.min(self.idle_at))));
            let waiting = self.out.get(self.written..).unwrap_or_default();
            let room = waiting.len() < FULL;
            select! {
                read = reader.read(&mut input), if room => match read {
                    Ok(0) => return End::Quiet,
                    Ok(length) => {
                        self.framer.push(input.get(..length).unwrap_or_default());
                        if let Err(end) = self.frames(alarm.now()) {
                            return end;
                        }
                    }
                    Err(error) => return End::Broken(error),
                },
                taken = commands.recv_many(&mut batch, BATCH), if room => {
                    if taken == 0 {
                        return End::Quiet;
                    }
                    for command in batch.drain(..) {
                        self.command(command, alarm.now());
                    }
                }
                step = write_some(writer, waiting), if !flushed || !waiting.is_empty() => match step {
                    Ok(length) => {
                        flushed = length == 0;
                        self.wrote(length);
                    }
                    Err(error) => return End::Broken(error),
                },
                () = alarm.ring() => {
                    self.due(alarm.now());
                    if self.idle_at <= alarm.now() {
                        return End::Quiet;
                    }
                }
            }
        }
    }

    fn command(&mut self, command: Command, now: Duration) {
        // Nothing is ever sent twice here, so there is nothing to abandon.
        let Command::Send(Job { key, branch, method, bytes, ticket, .. }) = command else { return };
        match self.sent.start(Start { key, branch, method, reliable: true, context: ticket }, now) {
            Ok(()) => self.out.extend_from_slice(&bytes),
            Err(refused) => refused.context.settle(Answer::Transport(Failure::Overloaded)),
        }
        // Longer than timer F, so an idle connection has nothing that waits for an answer.
        self.idle_at = now + IDLE;
    }

    fn frames(&mut self, now: Duration) -> Result<(), End> {
        loop {
            match self.framer.next_frame() {
                Ok(None) => return Ok(()),
                Ok(Some(Frame::Pong)) => {}
                Ok(Some(Frame::Ping)) => self.out.extend_from_slice(b"\r\n"),
                Ok(Some(Frame::Message(bytes))) => {
                    self.message(&bytes)?;
                    self.has_spoken = true;
                    self.idle_at = now + IDLE;
                }
                Err(error) => {
                    tracing::debug!(%error, peer = %self.peer.addr, "not a SIP stream");
                    return Err(End::Malformed);
                }
            }
        }
    }

    fn message(&mut self, bytes: &[u8]) -> Result<(), End> {
        if let Some(head) = response_head(bytes) {
            self.response(&head, bytes);
            return Ok(());
        }
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => {
                if let Some(answer) = self.service.answer(&request, self.peer) {
                    self.out.extend_from_slice(&answer);
                }
            }
            Ok(Message::Response(response)) => {
                let (Some(branch), Some((_, method))) = (response.branch(), response.cseq()) else {
                    return Err(End::Malformed);
                };
                self.response(&ResponseHead { status: response.status(), branch, method }, bytes);
            }
            Err(error) => {
                tracing::debug!(%error, peer = %self.peer.addr, "not a SIP message");
                return Err(End::Malformed);
            }
        }
        Ok(())
    }

    fn response(&mut self, head: &ResponseHead<'_>, bytes: &[u8]) {
        match self.sent.response(head) {
            Some((_, ticket)) => ticket.settle_final(head, bytes),
            None if head.status >= 200 => self.service.count(|counters| &counters.stray),
            None => {}
        }
    }

    fn due(&mut self, now: Duration) {
        let mut actions = Vec::new();
        self.sent.poll(now, &mut actions);
        for action in actions {
            if let ClientAction::Expired(key) = action
                && let Some(ticket) = self.sent.remove(key)
            {
                ticket.settle(Answer::Expired);
            }
        }
    }

    fn wrote(&mut self, length: usize) {
        self.written += length;
        if self.written >= self.out.len() {
            self.out.clear();
            self.written = 0;
        }
    }
}

/// Writes a part of what waits, or flushes when nothing does. Given up before its end, it has written nothing.
async fn write_some(writer: &mut (impl AsyncWrite + Unpin), waiting: &[u8]) -> io::Result<usize> {
    if waiting.is_empty() {
        return writer.flush().await.map(|()| 0);
    }
    match writer.write(waiting).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        length => Ok(length),
    }
}
