//! Which notifier a mailbox belongs to, which mailbox an extension, what holds for each, and who may call. Rebuilt as a whole with each
//! configuration.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::Notifier;
use super::http::access::Access;
use super::http::entrance::Entrance;
use super::setup::Keys;
use crate::domain::Outcome;
use crate::domain::workload::NotifierConfig;
use crate::net::https::{Https, Identity};
use crate::serve::Security;

/// What the directory says of a mailbox.
pub enum Found {
    /// There is none of that name.
    Unknown,
    /// It exists, but its dial plan is not known because of an error, or has no notifier that runs.
    NotServed,
    /// The notifier of its dial plan.
    Running(Notifier),
}

/// Everything that HTTP looks things up in.
#[derive(Clone)]
pub struct Directory {
    entries: Arc<RwLock<Arc<Entries>>>,
    https: watch::Sender<Option<Arc<Https>>>,
}

impl Default for Directory {
    fn default() -> Self {
        Self { entries: Arc::default(), https: watch::channel(None).0 }
    }
}

/// What a namespace holds from now on.
pub struct InNamespace<'a> {
    /// What is in force; none where nothing is left of the namespace.
    pub outcome: Option<Arc<Outcome>>,
    /// The notifiers of its dial plans, as they follow from the outcome.
    pub configs: &'a [NotifierConfig],
    /// Mailboxes that are there, with a dial plan or without, readable or not.
    pub existing: &'a BTreeSet<Arc<str>>,
    /// Dial plans that are there and have never been readable.
    pub unread_plans: BTreeSet<String>,
    /// Whether other mailboxes that were there were removed. Otherwise they are there still, for nobody can say that they are not.
    pub complete: bool,
}

/// One state of the directory. Copies of it are cheap: what is in a namespace is there once.
#[derive(Clone, Default)]
pub struct Entries(BTreeMap<String, Arc<Namespace>>);

/// The dial plan of each mailbox.
type Placed<'a> = HashMap<&'a str, Arc<str>>;

/// Mailboxes by the addresses of one dial plan.
type Addresses = BTreeMap<Box<str>, Arc<str>>;

/// What is known of a namespace.
#[derive(Clone, Default)]
struct Namespace {
    /// What is in force.
    outcome: Option<Arc<Outcome>>,
    /// Dial plans that are there and have never been readable.
    unread_plans: BTreeSet<String>,
    /// The notifier of each dial plan.
    notifiers: BTreeMap<String, Notifier>,
    /// Mailbox to dial plan; none: an error hides which one it is.
    mailboxes: BTreeMap<Arc<str>, Option<Arc<str>>>,
    /// Dial plan to mailboxes by extension.
    extensions: BTreeMap<String, Addresses>,
    /// Mailboxes in the store of each dial plan, for those whose dial plan is not known because of an error.
    stored: BTreeMap<String, Arc<BTreeSet<String>>>,
    /// The HTTP port as each dial plan has it.
    entrances: BTreeMap<String, Arc<Entrance>>,
}

