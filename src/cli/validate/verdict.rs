//! The verdict on a tree of manifests: what could not be read, what an API server would refuse, and what the rules of the domain
//! find, each thing told once. Reads and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::admission::{Admission, By, Refusal};
use crate::domain::{self, Code, Kind, Severity};
use crate::source::collect::{Collected, problem_about};
use crate::source::manifest::{Document, Loaded, ObjectKey, Place, Problem};

/// Something that is told of a manifest.
#[derive(Clone, Debug)]
pub struct Told {
    /// What and where.
    pub problem: Problem,
    /// Whether it is in the way.
    pub severity: Severity,
    /// What else there is to say of it.
    pub notes: Vec<String>,
}

/// A resource of one of the four kinds, or another object that a finding is about, and where it stands.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Which one.
    pub key: ObjectKey,
    /// Its beginning, or the first finding about it where it could not be read.
    pub place: Place,
}

/// The verdict on a tree.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// All findings, by file and line.
    pub told: Vec<Told>,
    /// All resources, by kind, namespace and name.
    pub resources: Vec<Resource>,
    /// Manifest files.
    pub files: usize,
    /// Not one file could be read.
    pub is_unreadable: bool,
}

impl Told {
    fn error(problem: Problem) -> Self {
        Self { problem, severity: Severity::Error, notes: Vec::new() }
    }

    /// `error` or `warning`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.severity == Severity::Error { "error" } else { "warning" }
    }

    /// The place in `docs/findings.md` that speaks of its code.
    #[must_use]
    pub fn anchor(&self) -> String {
        let code = self.problem.code;
        let has_heading = ["RefusedBySchema", "RefusedByRule"].contains(&code)
            || Code::ALL.iter().any(|known| known.as_str() == code);
        if has_heading { code.to_lowercase() } else { "what-keeps-a-manifest-from-being-read".to_owned() }
    }
}

impl Verdict {
    /// How many errors there are.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.told.iter().filter(|told| told.severity == Severity::Error).count()
    }

    /// How many warnings there are.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.told.len() - self.errors()
    }

    /// `3 errors, 1 warning in 12 resources of 4 files`.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let counts = [(self.errors(), "error"), (self.warnings(), "warning")];
        let counts: Vec<String> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(*n, noun)).collect();
        let counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
        format!("{counts} in {} of {}", count(self.resources.len(), "resource"), count(self.files, "file"))
    }
}

/// Judges what was loaded.
#[must_use]
pub fn examine(loaded: Loaded, admission: &Admission) -> Verdict {
    let collected = Collected::new(loaded);
    let mut told: Vec<Told> = collected
        .problems
        .iter()
        .filter(|problem| !is_encrypted(problem))
        .cloned()
        .map(Told::error)
        .collect();
    for (namespace, snapshot) in &collected.namespaces {
        let outcome = domain::evaluate(snapshot);
        for (kind, name, finding) in outcome.findings() {
            let find = |kind, name: &str| collected.document(kind, namespace, name);
            let severity = finding.code.severity();
            let problem = problem_about(&outcome, find, (kind, name), finding);
            told.extend(problem.map(|problem| Told { problem, severity, notes: Vec::new() }));
        }
    }
    let refused = refused(&collected, admission);
    add_refusals(&mut told, refused);
    told.sort_by(|a, b| {
        let key = |told: &Told| (told.severity, told.problem.code);
        (&a.problem.place, key(a), &a.problem.path, &a.problem.message).cmp(&(
            &b.problem.place,
            key(b),
            &b.problem.path,
            &b.problem.message,
        ))
    });
    let files: Vec<_> =
        collected.files.iter().filter(|file| !file.path.is_empty() && !file.path.ends_with('/')).collect();
    let unreadable: BTreeSet<&str> = collected
        .problems
        .iter()
        .filter(|problem| problem.object.is_none() && ["UnreadableFile", "TooLarge"].contains(&problem.code))
        .map(|problem| &*problem.place.file)
        .collect();
    let is_unreadable = collected.documents().next().is_none()
        && collected.files.iter().all(|file| unreadable.contains(&*file.path));
    Verdict { resources: resources(&collected, &told), files: files.len(), is_unreadable, told }
}

/// A Secret that sops encrypted for git has a field of its own beside the others.
fn is_encrypted(problem: &Problem) -> bool {
    problem.object.as_ref().is_some_and(|object| object.kind == "Secret")
        && problem.code == "UnknownField"
        && problem.path == "sops"
}

