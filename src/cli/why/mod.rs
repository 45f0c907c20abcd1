//! `lamplighter why`: why somebody has a feature or does not. Finds the objects (here), collects what decides (`answer`), and writes it for
//! people (`text`) or programs.

mod answer;
mod chains;
mod dialing;
mod missing;
mod object;
mod places;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{prefix, say, tell};
use crate::api::schema::crds;
use crate::domain::{Feature, Kind, evaluate};
use crate::source::collect::Collected;
use crate::source::manifest::{Loader, Schemas};

use answer::Answer;
use object::{feature, object};

/// What `why` is told on the command line.
#[derive(Debug, Args)]
pub struct Options {
    /// The object, as kubectl takes it: UMMailbox/lina, ummb/lina, ummbp/sales, umdp/head-office, umgw/pbx-a.
    #[arg(value_name = "KIND/NAME", value_parser = object)]
    object: (Kind, String),
    /// The feature; all if absent.
    #[arg(value_parser = feature)]
    feature: Option<Feature>,
    /// The directory of manifests.
    #[arg(short = 'f', value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The namespace; absent: all namespaces of DIR.
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// A number: says which dialing rule opens it and what is dialed, or why it is refused.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    dial: Option<String>,
    /// How the answer is written.
    #[arg(short = 'o', long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// What programs get.
#[derive(Serialize)]
struct Answers {
    objects: Vec<Answer>,
}

/// Explains the object and writes that to stdout.
///
/// # Errors
/// A directory that can't be read, or an object that is not there.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let Some(dir) = &options.dir else {
        bail!(
            "say with -f where the manifests are, as in `-f examples/quickstart`; a cluster can't be asked yet"
        );
    };
    std::fs::metadata(dir).with_context(|| format!("{} can't be read", dir.display()))?;
    let schemas = Schemas::of_definitions(&crds()?);
    let mut loader = Loader::new(&schemas);
    loader.path(dir, &prefix(dir));
    let collected = Collected::new(loader.finish());
    if !collected.problems.is_empty() {
        tell(&warning(&collected, dir));
    }
    let objects = answers(options, &collected);
    let (kind, name) = &options.object;
    if objects.is_empty() {
        bail!("{}", missing::sentence(*kind, name, options.namespace.as_deref(), &collected));
    }
    if options.dial.is_some() && *kind == Kind::Gateway {
        bail!("a {kind} does not decide what may be dialed; ask for a mailbox, a policy or a dial plan");
    }
    if let Some(feature) = options.feature.filter(|_| objects.iter().all(|object| object.features.is_empty()))
    {
        bail!("a {kind} has no say in {}; ask for a mailbox", feature.as_str());
    }
    match options.output {
        Output::Text => say(&objects.iter().map(text::write).collect::<Vec<_>>().join("\n")),
        Output::Json => say(&(serde_json::to_string_pretty(&Answers { objects })? + "\n")),
    }
    Ok(ExitCode::SUCCESS)
}

/// What could not be read, and so does not count.
fn warning(collected: &Collected, dir: &Path) -> String {
    const MOST: usize = 5;
    let (count, left_out) = (collected.problems.len(), left_out(collected));
    let problems = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
    let shown = left_out.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    let objects = match left_out.len() {
        0 => String::new(),
        1..=MOST => format!("; not counted: {shown}"),
        all => format!("; not counted: {shown} and {} more", all - MOST),
    };
    let advice = format!("`lamplighter validate {}` shows all", dir.display());
    format!("warning: {problems} in manifests{objects}; {advice}\n")
}

/// Objects that could not be read.
fn left_out(collected: &Collected) -> BTreeSet<String> {
    let objects = collected.problems.iter().filter_map(|problem| problem.object.as_ref());
    objects.map(ToString::to_string).collect()
}

fn answers(options: &Options, collected: &Collected) -> Vec<Answer> {
    let (kind, name) = &options.object;
    let wanted = |namespace: &str| options.namespace.as_deref().is_none_or(|wanted| wanted == namespace);
    let of = |(namespace, snapshot)| {
        let outcome = evaluate(snapshot);
        let question = answer::Question {
            kind: *kind,
            namespace,
            name,
            feature: options.feature,
            number: options.dial.as_deref(),
        };
        answer::answer(&outcome, collected, &question)
    };
    let namespaces = collected.namespaces.iter().map(|(namespace, snapshot)| (namespace.as_str(), snapshot));
    namespaces.filter(|(namespace, _)| wanted(namespace)).filter_map(of).collect()
}
