//! `why` where there are no manifests: by what a notifier goes by (`explain` in its process, asked `here` or through the cluster), or, where no
//! notifier can be asked, by what the API server has.

use std::process::ExitCode;

use anyhow::Context as _;

use super::object::{feature, object};
use super::{Options, Output, Query, missing, written};
use crate::cli::cluster::{Cluster, plan_of};
use crate::cli::{here, pour, say, tell};
use crate::domain::{Outcome, evaluate};
use crate::notifier::local::Asked;

/// Answers by an outcome that a notifier goes by.
///
/// # Errors
/// A sentence for people.
pub fn explain(outcome: &Outcome, namespace: &str, asked: &Asked) -> Result<String, String> {
    let query = Query {
        object: object(&asked.object)?,
        feature: asked.feature.as_deref().map(feature).transpose()?,
        dial: asked.dial.clone(),
        output: if asked.json { Output::Json } else { Output::Text },
    };
    by(outcome, namespace, &query).map_err(|error| format!("{error:#}"))
}

fn by(outcome: &Outcome, namespace: &str, query: &Query) -> anyhow::Result<String> {
    let objects: Vec<_> = query.answer(outcome, None, namespace).into_iter().collect();
    if objects.is_empty() {
        let (kind, name) = &query.object;
        anyhow::bail!("{}", missing::in_force(*kind, name, namespace, outcome));
    }
    written(query, &objects)
}

/// Asks the notifier in this pod, or one of the cluster.
pub async fn ask(options: Options) -> anyhow::Result<ExitCode> {
    let Options { query, access, here, .. } = options;
    if here.here {
        let (kind, name) = &query.object;
        let asked = Asked {
            object: format!("{kind}/{name}"),
            feature: query.feature.map(|feature| feature.as_str().to_owned()),
            dial: query.dial,
            json: query.output == Output::Json,
        };
        let asked = serde_json::to_string(&asked)?;
        here::post(&here.socket.path, "/why", asked, pour).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let cluster = Cluster::connect(&access).await.context("without -f DIR a cluster is asked")?;
    let (kind, name) = &query.object;
    let plans = cluster.plans_of(*kind, name).await?;
    let pods = cluster.notifiers().await?;
    // Each notifier evaluates its whole namespace, so any of them can tell; its own goes by it.
    let others = pods.iter().filter_map(plan_of).map(str::to_owned);
    let plans: Vec<String> = plans.into_iter().chain(others).collect();
    match cluster.ready(&pods, &plans) {
        Ok(pod) => Ok(ExitCode::from(cluster.run(pod, &command(&query), pour).await?)),
        Err(reason) => {
            let outcome = evaluate(&cluster.resources().await?);
            let text = by(&outcome, &cluster.namespace, &query)?;
            tell(format!("warning: {reason}. This is what the resources say, not what is in force.\n"));
            say(&text);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The same command as it runs in the pod.
fn command(query: &Query) -> Vec<String> {
    let (kind, name) = &query.object;
    let mut command = vec!["lamplighter".to_owned(), "why".to_owned(), format!("{kind}/{name}")];
    command.extend(query.feature.map(|feature| feature.as_str().to_owned()));
    command.push("--here".to_owned());
    command.extend((query.output == Output::Json).then(|| "--output=json".to_owned()));
    command.extend(query.dial.as_ref().map(|number| format!("--dial={number}")));
    command
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::api::schema::crds;
    use crate::cli::{Cli, Command};
    use crate::source::collect::Collected;
    use crate::source::manifest::{Loader, Schemas};
    use clap::Parser as _;
    use std::path::Path;

    fn parsed(arguments: &[&str]) -> Options {
        match Cli::try_parse_from(arguments).unwrap().command {
            Command::Why(options) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_runs_in_the_pod_is_the_same_question() {
        let typed =
            parsed(&["kubectl-um", "why", "ummb/lina", "dial", "-n", "voice", "--dial", "-5", "-o", "json"]);
        let command = command(&typed.query);
        assert_eq!(
            command,
            ["lamplighter", "why", "UMMailbox/lina", "dial", "--here", "--output=json", "--dial=-5"]
        );
        let again = parsed(&command.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(again.here.here && !typed.here.here);
        assert_eq!(again.query, typed.query);
    }

    #[test]
    fn without_manifests_an_answer_names_no_file_and_no_default() {
        let schemas = Schemas::of_definitions(&crds().unwrap());
        let mut loader = Loader::new(&schemas);
        loader.path(Path::new("examples/quickstart"), "");
        let collected = Collected::new(loader.finish());
        let outcome = evaluate(&collected.namespaces["voice"]);
        let asked = |object: &str, feature: &str| Asked {
            object: object.to_owned(),
            feature: Some(feature.to_owned()),
            dial: None,
            json: false,
        };
        let text = explain(&outcome, "voice", &asked("UMMailbox/lina", "mwi")).unwrap();
        assert!(text.starts_with("UMMailbox/lina in namespace voice\n"), "{text}");
        assert!(text.contains("\nmwi: yes\n"), "{text}");
        assert!(!text.contains("(default)") && !text.contains(".yaml"), "{text}");
        let error = explain(&outcome, "voice", &asked("UMMailbox/linda", "mwi")).unwrap_err();
        assert!(error.starts_with("there is no UMMailbox/linda in namespace voice; there are "), "{error}");
        let error = explain(&outcome, "voice", &asked("UMMailbox/lina", "lamp")).unwrap_err();
        assert!(error.starts_with("choose one of mwi, "), "{error}");
    }

    #[test]
    fn manifests_and_a_notifier_are_not_asked_together() {
        for other in ["--here", "--context=x"] {
            let arguments = ["lamplighter", "why", "ummb/lina", "-f", "examples", other];
            assert!(Cli::try_parse_from(arguments).is_err(), "{other}");
        }
    }
}
