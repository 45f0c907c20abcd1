//! What people read on the terminal: findings with file and line, and one table a kind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::in_force::InForce;
use crate::api::Condition;
use crate::domain::object::Http;
use crate::domain::status::ready;
use crate::domain::{Claim, Earlier, Kind, Outcome, Severity};
use crate::source::collect::{problem_about, problem_of};
use crate::source::manifest::{Look, Problem, Source, render, text_of};

/// Findings and problems, rendered, and how many of them are errors.
#[derive(Default, PartialEq, Eq)]
pub struct Report {
    /// Each as rustc would show it, in the order of files and lines.
    pub texts: Vec<String>,
    /// Errors among them.
    pub errors: usize,
}

impl Report {
    /// What there is to say about the directory and the outcome of each namespace.
    #[must_use]
    pub fn new(dir: &Path, in_force: &InForce, outcomes: &BTreeMap<String, Outcome>) -> Self {
        let mut all: Vec<(Problem, Severity)> =
            in_force.problems.iter().map(|problem| (problem.clone(), Severity::Error)).collect();
        for refused in &in_force.refused {
            for finding in &refused.findings {
                let mut problem = problem_of(&refused.document, finding);
                problem.advice.push_str("; until then the version before stays in force");
                all.push((problem, finding.code.severity()));
            }
        }
        for (namespace, outcome) in outcomes {
            for (kind, name, finding) in outcome.findings() {
                let find = |kind, name: &str| in_force.document(kind, namespace, name);
                let problem = problem_about(outcome, find, (kind, name), finding);
                all.extend(problem.map(|problem| (problem, finding.code.severity())));
            }
        }
        all.sort_by(|(a, _), (b, _)| {
            (&a.place.file, a.place.line, a.place.column, a.code).cmp(&(
                &b.place.file,
                b.place.line,
                b.place.column,
                b.code,
            ))
        });
        let errors = all.iter().filter(|(_, severity)| *severity == Severity::Error).count();
        Self { texts: rendered(dir, &all), errors }
    }
}

/// Each as rustc would show it. A file is read once, and its lines are found once.
fn rendered(dir: &Path, all: &[(Problem, Severity)]) -> Vec<String> {
    let mut files: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for (problem, _) in all {
        files.entry(&problem.place.file).or_insert_with_key(|file| text_of(&dir.join(file)));
    }
    let sources: BTreeMap<&str, Source<'_>> =
        files.iter().filter_map(|(file, text)| Some((*file, Source::new(text.as_deref()?)))).collect();
    let text = |(problem, severity): &(Problem, Severity)| {
        let look = Look { is_warning: *severity != Severity::Error, ..Look::default() };
        render(problem, sources.get(&*problem.place.file), look)
    };
    all.iter().map(text).collect()
}

/// One table for each kind, over all namespaces, with the columns of `kubectl get`.
#[must_use]
pub fn tables(outcomes: &BTreeMap<String, Outcome>) -> Vec<Table> {
    let now = Time(Timestamp::UNIX_EPOCH);
    let mut plans =
        Table::new(&["NAMESPACE", "UMDIALPLAN", "URI-TYPE", "SECURITY", "MAILBOXES", "READY", "REASON"]);
    let mut policies =
        Table::new(&["NAMESPACE", "UMMAILBOXPOLICY", "PLAN", "MWI", "SMS", "MISSED-CALL", "READY", "REASON"]);
    let mut gateways =
        Table::new(&["NAMESPACE", "UMIPGATEWAY", "ADDRESS", "STATUS", "MWI", "PLANS", "READY", "REASON"]);
    let mut mailboxes = Table::new(&[
        "NAMESPACE",
        "UMMAILBOX",
        "EXTENSION",
        "POLICY",
        "PLAN",
        "MWI-ALLOWED",
        "READY",
        "REASON",
    ]);
    for (namespace, outcome) in outcomes {
        let linked = &outcome.linked;
        for (at, node) in linked.dial_plans.iter().enumerate() {
            let Some(status) = outcome.dial_plan_status(at, Earlier::none(), &now) else { continue };
            let count = status.mailboxes.unwrap_or_default().to_string();
            let (uri_type, security) =
                (format!("{:?}", node.value.uri_type), node.value.security.to_string());
            plans.row(&[namespace, &node.name, &uri_type, &security, &count], &status.conditions);
        }
        for (at, node) in linked.policies.iter().enumerate() {
            let Some(status) = outcome.policy_status(at, Earlier::none(), &now) else { continue };
            let policy = &node.value.0;
            let [mwi, sms, missed_call] = [policy.allow_mwi, policy.sms, policy.missed_calls].map(yes);
            let cells = [namespace, &*node.name, &policy.dial_plan, mwi, sms, missed_call];
            policies.row(&cells, &status.conditions);
        }
        for (at, node) in linked.gateways.iter().enumerate() {
            let Some(status) = outcome.gateway_status(at, Earlier::none(), &now) else { continue };
            let gateway = &node.value.0;
            let address = if gateway.simulator {
                "(simulator)".to_owned()
            } else {
                gateway.address.as_ref().map(ToString::to_string).unwrap_or_default()
            };
            let served: Vec<&str> = status.plans.iter().map(|plan| plan.name.as_str()).collect();
            let cells = [
                namespace,
                &*node.name,
                &address,
                gateway.status.as_str(),
                yes(gateway.mwi_allowed),
                &served.join(","),
            ];
            gateways.row(&cells, &status.conditions);
        }
        for (at, node) in linked.mailboxes.iter().enumerate() {
            let Some(status) = outcome.mailbox_status(at, Earlier::none(), &now) else { continue };
            let own = &node.value.own;
            let extension = own
                .extensions
                .iter()
                .flatten()
                .next()
                .map(|extension| extension.as_str().to_owned())
                .unwrap_or_default();
            let (plan, allowed) =
                (status.dial_plan.unwrap_or_default(), status.mwi_allowed.unwrap_or_default());
            mailboxes
                .row(&[namespace, &node.name, &extension, &own.policy, &plan, &allowed], &status.conditions);
        }
    }
    vec![plans, policies, gateways, mailboxes]
}