impl Directory {
    /// The state now; what is changed goes into a copy.
    #[must_use]
    pub fn now(&self) -> Arc<Entries> {
        Arc::clone(&self.entries.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the state.
    pub fn replace(&self, entries: Entries) {
        let identities: Vec<_> =
            entries.entrances().filter_map(|entrance| entrance.identity.clone()).collect();
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(entries);
        self.show(&identities);
    }

    /// How the HTTP port of all dial plans is secured.
    #[must_use]
    pub fn https(&self) -> Security {
        self.https.subscribe()
    }

    /// Takes other certificates into use. Where they are the same, connections stay.
    fn show(&self, identities: &[Arc<Identity>]) {
        self.https.send_if_modified(|shown| {
            if shown.as_ref().map_or(identities.is_empty(), |shown| shown.is_of(identities)) {
                return false;
            }
            *shown = if identities.is_empty() {
                None
            } else {
                let made = Https::new(identities.to_vec()).map(Arc::new);
                made.inspect_err(|error| {
                    tracing::error!(error = error as &dyn std::error::Error, "HTTPS can't be served")
                })
                .ok()
            };
            true
        });
    }
}

impl Entries {
    fn of(&self, namespace: &str) -> Option<&Namespace> {
        self.0.get(namespace).map(AsRef::as_ref)
    }

    fn entrances(&self) -> impl Iterator<Item = &Arc<Entrance>> + Clone {
        self.0.values().flat_map(|namespace| namespace.entrances.values())
    }

    /// What is in force in a namespace.
    #[must_use]
    pub fn outcome(&self, namespace: &str) -> Option<&Outcome> {
        self.of(namespace)?.outcome.as_deref()
    }

    /// The notifier of a mailbox.
    #[must_use]
    pub fn notifier(&self, namespace: &str, mailbox: &str) -> Found {
        let Some(namespace) = self.of(namespace) else { return Found::Unknown };
        let Some(plan) = namespace.mailboxes.get(mailbox) else { return Found::Unknown };
        let notifier = plan.as_deref().and_then(|plan| namespace.notifiers.get(plan));
        notifier.cloned().map_or(Found::NotServed, Found::Running)
    }

    /// The dial plan of a mailbox, as far as that is known.
    #[must_use]
    pub fn plan_of(&self, namespace: &str, mailbox: &str) -> Option<&str> {
        self.of(namespace)?.mailboxes.get(mailbox)?.as_deref()
    }

    /// The mailboxes of a dial plan, by name.
    pub fn mailboxes_of(&self, namespace: &str, plan: &str) -> impl Iterator<Item = &str> {
        let all = self.of(namespace).into_iter().flat_map(|namespace| namespace.mailboxes.iter());
        all.filter(move |(_, of)| of.as_deref() == Some(plan)).map(|(mailbox, _)| &**mailbox)
    }

    /// What a dial plan asks of callers.
    #[must_use]
    pub fn access(&self, namespace: &str, plan: &str) -> Option<&Access> {
        self.of(namespace)?.entrances.get(plan).map(|entrance| &entrance.access)
    }

    /// What each dial plan of a namespace asks of callers.
    pub fn accesses_in(&self, namespace: &str) -> impl Iterator<Item = &Access> {
        let entrances = self.of(namespace).into_iter().flat_map(|namespace| namespace.entrances.values());
        entrances.map(|entrance| &entrance.access)
    }

    /// The notifier of a dial plan.
    #[must_use]
    pub fn of_plan(&self, namespace: &str, plan: &str) -> Option<&Notifier> {
        self.of(namespace)?.notifiers.get(plan)
    }

    /// What each dial plan asks of callers.
    pub fn accesses(&self) -> impl Iterator<Item = &Access> + Clone {
        self.entrances().map(|entrance| &entrance.access)
    }

    /// Whether there is a mailbox of that name, whatever is known of it.
    #[must_use]
    pub fn has_mailbox(&self, namespace: &str, mailbox: &str) -> bool {
        self.of(namespace).is_some_and(|namespace| namespace.mailboxes.contains_key(mailbox))
    }

    /// The mailbox with that extension, SIP address or number.
    #[must_use]
    pub fn mailbox(&self, namespace: &str, plan: &str, extension: &str) -> Option<&str> {
        let addresses = self.of(namespace)?.extensions.get(plan)?;
        addresses.get(&*extension.to_lowercase()).map(AsRef::as_ref)
    }

    /// Whether there is a dial plan of that name that has never been readable.
    #[must_use]
    pub fn is_unread_plan(&self, namespace: &str, plan: &str) -> bool {
        self.of(namespace).is_some_and(|namespace| namespace.unread_plans.contains(plan))
    }

    /// Namespaces of which anything is known.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// Adds a running notifier; `stored` are the mailboxes that its store knew when it started.
    pub fn add_notifier(
        &mut self,
        namespace: &str,
        plan: &str,
        notifier: Notifier,
        stored: BTreeSet<String>,
    ) {
        let namespace = Arc::make_mut(self.0.entry(namespace.to_owned()).or_default());
        namespace.notifiers.insert(plan.to_owned(), notifier);
        namespace.stored.insert(plan.to_owned(), Arc::new(stored));
    }

    /// Removes a notifier that was stopped.
    pub fn remove_notifier(&mut self, namespace: &str, plan: &str) {
        let Some(namespace) = self.0.get_mut(namespace).map(Arc::make_mut) else { return };
        namespace.notifiers.remove(plan);
        namespace.stored.remove(plan);
    }

    /// Takes in all of a namespace, in place of what was known of it; `keys` has its Secrets.
    pub fn set_namespace(&mut self, namespace: &str, now: &InNamespace<'_>, keys: &dyn Keys) {
        let before = self.0.remove(namespace).unwrap_or_default();
        let placed = placed(now);
        let after = Namespace {
            outcome: now.outcome.clone(),
            unread_plans: now.unread_plans.clone(),
            notifiers: before.notifiers.clone(),
            mailboxes: before.mailboxes_now(now, &placed),
            extensions: before.extensions_now(now, &placed),
            stored: before.stored.clone(),
            entrances: before.entrances_now(now, keys),
        };
        if !after.is_empty() {
            self.0.insert(namespace.to_owned(), Arc::new(after));
        }
    }
}

impl Namespace {
    fn is_empty(&self) -> bool {
        self.outcome.is_none()
            && self.unread_plans.is_empty()
            && self.notifiers.is_empty()
            && self.mailboxes.is_empty()
            && self.entrances.is_empty()
    }

    fn entrances_now(&self, now: &InNamespace<'_>, keys: &dyn Keys) -> BTreeMap<String, Arc<Entrance>> {
        let entrance = |config: &NotifierConfig| {
            let before = self.entrances.get(&config.dial_plan).map(AsRef::as_ref);
            let entrance = Entrance::new(&config.http, keys, before);
            (config.dial_plan.clone(), Arc::new(entrance))
        };
        now.configs.iter().map(entrance).collect()
    }

    fn mailboxes_now(
        &self,
        now: &InNamespace<'_>,
        placed: &Placed<'_>,
    ) -> BTreeMap<Arc<str>, Option<Arc<str>>> {
        let plan = |mailbox: &Arc<str>| {
            // A mailbox that an error took away from its dial plan belongs to the one that had it, even if that is gone: a name may
            // be a mistake, and another store would lose what it is told when that is mended.
            let placed = placed.get(&**mailbox).cloned();
            let before = || self.mailboxes.get(mailbox).cloned().flatten();
            (Arc::clone(mailbox), placed.or_else(before).or_else(|| self.stored_in(mailbox)))
        };
        let existing = now.existing.iter().map(plan);
        if now.complete {
            return existing.collect();
        }
        let mut all = self.mailboxes.clone();
        all.extend(existing);
        // The mailboxes of the stores, which nothing read since the start may have named.
        for (dial_plan, stored) in &self.stored {
            for mailbox in stored.iter() {
                all.entry(mailbox.as_str().into()).or_insert_with(|| Some(dial_plan.as_str().into()));
            }
        }
        all
    }

    fn extensions_now(&self, now: &InNamespace<'_>, placed: &Placed<'_>) -> BTreeMap<String, Addresses> {
        let stays = |mailbox: &str| {
            !placed.contains_key(mailbox) && (!now.complete || now.existing.contains(mailbox))
        };
        let mut all: BTreeMap<String, Addresses> = BTreeMap::new();
        for (plan, before) in &self.extensions {
            let staying = before.iter().filter(|(_, mailbox)| stays(mailbox));
            let staying: Addresses =
                staying.map(|(address, mailbox)| (address.clone(), Arc::clone(mailbox))).collect();
            if !staying.is_empty() {
                all.insert(plan.clone(), staying);
            }
        }
        for config in now.configs {
            let of_plan = all.entry(config.dial_plan.clone()).or_default();
            for mailbox in &config.mailboxes {
                for address in &mailbox.addresses {
                    of_plan.insert(address.to_lowercase().into(), Arc::clone(&mailbox.name));
                }
            }
        }
        all
    }

    /// The dial plan whose store has a mailbox.
    fn stored_in(&self, mailbox: &str) -> Option<Arc<str>> {
        self.stored.iter().find(|(_, stored)| stored.contains(mailbox)).map(|(plan, _)| plan.as_str().into())
    }
}

/// The dial plan of each mailbox that has one, also of those that are served elsewhere.
fn placed<'a>(now: &'a InNamespace<'_>) -> Placed<'a> {
    let mut all = HashMap::new();
    for config in now.configs {
        let plan: Arc<str> = config.dial_plan.as_str().into();
        let own = config.mailboxes.iter().filter(|mailbox| mailbox.placed);
        all.extend(own.map(|mailbox| (&*mailbox.name, Arc::clone(&plan))));
    }
    let Some(linked) = now.outcome.as_ref().map(|outcome| &outcome.linked) else { return all };
    let plans: Vec<Arc<str>> = linked.dial_plans.iter().map(|plan| Arc::clone(&plan.name)).collect();
    for mailbox in &linked.mailboxes {
        if let Some(plan) = mailbox.value.dial_plan.and_then(|plan| plans.get(plan as usize)) {
            all.entry(&*mailbox.name).or_insert_with(|| Arc::clone(plan));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use serde_json::json;

    use super::*;
    use crate::domain::{KeyName, Snapshot, evaluate};

    struct NoKeys;

    impl Keys for NoKeys {
        fn get(&self, _: &KeyName) -> Option<Vec<u8>> {
            None
        }
    }

    /// Two dial plans, of which this process serves `hq`; lina has that policy.
    fn take_in(entries: &mut Entries, policy: &str) {
        fn object<K: serde::de::DeserializeOwned>(kind: &str, name: &str, spec: serde_json::Value) -> Arc<K> {
            let object = json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
            Arc::new(serde_json::from_value(object).unwrap())
        }
        let plan = |name: &str| object("UMDialPlan", name, json!({"numberOfDigitsInExtension": 4}));
        let of = |plan: &str| object("UMMailboxPolicy", plan, json!({"dialPlanRef": {"name": plan}}));
        let lina = json!({"mailboxPolicyRef": {"name": policy}, "extensions": ["4201"]});
        let outcome = evaluate(&Snapshot {
            dial_plans: vec![plan("branch"), plan("hq")],
            mailbox_policies: vec![of("branch"), of("hq")],
            mailboxes: vec![object("UMMailbox", "lina", lina)],
            ..Snapshot::default()
        });
        let mut configs = outcome.notifiers();
        configs.retain(|config| config.dial_plan == "hq");
        let now = InNamespace {
            configs: &configs,
            existing: &BTreeSet::from(["lina".into()]),
            unread_plans: BTreeSet::new(),
            complete: true,
            outcome: Some(Arc::new(outcome)),
        };
        entries.set_namespace("voice", &now, &NoKeys);
    }

    #[test]
    fn a_mailbox_that_moved_belongs_to_its_new_dial_plan_and_one_in_error_to_its_old() {
        let mut entries = Entries::default();
        take_in(&mut entries, "hq");
        assert_eq!(entries.plan_of("voice", "lina"), Some("hq"));
        take_in(&mut entries, "nobody");
        assert_eq!(entries.plan_of("voice", "lina"), Some("hq"));
        take_in(&mut entries, "branch");
        assert_eq!(entries.plan_of("voice", "lina"), Some("branch"));
    }
}
