//! Connections that we open: one for each transport, address and TLS target. All requests to a peer wait in the queue of
//! one attempt to connect, so a peer that comes back is not overrun.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::accept::tune;
use super::client::{Command, Failure, Job, SendError, refuse_all};
use super::endpoint::Shared;
use super::resolve::Route;
use super::serve::Peer;
use super::stream::Connection;
use crate::sip::transport::Transport;

/// How long a connection and its TLS handshake may take together.
const CONNECT: Duration = Duration::from_secs(3);
/// The most connections that we open.
const CAPACITY: usize = 1024;
/// The most requests that wait for one connection's task.
const QUEUE: usize = 1024;

/// What requests must share to share a connection: transport, address, and the TLS target's identity.
type Key = (Transport, SocketAddr, Option<u64>);

/// The queues of the connections that we opened. One whose task has ended is closed.
#[derive(Default)]
pub(super) struct Pool(Mutex<BTreeMap<Key, mpsc::Sender<Command>>>);

impl Pool {
    /// Hands a request to the connection for its route, which is opened if there is none.
    pub(super) fn send(&self, shared: &Arc<Shared>, route: &Route, job: Job) -> Result<(), SendError> {
        let identity =
            route.tls.as_ref().filter(|_| route.hop.transport == Transport::Tls).map(|tls| tls.identity);
        let key = (route.hop.transport, route.peer, identity);
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = Command::Send(job);
        if let Some(queue) = queues.get(&key) {
            match queue.try_send(command) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(_)) => return Err(SendError::Busy),
                Err(TrySendError::Closed(back)) => command = back,
            }
        }
        if queues.len() >= CAPACITY {
            queues.retain(|_, queue| !queue.is_closed());
            if queues.len() >= CAPACITY {
                return Err(SendError::Busy);
            }
        }
        let (queue, commands) = mpsc::channel(QUEUE);
        queue.try_send(command).map_err(|refusal| SendError::of(&refusal))?;
        if !shared.tasks.spawn(serve(Arc::clone(shared), route.clone(), commands)) {
            return Err(SendError::Closed);
        }
        queues.insert(key, queue);
        Ok(())
    }
}

async fn serve(shared: Arc<Shared>, route: Route, commands: mpsc::Receiver<Command>) {
    let peer = Peer { addr: route.peer, transport: route.hop.transport };
    let connection = Connection::new(Arc::clone(&shared.service), peer, true);
    let failure = match route.hop.transport {
        Transport::Tls => match secure(&shared, &route).await {
            Ok(stream) => return connection.run(stream, commands).await,
            Err(failure) => failure,
        },
        Transport::Udp | Transport::Tcp => match within(connect(&shared, route.peer)).await {
            Ok(stream) => return connection.run(stream, commands).await,
            Err(failure) => failure,
        },
    };
    refuse_all(commands, failure).await;
}

async fn within<T>(attempt: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout(CONNECT, attempt).await.unwrap_or(Err(Failure::ConnectTimeout))
}

async fn secure(
    shared: &Shared,
    route: &Route,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Failure> {
    let Some(tls) = &route.tls else {
        return Err(Failure::tls(&"no trusted certificate authority is configured"));
    };
    within(async {
        let stream = connect(shared, route.peer).await?;
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        connector.connect(tls.server_name.clone(), stream).await.map_err(|error| {
            tracing::debug!(%error, peer = %route.peer, "TLS handshake failed");
            Failure::tls(&error)
        })
    })
    .await
}

async fn connect(shared: &Shared, peer: SocketAddr) -> Result<TcpStream, Failure> {
    let attempt = async {
        let socket = if peer.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        let local = shared.local.ip();
        if !local.is_unspecified() {
            socket.bind(SocketAddr::new(local, 0))?;
        }
        let stream = socket.connect(peer).await?;
        tune(&stream)?;
        io::Result::Ok(stream)
    };
    attempt.await.map_err(|error| {
        tracing::debug!(%error, %peer, "no connection");
        Failure::of(&error)
    })
}
