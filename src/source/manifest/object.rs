//! One document: what it is by its first words, and how it is read. Knows no files.

use serde_json::Value;

use super::check::{Found, Walk, is_null};
use super::identity::{check_names, fields, find, key, key_of, text};
use super::problem::{Code, ObjectKey};
use super::schema::{self, GROUP, Schemas, VERSIONS};
use super::spans::Spans;
use super::suggest::{listed, nearest, shown};
use super::tree::{Data, Entry, Mark, Node};

/// An object that was read, soundly or not.
pub(super) struct Read {
    pub(super) mark: Mark,
    pub(super) api_version: String,
    pub(super) key: Option<ObjectKey>,
    pub(super) value: Value,
    pub(super) spans: Spans,
    pub(super) found: Vec<Found>,
}

/// What a document is, by its first words.
pub(super) enum Sort<'a> {
    /// Nothing but comments, or a kind that is not ours.
    PassedOver,
    /// A list of objects.
    Objects(&'a [Node]),
    /// An object to be read by [`read`].
    Object { api_version: String, kind: String, schema: &'a Value },
    /// Not usable: what is wrong, and the object as far as it is known.
    Unusable { found: Found, key: Option<ObjectKey> },
}

/// Sorts a document. `kind_expected` is false in files in which a document without a kind is no mistake.
pub(super) fn sort<'a>(root: &'a Node, schemas: &'a Schemas, kind_expected: bool) -> Sort<'a> {
    let entries = fields(root);
    if !matches!(root.data, Data::Map(_)) {
        return if is_null(root) { Sort::PassedOver } else { not_an_object(root) };
    }
    let text_of = |name: &str| text(&find(entries, name)?.value);
    let (Some(api_version), Some(kind)) = (text_of("apiVersion"), text_of("kind")) else {
        let path = if text_of("apiVersion").is_none() { "apiVersion" } else { "kind" };
        let is_mistake = kind_expected || find(entries, path).is_some();
        return if is_mistake { missing_kind(root, path, schemas) } else { Sort::PassedOver };
    };
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    if let Some(items) = items(entries, group, kind) {
        return Sort::Objects(items);
    }
    let schema = match (group, version, kind) {
        ("", "v1", "Secret") => Some(&*schema::SECRET),
        ("", "v1", "ConfigMap") => Some(&*schema::CONFIG_MAP),
        (GROUP, version, kind) if VERSIONS.contains(&version) => schemas.get(kind),
        _ => None,
    };
    match schema {
        Some(schema) => Sort::Object { api_version: api_version.to_owned(), kind: kind.to_owned(), schema },
        None if group == GROUP && schemas.get(kind).is_none() => unknown_kind(root, kind, schemas),
        None if schemas.get(kind).is_some() || nearest(group, [GROUP]).is_some() => {
            unknown_version(root, api_version, kind)
        }
        None => Sort::PassedOver,
    }
}

/// The items of a `List`, or of the list of one kind that an API server answers with.
fn items<'a>(entries: &'a [Entry], group: &str, kind: &str) -> Option<&'a [Node]> {
    if !kind.ends_with("List") || !(group.is_empty() || group == GROUP) {
        return None;
    }
    match &find(entries, "items")?.value.data {
        Data::List(items) => Some(items),
        _ => None,
    }
}

fn found(mark: Mark, path: &str, code: Code, message: String, advice: String) -> Found {
    Found { mark, path: path.to_owned(), code, message, advice }
}

/// Where a reader looks for a field of `root`.
fn mark_of(root: &Node, name: &str) -> Mark {
    find(fields(root), name).map_or(root.mark, Entry::mark)
}

fn kinds(schemas: &Schemas) -> String {
    listed(&schemas.kinds().collect::<Vec<_>>())
}

fn not_an_object<'a>(root: &Node) -> Sort<'a> {
    let message = "this document is no object".to_owned();
    let advice = "begin a manifest with `apiVersion:` and `kind:`; separate manifests by `---`";
    let found = found(root.mark, "", Code::NotAnObject, message, advice.to_owned());
    Sort::Unusable { found, key: None }
}

fn missing_kind<'a>(root: &Node, path: &str, schemas: &Schemas) -> Sort<'a> {
    let message = format!("this document has no `{path}` that is text");
    let versions = VERSIONS.join(" or ");
    let advice = format!("write `apiVersion: {GROUP}/{versions}` and a kind: {}", kinds(schemas));
    let found = found(mark_of(root, path), path, Code::MissingKind, message, advice);
    Sort::Unusable { found, key: None }
}

fn unknown_version<'a>(root: &Node, api_version: &str, kind: &str) -> Sort<'a> {
    let message = format!("`{}` has no kind `{}` that is understood here", shown(api_version), shown(kind));
    let advice = format!("write `apiVersion: {GROUP}/{}`", VERSIONS.join(" or "));
    let mark = mark_of(root, "apiVersion");
    let found = found(mark, "apiVersion", Code::UnknownVersion, message, advice);
    Sort::Unusable { found, key: key_of(root, kind) }
}

fn unknown_kind<'a>(root: &Node, kind: &str, schemas: &Schemas) -> Sort<'a> {
    let advice = match nearest(kind, schemas.kinds()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("kinds of {GROUP}: {}", kinds(schemas)),
    };
    let message = format!("{GROUP} has no kind `{}`", shown(kind));
    let found = found(mark_of(root, "kind"), "kind", Code::UnknownKind, message, advice);
    Sort::Unusable { found, key: key_of(root, kind) }
}

/// Reads an object that [`sort`] accepted.
pub(super) fn read(root: &Node, api_version: String, kind: &str, schema: &Value) -> Read {
    let mut walk = Walk::new(kind == "Secret");
    let (value, spans) = walk.value(root, root.mark, schema);
    check_names(&mut walk, &value, &spans);
    let mut found = walk.found;
    found.sort_by_key(|found| (found.mark.line, found.mark.column));
    let key = key(&value, kind);
    Read { mark: root.mark, api_version, key, value, spans, found }
}
