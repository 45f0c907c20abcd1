//! What a notifier tells programs in its own pod, over a Unix socket: why somebody has a feature, by what is in force, and how its lamps
//! stand. It changes nothing. Whoever reaches the socket may run programs in the pod and so read all that it tells.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::{Json, Path, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use futures::stream;
use serde::{Deserialize, Serialize};

use super::body::Mailbox;
use super::directory::{Directory, Found};
use super::{Notifier, Unavailable};
use crate::domain::Outcome;

/// Mailboxes that are looked up for one piece of a list.
const PIECE: usize = 64;
/// Lines of JSON.
const LINES: &str = "application/jsonl";

/// A question about a feature, as it was typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asked {
    /// KIND/NAME.
    pub object: String,
    /// FEATURE.
    pub feature: Option<String>,
    /// A number.
    pub dial: Option<String>,
    /// Whether programs read the answer.
    pub json: bool,
}

/// Answers a question by what is in force in a namespace. An error is a sentence for people. Whoever starts the notifier has the words.
pub type Explain = fn(&Outcome, namespace: &str, &Asked) -> Result<String, String>;

/// What the answers are made of.
#[derive(Clone)]
pub struct Local {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The dial plan that is served.
    pub dial_plan: Arc<str>,
    /// What is in force.
    pub directory: Directory,
    /// Whether anything is.
    pub ready: Arc<AtomicBool>,
    /// Knows features.
    pub explain: Explain,
}

/// `POST /why`, `GET /lamps` and `GET /lamps/{mailbox}`.
pub fn router(local: Local) -> Router {
    Router::new()
        .route("/why", post(why))
        .route("/lamps", get(all))
        .route("/lamps/{mailbox}", get(one))
        .layer(middleware::from_fn_with_state(local.clone(), when_ready))
        .with_state(local)
}

async fn when_ready(
    Shared(local): Shared<Local>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> Response {
    if local.ready.load(Ordering::Relaxed) {
        return next.run(request).await;
    }
    let text = "the notifier has no configuration in force yet; ask again when its pod is ready";
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

async fn why(Shared(local): Shared<Local>, Json(asked): Json<Asked>) -> Response {
    let entries = local.directory.now();
    let Some(outcome) = entries.outcome(&local.namespace) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "nothing is in force").into_response();
    };
    match (local.explain)(outcome, &local.namespace, &asked) {
        Ok(text) => text.into_response(),
        Err(text) => (StatusCode::UNPROCESSABLE_ENTITY, text).into_response(),
    }
}

async fn one(Shared(local): Shared<Local>, Path(mailbox): Path<String>) -> Response {
    let found = local.directory.now().notifier(&local.namespace, &mailbox);
    let line = match found {
        Found::Running(notifier) => local.line(&notifier, &mailbox).await,
        Found::NotServed | Found::Unknown => Ok(None),
    };
    match line {
        Ok(Some(line)) => ([(header::CONTENT_TYPE, LINES)], line).into_response(),
        Ok(None) => {
            let Local { namespace, dial_plan, .. } = &local;
            let text = format!(
                "the notifier of UMDialPlan/{dial_plan} in namespace {namespace} serves no mailbox {mailbox}"
            );
            (StatusCode::NOT_FOUND, text).into_response()
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// All mailboxes, piece by piece: a hundred thousand of them are never in memory at once.
async fn all(Shared(local): Shared<Local>) -> Response {
    let entries = local.directory.now();
    let Some(notifier) = entries.of_plan(&local.namespace, &local.dial_plan).cloned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the notifier could not start; its log says why")
            .into_response();
    };
    let names: VecDeque<String> =
        entries.mailboxes_of(&local.namespace, &local.dial_plan).map(str::to_owned).collect();
    let pieces = stream::try_unfold((names, local, notifier), |(mut names, local, notifier)| async move {
        if names.is_empty() {
            return Ok(None);
        }
        let mut piece = String::new();
        for name in names.drain(..names.len().min(PIECE)) {
            // A mailbox may go while the others are told. When the task ends, the answer breaks off.
            piece.push_str(&local.line(&notifier, &name).await?.unwrap_or_default());
        }
        Ok::<_, Unavailable>(Some((Bytes::from(piece), (names, local, notifier))))
    });
    ([(header::CONTENT_TYPE, LINES)], Body::from_stream(pieces)).into_response()
}

/// How a mailbox stands, with its dial plan.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    dial_plan: &'a str,
    #[serde(flatten)]
    mailbox: Mailbox<'a>,
}

impl Local {
    async fn line(&self, notifier: &Notifier, name: &str) -> Result<Option<String>, Unavailable> {
        let Some(state) = notifier.get(name.to_owned()).await? else { return Ok(None) };
        let mailbox = Mailbox::new(&self.namespace, name, &state);
        let line = serde_json::to_string(&Line { dial_plan: &self.dial_plan, mailbox });
        Ok(line.ok().map(|line| line + "\n"))
    }
}
