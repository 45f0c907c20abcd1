//! JSON bodies in both directions, bounded in size and time. Knows none of them.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem;

/// Bytes of a body.
const MOST_BYTES: usize = 64 * 1024;
/// How long a body may take.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// Reads a body; what can't be read is answered with the example.
pub async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    example: &str,
) -> Result<T, Response> {
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
    serde_json::from_slice(&bytes).map_err(|error| {
        let detail = format!("the body can't be read: {error}; expected, for example, {example}");
        problem(StatusCode::BAD_REQUEST, &detail)
    })
}

/// A value as JSON, in a line of its own for a terminal.
pub fn text(value: &impl Serialize) -> Result<String, Response> {
    serde_json::to_string(value)
        .map(|text| text + "\n")
        .map_err(|_| problem(StatusCode::INTERNAL_SERVER_ERROR, "the answer can't be written as JSON"))
}

/// The answer 200 with a value.
pub fn answer(value: &impl Serialize) -> Response {
    match text(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(problem) => problem,
    }
}
