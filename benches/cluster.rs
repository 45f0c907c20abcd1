//! The operator and a notifier in a real cluster with 10,000 mailboxes: a cold start to all `Ready` beside what the API server takes from a
//! bare client in the same run, memory, and the time from a change that was applied to the NOTIFY that follows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods
)]
#![allow(dead_code, reason = "of what the tests share, each program takes what it needs")]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/cluster/harness.rs"]
mod harness;
#[path = "../tests/cluster/installed.rs"]
mod installed;
#[path = "../tests/cluster/namespace.rs"]
mod namespace;
#[path = "../tests/cluster/proxy.rs"]
mod proxy;

use std::collections::BTreeSet;
use std::net::{IpAddr, UdpSocket};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use harness::Cluster;
use installed::{Office, SYSTEM};
use kube::api::{Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use lamplighter::api::UMMailbox;
use namespace::Namespace;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Mailboxes of the dial plan.
const MAILBOXES: usize = 10_000;
/// First extension of theirs, and of those that they get later.
const FIRST: usize = 20_000;
const LATER: usize = 40_000;
/// Writes of the bare client.
const BARE: usize = 4_000;
/// Requests of the bare client that are under way at a time, as many as the operator has.
const AT_A_TIME: usize = 8;
/// Changes whose way to the NOTIFY is measured, by a client that is connected and by kubectl.
const CHANGES: usize = 300;
const BY_KUBECTL: usize = 50;
const LIMIT: Duration = Duration::from_secs(300);

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let cluster = harness::shared();
    if !cluster.has_own_node() {
        return;
    }
    installed::install(&cluster);
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(client(cluster.kubeconfig()));

    let host: IpAddr = cluster.facts()["HOST_ADDRESS"].parse().unwrap();
    let (port, told) = gateway(host);
    let (office, manifests) = Office::prepare(&cluster, "bench");
    let manifests = manifests
        .replace(&format!("port: {}", office.phone.port), &format!("port: {port}"))
        .replace("numberOfDigitsInExtension: 4", "numberOfDigitsInExtension: 5");
    let without_mailboxes: Vec<&str> = manifests.split("---\n").take(4).collect();
    let scale = |replicas: u32| {
        let replicas = format!("--replicas={replicas}");
        cluster.kubectl(&["scale", "deployment/lamplighter-operator", "-n", SYSTEM, &replicas]).text();
    };
    scale(0);
    office.namespace.apply(&without_mailboxes.join("---\n"));

    let mailboxes: Api<UMMailbox> = Api::namespaced(client.clone(), &office.namespace.name);
    let began = Instant::now();
    runtime.block_on(each(MAILBOXES, |number| {
        let (api, mailbox) = (mailboxes.clone(), mailbox(number));
        async move { drop(api.create(&PostParams::default(), &mailbox).await.unwrap()) }
    }));
    println!(
        "{MAILBOXES} mailboxes made by a bare client, {AT_A_TIME} requests at a time: {:.0}/s",
        rate(MAILBOXES, began)
    );
    let began = Instant::now();
    runtime.block_on(each(BARE, |number| {
        let api = mailboxes.clone();
        async move { drop(bare_status(&api, number).await) }
    }));
    println!("statuses written by a bare client, {AT_A_TIME} requests at a time: {:.0}/s", rate(BARE, began));

    // A notifier that runs already publishes that it has seen those writes when five seconds have been quiet.
    std::thread::sleep(Duration::from_secs(10));
    cold_start(&cluster, &runtime, &mailboxes, &|| scale(1));

    let service = office.service();
    for number in 0..CHANGES + BY_KUBECTL {
        office.put_at(service, &format!("m{number}"), 1);
    }
    // The gateway is told at its pace; what is measured does not wait in that line.
    let mut waiting: BTreeSet<String> =
        (0..CHANGES + BY_KUBECTL).map(|number| (FIRST + number).to_string()).collect();
    while !waiting.is_empty() {
        waiting.remove(&told.recv_timeout(LIMIT).expect("each lamp is told").0);
    }
    let namespace = &office.namespace;
    print_times(
        "change sent to the API server → NOTIFY at the gateway",
        (0..CHANGES)
            .map(|number| (patched(&runtime, &mailboxes, number), told_to(&told, LATER + number)))
            .map(|(began, told)| told - began),
    );
    print_times(
        "start of kubectl apply → NOTIFY at the gateway",
        (CHANGES..CHANGES + BY_KUBECTL)
            .map(|number| (applied(namespace, number), told_to(&told, LATER + number)))
            .map(|(began, told)| told - began),
    );
}

/// Gives a mailbox another extension; when that began.
fn patched(runtime: &Runtime, mailboxes: &Api<UMMailbox>, number: usize) -> Instant {
    let began = Instant::now();
    let patch = json!({"spec": {"extensions": [(LATER + number).to_string()]}});
    let patch = Patch::Merge(&patch);
    runtime.block_on(mailboxes.patch(&format!("m{number}"), &PatchParams::default(), &patch)).unwrap();
    began
}

/// The same with kubectl.
fn applied(namespace: &Namespace<'_>, number: usize) -> Instant {
    let mut changed = mailbox(number);
    changed.spec.extensions = vec![(LATER + number).to_string()];
    let text = serde_json::to_string(&changed).unwrap();
    let began = Instant::now();
    namespace.kubectl_with(&text, &["apply", "--server-side", "--force-conflicts", "-f", "-"]).text();
    began
}

