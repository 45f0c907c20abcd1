//! The three ways a SIP message travels here. Knows names and defaults only, nothing of sockets.

use std::fmt;
use std::str::FromStr;

/// How a SIP message travels: UDP, TCP, or TLS over TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams; lost messages are sent again by the transaction.
    Udp,
    /// A stream without protection.
    Tcp,
    /// A stream protected by TLS.
    Tls,
}

/// The text is none of `udp`, `tcp`, `tls`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("transport must be udp, tcp or tls")]
pub struct TransportError;

impl Transport {
    /// The name in the sent-protocol of a Via header (RFC 3261 20.42): `UDP`, `TCP`, `TLS`.
    #[must_use]
    pub fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// The value of the `transport` parameter of a SIP URI (RFC 3261 19.1.1): `udp`, `tcp`, `tls`.
    #[must_use]
    pub fn uri_param(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// Whether the transport itself repeats what is lost, so that transactions need not (RFC 3261 17.1.2).
    #[must_use]
    pub fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The port that is meant when none is written (RFC 3261 19.1.2): 5061 for TLS, else 5060.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.via_name())
    }
}

impl FromStr for Transport {
    type Err = TransportError;

    fn from_str(text: &str) -> Result<Self, TransportError> {
        [Self::Udp, Self::Tcp, Self::Tls]
            .into_iter()
            .find(|transport| text.eq_ignore_ascii_case(transport.via_name()))
            .ok_or(TransportError)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn every_transport_reads_back_its_own_names_in_any_case() {
        for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
            assert_eq!(transport.to_string().parse(), Ok(transport));
            assert_eq!(transport.uri_param().parse(), Ok(transport));
        }
        assert_eq!("sctp".parse::<Transport>(), Err(TransportError));
        assert_eq!("udp ".parse::<Transport>(), Err(TransportError));
    }
}
