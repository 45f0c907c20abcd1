//! `lamplighter validate` on a tree of 10,000 resources in 1,000 files: time of reading, admission and evaluation, and of all
//! as the program does it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use lamplighter::admission::Admission;
use lamplighter::api::schema::crds;
use lamplighter::cli::validate::verdict::examine;
use lamplighter::domain::evaluate;
use lamplighter::source::collect::Collected;
use lamplighter::source::manifest::{Loaded, Loader, Schemas};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RESOURCES: usize = 10_000;
const A_FILE: usize = 10;
/// Runs of which the median is printed.
const RUNS: usize = 7;

fn main() {
    let tree = tempfile::tempdir().unwrap();
    let bytes = write(tree.path());
    let crds = crds().unwrap();
    let schemas = Schemas::of_definitions(&crds);
    let start = Instant::now();
    let admission = Admission::new(&crds).unwrap();
    println!("definitions compiled in {:.1?}", start.elapsed());
    println!("{RESOURCES} resources in {} files, {:.1} MB", RESOURCES / A_FILE, bytes as f64 / 1e6);
    println!("{:>22}  {:>10}  {:>10}", "", "median", "worst");
    measure("load", || (), |()| load(tree.path(), &schemas));
    measure("decode and collect", || load(tree.path(), &schemas), Collected::new);
    let collected = Collected::new(load(tree.path(), &schemas));
    measure(
        "admission, one core",
        || (),
        |()| {
            for document in collected.resources() {
                assert!(admission.review(&document.kind, &document.value, None).is_empty());
            }
        },
    );
    measure("evaluate", || (), |()| collected.namespaces.values().map(evaluate).collect::<Vec<_>>());
    measure(
        "all, as the program",
        || (),
        |()| {
            let admission = Admission::new(&crds).unwrap();
            let verdict = examine(load(tree.path(), &schemas), &admission);
            assert_eq!((verdict.told.len(), verdict.resources.len()), (0, RESOURCES));
        },
    );
}

fn load(tree: &Path, schemas: &Schemas) -> Loaded {
    let mut loader = Loader::new(schemas);
    loader.path(tree, "");
    loader.finish()
}

fn measure<I, T>(name: &str, prepare: impl Fn() -> I, work: impl Fn(I) -> T) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let input = prepare();
            let start = Instant::now();
            let output = black_box(work(input));
            let time = start.elapsed();
            drop(output);
            time
        })
        .collect();
    times.sort();
    println!("{name:>22}  {:>10.1?}  {:>10.1?}", times[RUNS / 2], times[RUNS - 1]);
}

/// Writes the tree as people write manifests; returns its size in bytes.
fn write(folder: &Path) -> usize {
    let mut objects: Vec<String> = Vec::with_capacity(RESOURCES);
    for plan in 0..4 {
        let name = format!("plan-{plan}");
        objects.push(object("UMDialPlan", &name, "  displayName: Plan\n  numberOfDigitsInExtension: 6\n  accessTelephoneNumbers: [\"Plan 4000\"]\n  operatorExtension: \"0\"\n  uriType: TelExtn\n  notifier:\n    mode: Active\n    refreshInterval: 6h\n    sip:\n      port: 5060\n".replace("Plan", &format!("Plan {plan}")).as_str()));
        for at in 0..2 {
            objects.push(object("UMIPGateway", &format!("gateway-{plan}-{at}"), &format!("  address: pbx-{plan}-{at}.example.com\n  port: 5060\n  transport: TCP\n  priority: {at}\n  dialPlanRef:\n    name: {name}\n")));
        }
        for at in 0..5 {
            objects.push(object(
                "UMMailboxPolicy",
                &format!("policy-{plan}-{at}"),
                &format!("  dialPlanRef:\n    name: {name}\n  allowMessageWaitingIndicator: true\n"),
            ));
        }
    }
    for at in 0..RESOURCES - objects.len() {
        let (plan, policy) = (at % 4, at / 4 % 5);
        objects.push(object("UMMailbox", &format!("mailbox-{at}"), &format!("  displayName: Person {at}\n  mailboxPolicyRef:\n    name: policy-{plan}-{policy}\n  extensions:\n  - \"{at:06}\"  # the desk\n  - \"{:06}\"\n  messageWaitingIndicatorExtensions: [\"{at:06}\"]\n", 500_000 + at)));
    }
    let mut bytes = 0;
    for (at, some) in objects.chunks(A_FILE).enumerate() {
        let directory = folder.join(format!("team-{}", at % 20));
        fs::create_dir_all(&directory).unwrap();
        let text = some.join("---\n");
        bytes += text.len();
        fs::write(directory.join(format!("{at}.yaml")), text).unwrap();
    }
    bytes
}

fn object(kind: &str, name: &str, spec: &str) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "apiVersion: um.lamplighter.dev/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: voice\n  labels:\n    app.kubernetes.io/part-of: voice-mail\nspec:\n{spec}"
    );
    text
}
