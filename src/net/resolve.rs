//! From where a request should go to the address it goes to: literals, the hosts file, DNS. Answers of DNS are kept as
//! long as their TTL says.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::ResolveHosts;
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, ResolverBuilder, TokioResolver};
use tokio::time::timeout;

use super::tls::TlsTarget;
use crate::sip::outgoing::Hop;
use crate::sip::text::{Host, HostName, HostPort};
use crate::sip::transport::Transport;

/// The longest that a name may take.
const LIMIT: Duration = Duration::from_secs(3);

/// Which addresses of a host are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// IPv4 only.
    V4Only,
    /// IPv6 only.
    V6Only,
    /// IPv6 first, then IPv4.
    #[default]
    Any,
}

impl Family {
    fn admits(self, address: IpAddr) -> bool {
        match self {
            Family::V4Only => address.is_ipv4(),
            Family::V6Only => address.is_ipv6(),
            Family::Any => true,
        }
    }
}

/// Where requests should go, as configured.
#[derive(Clone, Debug)]
pub struct Target {
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// How messages travel.
    pub transport: Transport,
    /// Which of the host's addresses are used.
    pub family: Family,
    /// What TLS needs; without it nothing is sent over TLS. Not looked at for other transports.
    pub tls: Option<Arc<TlsTarget>>,
    /// The host and port as a proxy, which stands in Route; none: it is the target of requests itself.
    pub proxy: Option<HostPort>,
}

/// Where a request goes, and how it names the place that it comes from.
#[derive(Clone, Debug)]
pub struct Route {
    /// The peer's address.
    pub peer: SocketAddr,
    /// The transport, and our own address for Via and Contact.
    pub hop: Hop,
    /// What TLS needs.
    pub tls: Option<Arc<TlsTarget>>,
}

/// Why a host has no address.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// DNS knows no address, or did not answer.
    #[error("{name} can't be resolved")]
    Lookup {
        /// The name.
        name: String,
        /// Why.
        #[source]
        source: NetError,
    },
    /// DNS took too long.
    #[error("{name} was not resolved within 3 s")]
    Timeout {
        /// The name.
        name: String,
    },
    /// The system names no DNS server, and the hosts file has no such name.
    #[error("{name} is not in the hosts file, and there is no DNS configuration")]
    NoDns {
        /// The name.
        name: String,
    },
    /// There are only addresses of the other family.
    #[error("{host} has no address of the wanted family")]
    Family {
        /// The host.
        host: String,
    },
}

/// Why there is no way to a target.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// Its host has no address.
    #[error("no address")]
    Resolve(#[from] ResolveError),
    /// The endpoint's own address is of the other family.
    #[error("{host} can't be reached from an endpoint at {local}")]
    OtherFamily {
        /// The host.
        host: String,
        /// The endpoint's address.
        local: SocketAddr,
    },
    /// The system has no way to any of its addresses.
    #[error("no way to {peer}")]
    Unreachable {
        /// The last address that was tried.
        peer: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Resolves host names as the system is configured.
pub(super) struct Resolver {
    pub(super) hosts: Hosts,
    pub(super) dns: Option<TokioResolver>,
}

impl Resolver {
    pub(super) fn from_system() -> Resolver {
        let dns = TokioResolver::builder_tokio().and_then(tuned);
        let dns = dns
            .inspect_err(|error| tracing::warn!(%error, "no DNS configuration: names are not resolved"))
            .ok();
        Resolver { hosts: Hosts::from_system().unwrap_or_default(), dns }
    }

    /// The addresses of a host in the order in which they are to be tried; at least one.
    pub(super) async fn addresses(&self, host: &Host, family: Family) -> Result<Vec<IpAddr>, ResolveError> {
        let mut addresses = match host {
            Host::V4(address) => vec![IpAddr::V4(*address)],
            Host::V6(address) => vec![IpAddr::V6(*address)],
            Host::Name(name) => self.named(name, family).await?,
        };
        addresses.retain(|address| family.admits(*address));
        if addresses.is_empty() {
            Err(ResolveError::Family { host: host.to_string() })
        } else {
            Ok(addresses)
        }
    }

    async fn named(&self, name: &HostName, family: Family) -> Result<Vec<IpAddr>, ResolveError> {
        let shown = || name.as_str().to_owned();
        if let Ok(query) = Name::from_utf8(name.as_str()) {
            let known = [RecordType::AAAA, RecordType::A]
                .map(|kind| self.hosts.lookup_static_host(&Query::query(query.clone(), kind)));
            let known: Vec<IpAddr> = known.iter().flatten().flat_map(addresses_in).collect();
            if !known.is_empty() {
                return Ok(known);
            }
        }
        let dns = self.dns.as_ref().ok_or_else(|| ResolveError::NoDns { name: shown() })?;
        let lookup = async |wanted: bool, kind| match wanted {
            true => dns.lookup(name.as_str(), kind).await.map(|lookup| addresses_in(&lookup).collect()),
            false => Ok(Vec::new()),
        };
        let both = async {
            tokio::join!(
                lookup(family != Family::V4Only, RecordType::AAAA),
                lookup(family != Family::V6Only, RecordType::A)
            )
        };
        match timeout(LIMIT, both).await.map_err(|_| ResolveError::Timeout { name: shown() })? {
            (Ok(mut v6), Ok(v4)) => {
                v6.extend(v4);
                Ok(v6)
            }
            // One family without an answer is no reason not to use the other.
            (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => Ok(found),
            (Err(source), _) | (_, Err(source)) => Err(ResolveError::Lookup { name: shown(), source }),
        }
    }
}

/// Gives up within [`LIMIT`]. The hosts file is not DNS's business: there one family is enough, and search domains must not
/// hide a name.
pub(super) fn tuned(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<TokioResolver, NetError> {
    let options = builder.options_mut();
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = Duration::from_secs(1);
    options.attempts = 1;
    builder.build()
}

fn addresses_in(lookup: &Lookup) -> impl Iterator<Item = IpAddr> {
    lookup.answers().iter().filter_map(|record| record.data.ip_addr())
}
