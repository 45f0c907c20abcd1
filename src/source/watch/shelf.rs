//! The objects of one kind as a watch gives them. No client and no clock: events go in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::DeserializeGuard;

use super::wake::{Watched, same_wishes};
use crate::domain::Kind;

/// Which namespaces an event has to do with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// None: nothing changed that anybody goes by.
    Nothing,
    /// One, where only what notifiers say of a gateway changed: whoever sums that up goes by it.
    Said(String),
    /// One.
    One(String),
    /// All.
    All,
}

/// One object, and when its generation was first seen.
#[derive(Debug)]
pub struct Kept<K> {
    /// The object; as it was when it could last be read, if it can't be now; none if it never could.
    pub object: Option<Arc<K>>,
    /// The resourceVersion at which what it wants was first seen.
    pub since: u64,
    /// Its resourceVersion.
    pub version: u64,
    /// Why it can't be read.
    pub unread: Option<String>,
    meta: Wants,
}

/// What tells whether an object wants something new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wants {
    uid: Option<String>,
    generation: Option<i64>,
    annotations: BTreeMap<String, String>,
}

type Objects<K> = BTreeMap<String, BTreeMap<String, Kept<K>>>;

/// The objects of one kind.
pub struct Shelf<K> {
    objects: Objects<K>,
    coming: Option<Objects<K>>,
    version: u64,
    changes: u64,
    complete: bool,
    refused: Option<String>,
    failing: bool,
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            coming: None,
            version: 0,
            changes: 0,
            complete: false,
            refused: None,
            failing: false,
        }
    }
}

impl<K> Shelf<K> {
    /// Whether the list was there once.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// What the API server said when it last refused; none when it lists.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        self.refused.clone()
    }

    /// The resourceVersion up to which changes are known.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How often what the objects ask for may have changed. The same number later: they ask for the same.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Namespaces that have an object.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        self.objects.keys().cloned().collect()
    }

    /// One object.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<&Kept<K>> {
        self.objects.get(namespace)?.get(name)
    }

    /// The objects of a namespace, by name.
    pub fn all(&self, namespace: &str) -> impl Iterator<Item = (&str, &Kept<K>)> {
        self.objects.get(namespace).into_iter().flatten().map(|(name, kept)| (name.as_str(), kept))
    }

    /// The objects of a namespace that can be read, or could once. Names of those that can't be read now and never could are added
    /// to `unread`.
    pub fn of(&self, namespace: &str, kind: Kind, unread: &mut BTreeSet<(Kind, String)>) -> Vec<Arc<K>> {
        let mut objects = Vec::new();
        for (name, kept) in self.all(namespace) {
            match &kept.object {
                Some(object) => objects.push(Arc::clone(object)),
                None => drop(unread.insert((kind, name.to_owned()))),
            }
        }
        objects
    }

    /// The watch broke. Returns true where that is news.
    pub fn failed(&mut self, refused: Option<String>) -> bool {
        let news = !self.failing || (refused.is_some() && self.refused != refused);
        self.failing = true;
        if refused.is_some() {
            self.refused = refused;
        }
        news
    }

    /// A new list begins.
    pub fn begin(&mut self) -> Touched {
        self.coming = Some(BTreeMap::new());
        Touched::Nothing
    }

    fn works(&mut self) -> bool {
        self.failing = false;
        self.refused.take().is_some()
    }
}

impl<K: Watched> Kept<K> {
    fn says_the_same(&self, now: &Self) -> bool {
        match (&self.object, &now.object) {
            (Some(before), Some(now)) => now.says_the_same(before),
            (before, now) => before.is_none() && now.is_none(),
        }
    }

    fn asks_the_same(&self, now: &Self) -> bool {
        self.unread == now.unread
            && self.meta == now.meta
            && match (&self.object, &now.object) {
                (Some(before), Some(now)) => same_wishes(&**before, &**now),
                (before, now) => before.is_none() && now.is_none(),
            }
    }
}

impl<K: Watched> Shelf<K> {
    /// An object of a new list.
    pub fn coming(&mut self, guard: DeserializeGuard<K>) -> Touched {
        let Some((namespace, name, kept)) = self.kept(guard) else { return Touched::Nothing };
        if let Some(coming) = &mut self.coming {
            coming.entry(namespace).or_default().insert(name, kept);
        }
        Touched::Nothing
    }

