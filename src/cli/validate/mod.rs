//! `lamplighter validate`: says without a cluster what is wrong with manifests, for people and for CI. Reads (`input`), judges
//! (`verdict`), and writes one of the formats, each in a file of its own.

mod github;
mod gitlab;
mod input;
mod json;
mod junit;
mod sarif;
mod text;
pub mod verdict;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::admission::Admission;
use crate::api::schema::crds;
use crate::source::manifest::Schemas;

use input::Input;
use verdict::{Told, Verdict};

/// What `validate` is told on the command line.
#[derive(Debug, Args)]
pub struct Options {
    /// Files and directories of manifests (*.yaml, *.yml, *.json), which form one tree; - is stdin.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// For people, with the lines of the files.
    Text,
    /// One JSON object with all findings and counts.
    Json,
    /// SARIF 2.1.0, as code scanning takes it.
    Sarif,
    /// JUnit XML: a test case for each resource.
    Junit,
    /// Workflow commands of GitHub Actions, which show at the lines of a pull request.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
}

/// Judges the paths and writes what there is to say to stdout.
///
/// # Errors
/// Input that can't be read.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let crds = crds()?;
    let admission = Admission::new(&crds)?;
    let Input { loaded, stdin } = input::read(&options.paths, &Schemas::of_definitions(&crds))?;
    let verdict = verdict::examine(loaded, &admission);
    super::say(&write(&verdict, options.format, stdin.as_deref(), std::io::stdout().is_terminal())?);
    if verdict.is_unreadable {
        anyhow::bail!("none of the files could be read");
    }
    Ok(if verdict.errors() == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The verdict in a format. `stdin` is its text, where it was read, and `colour` is for a terminal: both for people only.
///
/// # Errors
/// Only if a text cannot be written as JSON, which the tests rule out.
pub fn write(
    verdict: &Verdict,
    format: Format,
    stdin: Option<&str>,
    colour: bool,
) -> serde_json::Result<String> {
    match format {
        Format::Text => Ok(text::write(verdict, stdin, colour)),
        Format::Json => json::write(verdict),
        Format::Sarif => sarif::write(verdict),
        Format::Junit => Ok(junit::write(verdict)),
        Format::Github => Ok(github::write(verdict)),
        Format::Gitlab => gitlab::write(verdict),
    }
}

/// Where the documentation speaks of a code.
fn help(told: &Told) -> String {
    format!("docs/findings.md#{}", told.anchor())
}

/// The file of a finding below the directory of the program, which in CI is the one of the repository.
fn relative(file: &str) -> &str {
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(std::path::Path::to_str).and_then(|here| file.strip_prefix(here));
    let below = below.and_then(|file| file.strip_prefix('/')).unwrap_or(file);
    below.strip_prefix("./").unwrap_or(below)
}

/// What is wrong and what to do, in one paragraph.
fn sentence(told: &Told) -> String {
    let mut text = told.problem.message.clone();
    if !told.problem.path.is_empty() {
        text = format!("{}: {text}", told.problem.path);
    }
    let more = std::iter::once(&told.problem.advice).chain(&told.notes);
    for more in more.filter(|more| !more.is_empty()) {
        text.push_str("; ");
        text.push_str(more);
    }
    text
}
