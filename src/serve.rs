//! One HTTP server: bind, then run until told to stop. Connections, handshakes, headers and idle time are bounded; what is served is a
//! router of somebody else's.
//!
//! Where it has certificates it takes TLS and plain HTTP on one port, and tells the router by [`Channel`] how each request came: probes
//! and scrapers must reach a program whose certificates can't be used, and a caller who forgot the `s` gets a sentence. What may be said
//! in plain text is for the router to decide. `local` serves on a Unix socket instead.

pub mod local;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::net::accept::{Seats, tune};
use crate::net::https::{AuthorityId, Https};

/// Connections at a time.
const MOST_CONNECTIONS: usize = 1024;
/// Connections from one address: others still get in while one machine opens all that it can.
const MOST_FROM_ONE: usize = 512;
/// How long a connection may take for its TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
/// How long the head of a request may take; an idle connection ends after that as well.
const HEAD_LIMIT: Duration = Duration::from_secs(5);
/// How long requests that are under way may take when the program ends.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// Pause after a failed accept, for example without file descriptors, so that the loop does not spin.
const PAUSE: Duration = Duration::from_millis(50);
/// The first byte of a TLS connection: a handshake record (RFC 8446 section 5.1). No HTTP request begins with it.
const HANDSHAKE_RECORD: u8 = 0x16;

/// The address can't be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for HTTP on {address}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// How a request came; every request has it as an extension.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Who sent it.
    pub peer: SocketAddr,
    /// It came over TLS.
    pub secured: bool,
    /// The authorities for which the caller's certificate is good; none without one.
    pub authorities: Arc<[AuthorityId]>,
}

impl Channel {
    /// Whether the caller is on this machine.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.peer.ip().to_canonical().is_loopback()
    }
}

/// Where it is counted what a server meets.
#[derive(Debug, Default)]
pub struct Counters {
    handshakes: AtomicU64,
    crowded: AtomicU64,
}

impl Counters {
    /// TLS handshakes that failed or took too long.
    #[must_use]
    pub fn handshakes(&self) -> u64 {
        self.handshakes.load(Ordering::Relaxed)
    }

    /// Connections closed at once because there were too many.
    #[must_use]
    pub fn crowded(&self) -> u64 {
        self.crowded.load(Ordering::Relaxed)
    }
}

/// How connections are secured; it may change while the server runs.
pub type Security = watch::Receiver<Option<Arc<Https>>>;

/// A bound server.
pub struct Server {
    listener: TcpListener,
    security: Security,
    counters: Arc<Counters>,
}

impl Server {
    /// Takes the address, for plain HTTP.
    ///
    /// # Errors
    /// It can't be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let listener = TcpListener::bind(address).await.map_err(|source| BindError { address, source })?;
        Ok(Self { listener, security: watch::channel(None).1, counters: Arc::default() })
    }

    /// Takes TLS as well, as long as there is something to take it with.
    #[must_use]
    pub fn secured(self, security: Security) -> Self {
        Self { security, ..self }
    }

    /// Counts there what it meets.
    #[must_use]
    pub fn counted(self, counters: Arc<Counters>) -> Self {
        Self { counters, ..self }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is true; then requests that are under way have 5 s to end.
    pub async fn run(self, router: Router, mut stop: watch::Receiver<bool>) {
        let seats = Arc::new(Seats::new(MOST_CONNECTIONS, MOST_FROM_ONE));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                // Beyond the limit a connection is closed at once: that is cheaper than any answer.
                Ok((stream, peer)) => match seats.take(peer.ip()) {
                    None => drop(self.counters.crowded.fetch_add(1, Ordering::Relaxed)),
                    Some(seat) => {
                        let connection = Connection {
                            peer,
                            router: router.clone(),
                            security: self.security.clone(),
                            counters: Arc::clone(&self.counters),
                            stop: stop.clone(),
                        };
                        connections.spawn(async move {
                            connection.run(stream).await;
                            drop(seat);
                        });
                    }
                },
                Err(error) => {
                    tracing::warn!(%error, "no HTTP connection could be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
        let all = async { while connections.join_next().await.is_some() {} };
        if timeout(LAST_REQUESTS, all).await.is_err() {
            tracing::warn!("HTTP requests were cut off at the end");
        }
    }
}

/// One connection, beside its socket.
struct Connection {
    peer: SocketAddr,
    router: Router,
    security: Security,
    counters: Arc<Counters>,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream) {
        let peer = self.peer;
        let https = self.security.borrow_and_update().clone();
        let ended = match https {
            None => self.plain(stream).await,
            Some(https) => self.either(stream, &https).await,
        };
        // Whoever scans ports could fill the log.
        if let Err(error) = ended {
            tracing::debug!(%peer, error = &*error, "an HTTP connection broke");
        }
    }

    async fn either(self, stream: TcpStream, https: &Https) -> Result<(), Broken> {
        let start = tokio::time::Instant::now();
        let mut first = [0];
        match timeout(HEAD_LIMIT, stream.peek(&mut first)).await {
            // It says nothing.
            Err(_) => return Ok(()),
            Ok(read) => drop(read?),
        }
        if first != [HANDSHAKE_RECORD] {
            return self.plain(stream).await;
        }
        tune(&stream)?;
        let left = HANDSHAKE_LIMIT.saturating_sub(start.elapsed());
        let accepted = match timeout(left, https.accept(stream)).await {
            Ok(accepted) => accepted.map_err(Broken::from),
            Err(late) => Err(late.into()),
        };
        let (stream, authorities) = accepted.inspect_err(|_| {
            self.counters.handshakes.fetch_add(1, Ordering::Relaxed);
        })?;
        let channel = Channel { peer: self.peer, secured: true, authorities };
        let (security, stop) = (self.security, self.stop);
        let ends = async move {
            tokio::select! {
                () = is_true(stop) => {}
                // What was shown in the handshake may not count any more.
                () = changes(security) => {}
            }
        };
        exchange(stream, Some(channel), self.router, ends).await
    }

    async fn plain(self, stream: TcpStream) -> Result<(), Broken> {
        tune(&stream)?;
        let channel = Channel { peer: self.peer, secured: false, authorities: Arc::default() };
        exchange(stream, Some(channel), self.router, is_true(self.stop)).await
    }
}

/// Why a connection broke.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Serves requests until the caller goes, or `ends` does; then the one that is under way is answered. A local one came by no channel.
async fn exchange<S>(
    stream: S,
    channel: Option<Channel>,
    router: Router,
    ends: impl Future<Output = ()>,
) -> Result<(), Broken>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        if let Some(channel) = &channel {
            request.extensions_mut().insert(channel.clone());
        }
        request.map(axum::body::Body::new)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(64 * 1024);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ends => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended.map_err(Broken::from)
}

async fn is_true(mut stop: watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// Ends when there are other certificates; never when nobody can bring any.
async fn changes(mut security: Security) {
    if security.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
