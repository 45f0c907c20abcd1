//! `lamplighter why`: why somebody has a feature or does not. Finds the objects (here), collects what decides (`answer`), and writes it for
//! people (`text`) or programs.

mod answer;
mod text;

use std::path::PathBuf;
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
        let count = collected.problems.len();
        tell(&format!(
            "warning: {count} problem(s) keep manifests from being read, and what they say is not counted here; `lamplighter validate {}` shows them\n",
            dir.display()
        ));
    }
    let objects = answers(options, &collected);
    if objects.is_empty() {
        bail!("{}", missing(options, &collected));
    }
    match options.output {
        Output::Text => objects.iter().for_each(|answer| say(&text::write(answer))),
        Output::Json => say(&(serde_json::to_string_pretty(&Answers { objects })? + "\n")),
    }
    Ok(ExitCode::SUCCESS)
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

/// What is wrong with the question, and names that are there.
fn missing(options: &Options, collected: &Collected) -> String {
    let (kind, name) = &options.object;
    let place =
        options.namespace.as_ref().map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
    let mut known: Vec<&str> = collected
        .resources()
        .filter(|document| document.kind == kind.as_str())
        .map(|document| document.name.as_str())
        .collect();
    known.sort_unstable();
    let count = known.len();
    known.truncate(10);
    let more = if count > known.len() { format!(" and {} more", count - known.len()) } else { String::new() };
    let known = if known.is_empty() {
        "there is none".to_owned()
    } else {
        format!("there are {}{more}", known.join(", "))
    };
    format!("there is no {kind}/{name}{place}; of that kind, {known}")
}

/// A kind as kubectl takes it, and a name.
fn object(text: &str) -> Result<(Kind, String), String> {
    const WANTED: &str = "expected KIND/NAME, as in UMMailbox/lina, ummb/lina or umgw/pbx-a";
    let (kind, name) = text.split_once('/').ok_or(WANTED)?;
    let kind = kind.to_ascii_lowercase();
    let kind = kind.split_once('.').map_or(kind.as_str(), |(kind, _)| kind);
    let kind = match kind {
        "umdp" | "umdialplan" | "umdialplans" => Kind::DialPlan,
        "ummbp" | "ummailboxpolicy" | "ummailboxpolicies" => Kind::MailboxPolicy,
        "umgw" | "umipgateway" | "umipgateways" => Kind::Gateway,
        "ummb" | "ummailbox" | "ummailboxes" => Kind::Mailbox,
        _ => return Err(format!("there is no kind {kind}; {WANTED}")),
    };
    if name.is_empty() { Err(WANTED.to_owned()) } else { Ok((kind, name.to_owned())) }
}

fn feature(text: &str) -> Result<Feature, String> {
    let known = Feature::ALL.into_iter().find(|feature| feature.as_str() == text);
    known.ok_or_else(|| {
        let words: Vec<&str> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
        format!("choose one of {}", words.join(", "))
    })
}
