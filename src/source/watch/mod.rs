//! Where resources come from in a cluster: watches of the four kinds, of one namespace or of all. Knows no rule about them.

mod shelf;
mod wake;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use kube::core::DeserializeGuard;
use kube::runtime::utils::{Backoff, ResetTimerBackoff};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use serde::de::DeserializeOwned;

pub use shelf::{Kept, Shelf, Touched};
pub use wake::{Watched, is_ready};

use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};
use crate::domain::{Facts, Kind, Snapshot, Versions};

/// A watch that says nothing for longer is opened anew: the API server ends it itself after this time.
const WATCH_SECONDS: u32 = 290;
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Objects in one answer to a list.
const PAGE: u32 = 500;

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All namespaces.
    All,
    /// One namespace.
    Namespace(String),
}

impl Scope {
    /// The API of a kind in that scope.
    #[must_use]
    pub fn api<K>(&self, client: Client) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
    {
        match self {
            Self::All => Api::all(client),
            Self::Namespace(namespace) => Api::namespaced(client, namespace),
        }
    }

    /// The API of a kind whose scope is known at run time only.
    #[must_use]
    pub fn dynamic_api<K>(&self, client: Client, kind: &K::DynamicType) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::DynamicResourceScope>,
    {
        match self {
            Self::All => Api::all_with(client, kind),
            Self::Namespace(namespace) => Api::namespaced_with(client, namespace, kind),
        }
    }
}

/// A shelf that a watch fills and others read.
pub struct Shared<K>(Arc<Mutex<Shelf<K>>>);

impl<K> Clone for Shared<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Shared<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Shelf::default())))
    }
}

impl<K> Shared<K> {
    /// Looks at it. Nothing may be awaited meanwhile.
    pub fn look(&self) -> MutexGuard<'_, Shelf<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is told which namespaces have to be evaluated again.
pub type Wake = Arc<dyn Fn(Touched) + Send + Sync>;

/// Keeps a shelf as the API server has it, for ever. What fails is tried again with growing pauses; what was there stays meanwhile.
pub async fn keep<K>(api: Api<DeserializeGuard<K>>, labels: Option<String>, shelf: Shared<K>, wake: Wake)
where
    K: Watched + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    DeserializeGuard<K>: kube::Resource + Clone + DeserializeOwned + Debug + Send,
{
    let mut config = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
    if let Some(labels) = &labels {
        config = config.labels(labels);
    }
    let url = api.resource_url().to_owned();
    let mut pauses = backoff();
    loop {
        let mut events = std::pin::pin!(watcher(api.clone(), config.clone()));
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    // That a list begins says nothing; it may fail at once.
                    if !matches!(event, Event::Init) {
                        pauses.reset();
                    }
                    wake(take(&shelf, event));
                }
                Err(error) => {
                    let refused = refusal(&error);
                    let is_refused = refused.is_some();
                    if shelf.look().failed(refused) {
                        tracing::warn!(%url, error = &error as &dyn std::error::Error, "the watch broke; it is tried again, and what was known stays");
                        wake(Touched::All);
                    }
                    tokio::time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
                    // A watch that goes on where it was says nothing when it is let in again; a list does.
                    if is_refused {
                        break;
                    }
                }
            }
        }
    }
}

fn take<K: Watched>(shelf: &Shared<K>, event: Event<DeserializeGuard<K>>) -> Touched {
    let mut shelf = shelf.look();
    match event {
        Event::Init => shelf.begin(),
        Event::InitApply(guard) => shelf.coming(guard),
        Event::InitDone => shelf.done(),
        Event::Apply(guard) => shelf.apply(guard),
        Event::Delete(guard) => shelf.delete(&guard),
    }
}

/// Pauses of 0.2 s to 10 s. An API server that is back is noticed soon, and one that refuses is not asked much.
fn backoff() -> impl Backoff {
    let pauses = backon::ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(LONGEST_PAUSE)
        .with_jitter()
        .without_max_times();
    ResetTimerBackoff::new(watcher::ExponentialBackoff::from(pauses), Duration::from_secs(30))
}

/// What the API server says where it refuses, as opposed to a connection that broke.
fn refusal(error: &watcher::Error) -> Option<String> {
    let status = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status)) => status,
        watcher::Error::WatchError(status) => status,
        _ => return None,
    };
    matches!(status.code, 401 | 403 | 404).then(|| status.message.clone())
}

/// How far the watches have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Up to which version of each kind changes are known.
    pub versions: Versions,
    /// How often what objects ask for may have changed. The same number later: they ask for the same.
    pub changes: u64,
}

impl Progress {
    fn add<K>(&mut self, kind: Kind, shelf: &Shelf<K>) {
        self.versions.set(kind, shelf.version());
        self.changes += shelf.changes();
    }
}

/// The four kinds of one scope.
#[derive(Clone, Default)]
pub struct Resources {
    /// Dial plans.
    pub dial_plans: Shared<UMDialPlan>,
    /// Mailbox policies.
    pub mailbox_policies: Shared<UMMailboxPolicy>,
    /// Gateways.
    pub gateways: Shared<UMIPGateway>,
    /// Mailboxes.
    pub mailboxes: Shared<UMMailbox>,
}

impl Resources {
    /// Watches all four, for ever.
    pub async fn keep(&self, client: &Client, scope: &Scope, wake: &Wake) {
        fn api<K>(client: &Client, scope: &Scope) -> Api<DeserializeGuard<K>>
        where
            K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
        {
            scope.api(client.clone())
        }
        tokio::join!(
            keep(api(client, scope), None, self.dial_plans.clone(), Arc::clone(wake)),
            keep(api(client, scope), None, self.mailbox_policies.clone(), Arc::clone(wake)),
            keep(api(client, scope), None, self.gateways.clone(), Arc::clone(wake)),
            keep(api(client, scope), None, self.mailboxes.clone(), Arc::clone(wake)),
        );
    }

