//! `lamplighter crds`: the definitions, to stdout or into a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;

use crate::api::editor_schema::editor_schema;
use crate::api::schema;

#[derive(Debug, Args)]
pub struct Options {
    /// Write one file a kind into this folder, instead of all to stdout, and into its folder `schemas` JSON Schemas for editors.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let crds = schema::crds()?;
    match &options.out {
        None => {
            for crd in &crds {
                super::say(&format!("---\n{}", serde_saphyr::to_string(crd)?));
            }
        }
        Some(folder) => crds.iter().try_for_each(|crd| write_kind(folder, crd))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn write_kind(folder: &Path, crd: &Value) -> anyhow::Result<()> {
    let name = crd.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    write(folder, &format!("{name}.yaml"), &serde_saphyr::to_string(crd)?)?;
    // A folder of its own, since `kubectl apply -f` takes every JSON file of a folder for a manifest.
    if let Some(editor) = editor_schema(crd) {
        let text = serde_json::to_string_pretty(&editor.schema)?;
        write(&folder.join("schemas"), &editor.file_name, &format!("{text}\n"))?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))
}
