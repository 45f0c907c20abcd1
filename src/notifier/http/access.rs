//! Who may call what: what each dial plan asks of callers, what is known of one, and what follows. Pure; it never sees a token, only
//! digests, and nothing here prints one.

#[cfg(test)]
mod tests;

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::domain::object::Scope;
use crate::net::https::AuthorityId;

/// The digest of a token. Its length says nothing of the token's, and it shows nowhere.
#[derive(Clone, Copy)]
pub struct Token([u8; 32]);

impl Token {
    /// That of a token.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Whether both are of one token; takes as long when they are not.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A program that may call.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name in logs.
    pub name: String,
    /// Its token; none: it can't sign in.
    pub token: Option<Token>,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// Who may call.
#[derive(Clone, Debug, Default)]
pub enum Callers {
    /// Everybody on this machine, with every scope.
    #[default]
    Loopback,
    /// These, wherever they are.
    Clients(Vec<Client>),
}

/// How the way must be secured.
#[derive(Clone, Debug, Default)]
pub enum Way {
    /// Any way will do.
    #[default]
    Any,
    /// TLS; with a certificate of that authority, if there is one.
    Tls(Option<AuthorityId>),
    /// TLS, and there are no certificates for it.
    Closed,
}

/// What a dial plan asks of callers.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Who may call.
    pub callers: Callers,
    /// How the way must be secured.
    pub way: Way,
}

/// What is known of a caller.
#[derive(Clone, Debug)]
pub struct Caller<'a> {
    /// On this machine.
    pub is_local: bool,
    /// Came over TLS.
    pub secured: bool,
    /// Authorities for which the certificate is good.
    pub authorities: &'a [AuthorityId],
    /// The token that was sent.
    pub token: Option<Token>,
}

/// Why a request is refused. Of several reasons a stranger is told the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// There is no token.
    NoToken,
    /// The token is nobody's.
    UnknownToken,
    /// The notifier has no certificates that can be used.
    Closed,
    /// TLS is wanted, and this is plain HTTP.
    PlainHTTP,
    /// A client certificate is wanted.
    NoCertificate,
    /// Only callers on this machine are served.
    NotLocal,
    /// This client has not that scope.
    NoScope(String, Scope),
}

impl Refusal {
    /// The word as metrics have it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoToken => "NoToken",
            Self::UnknownToken => "UnknownToken",
            Self::Closed => "Closed",
            Self::PlainHTTP => "PlainHTTP",
            Self::NoCertificate => "NoCertificate",
            Self::NotLocal => "NotLocal",
            Self::NoScope(..) => "NoScope",
        }
    }
}

impl Access {
    /// The client that a caller is.
    fn client(&self, caller: &Caller<'_>) -> Option<&Client> {
        let Callers::Clients(clients) = &self.callers else { return None };
        let shown = caller.token?;
        // All are compared, whichever it is.
        let is_shown = |client: &Client| client.token.is_some_and(|token| token.is(&shown));
        clients.iter().fold(None, |found, client| if is_shown(client) { Some(client) } else { found })
    }

    fn way(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        match &self.way {
            Way::Any => Ok(()),
            Way::Closed => Err(Refusal::Closed),
            Way::Tls(_) if !caller.secured => Err(Refusal::PlainHTTP),
            Way::Tls(Some(authority)) if !caller.authorities.contains(authority) => {
                Err(Refusal::NoCertificate)
            }
            Way::Tls(_) => Ok(()),
        }
    }

    /// What becomes of a caller who is none of the clients.
    fn of_stranger(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        self.way(caller)?;
        match self.callers {
            Callers::Loopback if caller.is_local => Ok(()),
            Callers::Loopback => Err(Refusal::NotLocal),
            Callers::Clients(_) if caller.token.is_some() => Err(Refusal::UnknownToken),
            Callers::Clients(_) => Err(Refusal::NoToken),
        }
    }

    fn of_client<'a>(
        &self,
        client: &'a Client,
        caller: &Caller<'_>,
        scope: Scope,
    ) -> Result<&'a str, Refusal> {
        self.way(caller)?;
        if client.scopes.contains(&scope) {
            return Ok(&client.name);
        }
        Err(Refusal::NoScope(client.name.clone(), scope))
    }
}

/// What an address is about.
#[derive(Clone, Debug)]
pub enum Place<'a> {
    /// These dial plans.
    Plans(Vec<&'a Access>),
    /// Nothing that is known, or nobody can say which dial plan; these are in its namespace.
    Unknown(Vec<&'a Access>),
}

/// Whether a caller may do what needs a scope at a place, and as which client. `all` are the dial plans of the process, those of the
/// place among them.
///
/// A stranger is told the same wherever it asks, so that nobody without a token learns which mailboxes and dial plans there are. A
/// client of a dial plan in the namespace may hear that there is nothing at a place.
///
/// # Errors
/// Why not.
pub fn decide<'a>(
    place: &Place<'a>,
    all: impl Iterator<Item = &'a Access> + Clone,
    caller: &Caller<'_>,
    scope: Scope,
) -> Result<Option<&'a str>, Refusal> {
    match place {
        Place::Plans(plans) => {
            let mut name = None;
            for access in plans {
                match access.client(caller) {
                    Some(client) => name = Some(access.of_client(client, caller, scope)?),
                    None => access
                        .of_stranger(caller)
                        .or_else(|own| of_stranger_anywhere(all.clone(), caller).and(Err(own)))?,
                }
            }
            Ok(name)
        }
        Place::Unknown(near) => {
            let as_client =
                |access: &&'a Access| Some(access.of_client(access.client(caller)?, caller, scope));
            match near.iter().filter_map(as_client).min_by_key(Result::is_err) {
                Some(answer) => answer.map(Some),
                None => of_stranger_anywhere(all, caller).map(|()| None),
            }
        }
    }
}

/// What becomes of a stranger whom not every dial plan serves, whichever it asks for.
fn of_stranger_anywhere<'a>(
    all: impl Iterator<Item = &'a Access> + Clone,
    caller: &Caller<'_>,
) -> Result<(), Refusal> {
    if all.clone().next().is_none() {
        return Access::default().of_stranger(caller);
    }
    all.filter_map(|access| access.of_stranger(caller).err()).min().map_or(Ok(()), Err)
}