    /// The new list is whole: what is not in it is gone, also what was deleted while nobody watched.
    pub fn done(&mut self) -> Touched {
        let coming = self.coming.take().unwrap_or_default();
        let newest = coming.values().flat_map(BTreeMap::values).map(|kept| kept.version).max();
        self.version = self.version.max(newest.unwrap_or_default());
        self.objects = coming;
        self.complete = true;
        self.changes += 1;
        self.works();
        Touched::All
    }

    /// An object is new or has changed.
    pub fn apply(&mut self, guard: DeserializeGuard<K>) -> Touched {
        let mended = self.works();
        let Some((namespace, name, kept)) = self.kept(guard) else { return Touched::Nothing };
        self.version = self.version.max(kept.version);
        let objects = self.objects.entry(namespace.clone()).or_default();
        let before = objects.get(&name);
        let same = before.is_some_and(|before| before.asks_the_same(&kept));
        let says_the_same = before.is_some_and(|before| before.says_the_same(&kept));
        objects.insert(name, kept);
        if mended || !same {
            self.changes += 1;
        }
        match (mended, same, says_the_same) {
            (true, ..) => Touched::All,
            (false, true, true) => Touched::Nothing,
            (false, true, false) => Touched::Said(namespace),
            (false, false, _) => Touched::One(namespace),
        }
    }

    /// An object is gone.
    pub fn delete(&mut self, guard: &DeserializeGuard<K>) -> Touched {
        let mended = self.works();
        let meta = meta_of(guard);
        self.version = self.version.max(version(meta));
        self.changes += 1;
        let (Some(namespace), Some(name)) = (meta.namespace.clone(), meta.name.as_ref()) else {
            return Touched::Nothing;
        };
        if let Some(objects) = self.objects.get_mut(&namespace) {
            objects.remove(name);
            if objects.is_empty() {
                self.objects.remove(&namespace);
            }
        }
        if mended { Touched::All } else { Touched::One(namespace) }
    }

    fn kept(&self, guard: DeserializeGuard<K>) -> Option<(String, String, Kept<K>)> {
        let meta = meta_of(&guard);
        let (namespace, name) = (meta.namespace.clone()?, meta.name.clone()?);
        let wants = Wants {
            uid: meta.uid.clone(),
            generation: meta.generation,
            annotations: ours(meta.annotations.as_ref()),
        };
        let version = version(meta);
        let before = self.get(&namespace, &name);
        let since = before.filter(|kept| kept.meta == wants).map_or(version, |kept| kept.since);
        let (object, unread) = match guard.0 {
            Ok(mut object) => {
                slim(&mut object);
                (Some(Arc::new(object)), None)
            }
            Err(invalid) => {
                // Of the very same object; one that was made anew has nothing to do with it.
                let same = before.filter(|kept| kept.meta.uid == wants.uid);
                (same.and_then(|kept| kept.object.clone()), Some(invalid.error))
            }
        };
        Some((namespace, name, Kept { object, since, version, unread, meta: wants }))
    }
}

fn meta_of<K: Watched>(guard: &DeserializeGuard<K>) -> &ObjectMeta {
    match &guard.0 {
        Ok(object) => object.meta(),
        Err(invalid) => &invalid.metadata,
    }
}

fn version(meta: &ObjectMeta) -> u64 {
    meta.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or_default()
}

