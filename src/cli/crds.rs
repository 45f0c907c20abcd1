//! `lamplighter crds`: the definitions, to stdout or into a folder.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::api::schema;

#[derive(Debug, Args)]
pub struct Options {
    /// Write one file a kind into this folder, instead of all to stdout.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    for crd in schema::crds()? {
        let text = serde_saphyr::to_string(&crd)?;
        match &options.out {
            None => super::say(&format!("---\n{text}")),
            Some(folder) => {
                let name =
                    crd.pointer("/metadata/name").and_then(serde_json::Value::as_str).unwrap_or_default();
                let path = folder.join(format!("{name}.yaml"));
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("{} can't be made", folder.display()))?;
                std::fs::write(&path, text)
                    .with_context(|| format!("{} can't be written", path.display()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
