//! Message state over HTTP (contract section 3): what a voice-mail server tells and asks. It checks the shape of requests;
//! what they mean is for the notifier.

#![allow(clippy::result_large_err, reason = "a refused request is answered by what refuses it")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::body::{Mailbox, Messages};
use super::directory::{Directory, Found};
use super::metrics::Metrics;
use super::{Put, PutAnswer, State};

/// Bytes of a body.
const MOST_BYTES: usize = 64 * 1024;
/// How long a body may take.
const BODY_LIMIT: Duration = Duration::from_secs(10);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    /// Who has which mailbox.
    pub directory: Directory,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/readyz` says: configuration is in force.
    pub ready: Arc<AtomicBool>,
}

/// All addresses.
pub fn router(api: Api) -> Router {
    let messages = get(read).put(write);
    let guarded = Router::new()
        .route("/v1/namespaces/{namespace}/mailboxes/{mailbox}/messages", messages.clone())
        .route("/v1/namespaces/{namespace}/dial-plans/{plan}/extensions/{extension}/messages", messages)
        .layer(middleware::from_fn_with_state(api.clone(), when_ready))
        .layer(middleware::from_fn(from_loopback));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .merge(guarded)
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing at this address; message state is at /v1/namespaces/{namespace}/mailboxes/{name}/messages"))
        .method_not_allowed_fallback(async || problem(StatusCode::METHOD_NOT_ALLOWED, "use GET or PUT here"))
        .with_state(api)
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

/// Without clients in the dial plan, only callers on this machine are served.
async fn from_loopback(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    if peer.ip().to_canonical().is_loopback() {
        return next.run(request).await;
    }
    problem(StatusCode::FORBIDDEN, "only callers on this machine (127.0.0.1 or ::1) are served")
}

/// Before a configuration is in force, no mailbox is known, and a writer must not take that for an answer.
async fn when_ready(Shared(api): Shared<Api>, request: Request, next: Next) -> Response {
    if api.ready.load(Ordering::Relaxed) {
        return next.run(request).await;
    }
    problem(StatusCode::SERVICE_UNAVAILABLE, "no configuration is in force yet; send it again")
}

async fn readyz(Shared(api): Shared<Api>) -> Response {
    if api.ready.load(Ordering::Relaxed) {
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

/// The parts of an address, by name.
type Parts = BTreeMap<String, String>;

/// Namespace and name of the mailbox that an address names, by itself or by an extension of a dial plan.
fn find(parts: &Parts, directory: &Directory) -> Result<(String, String), Response> {
    let part = |name: &str| parts.get(name).cloned().unwrap_or_default();
    let namespace = part("namespace");
    let (Some(plan), Some(extension)) = (parts.get("plan"), parts.get("extension")) else {
        return Ok((namespace, part("mailbox")));
    };
    match directory.mailbox(&namespace, plan, extension) {
        Some(mailbox) => Ok((namespace, mailbox)),
        None => Err(problem(
            StatusCode::NOT_FOUND,
            &format!("no mailbox of dial plan {plan} in namespace {namespace} has the extension {extension}"),
        )),
    }
}

async fn read(Shared(api): Shared<Api>, Path(parts): Path<Parts>) -> Response {
    let (namespace, mailbox) = match find(&parts, &api.directory) {
        Ok(found) => found,
        Err(response) => return response,
    };
    let notifier = match api.directory.notifier(&namespace, &mailbox) {
        Found::Running(notifier) => notifier,
        Found::Unknown => return unknown(&namespace, &mailbox),
        Found::NotServed => return not_served(&namespace, &mailbox),
    };
    match notifier.get(mailbox.clone()).await {
        Ok(Some(state)) => answer(&namespace, &mailbox, &state),
        Ok(None) => unknown(&namespace, &mailbox),
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

async fn write(
    Shared(api): Shared<Api>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let put = match parse(&headers, body).await {
        Ok(put) => put,
        Err(response) => return response,
    };
    let (namespace, mailbox) = match find(&parts, &api.directory) {
        Ok(found) => found,
        Err(response) => return response,
    };
    let notifier = match api.directory.notifier(&namespace, &mailbox) {
        Found::Running(notifier) => notifier,
        Found::Unknown => return unknown(&namespace, &mailbox),
        Found::NotServed => return not_served(&namespace, &mailbox),
    };
    match notifier.put(mailbox.clone(), put).await {
        Ok(PutAnswer::Accepted(state)) => answer(&namespace, &mailbox, &state),
        Ok(PutAnswer::Unknown) => unknown(&namespace, &mailbox),
        Ok(PutAnswer::NotStored) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "the state could not be stored; send it again")
        }
        Ok(PutAnswer::Conflict(state)) => {
            let detail = "a newer version is known, or other counts under this version; `current` has them";
            let current = Mailbox::new(&namespace, &mailbox, &state);
            let body = json!({"type": "about:blank", "title": "Conflict", "status": 409, "detail": detail, "current": current});
            problem_body(StatusCode::CONFLICT, &body)
        }
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

fn not_served(namespace: &str, mailbox: &str) -> Response {
    let detail = format!(
        "mailbox {mailbox} in namespace {namespace} has an error, or the notifier of its dial plan does not run; send it again when that is mended"
    );
    problem(StatusCode::SERVICE_UNAVAILABLE, &detail)
}

fn unknown(namespace: &str, mailbox: &str) -> Response {
    problem(StatusCode::NOT_FOUND, &format!("there is no mailbox {mailbox} in namespace {namespace}"))
}

async fn parse(headers: &HeaderMap, body: Body) -> Result<Put, Response> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    // `curl -d` says that it sends a form unless it is told otherwise.
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send JSON, with the header Content-Type: application/json",
        ));
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    let too_large = || problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 64 KiB");
    if length.is_some_and(|length| length > MOST_BYTES) {
        return Err(too_large());
    }
    let bytes = match tokio::time::timeout(BODY_LIMIT, to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(too_large()),
        Err(_) => return Err(problem(StatusCode::REQUEST_TIMEOUT, "the body did not come within 10 s")),
    };
    let messages: Messages = serde_json::from_slice(&bytes).map_err(|error| {
        let example = r#"expected, for example, {"new":1,"old":0,"urgentNew":0,"urgentOld":0}"#;
        problem(StatusCode::BAD_REQUEST, &format!("the body can't be read: {error}; {example}"))
    })?;
    messages.check().map_err(|detail| problem(StatusCode::UNPROCESSABLE_ENTITY, &detail))
}

fn answer(namespace: &str, mailbox: &str, state: &State) -> Response {
    match serde_json::to_string(&Mailbox::new(namespace, mailbox, state)) {
        // A line of its own in a terminal.
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body + "\n").into_response(),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "the state can't be written as JSON"),
    }
}
