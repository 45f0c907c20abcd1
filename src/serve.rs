//! One HTTP server: bind, then run until told to stop. Connections, headers and idle time are bounded; what is served is a
//! router of somebody else's.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// Connections at a time.
const MOST_CONNECTIONS: usize = 1024;
/// How long the head of a request may take; an idle connection ends after that as well.
const HEAD_LIMIT: Duration = Duration::from_secs(5);
/// How long requests that are under way may take when the program ends.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// Pause after a failed accept, for example without file descriptors, so that the loop does not spin.
const PAUSE: Duration = Duration::from_millis(50);

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

/// A bound server.
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// It can't be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let listener = TcpListener::bind(address).await.map_err(|source| BindError { address, source })?;
        Ok(Self { listener })
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
        let seats = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Beyond the limit a connection is closed at once: that is cheaper than any answer.
                    if let Ok(seat) = Arc::clone(&seats).try_acquire_owned() {
                        let connection = serve(stream, peer, router.clone(), stop.clone());
                        connections.spawn(async move {
                            connection.await;
                            drop(seat);
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "no HTTP connection could be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
        let all = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_REQUESTS, all).await.is_err() {
            tracing::warn!("HTTP requests were cut off at the end");
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, mut stop: watch::Receiver<bool>) {
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(axum::body::Body::new)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(64 * 1024);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection);
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "an HTTP connection broke");
    }
}
