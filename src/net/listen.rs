//! Connections that peers open: accepted within limits, so that many idle ones leave room for others.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::accept::tune;
use super::endpoint::Shared;
use super::serve::Peer;
use super::stream::Connection;
use crate::sip::transport::Transport;

/// The most connections that peers may hold open.
pub(super) const CAPACITY: usize = 1024;
/// The most connections from one address.
pub(super) const EACH: usize = 64;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// The rest after an accept that failed, as it does while no file descriptor is free.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections for as long as the endpoint lives.
pub(super) async fn listen(shared: Arc<Shared>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => admit(&shared, stream, from, tls.clone()),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

fn admit(shared: &Arc<Shared>, stream: TcpStream, from: SocketAddr, tls: Option<TlsAcceptor>) {
    let addr = SocketAddr::new(from.ip().to_canonical(), from.port());
    let Some(seat) = shared.seats.take(addr.ip()) else {
        shared.service.count(|counters| &counters.crowded);
        return;
    };
    let transport = if tls.is_some() { Transport::Tls } else { Transport::Tcp };
    let connection = Connection::new(Arc::clone(&shared.service), Peer { addr, transport }, false);
    shared.tasks.spawn(async move {
        if let Err(error) = serve(connection, stream, tls).await {
            tracing::debug!(%error, peer = %addr, "a connection was not taken");
        }
        drop(seat);
    });
}

async fn serve(connection: Connection, stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<()> {
    tune(&stream)?;
    // Nothing is sent through a connection that a peer opened but answers.
    let (_commands, none) = mpsc::channel(1);
    match tls {
        None => connection.run(stream, none).await,
        Some(acceptor) => {
            let secured =
                timeout(HANDSHAKE, acceptor.accept(stream)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            connection.run(secured, none).await;
        }
    }
    Ok(())
}
