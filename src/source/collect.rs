//! Documents to snapshots: what manifests say, one [`Snapshot`] a namespace, and for each object the manifest that it comes
//! from. Knows no rule; what is wrong with the objects is for `domain`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::manifest::{Document, FileState, Loaded, ObjectKey, Problem};
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};
use crate::domain::finding::Notes;
use crate::domain::{Alone as _, Code, Finding, KeyName, KeySource, Kind, Outcome, Snapshot};

/// An object of one of the four kinds.
#[derive(Clone)]
pub enum Object {
    /// A dial plan.
    DialPlan(Arc<UMDialPlan>),
    /// A mailbox policy.
    Policy(Arc<UMMailboxPolicy>),
    /// A gateway.
    Gateway(Arc<UMIPGateway>),
    /// A mailbox.
    Mailbox(Arc<UMMailbox>),
}

impl Object {
    /// Decodes a manifest of one of the four kinds.
    ///
    /// # Errors
    /// What the manifest says does not fit the types of its kind, though it was read along its schema.
    pub fn decode(document: &Document) -> Result<Self, Box<Problem>> {
        fn read<K: DeserializeOwned>(
            document: &Document,
            wrap: fn(Arc<K>) -> Object,
        ) -> Result<Object, serde_json::Error> {
            K::deserialize(&document.value).map(|object| wrap(Arc::new(object)))
        }
        let decoded = match document.kind.as_str() {
            "UMDialPlan" => read(document, Self::DialPlan),
            "UMMailboxPolicy" => read(document, Self::Policy),
            "UMIPGateway" => read(document, Self::Gateway),
            _ => read(document, Self::Mailbox),
        };
        decoded.map_err(|error| {
            Box::new(Problem {
                place: document.place.clone(),
                path: String::new(),
                code: "WrongType",
                message: format!("the object can't be read: {error}"),
                advice: "compare it with the documentation of its kind".into(),
                object: Some(document.key()),
            })
        })
    }

    /// What it shows alone.
    #[must_use]
    pub fn alone(&self) -> Notes {
        match self {
            Self::DialPlan(object) => object.alone(),
            Self::Policy(object) => object.alone(),
            Self::Gateway(object) => object.alone(),
            Self::Mailbox(object) => object.alone(),
        }
    }

    /// Adds it to the resources of its namespace.
    pub fn add_to(&self, snapshot: &mut Snapshot) {
        match self {
            Self::DialPlan(object) => snapshot.dial_plans.push(Arc::clone(object)),
            Self::Policy(object) => snapshot.mailbox_policies.push(Arc::clone(object)),
            Self::Gateway(object) => snapshot.gateways.push(Arc::clone(object)),
            Self::Mailbox(object) => snapshot.mailboxes.push(Arc::clone(object)),
        }
    }
}

/// Manifests, collected.
#[derive(Default)]
pub struct Collected {
    /// The resources of each namespace that has one of the four kinds, complete, with what manifests show of the keys of Secrets.
    pub namespaces: BTreeMap<String, Snapshot>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The manifest files, and how well each could be read.
    pub files: Vec<FileState>,
    documents: BTreeMap<ObjectKey, Document>,
}

impl Collected {
    /// Collects what was loaded.
    #[must_use]
    pub fn new(loaded: Loaded) -> Self {
        let Loaded { documents, problems, files } = loaded;
        let mut collected = Self { problems, files, ..Self::default() };
        for document in documents {
            if is_ours(&document.kind) {
                match Object::decode(&document) {
                    Ok(object) => {
                        let namespace = collected.namespaces.entry(document.namespace.clone());
                        object.add_to(namespace.or_default());
                    }
                    Err(problem) => {
                        collected.problems.push(*problem);
                        continue;
                    }
                }
            }
            collected.documents.insert(document.key(), document);
        }
        let keys = keys(collected.documents.values());
        for (namespace, snapshot) in &mut collected.namespaces {
            // The operator makes a default policy where there is none; one that can't be read is not replaced.
            snapshot.add_default_policies(&|name| {
                let key = key(Kind::MailboxPolicy, namespace, name);
                !collected.problems.iter().any(|problem| problem.object.as_ref() == Some(&key))
            });
            snapshot.facts.missing_keys = missing(snapshot, namespace, &keys);
            snapshot.facts.unread = unread(&collected.problems, &collected.documents, namespace);
        }
        collected
    }

    /// The manifest of an object.
    #[must_use]
    pub fn document(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Document> {
        self.documents.get(&key(kind, namespace, name))
    }

    /// All manifests that could be read, Secrets and ConfigMaps among them, by kind, namespace and name.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// The manifests of the four kinds.
    pub fn resources(&self) -> impl Iterator<Item = &Document> {
        self.documents().filter(|document| is_ours(&document.kind))
    }
}

/// Objects of a namespace that only problems name.
fn unread(
    problems: &[Problem],
    documents: &BTreeMap<ObjectKey, Document>,
    namespace: &str,
) -> BTreeSet<(Kind, String)> {
    let named = problems.iter().filter_map(|problem| problem.object.as_ref());
    let of = |key: &ObjectKey| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == key.kind)?;
        (key.namespace == namespace && !documents.contains_key(key)).then(|| (kind, key.name.clone()))
    };
    named.filter_map(of).collect()
}