/// Starts the operator where everything is there already, and waits until all is in force.
fn cold_start(cluster: &Cluster, runtime: &Runtime, mailboxes: &Api<UMMailbox>, start: &dyn Fn()) {
    let before = cluster.audit().len();
    let began = Instant::now();
    start();
    runtime.block_on(all_ready(mailboxes));
    let took = began.elapsed();
    let audit = cluster.audit();
    let written = audit[before..].iter().filter(|event| is_status_of_operator(event)).count();
    println!(
        "cold start of operator and notifier until all are Ready: {:.1} s, aim 60 s",
        took.as_secs_f64()
    );
    println!(
        "  statuses of mailboxes that the operator wrote: {written}, {:.2} for each",
        written as f64 / MAILBOXES as f64
    );
    for program in ["operator", "notifier"] {
        println!("  memory of the {program}: {}", memory(program));
    }
}

async fn client(kubeconfig: &std::path::Path) -> Client {
    let kubeconfig = kube::config::Kubeconfig::read_from(kubeconfig).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

fn mailbox(number: usize) -> UMMailbox {
    let value = json!({
        "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMMailbox", "metadata": {"name": format!("m{number}")},
        "spec": {"mailboxPolicyRef": {"name": "staff"}, "extensions": [(FIRST + number).to_string()]},
    });
    serde_json::from_value(value).unwrap()
}

/// Does something with each number, so many at a time.
async fn each<F: Future<Output = ()>>(count: usize, act: impl Fn(usize) -> F) {
    futures::stream::iter(0..count).for_each_concurrent(AT_A_TIME, act).await;
}

fn rate(count: usize, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64()
}

/// A status of the size of ours, by somebody else, about a condition of theirs.
async fn bare_status(api: &Api<UMMailbox>, number: usize) -> UMMailbox {
    let name = format!("m{number}");
    let conditions: Vec<Value> = ["A", "B", "C", "D"]
        .iter()
        .map(|type_| {
            json!({"type": format!("Bare{type_}"), "status": "True", "reason": "Bare", "message": "Said by a bare client",
                "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"})
        })
        .collect();
    let body = json!({
        "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMMailbox", "metadata": {"name": name},
        "status": {"conditions": conditions},
    });
    api.patch_status(&name, &PatchParams::apply("bare").force(), &Patch::Apply(&body)).await.unwrap()
}

/// Waits until all are `Ready`, by a watch.
async fn all_ready(api: &Api<UMMailbox>) {
    let mut ready = BTreeSet::new();
    let mut events = std::pin::pin!(watcher(api.clone(), watcher::Config::default()).applied_objects());
    let end = tokio::time::sleep(LIMIT);
    let mut end = std::pin::pin!(end);
    while ready.len() < MAILBOXES {
        let event = tokio::select! {
            event = events.next() => event,
            () = &mut end => panic!("{} of {MAILBOXES} are ready", ready.len()),
        };
        let Some(Ok(mailbox)) = event else { continue };
        let status = mailbox.status.unwrap_or_default();
        if status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
        {
            ready.insert(mailbox.metadata.name.unwrap());
        }
    }
}

fn is_status_of_operator(event: &Value) -> bool {
    let of = &event["objectRef"];
    event["verb"] == "patch"
        && of["resource"] == "ummailboxes"
        && of["subresource"] == "status"
        && event["user"]["username"] == format!("system:serviceaccount:{SYSTEM}:lamplighter-operator")
}

/// What a program of the cluster has in memory, and had at most.
fn memory(program: &str) -> String {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
        if words.first().is_some_and(|word| word.ends_with(b"lamplighter"))
            && words.get(1) == Some(&program.as_bytes())
        {
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let value = |key: &str| -> u64 {
                let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
                line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
            };
            found.push(format!("{} MiB, at most {} MiB", value("VmRSS:") / 1024, value("VmHWM:") / 1024));
        }
    }
    found.join("; ")
}

/// A gateway that answers everything with 200 and notes when NOTIFYs come: whom they are about.
fn gateway(host: IpAddr) -> (u16, Receiver<(String, Instant)>) {
    let socket = UdpSocket::bind((host, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let (note, noted) = sync_channel(1_000_000);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let now = Instant::now();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let mut lines = text.split("\r\n");
            let first = lines.next().unwrap_or_default();
            let mut answer = String::from("SIP/2.0 200 OK\r\n");
            for line in lines.take_while(|line| !line.is_empty()) {
                let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
                if ["via", "from", "to", "call-id", "cseq"].contains(&&*name) {
                    let tag = if name == "to" && !line.contains(";tag=") { ";tag=bench" } else { "" };
                    answer.push_str(&format!("{line}{tag}\r\n"));
                }
            }
            answer.push_str("Content-Length: 0\r\n\r\n");
            let _ = socket.send_to(answer.as_bytes(), from);
            if let Some(user) = first.strip_prefix("NOTIFY sip:").and_then(|rest| rest.split('@').next()) {
                let _ = note.send((user.to_owned(), now));
            }
        }
    });
    (port, noted)
}

/// When the lamp of an extension was told of.
fn told_to(told: &Receiver<(String, Instant)>, extension: usize) -> Instant {
    let wanted = extension.to_string();
    loop {
        let (user, at) = told.recv_timeout(Duration::from_secs(30)).expect("the lamp is told");
        if user == wanted {
            return at;
        }
    }
}

fn print_times(what: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!(
        "{what}, {} changes: P50 {:.0?}, P99 {:.0?}, worst {:.0?}",
        times.len(),
        at(50),
        at(99),
        at(100)
    );
}