/// What an API server refuses, with the manifests. All cores take part: each object is judged by itself.
fn refused<'a>(collected: &'a Collected, admission: &Admission) -> Vec<(&'a Document, Vec<Refusal>)> {
    let documents: Vec<&Document> = collected.resources().collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let review = |documents: &[&'a Document]| -> Vec<(&'a Document, Vec<Refusal>)> {
        let of = |document: &&'a Document| {
            let refusals = admission.review(&document.kind, &document.value, None);
            (!refusals.is_empty()).then_some((*document, refusals))
        };
        documents.iter().filter_map(of).collect()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = documents
            .chunks(documents.len().div_ceil(threads).max(1))
            .map(|part| (part, std::thread::Builder::new().spawn_scoped(scope, || review(part))))
            .collect();
        let joined = parts.into_iter().map(|(part, thread)| match thread {
            // Where the system has no thread to give, and where one ended badly, this one does the work.
            Ok(thread) => thread.join().unwrap_or_else(|_| review(part)),
            Err(_) => review(part),
        });
        joined.flatten().collect()
    })
}

/// Adds refusals: as a note on the finding that says the same in words of ours, else as an error of its own.
fn add_refusals(told: &mut Vec<Told>, refused: Vec<(&Document, Vec<Refusal>)>) {
    let mut errors: BTreeMap<ObjectKey, Vec<usize>> =
        refused.iter().map(|(document, _)| (document.key(), Vec::new())).collect();
    for (at, one) in told.iter().enumerate().filter(|(_, told)| told.severity == Severity::Error) {
        if let Some(errors) = one.problem.object.as_ref().and_then(|object| errors.get_mut(object)) {
            errors.push(at);
        }
    }
    for (document, refusals) in refused {
        let key = document.key();
        let errors = errors.get(&key).map(Vec::as_slice).unwrap_or_default();
        for refusal in refusals {
            let Some(same) = same(told, errors, &refusal).and_then(|at| told.get_mut(at)) else {
                told.push(Told::error(alone(document, &refusal)));
                continue;
            };
            let at = if same.problem.path == refusal.path || refusal.path.is_empty() {
                String::new()
            } else {
                format!("{}: ", refusal.path)
            };
            let note = format!("an API server refuses it: {at}{}", refusal.message);
            if !same.notes.contains(&note) {
                same.notes.push(note);
            }
        }
    }
}

/// The error about the field of a refusal: at the same path; else above or below, best where the refusal names its field.
fn same(told: &[Told], errors: &[usize], refusal: &Refusal) -> Option<usize> {
    let path = |at: &usize| told.get(*at).map(|told| told.problem.path.as_str()).unwrap_or_default();
    if let Some(exact) = errors.iter().find(|at| path(at) == refusal.path) {
        return Some(*exact);
    }
    let near: Vec<usize> = errors.iter().copied().filter(|at| are_related(path(at), &refusal.path)).collect();
    let is_named = |at: &&usize| {
        let field = path(at).rsplit('.').next().unwrap_or_default();
        let field = field.split('[').next().unwrap_or_default();
        !field.is_empty() && refusal.message.contains(field)
    };
    near.iter().find(is_named).or_else(|| near.first()).copied()
}

/// One path is the other's parent. Rules about a whole object can only be about its name.
fn are_related(a: &str, b: &str) -> bool {
    let is_below =
        |path: &str, parent: &str| path.strip_prefix(parent).is_some_and(|rest| rest.starts_with(['.', '[']));
    match (a, b) {
        ("", path) | (path, "") => path.is_empty() || path.starts_with("metadata"),
        _ => a == b || is_below(a, b) || is_below(b, a),
    }
}

/// A refusal that no finding says.
fn alone(document: &Document, refusal: &Refusal) -> Problem {
    let Refusal { path, message, by } = refusal;
    let (code, rule) = match by {
        By::Schema => ("RefusedBySchema", "the schema"),
        By::Rule => ("RefusedByRule", "a rule"),
    };
    let field: String = path.split('[').map(|part| part.rsplit(']').next().unwrap_or(part)).collect();
    let field = if field.is_empty() { "metadata" } else { &field };
    Problem {
        place: document.place_of(if path.is_empty() { "metadata.name" } else { path }),
        path: path.clone(),
        code,
        message: format!("an API server refuses it by {rule} of the resource: {message}"),
        advice: format!(
            "write what the field allows; `kubectl explain {}.{field}` describes it",
            document.kind.to_lowercase()
        ),
        object: Some(document.key()),
    }
}

/// The resources that were read, and the objects that were not and that a finding names.
fn resources(collected: &Collected, told: &[Told]) -> Vec<Resource> {
    let mut places: BTreeMap<ObjectKey, &Place> =
        collected.resources().map(|document| (document.key(), &document.place)).collect();
    for told in told {
        if let Some(object) = &told.problem.object
            && (Kind::ALL.iter().any(|kind| kind.as_str() == object.kind) || told.severity == Severity::Error)
        {
            places.entry(object.clone()).or_insert(&told.problem.place);
        }
    }
    places.into_iter().map(|(key, place)| Resource { key, place: place.clone() }).collect()
}