/// Annotations that people use to ask something of us.
fn ours(all: Option<&BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let is_ours = |(key, _): &(&String, &String)| key.starts_with("um.lamplighter.dev/");
    all.into_iter().flatten().filter(is_ours).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Without what nobody reads, which is half of an object and more.
fn slim<K: Watched>(object: &mut K) {
    let meta = object.meta_mut();
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    object.slim();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{UMIPGateway, UMMailbox};

    fn mailbox(name: &str, version: u64, generation: i64, more: Value) -> DeserializeGuard<UMMailbox> {
        let mut object = json!({
            "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMMailbox",
            "metadata": {"name": name, "namespace": "voice", "uid": "1", "resourceVersion": version.to_string(), "generation": generation},
            "spec": {"mailboxPolicyRef": {"name": "sales"}, "extensions": ["4201"]},
        });
        for (key, value) in more.as_object().unwrap() {
            *object.pointer_mut(key).unwrap() = value.clone();
        }
        serde_json::from_value(object).unwrap()
    }

    fn listed(all: Vec<DeserializeGuard<UMMailbox>>) -> Shelf<UMMailbox> {
        let mut shelf = Shelf::default();
        shelf.begin();
        for one in all {
            shelf.coming(one);
        }
        assert!(!shelf.is_complete());
        assert_eq!(shelf.done(), Touched::All);
        shelf
    }

    #[test]
    fn a_change_of_the_status_alone_wakes_nobody_and_moves_only_the_version() {
        let mut shelf = listed(vec![mailbox("lina", 5, 1, json!({}))]);
        let listed = shelf.changes();
        assert_eq!(shelf.apply(mailbox("lina", 9, 1, json!({}))), Touched::Nothing);
        let kept = shelf.get("voice", "lina").unwrap();
        assert_eq!((kept.since, kept.version), (5, 9));
        assert_eq!((shelf.version(), shelf.changes()), (9, listed));
        assert_eq!(shelf.apply(mailbox("lina", 12, 2, json!({}))), Touched::One("voice".into()));
        assert_eq!(shelf.get("voice", "lina").unwrap().since, 12);
        assert_eq!(shelf.changes(), listed + 1);
        assert_eq!(shelf.delete(&mailbox("lina", 13, 2, json!({}))), Touched::One("voice".into()));
        assert_eq!((shelf.version(), shelf.changes()), (13, listed + 2));
    }

    #[test]
    fn what_notifiers_say_of_a_gateway_is_told_apart_from_what_it_asks_for() {
        let gateway = |version: u64, generation: i64, plans: Value| {
            serde_json::from_value(json!({
                "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMIPGateway",
                "metadata": {"name": "pbx", "namespace": "voice", "resourceVersion": version.to_string(), "generation": generation},
                "spec": {"address": "pbx.example.com"}, "status": {"plans": plans},
            }))
            .unwrap()
        };
        let mut shelf: Shelf<UMIPGateway> = Shelf::default();
        shelf.apply(gateway(1, 1, json!([{"name": "hq"}])));
        let said = json!([{"name": "hq", "delivered": "True"}]);
        assert_eq!(shelf.apply(gateway(2, 1, said.clone())), Touched::Said("voice".into()));
        assert_eq!(shelf.apply(gateway(3, 1, said)), Touched::Nothing);
        assert_eq!(shelf.apply(gateway(4, 2, json!([]))), Touched::One("voice".into()));
    }

    #[test]
    fn what_was_deleted_while_nobody_watched_is_gone_with_the_next_list() {
        let mut shelf = listed(vec![mailbox("lina", 5, 1, json!({})), mailbox("omar", 6, 1, json!({}))]);
        shelf.begin();
        shelf.coming(mailbox("omar", 6, 1, json!({})));
        assert!(shelf.get("voice", "lina").is_some(), "until the list is whole, what was known stays");
        assert_eq!(shelf.done(), Touched::All);
        assert!(shelf.get("voice", "lina").is_none());
        assert_eq!(shelf.get("voice", "omar").unwrap().since, 6, "a list is not news of an object");
    }

    #[test]
    fn an_object_that_no_longer_decodes_stays_as_it_was_and_one_that_never_did_is_named() {
        let broken = json!({"/spec": "nonsense"});
        let mut shelf = listed(vec![mailbox("lina", 5, 1, json!({})), mailbox("omar", 6, 1, broken.clone())]);
        assert_eq!(shelf.apply(mailbox("lina", 7, 2, broken)), Touched::One("voice".into()));
        let mut unread = BTreeSet::new();
        let readable = shelf.of("voice", Kind::Mailbox, &mut unread);
        assert_eq!(readable.len(), 1);
        assert_eq!(readable[0].spec.extensions, ["4201"]);
        assert!(shelf.get("voice", "lina").unwrap().unread.is_some());
        assert_eq!(unread, BTreeSet::from([(Kind::Mailbox, "omar".to_owned())]));
    }

    #[test]
    fn a_refused_list_keeps_what_was_known_until_it_is_back() {
        let mut shelf = listed(vec![mailbox("lina", 5, 1, json!({}))]);
        assert!(shelf.failed(Some("forbidden".into())), "the first time is news");
        assert!(!shelf.failed(Some("forbidden".into())));
        assert!(!shelf.failed(None));
        assert_eq!(shelf.refused().as_deref(), Some("forbidden"));
        assert!(shelf.get("voice", "lina").is_some());
        assert_eq!(shelf.apply(mailbox("lina", 6, 1, json!({}))), Touched::All);
        assert_eq!(shelf.refused(), None);
    }
}
