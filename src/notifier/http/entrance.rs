//! What a dial plan's settings and the values of its Secrets make of its HTTP port: what it asks of callers, what it shows them, and
//! what is wrong with those values. A value that is missing opens nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::{Access, Callers, Client, Token, Way};
use crate::domain::KeyName;
use crate::domain::object::{Http, HttpTls};
use crate::net::https::Identity;
use crate::net::tls::TlsError;
use crate::notifier::setup::Keys;

/// Bytes of a token; what is longer fits into no header.
const LONGEST_TOKEN: usize = 4096;

/// The HTTP port as one dial plan has it.
#[derive(Debug)]
pub struct Entrance {
    /// What it asks of callers.
    pub access: Access,
    /// What it shows them.
    pub identity: Option<Arc<Identity>>,
    made_of: Http,
}

impl Entrance {
    /// That of these settings. While a new certificate can't be used, the one `before` goes on, as long as the settings are the same.
    #[must_use]
    pub fn new(http: &Http, keys: &dyn Keys, before: Option<&Self>) -> Self {
        let callers = match &http.clients {
            None => Callers::Loopback,
            Some(_) => Callers::Clients(clients(http, keys).into_iter().map(|(client, _)| client).collect()),
        };
        let kept = || before.filter(|before| before.made_of.tls == http.tls)?.identity.clone();
        let identity = match http.tls.as_ref().and_then(|tls| identity(tls, keys)) {
            Some(Ok(identity)) => Some(Arc::new(identity)),
            Some(Err(_)) => kept(),
            None => None,
        };
        let way = match (&http.tls, &identity) {
            (None, _) => Way::Any,
            (Some(_), None) => Way::Closed,
            (Some(_), Some(identity)) => Way::Tls(identity.authority()),
        };
        Self { access: Access { callers, way }, identity, made_of: http.clone() }
    }
}

/// Why the certificates of the HTTP port can't be used, where all of them are there.
#[must_use]
pub fn bad_certificates(http: &Http, keys: &dyn Keys) -> Option<String> {
    identity(http.tls.as_ref()?, keys)?.err().map(|error| error.to_string())
}

/// Tokens that are there and can't be used, and why. Two clients that name one key are no matter of its value.
#[must_use]
pub fn bad_tokens(http: &Http, keys: &dyn Keys) -> Vec<(KeyName, String)> {
    let mut named = BTreeSet::new();
    let all = http.clients.iter().flatten().zip(clients(http, keys));
    let first = all.filter(|(client, _)| named.insert(&client.token));
    first.filter_map(|(client, (_, wrong))| Some((client.token.clone(), wrong?))).collect()
}

/// None where a value is missing.
fn identity(tls: &HttpTls, keys: &dyn Keys) -> Option<Result<Identity, TlsError>> {
    let HttpTls { certificate_secret, client_ca } = tls;
    let chain = keys.get(&KeyName::secret(certificate_secret, "tls.crt"))?;
    let key = keys.get(&KeyName::secret(certificate_secret, "tls.key"))?;
    let client_ca = match client_ca {
        None => None,
        Some(name) => Some(keys.get(name)?),
    };
    Some(Identity::new(&chain, &key, client_ca.as_deref()))
}

/// The clients in their order, each with what is wrong with its token.
fn clients(http: &Http, keys: &dyn Keys) -> Vec<(Client, Option<String>)> {
    let mut clients: Vec<(Client, Option<String>)> = Vec::new();
    for client in http.clients.iter().flatten() {
        let token = keys.get(&client.token).map(|value| token(&value));
        let has = |other: &Token| {
            clients.iter().find(|(known, _)| known.token.is_some_and(|token| token.is(other)))
        };
        let (token, wrong) = match token {
            None => (None, None),
            Some(Err(wrong)) => (None, Some(wrong.to_owned())),
            Some(Ok(token)) => match has(&token) {
                Some((other, _)) => (None, Some(format!("client {} has the same", other.name))),
                None => (Some(token), None),
            },
        };
        clients.push((Client { name: client.name.clone(), token, scopes: client.scopes.clone() }, wrong));
    }
    clients
}

/// The token that a value is. A file made by an editor ends with a line break that nobody meant.
fn token(value: &[u8]) -> Result<Token, &'static str> {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    if value.is_empty() {
        return Err("it is empty");
    }
    if value.len() > LONGEST_TOKEN {
        return Err("it is longer than 4096 bytes");
    }
    if !value.iter().all(u8::is_ascii_graphic) {
        return Err("it holds a blank, a line break or another character that no header carries");
    }
    Ok(Token::of(value))
}
