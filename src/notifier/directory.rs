//! Which notifier a mailbox belongs to, which mailbox an extension, what holds for each, and who may call. Rebuilt as a whole with each
//! configuration.

use std::collections::{BTreeMap, BTreeSet};
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

/// A name below a namespace.
type Key = (String, String);

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
    pub existing: &'a BTreeSet<String>,
    /// Dial plans that are there and have never been readable.
    pub unread_plans: BTreeSet<String>,
    /// Whether other mailboxes that were there were removed. Otherwise they are there still, for nobody can say that they are not.
    pub complete: bool,
}

/// One state of the directory.
#[derive(Clone, Default)]
pub struct Entries {
    /// What is in force in each namespace.
    outcomes: BTreeMap<String, Arc<Outcome>>,
    /// Dial plans that are there and have never been readable.
    unread_plans: BTreeSet<Key>,
    notifiers: BTreeMap<Key, Notifier>,
    /// Mailbox to dial plan; none: an error hides which one it is.
    mailboxes: BTreeMap<Key, Option<String>>,
    /// Dial plan and extension to mailbox.
    extensions: BTreeMap<(Key, String), String>,
    /// Mailboxes in the store of each dial plan, for those whose dial plan is not known because of an error.
    stored: BTreeMap<Key, BTreeSet<String>>,
    /// The HTTP port as each dial plan has it.
    entrances: BTreeMap<Key, Arc<Entrance>>,
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
            entries.entrances.values().filter_map(|entrance| entrance.identity.clone()).collect();
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
    /// What is in force in a namespace.
    #[must_use]
    pub fn outcome(&self, namespace: &str) -> Option<&Outcome> {
        self.outcomes.get(namespace).map(AsRef::as_ref)
    }

    /// The notifier of a mailbox.
    #[must_use]
    pub fn notifier(&self, namespace: &str, mailbox: &str) -> Found {
        let Some(plan) = self.mailboxes.get(&key(namespace, mailbox)) else { return Found::Unknown };
        let notifier = plan.as_ref().and_then(|plan| self.notifiers.get(&key(namespace, plan)));
        notifier.cloned().map_or(Found::NotServed, Found::Running)
    }

    /// The dial plan of a mailbox, as far as that is known.
    #[must_use]
    pub fn plan_of(&self, namespace: &str, mailbox: &str) -> Option<&str> {
        self.mailboxes.get(&key(namespace, mailbox))?.as_deref()
    }

    /// The mailboxes of a dial plan, by name.
    pub fn mailboxes_of(&self, namespace: &str, plan: &str) -> impl Iterator<Item = &str> {
        let of_plan =
            move |((ns, _), of): &(&Key, &Option<String>)| ns == namespace && of.as_deref() == Some(plan);
        self.mailboxes.iter().filter(of_plan).map(|((_, mailbox), _)| mailbox.as_str())
    }

    /// What a dial plan asks of callers.
    #[must_use]
    pub fn access(&self, namespace: &str, plan: &str) -> Option<&Access> {
        self.entrances.get(&key(namespace, plan)).map(|entrance| &entrance.access)
    }

    /// What each dial plan of a namespace asks of callers.
    pub fn accesses_in(&self, namespace: &str) -> impl Iterator<Item = &Access> {
        let of_namespace = move |((ns, _), _): &(&Key, &Arc<Entrance>)| ns == namespace;
        self.entrances.iter().filter(of_namespace).map(|(_, entrance)| &entrance.access)
    }

    /// The notifier of a dial plan.
    #[must_use]
    pub fn of_plan(&self, namespace: &str, plan: &str) -> Option<&Notifier> {
        self.notifiers.get(&key(namespace, plan))
    }

    /// What each dial plan asks of callers.
    pub fn accesses(&self) -> impl Iterator<Item = &Access> + Clone {
        self.entrances.values().map(|entrance| &entrance.access)
    }

    /// Whether there is a mailbox of that name, whatever is known of it.
    #[must_use]
    pub fn has_mailbox(&self, namespace: &str, mailbox: &str) -> bool {
        self.mailboxes.contains_key(&key(namespace, mailbox))
    }

    /// The mailbox with that extension, SIP address or number.
    #[must_use]
    pub fn mailbox(&self, namespace: &str, plan: &str, extension: &str) -> Option<&str> {
        self.extensions.get(&(key(namespace, plan), extension.to_lowercase())).map(String::as_str)
    }

    /// Whether there is a dial plan of that name that has never been readable.
    #[must_use]
    pub fn is_unread_plan(&self, namespace: &str, plan: &str) -> bool {
        self.unread_plans.contains(&key(namespace, plan))
    }

