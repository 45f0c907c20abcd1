//! The HTTP interface: what a voice-mail server tells and asks. It checks the shape of requests; what they
//! mean is for the notifier and for [`crate::domain`].
//!
//! Reading order: `address` (what the parts of an address name), `access` (who may call what), `guard` (the same for a request), `entrance`
//! (what settings and Secrets say of it), `messages`, `settings`, `dialing` (one a file), `payload` (bodies).

#![allow(clippy::result_large_err, reason = "a refused request is answered by what refuses it")]

pub mod access;
mod address;
mod dialing;
pub mod entrance;
mod guard;
mod messages;
mod payload;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::directory::Directory;
use super::metrics::Metrics;
use crate::domain::object::Scope;
use guard::guarded;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    directory: Directory,
    metrics: Arc<Metrics>,
    ready: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Api {
    /// Looks mailboxes, and who may call, up in `directory`. `ready` says whether configuration is in force.
    #[must_use]
    pub fn new(
        directory: Directory,
        metrics: Arc<Metrics>,
        ready: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { directory, metrics, ready: Arc::new(ready) }
    }

    fn is_ready(&self) -> bool {
        (self.ready)()
    }
}

/// All addresses.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .merge(guarded(&api, Scope::Messages, message_addresses()))
        .merge(guarded(&api, Scope::Settings, settings_addresses()))
        .merge(guarded(&api, Scope::Dialing, dialing_addresses()))
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing at this address; a mailbox is at /v1/namespaces/{namespace}/mailboxes/{name}, and its message state at /messages below that"))
        .method_not_allowed_fallback(async || not_allowed("GET"))
        .with_state(api)
}

fn message_addresses() -> Router<Api> {
    let messages = get(messages::read).put(messages::write).fallback(async || not_allowed("GET or PUT"));
    Router::new()
        .route("/v1/namespaces/{namespace}/mailboxes/{mailbox}/messages", messages.clone())
        .route("/v1/namespaces/{namespace}/dial-plans/{plan}/extensions/{extension}/messages", messages)
}

fn settings_addresses() -> Router<Api> {
    Router::new()
        .route("/v1/namespaces/{namespace}/mailboxes/{mailbox}", get(settings::of_mailbox))
        .route("/v1/namespaces/{namespace}/dial-plans/{plan}", get(settings::of_dial_plan))
        .route(
            "/v1/namespaces/{namespace}/dial-plans/{plan}/extensions/{extension}",
            get(settings::of_mailbox),
        )
}

fn dialing_addresses() -> Router<Api> {
    Router::new().route(
        "/v1/namespaces/{namespace}/dial-plans/{plan}/dial:authorize",
        post(dialing::authorize).fallback(async || not_allowed("POST")),
    )
}

/// An error as RFC 9457 has it.
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail});
    problem_body(status, &body)
}

fn problem_body(status: StatusCode, body: &Value) -> Response {
    let mut response =
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}

fn not_allowed(methods: &str) -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, &format!("use {methods} here"))
}

async fn readyz(Shared(api): Shared<Api>) -> Response {
    if api.is_ready() {
        return "ok\n".into_response();
    }
    problem(StatusCode::SERVICE_UNAVAILABLE, "no configuration is in force yet")
}

async fn metrics(Shared(api): Shared<Api>) -> Response {
    match api.metrics.encode() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "metrics can't be written"),
    }
}
