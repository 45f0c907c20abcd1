//! Message state of a mailbox: GET and PUT.

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::address::{Address, expect_here, unknown};
use super::{Api, payload, problem, problem_body};
use crate::notifier::body::{Mailbox, Messages};
use crate::notifier::directory::{Directory, Found};
use crate::notifier::{Notifier, PutAnswer};

const EXAMPLE: &str = r#"{"new":1,"old":0,"urgentNew":0,"urgentOld":0}"#;

/// GET.
pub async fn read(Shared(api): Shared<Api>, address: Address) -> Response {
    let (mailbox, notifier) = match find(&address, &api.directory) {
        Ok(found) => found,
        Err(response) => return response,
    };
    let namespace = address.namespace();
    match notifier.get(mailbox.clone()).await {
        Ok(Some(state)) => payload::answer(&Mailbox::new(namespace, &mailbox, &state)),
        Ok(None) => unknown(namespace, &mailbox),
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// PUT.
pub async fn write(Shared(api): Shared<Api>, address: Address, headers: HeaderMap, body: Body) -> Response {
    let messages: Messages = match payload::read(&headers, body, EXAMPLE).await {
        Ok(messages) => messages,
        Err(response) => return response,
    };
    let put = match messages.check() {
        Ok(put) => put,
        Err(detail) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &detail),
    };
    let (mailbox, notifier) = match find(&address, &api.directory) {
        Ok(found) => found,
        Err(response) => return response,
    };
    let namespace = address.namespace();
    match notifier.put(mailbox.clone(), put).await {
        Ok(PutAnswer::Accepted(state)) => payload::answer(&Mailbox::new(namespace, &mailbox, &state)),
        Ok(PutAnswer::Unknown) => unknown(namespace, &mailbox),
        Ok(PutAnswer::NotStored) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "the state could not be stored; send it again")
        }
        Ok(PutAnswer::Conflict(state)) => {
            let detail = "a newer version is known, or other counts under this version; `current` has them";
            let current = Mailbox::new(namespace, &mailbox, &state);
            let body = json!({"type": "about:blank", "title": "Conflict", "status": 409, "detail": detail, "current": current});
            problem_body(StatusCode::CONFLICT, &body)
        }
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// The mailbox that an address names, and the notifier of its dial plan.
fn find(address: &Address, directory: &Directory) -> Result<(String, Notifier), Response> {
    let (entries, namespace) = (directory.now(), address.namespace());
    let mailbox = address.mailbox(&entries)?;
    expect_here(&entries, namespace, mailbox)?;
    match entries.notifier(namespace, mailbox) {
        Found::Running(notifier) => Ok((mailbox.to_owned(), notifier)),
        Found::Unknown => Err(unknown(namespace, mailbox)),
        Found::NotServed => Err(not_served(namespace, mailbox)),
    }
}

fn not_served(namespace: &str, mailbox: &str) -> Response {
    let detail = format!(
        "mailbox {mailbox} in namespace {namespace} has an error, or the notifier of its dial plan does not run; send it again when that is mended"
    );
    problem(StatusCode::SERVICE_UNAVAILABLE, &detail)
}