    /// Namespaces of which anything is known.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        let named = self.notifiers.keys().chain(self.mailboxes.keys()).chain(&self.unread_plans);
        self.outcomes.keys().chain(named.map(|(namespace, _)| namespace)).cloned().collect()
    }

    /// Adds a running notifier; `stored` are the mailboxes that its store knew when it started.
    pub fn add_notifier(
        &mut self,
        namespace: &str,
        plan: &str,
        notifier: Notifier,
        stored: BTreeSet<String>,
    ) {
        self.notifiers.insert(key(namespace, plan), notifier);
        self.stored.insert(key(namespace, plan), stored);
    }

    /// Removes a notifier that was stopped.
    pub fn remove_notifier(&mut self, namespace: &str, plan: &str) {
        self.notifiers.remove(&key(namespace, plan));
        self.stored.remove(&key(namespace, plan));
    }

    /// Takes in all of a namespace, in place of what was known of it; `keys` has its Secrets.
    pub fn set_namespace(&mut self, namespace: &str, now: &InNamespace<'_>, keys: &dyn Keys) {
        match &now.outcome {
            Some(outcome) => drop(self.outcomes.insert(namespace.to_owned(), Arc::clone(outcome))),
            None => drop(self.outcomes.remove(namespace)),
        }
        self.unread_plans.retain(|(ns, _)| ns != namespace);
        self.unread_plans.extend(now.unread_plans.iter().map(|plan| key(namespace, plan)));
        self.set_mailboxes(namespace, now.configs, now.existing, now.complete);
        self.set_entrances(namespace, now.configs, keys);
    }

    fn set_entrances(&mut self, namespace: &str, configs: &[NotifierConfig], keys: &dyn Keys) {
        let entrance = |config: &NotifierConfig| {
            let name = key(namespace, &config.dial_plan);
            let before = self.entrances.get(&name).map(AsRef::as_ref);
            let entrance = Entrance::new(&config.http, keys, before);
            (name, Arc::new(entrance))
        };
        let new: Vec<_> = configs.iter().map(entrance).collect();
        self.entrances.retain(|(ns, _), _| ns != namespace);
        self.entrances.extend(new);
    }

    fn set_mailboxes(
        &mut self,
        namespace: &str,
        configs: &[NotifierConfig],
        existing: &BTreeSet<String>,
        complete: bool,
    ) {
        let placed: BTreeMap<&str, &str> = configs
            .iter()
            .flat_map(|config| config.mailboxes.iter().map(move |mailbox| (mailbox, config)))
            .filter(|(mailbox, _)| mailbox.placed)
            .map(|(mailbox, config)| (mailbox.name.as_str(), config.dial_plan.as_str()))
            .collect();
        let is_kept = |ns: &str, mailbox: &str| ns != namespace || !complete || existing.contains(mailbox);
        self.mailboxes.retain(|(ns, mailbox), _| is_kept(ns, mailbox));
        self.extensions.retain(|((ns, _), _), mailbox| {
            is_kept(ns, mailbox) && (ns != namespace || !placed.contains_key(mailbox.as_str()))
        });
        for config in configs {
            for mailbox in &config.mailboxes {
                for address in &mailbox.addresses {
                    let address = (key(namespace, &config.dial_plan), address.to_lowercase());
                    self.extensions.insert(address, mailbox.name.clone());
                }
            }
        }
        for mailbox in existing {
            // A mailbox that an error took away from its dial plan belongs to the one that had it, even if that is gone: a name may
            // be a mistake, and another store would lose what it is told when that is mended.
            let before = self.mailboxes.get(&key(namespace, mailbox)).cloned().flatten();
            let plan = placed.get(mailbox.as_str()).map(|plan| (*plan).to_owned()).or(before);
            let plan = plan.or_else(|| self.stored_in(namespace, mailbox));
            self.mailboxes.insert(key(namespace, mailbox), plan);
        }
        if !complete {
            self.keep_stored(namespace);
        }
    }

    /// The mailboxes of the stores, which nothing read since the start may have named.
    fn keep_stored(&mut self, namespace: &str) {
        for ((_, plan), stored) in self.stored.iter().filter(|((ns, _), _)| ns == namespace) {
            for mailbox in stored {
                self.mailboxes.entry(key(namespace, mailbox)).or_insert_with(|| Some(plan.clone()));
            }
        }
    }

    /// The dial plan whose store has a mailbox.
    fn stored_in(&self, namespace: &str, mailbox: &str) -> Option<String> {
        let has = |((ns, _), stored): &(&Key, &BTreeSet<String>)| ns == namespace && stored.contains(mailbox);
        self.stored.iter().find(has).map(|((_, plan), _)| plan.clone())
    }
}

fn key(namespace: &str, name: &str) -> Key {
    (namespace.to_owned(), name.to_owned())
}