    /// Whether every list was there once: before that, nothing can be concluded from what is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.dial_plans.look().is_complete()
            && self.mailbox_policies.look().is_complete()
            && self.gateways.look().is_complete()
            && self.mailboxes.look().is_complete()
    }

    /// Kinds that the API server refuses to list, with what it says.
    #[must_use]
    pub fn unlisted(&self) -> BTreeMap<String, String> {
        fn refused<K>(shared: &Shared<K>) -> Option<String> {
            shared.look().refused()
        }
        let all = [
            (Kind::DialPlan, refused(&self.dial_plans)),
            (Kind::MailboxPolicy, refused(&self.mailbox_policies)),
            (Kind::Gateway, refused(&self.gateways)),
            (Kind::Mailbox, refused(&self.mailboxes)),
        ];
        all.into_iter().filter_map(|(kind, refused)| Some((kind.to_string(), refused?))).collect()
    }

    /// Namespaces of which anything is known.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        let mut all = self.dial_plans.look().namespaces();
        all.extend(self.mailbox_policies.look().namespaces());
        all.extend(self.gateways.look().namespaces());
        all.extend(self.mailboxes.look().namespaces());
        all
    }

    /// How far the watches have come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        progress.add(Kind::DialPlan, &self.dial_plans.look());
        progress.add(Kind::MailboxPolicy, &self.mailbox_policies.look());
        progress.add(Kind::Gateway, &self.gateways.look());
        progress.add(Kind::Mailbox, &self.mailboxes.look());
        progress
    }

    /// What is known of a namespace, and how far the watches had come with it.
    #[must_use]
    pub fn snapshot(&self, namespace: &str) -> (Snapshot, Progress) {
        /// Objects and progress under one lock, so that they belong together.
        fn read<K>(shared: &Shared<K>, of: (&str, Kind), seen: &mut Seen) -> Vec<Arc<K>> {
            let shelf = shared.look();
            seen.progress.add(of.1, &shelf);
            shelf.of(of.0, of.1, &mut seen.unread)
        }
        #[derive(Default)]
        struct Seen {
            unread: BTreeSet<(Kind, String)>,
            progress: Progress,
        }
        let mut seen = Seen::default();
        let dial_plans = read(&self.dial_plans, (namespace, Kind::DialPlan), &mut seen);
        let mailbox_policies = read(&self.mailbox_policies, (namespace, Kind::MailboxPolicy), &mut seen);
        let gateways = read(&self.gateways, (namespace, Kind::Gateway), &mut seen);
        let mailboxes = read(&self.mailboxes, (namespace, Kind::Mailbox), &mut seen);
        let facts = Facts { unread: seen.unread, unlisted: self.unlisted(), ..Facts::default() };
        (Snapshot { dial_plans, mailbox_policies, gateways, mailboxes, facts }, seen.progress)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::body::Body;
    use axum::http::{Request, Response};
    use serde_json::json;
    use tower::service_fn;

    use super::*;

    /// An API server with one dial plan that lists it, ends the first watch, refuses the next, and then lets in again. It counts requests.
    fn api(asked: &Arc<AtomicUsize>) -> Api<DeserializeGuard<UMDialPlan>> {
        let asked = Arc::clone(asked);
        let answer = move |request: Request<kube::client::Body>| {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            let is_watch = request.uri().query().unwrap_or_default().contains("watch=true");
            let plan = json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMDialPlan",
                "metadata": {"name": "hq", "namespace": "voice", "resourceVersion": "5"}, "spec": {"numberOfDigitsInExtension": 4}});
            let list = json!({"metadata": {"resourceVersion": "7"}, "items": [plan]});
            let refusal = json!({"kind": "Status", "status": "Failure", "message": "forbidden", "reason": "Forbidden", "code": 403});
            let (status, body) = match (number, is_watch) {
                (2, true) => (403, Body::from(refusal.to_string())),
                (1, true) => (200, Body::empty()),
                (_, true) => {
                    (200, Body::from_stream(futures::stream::pending::<Result<Vec<u8>, Infallible>>()))
                }
                (_, false) => (200, Body::from(list.to_string())),
            };
            async move { Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap()) }
        };
        Api::all(Client::new(service_fn(answer), "default"))
    }

    #[tokio::test]
    async fn a_watch_that_is_let_in_again_is_not_refused_any_more() {
        let asked = Arc::new(AtomicUsize::new(0));
        let shelf = Shared::default();
        let refusals = Arc::new(AtomicUsize::new(0));
        let wake: Wake = {
            let (shelf, refusals) = (shelf.clone(), Arc::clone(&refusals));
            Arc::new(move |_| {
                refusals.fetch_add(usize::from(shelf.look().refused().is_some()), Ordering::Relaxed);
            })
        };
        let watching = tokio::spawn(keep(api(&asked), None, shelf.clone(), wake));
        // List, a watch that ends, one that is refused, and, a pause later, a list and a watch that stays.
        let all = async {
            while asked.load(Ordering::Relaxed) < 5 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), all).await.unwrap();
        watching.abort();
        assert!(refusals.load(Ordering::Relaxed) > 0);
        let shelf = shelf.look();
        assert_eq!((shelf.refused(), shelf.is_complete()), (None, true));
    }
}
