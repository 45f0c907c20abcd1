//! The endpoint: UDP and TCP on one address and port, TLS beside them when asked for. It ends, with all its connections,
//! when it is dropped.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::accept::Seats;
use super::client::{Client, Command, Outcome};
use super::datagram::Datagrams;
use super::listen::{CAPACITY, EACH, listen};
use super::pool::Pool;
use super::resolve::{Resolver, Route, RouteError, Target};
use super::serve::{Counters, Handler, Service, Tally};
use super::tasks::Tasks;
use crate::sip::outgoing::Hop;
use crate::sip::text::{Host, HostPort};
use crate::sip::transport::Transport;

/// What the kernel is asked for as receive and send buffer of UDP, in bytes; it gives what it allows.
const UDP_BUFFER: usize = 4 * 1024 * 1024;
/// The most requests that wait for the UDP task.
const QUEUE: usize = 4096;
/// How often a port that is free for TCP may turn out to be taken for UDP.
const PORT_TRIES: usize = 16;
const BACKLOG: i32 = 1024;

/// Where an endpoint listens.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Address and port for UDP and TCP; port 0 is one that is free for both. `[::]` takes IPv4 as well.
    pub listen: SocketAddr,
    /// Where TLS is taken, if it is.
    pub tls: Option<TlsListen>,
    /// The host that Via and Contact name; if absent, the address that the system sends from.
    pub advertised: Option<Host>,
}

/// Where TLS is taken.
#[derive(Clone, Debug)]
pub struct TlsListen {
    /// Address and port; port 0 is a free one.
    pub listen: SocketAddr,
    /// Certificate, key and who is let in; see [`super::tls::server_config`].
    pub config: Arc<ServerConfig>,
}

/// An address could not be had. The caller may bind another port instead.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {transport} {address}")]
pub struct BindError {
    /// The transport.
    pub transport: Transport,
    /// The address as asked for.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// What the tasks of an endpoint share.
pub(super) struct Shared {
    pub(super) service: Arc<Service>,
    pub(super) datagrams: mpsc::Sender<Command>,
    pub(super) pool: Pool,
    pub(super) seats: Arc<Seats>,
    pub(super) tasks: Tasks,
    pub(super) local: SocketAddr,
}

/// SIP over UDP, TCP and TLS at one address.
pub struct Endpoint {
    shared: Arc<Shared>,
    tls: Option<SocketAddr>,
    advertised: Option<Host>,
    resolver: Resolver,
    owners: AtomicU64,
}

impl Endpoint {
    /// Takes the addresses and serves them; to be called inside a tokio runtime.
    pub fn bind(config: EndpointConfig, handler: Arc<dyn Handler>) -> Result<Endpoint, BindError> {
        Self::bind_counted(config, handler, Arc::default())
    }

