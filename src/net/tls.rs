//! TLS for SIP: aws-lc-rs named in every builder, no roots but those that are given, peers always verified. It must not
//! read files; certificates and keys come as PEM.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore, ServerConfig};

use crate::sip::text::Host;

/// Why certificates, keys or names can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The PEM text of `what` can't be read.
    #[error("the {what} is not valid PEM")]
    Pem {
        /// What the text was to hold.
        what: &'static str,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// The PEM text holds no certificate.
    #[error("the {what} holds no certificate")]
    Empty {
        /// What the text was to hold.
        what: &'static str,
    },
    /// A certificate authority is no certificate that can be trusted.
    #[error("the {what} can't be used")]
    Root {
        /// What the text was to hold.
        what: &'static str,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// Certificate and key don't belong together.
    #[error("the key is not that of the certificate")]
    Mismatch,
    /// The kind of certificate or key is not known.
    #[error("the certificate and its key can't be used")]
    Identity(#[source] rustls::Error),
    /// The authorities for client certificates can't be used.
    #[error("the client certificate authority can't be used")]
    ClientAuthority(#[source] VerifierBuilderError),
    /// The protocol versions don't fit the provider.
    #[error("TLS can't be set up")]
    Provider(#[source] rustls::Error),
    /// The host is not a name that a certificate can show.
    #[error("{0} can't be the name in a certificate")]
    Name(String),
}

impl TlsError {
    /// What keeps a certificate and its key from being shown.
    pub(super) fn of_identity(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Self::Mismatch,
            other => Self::Identity(other),
        }
    }
}

/// What a connection to a peer is protected with. Made once for each gateway and configuration: connections are shared
/// by requests with the same target only.
#[derive(Debug)]
pub struct TlsTarget {
    pub(super) config: Arc<ClientConfig>,
    pub(super) server_name: ServerName<'static>,
    /// Tells targets apart.
    pub(super) identity: u64,
}

impl TlsTarget {
    /// A target whose certificate must show `name`: a dNSName, or an iPAddress when it is written as one (RFC 5922).
    pub fn new(config: Arc<ClientConfig>, name: &Host) -> Result<TlsTarget, TlsError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let server_name = match (name.ip(), name) {
            (Some(address), _) => ServerName::from(address),
            (None, Host::Name(name)) => ServerName::try_from(name.as_str().trim_end_matches('.').to_owned())
                .map_err(|_| TlsError::Name(name.as_str().to_owned()))?,
            (None, other) => return Err(TlsError::Name(other.to_string())),
        };
        Ok(TlsTarget { config, server_name, identity: NEXT.fetch_add(1, Ordering::Relaxed) })
    }
}

/// How we open connections: the peer is trusted by `roots` alone; `identity` is our certificate chain and its key, shown
/// to peers that ask for one. All in PEM.
pub fn client_config(roots: &[u8], identity: Option<(&[u8], &[u8])>) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = root_store("certificate authority of the peer", roots)?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Provider)?
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(certificates("certificate", chain)?, private_key(key)?)
            .map_err(TlsError::of_identity)?,
    };
    Ok(Arc::new(config))
}

/// How we take connections: with our certificate chain and its key, in PEM. With `client_ca` only peers with a
/// certificate of such an authority are let in.
pub fn server_config(
    chain: &[u8],
    key: &[u8],
    client_ca: Option<&[u8]>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Provider)?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let roots = Arc::new(root_store("client certificate authority", authority)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
            builder.with_client_cert_verifier(verifier.map_err(TlsError::ClientAuthority)?)
        }
    };
    let config = builder
        .with_single_cert(certificates("certificate", chain)?, private_key(key)?)
        .map_err(TlsError::of_identity)?;
    Ok(Arc::new(config))
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

pub(super) fn certificates(
    what: &'static str,
    text: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem { what, source })?;
    if chain.is_empty() { Err(TlsError::Empty { what }) } else { Ok(chain) }
}

pub(super) fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(text).map_err(|source| TlsError::Pem { what: "key", source })
}

pub(super) fn root_store(what: &'static str, text: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(what, text)? {
        store.add(certificate).map_err(|source| TlsError::Root { what, source })?;
    }
    Ok(store)
}
