//! Effective settings, for the voice-mail server that enforces them: of a mailbox, and of callers of a dial plan who have not signed
//! in. What they are is for [`crate::domain::policy`].

use std::collections::BTreeMap;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::address::{Address, dial_plan_in_force, in_force};
use super::{Api, payload};
use crate::domain::policy::{Setting, View};

/// Bytes of a digest that an ETag shows; enough that no two texts share one.
const SHOWN: usize = 16;

/// A setting as it is served.
#[derive(Serialize)]
struct Shown<'a> {
    value: &'a Value,
    /// The object that it comes from, as `UMMailboxPolicy/sales`.
    from: String,
}

/// GET of a mailbox.
pub async fn of_mailbox(Shared(api): Shared<Api>, address: Address, headers: HeaderMap) -> Response {
    let entries = api.directory.now();
    let found =
        address.mailbox(&entries).and_then(|mailbox| in_force(&entries, address.namespace(), mailbox));
    found.map_or_else(|problem| problem, |view| answer(&view, &headers))
}

/// GET of a dial plan.
pub async fn of_dial_plan(Shared(api): Shared<Api>, address: Address, headers: HeaderMap) -> Response {
    let entries = api.directory.now();
    let found = dial_plan_in_force(&entries, address.namespace(), address.plan());
    found.map_or_else(|problem| problem, |view| answer(&view, &headers))
}

fn answer(view: &View<'_>, headers: &HeaderMap) -> Response {
    let settings = view.settings();
    let shown: BTreeMap<&str, Shown<'_>> =
        settings.iter().map(|setting| (setting.key, shown(setting))).collect();
    let text = match payload::text(&shown) {
        Ok(text) => text,
        Err(problem) => return problem,
    };
    let tag = tag(&text);
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, tag)], text).into_response()
}

fn shown(setting: &Setting) -> Shown<'_> {
    let (kind, name) = &setting.from;
    Shown { value: &setting.value, from: format!("{kind}/{name}") }
}

/// A strong entity tag (RFC 9110 section 8.8.3). It follows from the text alone, so every replica has the same.
fn tag(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits: String = digest.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Whether the caller has this text already (RFC 9110 section 13.1.2: the comparison is weak).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // A tag of somebody else may hold a comma; cut apart, it is still none of ours.
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
