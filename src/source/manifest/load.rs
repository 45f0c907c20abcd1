//! Reads files into documents and problems, within limits on what one loading may take.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::build;
use super::check::Found;
use super::faults::{self, MAX_DOCUMENTS, MAX_FILE, MAX_TOTAL};
use super::fingerprint::Fingerprint;
use super::identity;
use super::object::{self, Sort};
use super::problem::{ObjectKey, Place, Problem};
use super::schema::Schemas;
use super::suggest::shown_to;
use super::text;
use super::tree::{Mark, Node, Tree};
use super::walk::walk;
use super::{Document, FileState, Loaded};

/// A directory that changes while it is read is read again, at most so often.
const ATTEMPTS: usize = 3;
/// Problems told of one loading, at most; files with more are not healthy.
const MAX_PROBLEMS: usize = 10_000;
/// Characters of a path in a problem, at most.
const MAX_PATH: usize = 500;

/// Reads all manifests below `dir`, in the order of paths and positions; `dir` may also be one file. Blocks on the file
/// system.
///
/// Links that are exchanged while it reads do not make it mix old and new files: it then reads once more.
pub fn load(dir: &Path, schemas: &Schemas) -> Loaded {
    let mut attempt = 1;
    let mut loaded = loop {
        let before = Fingerprint::of(&walk(dir));
        let mut loader = Loader::new(schemas);
        loader.path(dir, "");
        if attempt == ATTEMPTS || Fingerprint::of(&walk(dir)) == before {
            break loader.finish();
        }
        attempt += 1;
    };
    loaded.files.sort_by(|a, b| a.path.cmp(&b.path));
    loaded.problems.sort_by(|a, b| a.place.cmp(&b.place));
    loaded
}

/// Reads manifests from several places, which together hold each object once.
pub struct Loader<'a> {
    schemas: &'a Schemas,
    loaded: Loaded,
    seen: BTreeMap<ObjectKey, Place>,
    /// Files of roots so far.
    read: Vec<PathBuf>,
    documents: usize,
    bytes: u64,
    is_full: bool,
}

/// A file while it is read.
struct Current {
    file: Arc<str>,
    healthy: bool,
    kind_expected: bool,
}

impl Current {
    fn new(name: &str) -> Self {
        let base = name.rsplit('/').next().unwrap_or_default();
        // Kustomize reads its own file with or without a kind.
        let kind_expected = !matches!(base, "kustomization.yaml" | "kustomization.yml");
        Self { file: name.into(), healthy: true, kind_expected }
    }

    fn place(&self, mark: Mark) -> Place {
        Place { file: Arc::clone(&self.file), line: mark.line, column: mark.column }
    }
}

impl<'a> Loader<'a> {
    /// A loader that has read nothing.
    pub fn new(schemas: &'a Schemas) -> Self {
        Self {
            schemas,
            loaded: Loaded::default(),
            seen: BTreeMap::new(),
            read: Vec::new(),
            documents: 0,
            bytes: 0,
            is_full: false,
        }
    }

    /// Reads all manifests below `root`, or the file `root`; `prefix` goes before the paths in places. A file that it has read
    /// already, below another root, is passed over.
    pub fn path(&mut self, root: &Path, prefix: &str) {
        let walked = walk(root);
        let earlier: BTreeSet<PathBuf> =
            self.read.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        for obstacle in walked.obstacles {
            let mut current = Current::new(&format!("{prefix}{}", obstacle.shown));
            self.problem(&mut current, faults::obstacle(&obstacle.reason), None);
            self.close(current);
        }
        for file in walked.files {
            if !earlier.is_empty() && fs::canonicalize(&file.path).is_ok_and(|real| earlier.contains(&real)) {
                continue;
            }
            let mut current = Current::new(&format!("{prefix}{}", file.shown));
            match read(&file.path) {
                Ok(bytes) => self.bytes(&mut current, &bytes),
                Err(error) => self.problem(&mut current, faults::unreadable(&error), None),
            }
            self.close(current);
            self.read.push(file.path);
        }
    }

    /// Reads `text` as if it were the file `name`.
    pub fn text(&mut self, name: &str, text: &str) {
        self.content(name, text.as_bytes());
    }

    /// Reads `bytes` as if they were the file `name`.
    pub fn content(&mut self, name: &str, bytes: &[u8]) {
        let mut current = Current::new(name);
        self.bytes(&mut current, bytes);
        self.close(current);
    }

    /// What was read.
    pub fn finish(self) -> Loaded {
        self.loaded
    }

