//! `lamplighter why`: why somebody has a feature or does not. Finds the objects in manifests (here) or asks a notifier (`remote`), collects
//! what decides (`answer`), and writes it for people (`text`) or programs.

mod answer;
mod chains;
mod dialing;
mod missing;
mod object;
mod places;
mod remote;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{cluster, here, prefix, say, tell};
use crate::api::schema::crds;
use crate::domain::{Feature, Kind, Outcome, evaluate};
use crate::source::collect::Collected;
use crate::source::manifest::{Loader, Schemas};

pub use self::object::object;
use answer::Answer;
use object::feature;
pub use remote::explain;

/// What `why` is told on the command line.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    query: Query,
    /// The directory of manifests; absent: a notifier of the cluster is asked.
    #[arg(short = 'f', value_name = "DIR", conflicts_with_all = ["here", "context", "user"])]
    dir: Option<PathBuf>,
    #[command(flatten)]
    access: cluster::Access,
    #[command(flatten)]
    here: here::Here,
}

/// What is asked, wherever.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
struct Query {
    /// The object, as kubectl takes it: UMMailbox/lina, ummb/lina, ummbp/sales, umdp/head-office, umgw/pbx-a.
    #[arg(value_name = "KIND/NAME", value_parser = object)]
    object: (Kind, String),
    /// The feature; all if absent.
    #[arg(value_parser = feature)]
    feature: Option<Feature>,
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
struct Answers<'a> {
    objects: &'a [Answer],
}

/// Explains the object and writes that to stdout.
///
/// # Errors
/// A directory that can't be read, a notifier that can't be asked, or an object that is not there.
pub fn run(options: Options) -> anyhow::Result<ExitCode> {
    match &options.dir {
        Some(dir) => by_manifests(dir, &options),
        None => super::block_on(|stop| super::until(stop, remote::ask(options))),
    }
}

fn by_manifests(dir: &Path, options: &Options) -> anyhow::Result<ExitCode> {
    std::fs::metadata(dir).with_context(|| format!("{} can't be read", dir.display()))?;
    let schemas = Schemas::of_definitions(&crds()?);
    let mut loader = Loader::new(&schemas);
    loader.path(dir, &prefix(dir));
    let collected = Collected::new(loader.finish());
    if !collected.problems.is_empty() {
        tell(warning(&collected, dir));
    }
    let (query, namespace) = (&options.query, options.access.namespace.as_deref());
    let objects = answers(query, namespace, &collected);
    if objects.is_empty() {
        let (kind, name) = &query.object;
        bail!("{}", missing::sentence(*kind, name, namespace, &collected));
    }
    say(&written(query, &objects)?);
    Ok(ExitCode::SUCCESS)
}

/// The answer as it was wanted.
fn written(query: &Query, objects: &[Answer]) -> anyhow::Result<String> {
    let (kind, _) = &query.object;
    if query.dial.is_some() && *kind == Kind::Gateway {
        bail!("a {kind} does not decide what may be dialed; ask for a mailbox, a policy or a dial plan");
    }
    if let Some(feature) = query.feature.filter(|_| objects.iter().all(|object| object.features.is_empty())) {
        bail!("a {kind} has no say in {}; ask for a mailbox", feature.as_str());
    }
    Ok(match query.output {
        Output::Text => objects.iter().map(text::write).collect::<Vec<_>>().join("\n"),
        Output::Json => serde_json::to_string_pretty(&Answers { objects })? + "\n",
    })
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

fn answers(query: &Query, namespace: Option<&str>, collected: &Collected) -> Vec<Answer> {
    let wanted = |found: &str| namespace.is_none_or(|wanted| wanted == found);
    let namespaces = collected.namespaces.iter().filter(|(namespace, _)| wanted(namespace));
    let of =
        |(namespace, snapshot): (&String, _)| query.answer(&evaluate(snapshot), Some(collected), namespace);
    namespaces.filter_map(of).collect()
}

impl Query {
    fn answer(&self, outcome: &Outcome, collected: Option<&Collected>, namespace: &str) -> Option<Answer> {
        let (kind, name) = &self.object;
        let question = answer::Question {
            kind: *kind,
            namespace,
            name,
            feature: self.feature,
            number: self.dial.as_deref(),
        };
        answer::answer(outcome, collected, &question)
    }
}
