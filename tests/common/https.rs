//! The same over TLS, as a careful caller does it.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::authority::{Authority, Leaf};
use super::http::{Response, connect, read, send};

/// An open connection.
pub type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A caller that trusts an authority, and perhaps has a certificate.
#[derive(Clone)]
pub struct Caller {
    config: Arc<ClientConfig>,
    name: String,
}

impl Caller {
    /// One that expects `name` in the certificate of the other side.
    pub fn new(trusts: &Authority, name: &str, own: Option<&Leaf>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusts.pem.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let chain = vec![CertificateDer::from_pem_slice(own.chain.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        Self { config: Arc::new(config), name: name.to_owned() }
    }

    /// The handshake; what went wrong, if it did.
    pub fn connect(&self, to: SocketAddr) -> Result<Stream, String> {
        let name = self.name.clone().try_into().unwrap();
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut socket = connect(to);
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).map_err(|error| error.to_string())?;
        }
        Ok(StreamOwned::new(connection, socket))
    }

    /// One request over a connection of its own.
    pub fn request(
        &self,
        to: SocketAddr,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Result<Response, String> {
        let headers: Vec<&str> = headers.iter().copied().chain(["Connection: close"]).collect();
        let mut stream = self.connect(to)?;
        send(&mut stream, method, path, &headers, body).map_err(|error| error.to_string())?;
        read(stream)
    }

    /// The status of a GET; what went wrong before there was one.
    pub fn get(&self, to: SocketAddr, path: &str, headers: &[&str]) -> Result<u16, String> {
        self.request(to, "GET", path, headers, b"").map(|response| response.status)
    }

    /// The certificate that the other side shows.
    pub fn shown(&self, to: SocketAddr) -> CertificateDer<'static> {
        let stream = self.connect(to).unwrap();
        stream.conn.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

/// What a certificate in PEM is on the wire.
pub fn der(leaf: &Leaf) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(leaf.chain.as_bytes()).unwrap()
}