    fn close(&mut self, current: Current) {
        self.loaded.files.push(FileState { path: current.file, healthy: current.healthy });
    }

    fn problem(&mut self, current: &mut Current, found: Found, object: Option<ObjectKey>) {
        let is_told = self.loaded.problems.len() < MAX_PROBLEMS;
        current.healthy &= is_told && object.is_some() && !faults::hides_objects(&found);
        if is_told {
            let Found { mark, path, code, message, advice } = found;
            let (place, path) = (current.place(mark), shown_to(&path, MAX_PATH));
            self.loaded.problems.push(Problem { place, path, code: code.name(), message, advice, object });
        }
    }

    fn bytes(&mut self, current: &mut Current, bytes: &[u8]) {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > MAX_FILE {
            return self.problem(current, faults::large_file(), None);
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.is_full || self.bytes > MAX_TOTAL {
            let start = Mark { line: 1, column: 1 };
            return self.problem(current, faults::too_much(start), None);
        }
        match text::decode(bytes) {
            Ok(text) if current.file.ends_with(".json") => self.json(current, text),
            Ok(text) => self.yaml(current, text),
            Err(mark) => self.problem(current, faults::not_utf8(mark), None),
        }
    }

    fn json(&mut self, current: &mut Current, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match text::check_json(text) {
            Ok(()) => self.stream(current, &text::join_surrogates(text), 1),
            Err((mark, reason)) => self.problem(current, faults::not_json(mark, &reason), None),
        }
    }

    fn yaml(&mut self, current: &mut Current, text: &str) {
        for (first_line, document) in text::documents(text) {
            self.stream(current, document, first_line);
            if self.is_full {
                return;
            }
        }
    }

    fn stream(&mut self, current: &mut Current, document: &str, first_line: u32) {
        let (trees, fault) = build::parse(document, first_line);
        for tree in trees {
            self.tree(current, &tree);
        }
        if let Some(fault) = fault {
            self.problem(current, faults::not_yaml(fault, document, first_line), None);
        }
    }

    fn tree(&mut self, current: &mut Current, tree: &Tree) {
        let sorted = object::sort(&tree.root, self.schemas, current.kind_expected);
        let excess = match (tree.too_deep, tree.over_budget) {
            (Some(mark), _) => faults::too_deep(mark),
            (None, Some(mark)) => faults::over_budget(mark),
            (None, None) => return self.sorted(current, &tree.root, sorted),
        };
        match sorted {
            Sort::PassedOver => {}
            Sort::Objects(_) | Sort::Unusable { .. } => self.problem(current, excess, None),
            Sort::Object { kind, .. } => {
                let key = identity::key_of(&tree.root, &kind);
                self.problem(current, excess, key);
            }
        }
    }

    fn sorted(&mut self, current: &mut Current, node: &Node, sorted: Sort<'_>) {
        match sorted {
            Sort::PassedOver => {}
            Sort::Unusable { found, key } => self.problem(current, found, key),
            Sort::Objects(items) => {
                for item in items {
                    let sorted = object::sort(item, self.schemas, true);
                    self.sorted(current, item, sorted);
                }
            }
            Sort::Object { api_version, kind, schema } => {
                if self.documents < MAX_DOCUMENTS {
                    self.documents += 1;
                    self.object(current, kind.clone(), object::read(node, api_version, &kind, schema));
                } else if !self.is_full {
                    self.is_full = true;
                    self.problem(current, faults::too_much(node.mark), None);
                }
            }
        }
    }

    fn object(&mut self, current: &mut Current, kind: String, read: object::Read) {
        let mut sound = read.found.is_empty();
        for found in read.found {
            self.problem(current, found, read.key.clone());
        }
        let Some(key) = read.key else { return };
        let place = current.place(read.mark);
        if let Some(first) = self.seen.get(&key) {
            let found = faults::duplicate(read.mark, &key, first);
            self.problem(current, found, Some(key.clone()));
            sound = false;
        } else {
            self.seen.insert(key.clone(), place.clone());
        }
        if sound {
            let ObjectKey { namespace, name, .. } = key;
            let (api_version, value, spans) = (read.api_version, read.value, read.spans);
            self.loaded.documents.push(Document { place, api_version, kind, namespace, name, value, spans });
        }
    }
}

/// The text of a manifest file, if it is one that is read: a regular file, not too large, in UTF-8. Blocks on the file system.
#[must_use]
pub fn text_of(path: &Path) -> Option<String> {
    let bytes =
        read(path).ok().filter(|bytes| u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE))?;
    String::from_utf8(bytes).ok()
}

/// At most one byte more than [`MAX_FILE`].
fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
