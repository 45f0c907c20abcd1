//! Which Secrets and ConfigMaps the notifier of a dial plan reads: what the dial plan, its gateways and its mailboxes name. Their
//! values never come here.

use std::collections::{BTreeMap, BTreeSet};

use super::Outcome;
use super::link::Linked;
use super::object::is_subdomain;
use super::snapshot::{KeyName, KeySource};

/// Most Secrets that the mailboxes of a dial plan may name. Each is a volume of the notifier's pods, and an object of Kubernetes may have
/// 1.5 MiB; one Secret holds the PINs of thousands.
pub const MOST_SECRETS_OF_MAILBOXES: usize = 200;

/// A Secret or ConfigMap that a notifier reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Which of the two.
    pub source: KeySource,
    /// Its name.
    pub name: String,
    /// The keys that are read; none: all.
    pub keys: Option<BTreeSet<String>>,
}

/// What is read so far, by name.
#[derive(Default)]
struct Mounts<'a>(BTreeMap<(KeySource, &'a str), Option<BTreeSet<&'a str>>>);

impl Outcome {
    /// What the notifier of the dial plan with that index reads, by source and name. Of Secrets that mailboxes name it is every key, so
    /// that one more mailbox with a PIN is no other pod. A name or a key that nothing can have is left out: it is as if it were missing.
    #[must_use]
    pub fn mounts(&self, at: usize) -> Vec<Mount> {
        let mut mounts = Mounts::default();
        let Some(plan) = self.linked.dial_plans.get(at) else { return Vec::new() };
        plan.value.keys.iter().for_each(|used| mounts.key(&used.key));
        plan.value.notifier.whole.iter().for_each(|(source, name)| mounts.whole(*source, name));
        for gateway in self.gateways.get(at).into_iter().flatten() {
            let keys = self.linked.gateways.get(*gateway as usize).map(|node| &node.value.0.keys);
            keys.into_iter().flatten().for_each(|used| mounts.key(&used.key));
        }
        let of_mailboxes: BTreeSet<&str> = secrets_of_mailboxes(&self.linked)
            .filter_map(|(plan, name)| (plan as usize == at).then_some(name))
            .collect();
        for secret in of_mailboxes.into_iter().take(MOST_SECRETS_OF_MAILBOXES) {
            mounts.whole(KeySource::Secret, secret);
        }
        let mount = |((source, name), keys): ((KeySource, &str), Option<BTreeSet<&str>>)| Mount {
            source,
            name: name.to_owned(),
            keys: keys.map(|keys| keys.into_iter().map(str::to_owned).collect()),
        };
        mounts.0.into_iter().map(mount).collect()
    }
}

impl Linked {
    /// The keys that the dial plan with that index, its gateways and its mailboxes name.
    #[must_use]
    pub fn keys(&self, at: usize) -> BTreeSet<KeyName> {
        let is_it = |plan: &u32| *plan as usize == at;
        let plan = self.dial_plans.get(at).map(|node| &node.value.keys);
        let gateways = self.gateways.iter().filter(|node| node.value.1.iter().any(is_it));
        let of_gateways = gateways.map(|node| &node.value.0.keys);
        let mailboxes = self
            .mailboxes
            .iter()
            .filter(|node| node.value.dial_plan.as_ref().is_some_and(is_it))
            .filter_map(|node| node.value.own.chosen_pin().cloned());
        let named = plan.into_iter().chain(of_gateways).flatten().map(|used| used.key.clone());
        named.chain(mailboxes).collect()
    }
}

impl<'a> Mounts<'a> {
    fn key(&mut self, key: &'a KeyName) {
        if is_subdomain(&key.name) && is_key(&key.key) {
            let keys = self.0.entry((key.source, &key.name)).or_insert_with(|| Some(BTreeSet::new()));
            if let Some(keys) = keys {
                keys.insert(&key.key);
            }
        }
    }

    fn whole(&mut self, source: KeySource, name: &'a str) {
        if is_subdomain(name) {
            self.0.insert((source, name), None);
        }
    }
}

/// The Secrets that mailboxes name, each with the dial plan of the mailbox.
pub fn secrets_of_mailboxes(linked: &Linked) -> impl Iterator<Item = (u32, &str)> {
    linked.mailboxes.iter().filter_map(|node| {
        Some((node.value.dial_plan?, node.value.own.chosen_pin().map(|key| key.name.as_str())?))
    })
}

/// Whether a Secret or ConfigMap can have such a key.
fn is_key(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && text != "."
        && !text.starts_with("..")
}
