//! Manifests in the documentation: each loads without a problem and says nothing that a field does not allow.

use std::collections::BTreeMap;

use lamplighter::api::editor_schema::editor_schema;
use lamplighter::api::schema::{kind, open_api_schema};
use lamplighter::source::manifest::{Loader, Schemas};
use serde_json::Value;

use crate::docs;
use crate::markdown::{Block, blocks};
use crate::tables::CRDS;

/// Complaints about blocks of YAML that hold one of our kinds.
pub fn check() -> Vec<String> {
    let schemas: BTreeMap<String, Value> =
        CRDS.iter().filter_map(|crd| Some((kind(crd).to_owned(), open_api_schema(crd)?.clone()))).collect();
    let editors: BTreeMap<String, jsonschema::Validator> = CRDS
        .iter()
        .filter_map(|crd| Some((kind(crd).to_owned(), editor_schema(crd)?.schema)))
        .map(|(kind, schema)| (kind, jsonschema::draft7::new(&schema).expect("a schema of draft-07")))
        .collect();
    let schemas = Schemas::new(schemas);
    let (mut complaints, mut seen) = (Vec::new(), 0);
    for page in docs::pages() {
        for block in blocks(&page.text) {
            let is_ours = ["yaml", "yml"].contains(&block.language.as_str())
                && editors.keys().any(|kind| block.text.contains(&format!("kind: {kind}")));
            if is_ours {
                seen += 1;
                complaints.extend(load(&page.path, &block, &schemas));
                complaints.extend(values(&page.path, &block, &editors));
            }
        }
    }
    assert!(seen > 10, "docs/README.md:1: only {seen} blocks were found: mend the reader in this test");
    complaints
}

/// What the strict loader says, as `standalone` would.
fn load(page: &str, block: &Block, schemas: &Schemas) -> Vec<String> {
    let mut loader = Loader::new(schemas);
    loader.text(page, &block.text);
    let problems = loader.finish().problems.into_iter();
    let line = |found: u32| block.line + usize::try_from(found).unwrap() - 1;
    problems
        .map(|problem| {
            format!(
                "{page}:{}: {}: {}: {}",
                line(problem.place.line),
                problem.path,
                problem.message,
                problem.advice
            )
        })
        .collect()
}

/// What an editor underlines: words, ranges and patterns that the loader leaves to the evaluation.
fn values(page: &str, block: &Block, editors: &BTreeMap<String, jsonschema::Validator>) -> Vec<String> {
    let Ok(objects) = serde_saphyr::from_multiple::<Value>(&block.text) else {
        return vec![format!("{page}:{}: the block is no YAML", block.line)];
    };
    let mut complaints = Vec::new();
    for object in objects {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(editor) = editors.get(&kind) else { continue };
        for error in editor.iter_errors(&object) {
            complaints.push(format!("{page}:{}: {}: {error}", block.line, error.instance_path()));
        }
    }
    complaints
}
