//! With whom the notifier of a dial plan speaks over the network, as far as its configuration shows.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Outcome;
use super::object::{Exposure, Notifier, Senders, Server, Store};
use super::route::Way;
use super::workload::GatewayRoute;
use crate::sip::text::Host;

/// The usual port of PostgreSQL; the one that is meant stands in a Secret.
const POSTGRESQL: u16 = 5432;

/// A network, without the bits that name a host in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// The network of so many bits that holds an address.
    #[must_use]
    pub fn new(address: IpAddr, bits: u8) -> Self {
        let first = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits.into())).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits.into())).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Self { first, bits }
    }

    /// The network that is one address.
    #[must_use]
    pub fn of_one(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { first: address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// What a port belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, with TLS or without.
    Tcp,
    /// UDP.
    Udp,
}

/// Where a notifier connects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// What the port belongs to.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// Where; none: behind a host name or in a Secret, so it may be anywhere.
    pub network: Option<Network>,
}

/// Who may open SIP to a notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peers {
    /// Anybody: they sign in, have a host name, or come with the address of a node.
    Anybody,
    /// Those.
    Of(BTreeSet<Network>),
}

/// With whom a notifier speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Who may open SIP to it.
    pub peers: Peers,
    /// Where it connects to.
    pub targets: BTreeSet<Target>,
}

impl Outcome {
    /// With whom the notifier of the dial plan with that index speaks: every gateway that names the dial plan, also one that is
    /// disabled, so that switching it on waits for nobody; a simulator is inside.
    #[must_use]
    pub fn reach(&self, at: usize) -> Option<Reach> {
        let notifier = &self.linked.dial_plans.get(at)?.value.notifier;
        let gateways: Vec<GatewayRoute> =
            self.gateways.get(at)?.iter().filter_map(|gateway| self.gateway_route(*gateway, at)).collect();
        let servers = notifier.servers.iter().map(|Server { host, port }| Target {
            protocol: Protocol::Tcp,
            port: *port,
            network: host.as_ref().and_then(network_of),
        });
        let database = Target { protocol: Protocol::Tcp, port: POSTGRESQL, network: None };
        let database = matches!(notifier.store, Store::PostgreSql).then_some(database);
        Some(Reach {
            peers: peers(notifier, &gateways),
            targets: gateways.iter().filter_map(target).chain(servers).chain(database).collect(),
        })
    }
}

fn network_of(host: &Host) -> Option<Network> {
    host.ip().map(Network::of_one)
}

/// Where requests to a gateway go: to its proxy, else to itself.
fn target(gateway: &GatewayRoute) -> Option<Target> {
    let (host, port) = match (&gateway.proxy, &gateway.address) {
        (Some(proxy), _) => (&proxy.host, proxy.port),
        (None, Some(address)) => (address, gateway.port?),
        (None, None) => return None,
    };
    let protocol = if gateway.way == Way::Udp { Protocol::Udp } else { Protocol::Tcp };
    Some(Target { protocol, port, network: network_of(host) })
}

fn peers(notifier: &Notifier, gateways: &[GatewayRoute]) -> Peers {
    let hidden = matches!(
        notifier.service.exposure,
        Exposure::Nodes(Senders::Hidden) | Exposure::LoadBalancer(Senders::Hidden, _)
    );
    let proxies = gateways.iter().filter_map(|gateway| gateway.proxy.as_ref().map(|proxy| &proxy.host));
    let hosts = gateways.iter().filter_map(|gateway| gateway.address.as_ref()).chain(proxies);
    let known: Option<BTreeSet<Network>> = hosts.map(network_of).collect();
    match known {
        Some(mut networks) if !hidden && !notifier.has_passwords => {
            networks.extend(&notifier.allowed_peers);
            Peers::Of(networks)
        }
        _ => Peers::Anybody,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_network_is_written_without_the_bits_of_its_hosts() {
        for (address, bits, text) in [
            ("192.0.2.77", 24, "192.0.2.0/24"),
            ("192.0.2.77", 32, "192.0.2.77/32"),
            ("192.0.2.77", 0, "0.0.0.0/0"),
            ("192.0.2.255", 31, "192.0.2.254/31"),
            ("2001:db8:0:1::5", 48, "2001:db8::/48"),
            ("2001:db8::5", 128, "2001:db8::5/128"),
            ("2001:db8::5", 0, "::/0"),
        ] {
            assert_eq!(Network::new(address.parse().unwrap(), bits).to_string(), text);
        }
        assert_eq!(Network::of_one("::ffff:192.0.2.1".parse().unwrap()).to_string(), "192.0.2.1/32");
    }
}
