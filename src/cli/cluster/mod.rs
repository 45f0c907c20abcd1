//! The cluster of the kubeconfig, as `kubectl um` asks it: which notifier has the answer (`pods`), and a command run there (`exec`), so that
//! whoever may `exec` into the pod may ask. Knows no question.

mod exec;
mod pods;

use std::fmt::Debug;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::core::{DeserializeGuard, NamespaceResourceScope};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};
use crate::cluster::call::{CallError, Failure};
use crate::cluster::client::connect_as;
use crate::cluster::within;
use crate::domain::{Kind, Snapshot};
use crate::render::DIAL_PLAN;

pub use pods::{plan_of, running};

/// Objects in one answer to a list.
const PAGE: u32 = 500;

/// Which cluster, and as whom; the words are those of kubectl.
#[derive(Debug, Args)]
pub struct Access {
    /// The namespace; absent: that of the context. For `why -f`, absent: all of DIR.
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// The context of the kubeconfig; absent: the current one.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The user to act as.
    #[arg(long = "as", value_name = "USER")]
    pub user: Option<String>,
}

/// A namespace of a cluster.
pub struct Cluster {
    client: Client,
    pub namespace: String,
}

impl Cluster {
    /// The one that was chosen.
    pub async fn connect(options: &Access) -> anyhow::Result<Self> {
        let (client, default) = connect_as(options.context.clone(), options.user.clone()).await?;
        Ok(Self { client, namespace: options.namespace.clone().unwrap_or(default) })
    }

    /// Notifiers of the namespace.
    pub async fn notifiers(&self) -> anyhow::Result<Vec<Pod>> {
        let wanted =
            ListParams::default().labels(&format!("app.kubernetes.io/component=notifier,{DIAL_PLAN}"));
        let list = within(self.api::<Pod>().list(&wanted)).await.context("notifiers can't be looked for")?;
        Ok(list.items)
    }

    /// Names of the dial plans.
    pub async fn dial_plans(&self) -> anyhow::Result<Vec<String>> {
        let plans: Vec<(String, _)> = self.list::<UMDialPlan>().await?;
        Ok(plans.into_iter().map(|(name, _)| name).collect())
    }

    /// The dial plans that an object has to do with; none where that can't be told.
    pub async fn plans_of(&self, kind: Kind, name: &str) -> anyhow::Result<Vec<String>> {
        Ok(match kind {
            Kind::DialPlan => vec![name.to_owned()],
            Kind::MailboxPolicy => self.plan_of_policy(name).await?,
            Kind::Mailbox => match self.get::<UMMailbox>(name).await? {
                Some(mailbox) => self.plan_of_policy(&mailbox.spec.mailbox_policy_ref.name).await?,
                None => Vec::new(),
            },
            Kind::Gateway => {
                let Some(gateway) = self.get::<UMIPGateway>(name).await? else { return Ok(Vec::new()) };
                let spec = gateway.spec;
                let groups = spec.hunt_groups.into_iter().map(|group| group.dial_plan_ref.name);
                spec.dial_plan_ref.into_iter().map(|plan| plan.name).chain(groups).collect()
            }
        })
    }

    async fn plan_of_policy(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let policy = self.get::<UMMailboxPolicy>(name).await?;
        Ok(policy.into_iter().map(|policy| policy.spec.dial_plan_ref.name).collect())
    }

    /// All resources of the namespace, as the API server has them.
    pub async fn resources(&self) -> anyhow::Result<Snapshot> {
        fn sort<K>(
            kind: Kind,
            listed: Vec<(String, Option<K>)>,
            unread: &mut Vec<(Kind, String)>,
        ) -> Vec<Arc<K>> {
            let read = listed.into_iter().filter_map(|(name, object)| {
                if object.is_none() {
                    unread.push((kind, name));
                }
                object.map(Arc::new)
            });
            read.collect()
        }
        let mut unread = Vec::new();
        let mut snapshot = Snapshot {
            dial_plans: sort(Kind::DialPlan, self.list().await?, &mut unread),
            mailbox_policies: sort(Kind::MailboxPolicy, self.list().await?, &mut unread),
            gateways: sort(Kind::Gateway, self.list().await?, &mut unread),
            mailboxes: sort(Kind::Mailbox, self.list().await?, &mut unread),
            ..Snapshot::default()
        };
        snapshot.facts.unread = unread.into_iter().collect();
        Ok(snapshot)
    }

    /// An object; none: it is not there, or it can't be read.
    async fn get<K>(&self, name: &str) -> anyhow::Result<Option<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        match within(self.api::<DeserializeGuard<K>>().get(name)).await {
            Ok(object) => Ok(object.0.ok()),
            Err(error) if error.failure() == Failure::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// All objects of a kind by name; none where one can't be read.
    async fn list<K>(&self) -> anyhow::Result<Vec<(String, Option<K>)>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let (mut all, mut page) = (Vec::new(), ListParams::default().limit(PAGE));
        loop {
            let list = within(self.api::<DeserializeGuard<K>>().list(&page)).await;
            let list = list.with_context(|| format!("{} can't be listed", K::plural(&())))?;
            let named =
                |object: DeserializeGuard<K>| (object.meta().name.clone().unwrap_or_default(), object.0.ok());
            all.extend(list.items.into_iter().map(named));
            match list.metadata.continue_.as_deref() {
                Some(next) if !next.is_empty() => page = page.continue_token(next),
                _ => return Ok(all),
            }
        }
    }

    fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// A notifier of one of these dial plans that can be asked.
    ///
    /// # Errors
    /// A sentence that says how its pods are.
    pub fn ready<'a>(&self, pods: &'a [Pod], plans: &[String]) -> Result<&'a str, String> {
        pods::ready(pods, plans, &self.namespace)
    }

    /// Runs a command in the pod of a notifier; its output goes to `sink`, what it says on stderr to stderr. Returns how it ended.
    pub async fn run(&self, pod: &str, command: &[String], sink: impl FnMut(&[u8])) -> anyhow::Result<u8> {
        match exec::run(&self.api(), pod, command, sink).await {
            Err(error) if is_forbidden(&error) => {
                bail!(
                    "{error:#}; ask for a Role that allows `get` and `create` on `pods/exec` in namespace {}",
                    self.namespace
                )
            }
            ended => ended,
        }
    }
}

fn is_forbidden(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(CallError::Status(status)) if status.code == 403)
}