fn key(kind: Kind, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey { kind: kind.as_str().to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
}

/// A finding about an object, at its place in the object's manifest.
#[must_use]
pub fn problem_of(document: &Document, finding: &Finding) -> Problem {
    let Finding { code, path, message, advice } = finding;
    Problem {
        place: document.place_of(if path.is_empty() { "metadata.name" } else { path }),
        path: path.clone(),
        code: code.as_str(),
        message: message.clone(),
        advice: advice.clone(),
        object: Some(document.key()),
    }
}

/// A finding about an object, at its place in a manifest. One about a default policy, which no manifest has, stands at the dial plan that
/// makes it; that the dial plan has errors is said there already. None where no manifest has anything to do with it.
pub fn problem_about<'a>(
    outcome: &Outcome,
    manifest: impl Fn(Kind, &str) -> Option<&'a Document>,
    (kind, name): (Kind, &str),
    finding: &Finding,
) -> Option<Problem> {
    if let Some(document) = manifest(kind, name) {
        return Some(problem_of(document, finding));
    }
    let of_policy = kind == Kind::MailboxPolicy && finding.code != Code::DialPlanInvalid;
    let view = outcome.view(kind, name).filter(|_| of_policy)?;
    let document = manifest(Kind::DialPlan, &view.policy?.value.0.dial_plan)?;
    let finding = Finding { path: String::new(), ..finding.clone() };
    let object = Some(key(kind, &document.namespace, name));
    Some(Problem { object, ..problem_of(document, &finding) })
}

fn is_ours(kind: &str) -> bool {
    Kind::ALL.iter().any(|ours| ours.as_str() == kind)
}

/// The keys that each Secret and ConfigMap of a namespace has.
type KnownKeys = BTreeMap<(String, KeySource, String), BTreeSet<String>>;

/// The keys of each Secret and ConfigMap: of a namespace and a name, all that either has. A value that can't be decoded, as in
/// a Secret that is encrypted for git, is there all the same.
fn keys<'a>(documents: impl Iterator<Item = &'a Document>) -> KnownKeys {
    let mut keys: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for document in documents {
        let (source, blocks) = match document.kind.as_str() {
            "Secret" => (KeySource::Secret, ["data", "stringData"]),
            "ConfigMap" => (KeySource::ConfigMap, ["data", "binaryData"]),
            _ => continue,
        };
        let values = blocks.iter().filter_map(|block| document.value.get(*block)?.as_object());
        let known = keys.entry((document.namespace.clone(), source, document.name.clone())).or_default();
        known.extend(values.flat_map(|values| values.keys().cloned()));
    }
    keys
}

/// Keys that the resources name in Secrets and ConfigMaps that are known and don't have them. Of those that are not known, nobody
/// here can say anything: they are made in the cluster or kept elsewhere.
fn missing(snapshot: &Snapshot, namespace: &str, keys: &KnownKeys) -> BTreeSet<KeyName> {
    let is_missing = |named: &KeyName| {
        let known = keys.get(&(namespace.to_owned(), named.source, named.name.clone()));
        known.is_some_and(|known| !known.contains(&named.key))
    };
    snapshot.named_keys().into_iter().filter(is_missing).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::source::manifest::{Loader, Schemas};

    fn collect(text: &str) -> Collected {
        let schemas = Schemas::of_definitions(&crate::api::schema::crds().unwrap());
        let mut loader = Loader::new(&schemas);
        loader.text("a.yaml", text);
        Collected::new(loader.finish())
    }

    fn object(kind: &str, name: &str, spec: &str) -> String {
        format!(
            "---\napiVersion: um.lamplighter.dev/v1alpha1\nkind: {kind}\nmetadata: {name}\nspec: {spec}\n"
        )
    }

    #[test]
    fn each_namespace_has_a_snapshot_and_each_object_its_manifest() {
        let plan = |metadata: &str| object("UMDialPlan", metadata, "{numberOfDigitsInExtension: 4}");
        let text = plan("{name: hq}") + &plan("{name: hq, namespace: voice}");
        let broken = object("UMMailbox", "{name: lina}", "{mailboxPolicyRef: {name: x}, extensions: [1]}");
        let collected = collect(&(text + &broken + "---\nkind: Namespace\napiVersion: v1\n"));
        assert_eq!(collected.namespaces.keys().collect::<Vec<_>>(), ["default", "voice"]);
        assert!(collected.namespaces.values().all(|snapshot| snapshot.dial_plans.len() == 1));
        assert_eq!(collected.document(Kind::DialPlan, "voice", "hq").unwrap().place.line, 7);
        assert!(collected.document(Kind::DialPlan, "berlin", "hq").is_none());
        assert!(collected.document(Kind::Mailbox, "default", "lina").is_none());
        assert_eq!((collected.problems.len(), collected.resources().count()), (1, 2));
    }

    #[test]
    fn a_key_is_missing_where_its_secret_is_known_and_has_it_not() {
        let gateway = object(
            "UMIPGateway",
            "{name: pbx}",
            "{address: a, auth: {username: u, passwordSecretRef: {name: s, key: k}}}",
        );
        let missing = |rest: &str| {
            let collected = collect(&format!("{gateway}---\n{rest}"));
            collected.namespaces["default"].facts.missing_keys.len()
        };
        let secret = |namespace: &str, key: &str| {
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: {namespace}}}\ndata: {{{key}: '***'}}\n"
            )
        };
        assert_eq!(missing(""), 0);
        assert_eq!(missing(&secret("default", "k")), 0);
        assert_eq!(missing(&secret("default", "other")), 1);
        assert_eq!(missing(&secret("elsewhere", "other")), 0);
    }
}
