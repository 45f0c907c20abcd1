//! What the parts of an address name: a mailbox, by itself or by an extension of a dial plan; a dial plan; and what is in force
//! for it.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::problem;
use crate::domain::Kind;
use crate::domain::policy::View;
use crate::notifier::directory::Entries;

/// The parts of an address by their names, percent-decoded.
pub struct Address(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let read = Path::from_request_parts(parts, state).await;
        let Path(named) = read.map_err(|_| {
            problem(StatusCode::BAD_REQUEST, "the address can't be read: what is written with % is no UTF-8")
        })?;
        Ok(Self(named))
    }
}

impl Address {
    fn part(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.part("namespace")
    }

    /// The dial plan; empty where the address names none.
    pub fn plan(&self) -> &str {
        self.part("plan")
    }

    /// Name of the mailbox that the address names.
    pub fn mailbox<'a>(&'a self, entries: &'a Entries) -> Result<&'a str, Response> {
        let Some(extension) = self.0.get("extension") else { return Ok(self.part("mailbox")) };
        let (namespace, plan) = (self.namespace(), self.plan());
        entries.mailbox(namespace, plan, extension).ok_or_else(|| {
            let detail = format!(
                "no mailbox of dial plan {plan} in namespace {namespace} has the extension {extension}"
            );
            problem(StatusCode::NOT_FOUND, &detail)
        })
    }
}

/// What is in force for a mailbox, which has a policy and a dial plan that is served here.
pub fn in_force<'a>(entries: &'a Entries, namespace: &str, mailbox: &str) -> Result<View<'a>, Response> {
    let view = entries.outcome(namespace).and_then(|outcome| outcome.view(Kind::Mailbox, mailbox));
    match view.filter(|view| view.policy.is_some() && view.plan.is_some()) {
        Some(view) if is_here(entries, namespace, &view) => Ok(view),
        Some(_) => Err(elsewhere(&format!("mailbox {mailbox} in namespace {namespace}"))),
        None if entries.has_mailbox(namespace, mailbox) => {
            let detail = format!(
                "an error hides which policy or dial plan mailbox {mailbox} in namespace {namespace} has; ask again when that is mended"
            );
            Err(problem(StatusCode::SERVICE_UNAVAILABLE, &detail))
        }
        None => Err(unknown(namespace, mailbox)),
    }
}

/// What is in force for a dial plan that is served here.
pub fn dial_plan_in_force<'a>(
    entries: &'a Entries,
    namespace: &str,
    plan: &str,
) -> Result<View<'a>, Response> {
    match entries.outcome(namespace).and_then(|outcome| outcome.view(Kind::DialPlan, plan)) {
        Some(view) if is_here(entries, namespace, &view) => Ok(view),
        Some(_) => Err(elsewhere(&format!("dial plan {plan} in namespace {namespace}"))),
        None if entries.is_unread_plan(namespace, plan) => {
            let detail = format!(
                "dial plan {plan} in namespace {namespace} can't be read because of an error; ask again when that is mended"
            );
            Err(problem(StatusCode::SERVICE_UNAVAILABLE, &detail))
        }
        None => {
            let detail = format!("there is no dial plan {plan} in namespace {namespace}");
            Err(problem(StatusCode::NOT_FOUND, &detail))
        }
    }
}

/// Whether the dial plan is one of this process, which knows who may call for it.
fn is_here(entries: &Entries, namespace: &str, view: &View<'_>) -> bool {
    view.plan.is_some_and(|plan| entries.access(namespace, &plan.name).is_some())
}

/// Refuses a mailbox that is known to belong to a dial plan of another process.
pub fn expect_here(entries: &Entries, namespace: &str, mailbox: &str) -> Result<(), Response> {
    let view = entries.outcome(namespace).and_then(|outcome| outcome.view(Kind::Mailbox, mailbox));
    match view.filter(|view| view.plan.is_some() && !is_here(entries, namespace, view)) {
        Some(_) => Err(elsewhere(&format!("mailbox {mailbox} in namespace {namespace}"))),
        None => Ok(()),
    }
}

fn elsewhere(what: &str) -> Response {
    let detail = format!("{what} is served by another notifier; ask that of its dial plan");
    problem(StatusCode::NOT_FOUND, &detail)
}

pub fn unknown(namespace: &str, mailbox: &str) -> Response {
    problem(StatusCode::NOT_FOUND, &format!("there is no mailbox {mailbox} in namespace {namespace}"))
}
