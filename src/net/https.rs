//! TLS of an HTTP port that serves several owners: each has a certificate, of which a caller gets the one with the name that it asks
//! for, and perhaps an authority for those who call it. A caller may show a certificate and need not: what it is good for is told, and
//! who demands one is decided elsewhere. It must not read files; certificates and keys come as PEM.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{
    ClientHello, NoClientAuth, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::tls::{TlsError, certificates, private_key, provider, root_store};
use crate::clock::wall_ms;

const CLIENT_AUTHORITY: &str = "client certificate authority";

/// Tells certificate authorities apart: the digest of their certificates as they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuthorityId([u8; 32]);

impl AuthorityId {
    /// That of certificates in PEM.
    #[must_use]
    pub fn of(pem: &[u8]) -> Self {
        Self(Sha256::digest(pem).into())
    }
}

/// What one owner shows, and whose callers it knows.
#[derive(Debug)]
pub struct Identity {
    digest: [u8; 32],
    certified: Arc<CertifiedKey>,
    authority: Option<Authority>,
}

#[derive(Debug)]
struct Authority {
    id: AuthorityId,
    roots: Arc<RootCertStore>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Identity {
    /// A certificate chain and its key, and the authorities for certificates of callers; all in PEM.
    ///
    /// # Errors
    /// They can't be used.
    pub fn new(chain: &[u8], key: &[u8], client_ca: Option<&[u8]>) -> Result<Self, TlsError> {
        let mut hasher = Sha256::new();
        for part in [chain, key, client_ca.unwrap_or_default()] {
            hasher.update(part.len().to_be_bytes());
            hasher.update(part);
        }
        let certified =
            CertifiedKey::from_der(certificates("certificate", chain)?, private_key(key)?, &provider())
                .map_err(TlsError::of_identity)?;
        Ok(Self {
            digest: hasher.finalize().into(),
            certified: Arc::new(certified),
            authority: client_ca.map(Authority::new).transpose()?,
        })
    }

    /// The authority for certificates of its callers.
    #[must_use]
    pub fn authority(&self) -> Option<AuthorityId> {
        self.authority.as_ref().map(|authority| authority.id)
    }
}

impl Authority {
    fn new(pem: &[u8]) -> Result<Self, TlsError> {
        let roots = Arc::new(root_store(CLIENT_AUTHORITY, pem)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider()).build();
        let verifier = verifier.map_err(TlsError::ClientAuthority)?;
        Ok(Self { id: AuthorityId::of(pem), roots, verifier })
    }
}

/// How the port is secured.
#[derive(Debug)]
pub struct Https {
    config: Arc<ServerConfig>,
    identities: Vec<Arc<Identity>>,
}

impl Https {
    /// The port of these owners. A caller that asks for no name, or for one that nobody has, gets the certificate of the first.
    ///
    /// # Errors
    /// TLS can't be set up.
    pub fn new(identities: Vec<Arc<Identity>>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in identities.iter().filter_map(|identity| identity.authority.as_ref()) {
            roots.roots.extend(authority.roots.roots.iter().cloned());
        }
        let verifier: Arc<dyn ClientCertVerifier> = if roots.is_empty() {
            Arc::new(NoClientAuth)
        } else {
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
                .allow_unauthenticated()
                .build()
                .map_err(TlsError::ClientAuthority)?
        };
        let names = ByName(identities.iter().map(|identity| Arc::clone(&identity.certified)).collect());
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Provider)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(names));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), identities })
    }

    /// Whether it is made of the same certificates, keys and authorities, in the same order.
    #[must_use]
    pub fn is_of(&self, identities: &[Arc<Identity>]) -> bool {
        self.identities.iter().map(|own| own.digest).eq(identities.iter().map(|other| other.digest))
    }

    /// The handshake. Returns the authorities for which the caller's certificate is good as well.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<(TlsStream<S>, Arc<[AuthorityId]>)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let authorities = self.authorities_of(shown);
        Ok((stream, authorities))
    }

    fn authorities_of(&self, shown: &[CertificateDer<'_>]) -> Arc<[AuthorityId]> {
        let Some((own, intermediates)) = shown.split_first() else { return Arc::default() };
        let now = Duration::from_millis(u64::try_from(wall_ms()).unwrap_or_default());
        let now = UnixTime::since_unix_epoch(now);
        let known = self.identities.iter().filter_map(|identity| identity.authority.as_ref());
        known
            .filter(|authority| authority.verifier.verify_client_cert(own, intermediates, now).is_ok())
            .map(|authority| authority.id)
            .collect()
    }
}

/// The first certificate that shows the name which a caller asks for, else the first of all.
#[derive(Debug)]
struct ByName(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let fits = |key: &&Arc<CertifiedKey>| asked.as_ref().is_some_and(|name| shows(key, name));
        self.0.iter().find(fits).or_else(|| self.0.first()).cloned()
    }
}

fn shows(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let own = key.cert.first().and_then(|own| ParsedCertificate::try_from(own).ok());
    own.is_some_and(|own| verify_server_name(&own, name).is_ok())
}
