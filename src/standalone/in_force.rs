//! The resources that are in force: what the directory says, and for what can't be read, what it said before.
//!
//! A manifest that breaks is no removal: the object keeps its last good version. Objects get the
//! generation and, where they appear later than the first loading, the age that a cluster would give them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use crate::api::dial_plan::UMDialPlanSpec;
use crate::domain::{Finding, Kind, Snapshot};
use crate::source::collect::Object;
use crate::source::manifest::{Document, Loaded, ObjectKey, Problem};

/// Annotation by which lamps are sent again: any new value does.
const REFRESH: &str = "um.lamplighter.dev/refresh-requested-at";

const STORE_TYPE: &str = "spec.notifier.store.type";
const POSTGRESQL: &str = "PostgreSQL";

/// An object in force, and the manifest that it comes from.
pub struct Entry {
    /// The object.
    pub object: Object,
    /// The manifest that is in force.
    pub document: Document,
    generation: i64,
    created: Option<Time>,
    /// It has no error of its own.
    is_sound: bool,
}

/// What is wrong with a manifest that is not in force, though it could be read.
pub struct Refused {
    /// The manifest.
    pub document: Document,
    /// Its errors.
    pub findings: Vec<Finding>,
}

/// Everything in force, over all namespaces.
#[derive(Default)]
pub struct InForce {
    entries: BTreeMap<ObjectKey, Entry>,
    secrets: BTreeMap<ObjectKey, Document>,
    /// Whether the directory could be read as a whole, so that what is missing was removed.
    pub complete: bool,
    /// Manifests that were refused in favour of the version before.
    pub refused: Vec<Refused>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Objects that have never been readable.
    unread: BTreeSet<ObjectKey>,
    /// Default policies that no manifest has, as of when the directory could last be read as a whole.
    defaults: BTreeSet<ObjectKey>,
    loaded_once: bool,
}

impl InForce {
    /// Takes in what was loaded. Returns the objects whose lamps are to be sent again.
    pub fn update(&mut self, loaded: Loaded, now: &Time) -> Vec<ObjectKey> {
        let Loaded { documents, problems, files } = loaded;
        let unreadable: Vec<_> = files.into_iter().filter(|file| !file.healthy).collect();
        let named: BTreeSet<ObjectKey> =
            problems.iter().filter_map(|problem| problem.object.clone()).collect();
        let before = std::mem::take(&mut self.entries);
        let secrets_before = std::mem::take(&mut self.secrets);
        self.refused.clear();
        self.problems = problems;
        let mut refresh = Vec::new();
        for document in documents {
            if matches!(document.kind.as_str(), "Secret" | "ConfigMap") {
                self.secrets.insert(document.key(), document);
                continue;
            }
            let key = document.key();
            self.admit(document, before.get(&key), now);
            if let (Some(old), Some(new)) = (before.get(&key), self.entries.get(&key))
                && old.refresh_requested() != new.refresh_requested()
                && new.refresh_requested().is_some()
            {
                refresh.push(key);
            }
        }
        // What is missing may stand in a file that can't be read as a whole.
        let is_kept = |key: &ObjectKey| !unreadable.is_empty() || named.contains(key);
        for (key, entry) in before {
            if !self.entries.contains_key(&key) && is_kept(&key) {
                self.entries.insert(key, entry);
            }
        }
        for (key, document) in secrets_before {
            if !self.secrets.contains_key(&key) && is_kept(&key) {
                self.secrets.insert(key, document);
            }
        }
        self.complete = unreadable.is_empty();
        self.unread = named.into_iter().filter(|key| !self.entries.contains_key(key)).collect();
        self.loaded_once = true;
        if self.complete {
            self.defaults = self.default_policies();
        }
        refresh
    }

    fn default_policies(&self) -> BTreeSet<ObjectKey> {
        let of = |namespace: String| {
            let mut snapshot = self.written(&namespace);
            let made =
                snapshot.add_default_policies(&|name| !self.unread.contains(&policy(&namespace, name)));
            made.into_iter().map(move |name| policy(&namespace, &name))
        };
        self.namespaces().into_iter().flat_map(of).collect()
    }

    /// Puts a manifest in force, unless it has an error of its own and there is a version before.
    fn admit(&mut self, document: Document, before: Option<&Entry>, now: &Time) {
        let object = match Object::decode(&document) {
            Ok(object) => object,
            Err(problem) => {
                self.problems.push(*problem);
                return;
            }
        };
        let findings = object.alone().all().to_vec();
        let has_error = findings.iter().any(|f| f.code.severity() == crate::domain::Severity::Error);
        if let Some(before) = before.filter(|_| has_error) {
            self.entries.insert(document.key(), before.kept());
            self.refused.push(Refused { document, findings });
            return;
        }
        if let Some(problem) = before
            .filter(|before| before.is_sound)
            .and_then(|before| changed_for_good(&before.object, &object, &document))
        {
            self.problems.push(problem);
            if let Some(before) = before {
                self.entries.insert(document.key(), before.kept());
            }
            return;
        }
        let created = match before {
            Some(before) => before.created.clone(),
            None => self.loaded_once.then(|| now.clone()),
        };
        let generation = match before {
            Some(before) if before.document.value.get("spec") == document.value.get("spec") => {
                before.generation
            }
            Some(before) => before.generation + 1,
            None => 1,
        };
        let object = aged(object, generation, created.as_ref());
        self.entries
            .insert(document.key(), Entry { object, document, generation, created, is_sound: !has_error });
    }

