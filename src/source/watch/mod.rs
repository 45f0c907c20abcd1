//! Where resources come from in a cluster: watches of the four kinds, of one namespace or of all. Knows no rule about them.

mod shelf;
mod wake;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use kube::core::DeserializeGuard;
use kube::runtime::WatchStreamExt as _;
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
    let mut events = std::pin::pin!(watcher(api, config).backoff(backoff()));
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => wake(take(&shelf, event)),
            Err(error) => {
                let refused = refusal(&error);
                if shelf.look().failed(refused.clone()) {
                    tracing::warn!(%url, error = &error as &dyn std::error::Error, "the watch broke; it is tried again, and what was known stays");
                    wake(Touched::All);
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
        .with_max_delay(Duration::from_secs(10))
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
        let all = [
            (Kind::DialPlan, self.dial_plans.look().refused()),
            (Kind::MailboxPolicy, self.mailbox_policies.look().refused()),
            (Kind::Gateway, self.gateways.look().refused()),
            (Kind::Mailbox, self.mailboxes.look().refused()),
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

    /// Up to which version of each kind changes are known.
    #[must_use]
    pub fn versions(&self) -> Versions {
        Versions {
            dial_plans: self.dial_plans.look().version(),
            mailbox_policies: self.mailbox_policies.look().version(),
            gateways: self.gateways.look().version(),
            mailboxes: self.mailboxes.look().version(),
        }
    }

    /// What is known of a namespace, and up to which version of each kind.
    #[must_use]
    pub fn snapshot(&self, namespace: &str) -> (Snapshot, Versions) {
        let mut unread = BTreeSet::new();
        let (dial_plans, plans) = self.dial_plans.look().of(namespace, Kind::DialPlan, &mut unread);
        let (mailbox_policies, policies) =
            self.mailbox_policies.look().of(namespace, Kind::MailboxPolicy, &mut unread);
        let (gateways, of_gateways) = self.gateways.look().of(namespace, Kind::Gateway, &mut unread);
        let (mailboxes, of_mailboxes) = self.mailboxes.look().of(namespace, Kind::Mailbox, &mut unread);
        let facts = Facts { unread, unlisted: self.unlisted(), ..Facts::default() };
        let versions = Versions {
            dial_plans: plans,
            mailbox_policies: policies,
            gateways: of_gateways,
            mailboxes: of_mailboxes,
        };
        (Snapshot { dial_plans, mailbox_policies, gateways, mailboxes, facts }, versions)
    }
}