    /// The same, with counters that others may share, so that they outlive the endpoint.
    pub fn bind_counted(
        config: EndpointConfig,
        handler: Arc<dyn Handler>,
        counters: Arc<Counters>,
    ) -> Result<Endpoint, BindError> {
        let (udp, tcp, local) = bind_pair(config.listen)?;
        let tls = match config.tls {
            None => None,
            Some(TlsListen { listen, config }) => {
                let failed = |source| BindError { transport: Transport::Tls, address: listen, source };
                let listener = bind_tcp(listen).map_err(failed)?;
                let bound = listener.local_addr().map_err(failed)?;
                Some((listener, bound, TlsAcceptor::from(config)))
            }
        };
        let service = Arc::new(Service::new(handler, counters));
        let (datagrams, commands) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            service: Arc::clone(&service),
            datagrams,
            pool: Pool::default(),
            seats: Arc::new(Seats::new(CAPACITY, EACH)),
            tasks: Tasks::new(),
            local,
        });
        shared.tasks.spawn(Datagrams::new(udp, local, service).run(commands));
        shared.tasks.spawn(listen(Arc::clone(&shared), tcp, None));
        let tls = tls.map(|(listener, bound, acceptor)| {
            shared.tasks.spawn(listen(Arc::clone(&shared), listener, Some(acceptor)));
            bound
        });
        let resolver = Resolver::from_system();
        Ok(Endpoint { shared, tls, advertised: config.advertised, resolver, owners: AtomicU64::new(0) })
    }

    /// A sender whose requests end in `outcomes`. The room of that channel is the most that it has in flight.
    pub fn client(&self, outcomes: mpsc::Sender<Outcome>) -> Client {
        Client::new(self.owners.fetch_add(1, Ordering::Relaxed), outcomes, Arc::clone(&self.shared))
    }

    /// The ways to a target now, best first; at least one. Ask again after some seconds, since names and routes change;
    /// what DNS said is kept for its TTL. Takes at most 3 s.
    pub async fn routes(&self, target: &Target) -> Result<Vec<Route>, RouteError> {
        let mut failure = RouteError::OtherFamily { host: target.host.to_string(), local: self.shared.local };
        let mut routes = Vec::new();
        for address in self.resolver.addresses(&target.host, target.family).await? {
            if !self.reaches(address) {
                continue;
            }
            let peer = SocketAddr::new(address, target.port);
            match self.hop(target.transport, peer) {
                Ok(hop) => routes.push(Route {
                    peer,
                    hop: Hop { proxy: target.proxy.clone(), ..hop },
                    tls: target.tls.clone(),
                }),
                Err(source) => failure = RouteError::Unreachable { peer, source },
            }
        }
        if routes.is_empty() { Err(failure) } else { Ok(routes) }
    }

    /// What Via and Contact say of us in a request to `peer`: the advertised host, else the address that the system
    /// sends from; and the port that we listen on. An error when the system has no way to that address.
    pub fn hop(&self, transport: Transport, peer: SocketAddr) -> io::Result<Hop> {
        let source = self.source(peer)?;
        let host = self.advertised.clone().unwrap_or_else(|| Host::from(source));
        let port = match transport {
            Transport::Udp | Transport::Tcp => self.shared.local.port(),
            Transport::Tls => self.tls.map_or(transport.default_port(), |address| address.port()),
        };
        Ok(Hop { transport, sent_by: HostPort { host, port }, proxy: None })
    }

    /// The address and port of UDP and TCP.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local
    }

    /// The address and port of TLS, where it is taken.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.tls
    }

    /// What came in so far and was not simply served, here and wherever else the counters are.
    pub fn tally(&self) -> Tally {
        self.shared.service.counters().tally()
    }

    fn reaches(&self, peer: IpAddr) -> bool {
        let local = self.shared.local.ip();
        local.is_ipv4() == peer.is_ipv4() || local == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
    }

    /// The address that the system sends from to `peer`. An error when it has no way there.
    pub fn source(&self, peer: SocketAddr) -> io::Result<IpAddr> {
        let local = self.shared.local.ip();
        if !local.is_unspecified() {
            return Ok(local);
        }
        let any = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // To connect UDP sends nothing; it makes the kernel choose.
        let probe = std::net::UdpSocket::bind(SocketAddr::new(any, 0))?;
        probe.connect(peer)?;
        Ok(probe.local_addr()?.ip())
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.tasks.end();
    }
}

fn bind_pair(address: SocketAddr) -> Result<(UdpSocket, TcpListener, SocketAddr), BindError> {
    let failed = |transport| move |source| BindError { transport, address, source };
    let mut tries = if address.port() == 0 { PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        let tcp = bind_tcp(address).map_err(failed(Transport::Tcp))?;
        let local = tcp.local_addr().map_err(failed(Transport::Tcp))?;
        match bind_udp(local) {
            Ok(udp) => return Ok((udp, tcp, local)),
            Err(error) if tries > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err(source) => return Err(failed(Transport::Udp)(source)),
        }
    }
}

fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
    socket.set_recv_buffer_size(UDP_BUFFER)?;
    socket.set_send_buffer_size(UDP_BUFFER)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    // A restart must not wait for connections of the process before it.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
