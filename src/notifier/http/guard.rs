//! Stands before every address that is not for everybody: finds out who asks and what for, lets `access` decide, and answers those who
//! are refused.

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};

use super::access::{Caller, Place, Refusal, Token, decide};
use super::address::Address;
use super::{Api, problem};
use crate::domain::object::Scope;
use crate::notifier::directory::Entries;
use crate::serve::Channel;

/// Addresses that need a scope.
pub fn guarded(api: &Api, scope: Scope, addresses: Router<Api>) -> Router<Api> {
    addresses.layer(middleware::from_fn_with_state((api.clone(), scope), guard))
}

async fn guard(
    Shared((api, scope)): Shared<(Api, Scope)>,
    Extension(channel): Extension<Channel>,
    address: Address,
    request: Request<Body>,
    next: Next,
) -> Response {
    // Before a configuration is in force nothing is known, not even who may call, and a writer must not take that for an answer.
    if !api.is_ready() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "no configuration is in force yet; send it again");
    }
    let decided = {
        let entries = api.directory.now();
        let caller = Caller {
            is_local: channel.is_local(),
            secured: channel.secured,
            authorities: &channel.authorities,
            token: token(request.headers()),
        };
        let decided = decide(&place(&entries, &address), entries.accesses(), &caller, scope);
        decided.map(|name| name.map(ToOwned::to_owned))
    };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match decided {
        Ok(client) => {
            let answer = next.run(request).await;
            let status = answer.status().as_u16();
            tracing::debug!(peer = %channel.peer, client, %method, path, status, "HTTP request");
            answer
        }
        Err(refusal) => {
            // Whoever guesses could fill the log.
            tracing::debug!(peer = %channel.peer, %method, path, ?refusal, "HTTP request refused");
            api.metrics.refused(refusal.as_str());
            answer(&refusal, channel.secured)
        }
    }
}

/// The token of the header `Authorization` (RFC 6750 section 2.1). Two such headers are none.
fn token(headers: &HeaderMap) -> Option<Token> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?.as_bytes();
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| Token::of(token.trim_ascii()))
}

/// What an address is about. An extension may lead to a mailbox that an error took to another dial plan; then both are asked.
fn place<'a>(entries: &'a Entries, address: &Address) -> Place<'a> {
    let namespace = address.namespace();
    let of_mailbox = address.mailbox(entries).ok().and_then(|mailbox| entries.plan_of(namespace, mailbox));
    let named = Some(address.plan()).filter(|plan| !plan.is_empty());
    let mut plans: Vec<&str> = named.into_iter().chain(of_mailbox).collect();
    plans.dedup();
    let known: Option<Vec<_>> = plans.into_iter().map(|plan| entries.access(namespace, plan)).collect();
    match known.filter(|known| !known.is_empty()) {
        Some(known) => Place::Plans(known),
        None => Place::Unknown(entries.accesses_in(namespace).collect()),
    }
}

fn answer(refusal: &Refusal, secured: bool) -> Response {
    let https = if secured { "" } else { ", over https:// if the dial plan has notifier.http.tls" };
    let (status, detail) = match refusal {
        Refusal::NoToken => (
            StatusCode::UNAUTHORIZED,
            format!("send the header Authorization: Bearer with the token of a client of this dial plan (notifier.http.clients){https}"),
        ),
        Refusal::UnknownToken => (
            StatusCode::UNAUTHORIZED,
            format!("this is the token of no client of this dial plan (notifier.http.clients): send another{https}"),
        ),
        Refusal::NoScope(client, scope) => {
            let scope = scope.as_str();
            (StatusCode::FORBIDDEN, format!("client {client} may not do this: add {scope} to its scopes in notifier.http.clients"))
        }
        Refusal::PlainHTTP => (StatusCode::FORBIDDEN, "this is plain HTTP, and the dial plan has notifier.http.tls: use https://".to_owned()),
        Refusal::NoCertificate => (
            StatusCode::FORBIDDEN,
            "show a client certificate of the authority that the dial plan names in notifier.http.tls.clientCARef".to_owned(),
        ),
        Refusal::NotLocal => (
            StatusCode::FORBIDDEN,
            "only callers on this machine (127.0.0.1 or ::1) are served; name others in notifier.http.clients of the dial plan".to_owned(),
        ),
        Refusal::Closed => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the certificates of notifier.http.tls are missing or can't be used, and nothing is served in plain text; the findings of the dial plan say why".to_owned(),
        ),
    };
    let mut response = problem(status, &detail);
    // RFC 6750 section 3.
    let challenge = match refusal {
        Refusal::NoToken => Some("Bearer realm=\"lamplighter\"".to_owned()),
        Refusal::UnknownToken => Some("Bearer realm=\"lamplighter\", error=\"invalid_token\"".to_owned()),
        Refusal::NoScope(_, scope) => Some(format!(
            "Bearer realm=\"lamplighter\", error=\"insufficient_scope\", scope=\"{}\"",
            scope.as_str()
        )),
        _ => None,
    };
    if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