    /// Objects of a kind that exist in a namespace and have never been readable.
    #[must_use]
    pub fn unread(&self, kind: Kind, namespace: &str) -> Vec<String> {
        let is_one = |key: &&ObjectKey| key.namespace == namespace && key.kind == kind.as_str();
        self.unread.iter().filter(is_one).map(|key| key.name.clone()).collect()
    }

    /// Namespaces with an object in force.
    #[must_use]
    pub fn namespaces(&self) -> BTreeSet<String> {
        self.entries.keys().map(|key| key.namespace.clone()).collect()
    }

    /// Whether anything is in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The resources of one namespace, without facts, default policies included.
    #[must_use]
    pub fn snapshot(&self, namespace: &str) -> Snapshot {
        let mut snapshot = self.written(namespace);
        snapshot.add_default_policies(&|name| self.defaults.contains(&policy(namespace, name)));
        snapshot
    }

    /// The resources of one namespace that manifests have.
    fn written(&self, namespace: &str) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for entry in self.entries.iter().filter(|(key, _)| key.namespace == namespace).map(|(_, entry)| entry)
        {
            entry.object.add_to(&mut snapshot);
        }
        snapshot
    }

    /// Manifests of Secrets and ConfigMaps of one namespace.
    pub fn secrets<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Document> {
        self.secrets.iter().filter(move |(key, _)| key.namespace == namespace).map(|(_, document)| document)
    }

    /// The manifest of an object in force.
    #[must_use]
    pub fn document(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Document> {
        let key = ObjectKey {
            kind: kind.as_str().to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        self.entries.get(&key).map(|entry| &entry.document)
    }
}

fn policy(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey {
        kind: Kind::MailboxPolicy.as_str().to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

impl Entry {
    /// The same, for another round.
    fn kept(&self) -> Self {
        let Self { object, document, generation, created, is_sound } = self;
        Self {
            object: object.clone(),
            document: document.clone(),
            generation: *generation,
            created: created.clone(),
            is_sound: *is_sound,
        }
    }

    fn refresh_requested(&self) -> Option<&str> {
        self.document.value.pointer("/metadata/annotations")?.get(REFRESH)?.as_str()
    }
}

/// The object with the generation and age that a cluster would give it.
fn aged(mut object: Object, generation: i64, created: Option<&Time>) -> Object {
    fn fill(meta: &mut ObjectMeta, generation: i64, created: Option<&Time>) {
        meta.generation = Some(generation);
        if meta.creation_timestamp.is_none() {
            meta.creation_timestamp = created.cloned();
        }
    }
    match &mut object {
        Object::DialPlan(o) => fill(&mut Arc::make_mut(o).metadata, generation, created),
        Object::Policy(o) => fill(&mut Arc::make_mut(o).metadata, generation, created),
        Object::Gateway(o) => fill(&mut Arc::make_mut(o).metadata, generation, created),
        Object::Mailbox(o) => fill(&mut Arc::make_mut(o).metadata, generation, created),
    }
    object
}

/// A field that can't be changed, and was. An API server refuses that by the CEL rules of the definitions.
fn changed_for_good(before: &Object, after: &Object, document: &Document) -> Option<Problem> {
    let (path, old, new) = match (before, after) {
        (Object::DialPlan(before), Object::DialPlan(after)) => of_dial_plan(&before.spec, &after.spec)?,
        (Object::Policy(before), Object::Policy(after)) => (
            "spec.dialPlanRef.name",
            before.spec.dial_plan_ref.name.clone(),
            after.spec.dial_plan_ref.name.clone(),
        ),
        _ => return None,
    };
    let instead = match path {
        STORE_TYPE => "since nothing copies what is in the database back",
        _ => "make another object beside this one, and move the mailboxes",
    };
    (old != new).then(|| Problem {
        place: document.place_of(path),
        path: path.to_owned(),
        code: "FieldImmutable",
        message: format!("{path} was {old} and can't be changed to {new}"),
        advice: format!("write the old value again, {instead}; until then the version before stays in force"),
        object: Some(document.key()),
    })
}

/// The first of the three fields that differs.
fn of_dial_plan(before: &UMDialPlanSpec, after: &UMDialPlanSpec) -> Option<(&'static str, String, String)> {
    let digits = |spec: &UMDialPlanSpec| spec.number_of_digits_in_extension.to_string();
    let store = |spec: &UMDialPlanSpec| {
        let store = spec.notifier.as_ref().and_then(|notifier| notifier.store.clone());
        store.unwrap_or_default().type_
    };
    let changed = [
        ("spec.numberOfDigitsInExtension", digits(before), digits(after)),
        ("spec.uriType", before.uri_type.clone(), after.uri_type.clone()),
        (STORE_TYPE, store(before), store(after)),
    ];
    // From SQLite to PostgreSQL is allowed.
    let is_fine = |(path, old, _): &(&str, String, String)| *path == STORE_TYPE && old != POSTGRESQL;
    changed.into_iter().find(|field| field.1 != field.2 && !is_fine(field))
}
