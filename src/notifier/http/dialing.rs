//! What a caller may dial: `dial:authorize`. It finds out who asks; what follows is for [`crate::domain::policy`].

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::address::{Address, dial_plan_in_force, in_force};
use super::{Api, payload, problem};
use crate::domain::Code;
use crate::domain::policy::{Caller, DialAnswer, View};
use crate::notifier::directory::Entries;

const EXAMPLE: &str = r#"{"caller":"signedIn","mailbox":"lina","number":"5551234"}"#;
/// Characters of what a caller sent that an error repeats.
const REPEATED: usize = 64;

/// The body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    caller: String,
    mailbox: Option<String>,
    number: String,
}

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decided {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    group: String,
    number_mask: String,
}

/// POST.
pub async fn authorize(
    Shared(api): Shared<Api>,
    address: Address,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked: Asked = match payload::read(&headers, body, EXAMPLE).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    decide(&api.directory.now(), &address, &asked)
        .map_or_else(|problem| problem, |answer| payload::answer(&Decided::from(answer)))
}

fn decide(entries: &Entries, address: &Address, asked: &Asked) -> Result<DialAnswer, Response> {
    let Asked { caller, mailbox, number } = asked;
    let plan = dial_plan_in_force(entries, address.namespace(), address.plan())?;
    let caller = Caller::ALL.into_iter().find(|known| known.as_str() == caller).ok_or_else(|| {
        let detail =
            format!("caller is `{}`; choose unauthenticated, signedIn or playOnPhone", short(caller));
        problem(StatusCode::UNPROCESSABLE_ENTITY, &detail)
    })?;
    let named = mailbox.as_deref().filter(|named| !named.is_empty());
    let view = match (caller, named.map(|named| mailbox_of(entries, address, named))) {
        (Caller::Unauthenticated, None) => plan,
        // The dial plan decides, whatever hides the mailbox's policy.
        (Caller::Unauthenticated, Some(found)) => match found {
            Err(refused) if refused.status() != StatusCode::SERVICE_UNAVAILABLE => return Err(refused),
            _ => plan,
        },
        (_, Some(found)) => found?,
        (_, None) => {
            let detail = "callers who are signedIn or playOnPhone have a mailbox: name it in `mailbox`, by its name or by an extension or address of it";
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
    };
    view.dial(caller, number).ok_or_else(|| {
        problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "an error hides who decides about this caller; ask again when that is mended",
        )
    })
}

/// What is in force for a mailbox of the dial plan, by its name, else by an extension, SIP address or number of it.
fn mailbox_of<'a>(entries: &'a Entries, address: &Address, named: &str) -> Result<View<'a>, Response> {
    let (namespace, plan) = (address.namespace(), address.plan());
    let is_of_plan = |view: &View<'_>| view.plan.is_some_and(|node| *node.name == *plan);
    let by_name = entries.has_mailbox(namespace, named).then(|| in_force(entries, namespace, named));
    if let Some(Ok(view)) = by_name
        && is_of_plan(&view)
    {
        return Ok(view);
    }
    if let Some(mailbox) = entries.mailbox(namespace, plan, named) {
        return in_force(entries, namespace, mailbox);
    }
    Err(match by_name {
        Some(Err(refused)) => refused,
        Some(Ok(view)) => {
            let other = view.plan.map(|node| &*node.name).unwrap_or_default();
            let detail = format!(
                "mailbox {named} in namespace {namespace} belongs to dial plan {other}, not to {plan}; ask there"
            );
            problem(StatusCode::NOT_FOUND, &detail)
        }
        None => {
            let detail = format!(
                "no mailbox of dial plan {plan} in namespace {namespace} has the name, extension or address `{}`",
                short(named)
            );
            problem(StatusCode::NOT_FOUND, &detail)
        }
    })
}

fn short(text: &str) -> String {
    text.chars().take(REPEATED).collect()
}

impl From<DialAnswer> for Decided {
    fn from(answer: DialAnswer) -> Self {
        let DialAnswer { reason, dial, rule, from: _ } = answer;
        let rule =
            rule.map(|(_, entry)| Rule { group: entry.group.into(), number_mask: entry.mask.to_string() });
        let allowed = reason == Code::Allowed;
        Self { allowed, dial, rule, reason: (!allowed).then(|| reason.as_str()) }
    }
}