/// The tables as text; of those that were shown before, only the rows that are new or changed.
#[must_use]
pub fn changes(tables: &[Table], shown: &[Table]) -> String {
    let new = |(at, table): (usize, &Table)| table.without(shown.get(at));
    let texts: Vec<String> = tables
        .iter()
        .enumerate()
        .map(new)
        .map(|table| table.text())
        .filter(|text| !text.is_empty())
        .collect();
    texts.join("\n")
}

/// A mailbox whose lamp a simulator shows.
pub struct ToTry<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Who may tell its messages.
    pub http: &'a Http,
}

/// The first mailbox, in the order of the manifests, whose lamp a simulator shows; one that needs no token goes first.
#[must_use]
pub fn one_to_try<'a>(in_force: &InForce, outcomes: &'a BTreeMap<String, Outcome>) -> Option<ToTry<'a>> {
    let simulated = |outcome: &Outcome, plan: u32| {
        let route = outcome.routes.get(plan as usize).into_iter().flatten();
        route
            .filter_map(|at| outcome.linked.gateways.get(*at as usize))
            .any(|gateway| gateway.value.0.simulator)
    };
    let mut found = Vec::new();
    for (namespace, outcome) in outcomes {
        for (node, mwi) in outcome.linked.mailboxes.iter().zip(&outcome.mwi) {
            let plan = node.value.dial_plan.filter(|plan| simulated(outcome, *plan));
            let plan = plan.and_then(|plan| outcome.linked.dial_plan(plan));
            if let Some(plan) = plan.filter(|_| mwi.claim == Claim::Allowed) {
                let place =
                    in_force.document(Kind::Mailbox, namespace, &node.name).map(|document| &document.place);
                let place = place.map(|place| (Arc::clone(&place.file), place.line));
                let http = &plan.value.notifier.http;
                found.push((*http != Http::default(), place, ToTry { namespace, name: &node.name, http }));
            }
        }
    }
    // Namespaces and names come in their order, and the first of several is taken.
    found.into_iter().min_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))).map(|(.., to_try)| to_try)
}

const fn yes(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// Rows that a table shows; a large installation has other ways to look.
const MOST_ROWS: usize = 100;

/// A table of one kind; the first row is its head.
#[derive(PartialEq, Eq)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(ToString::to_string).collect()] }
    }

    /// A row; its last two cells say whether the object is ready, and why.
    fn row(&mut self, cells: &[&str], conditions: &[Condition]) {
        let (status, reason) = ready(conditions);
        self.rows.push(cells.iter().copied().chain([status, reason]).map(ToOwned::to_owned).collect());
    }

    /// The rows that another table has not.
    fn without(&self, other: Option<&Self>) -> Self {
        let known: BTreeSet<&Vec<String>> =
            other.into_iter().flat_map(|table| table.rows.iter().skip(1)).collect();
        Self { rows: self.rows.iter().filter(|row| !known.contains(row)).cloned().collect() }
    }

    /// The table, or nothing if it has no row.
    fn text(&self) -> String {
        let mut out = String::new();
        if self.rows.len() < 2 {
            return out;
        }
        let more = self.rows.len().saturating_sub(MOST_ROWS + 1);
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in self.rows.iter().take(MOST_ROWS + 1) {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            // Writing to a text can't fail.
            let _ = writeln!(out, "{}", cells.join("  ").trim_end());
        }
        if more > 0 {
            let _ = writeln!(out, "... and {more} more");
        }
        out
    }
}
