//! Connections that peers open: accepted within limits, so that many idle ones leave room for others.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::endpoint::Shared;
use super::pool::tune;
use super::serve::Peer;
use super::stream::Connection;
use crate::sip::transport::Transport;

/// The most connections that peers may hold open.
const CAPACITY: usize = 1024;
/// The most connections from one address.
const EACH: usize = 64;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// The rest after an accept that failed, as it does while no file descriptor is free.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections each address holds.
#[derive(Default)]
pub(super) struct Seats(Mutex<BTreeMap<IpAddr, usize>>);

/// One connection's place; given back when dropped.
struct Seat {
    seats: Arc<Seats>,
    address: IpAddr,
}

impl Seats {
    fn take(self: &Arc<Seats>, address: IpAddr) -> Option<Seat> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = held.values().sum();
        if total >= CAPACITY || held.get(&address).is_some_and(|count| *count >= EACH) {
            return None;
        }
        *held.entry(address).or_default() += 1;
        Some(Seat { seats: Arc::clone(self), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

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
