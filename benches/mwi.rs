//! NOTIFY delivery beside sipp in the same run: the rate of whole transactions with what was told stored, their cost, and the
//! time from message state to NOTIFY.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lamplighter::clock::Clock;
use lamplighter::domain::{Facts, Snapshot, evaluate};
use lamplighter::engine::mwi::{LampState, Refresh};
use lamplighter::net::endpoint::{Endpoint, EndpointConfig};
use lamplighter::net::serve::{Handler, Peer, Reply};
use lamplighter::notifier::metrics::{Metrics, PlanLabels};
use lamplighter::notifier::setup::{Keys, Setup};
use lamplighter::notifier::{Notifier, Parts, Put, PutAnswer};
use lamplighter::sip::message::{Message, Request};
use lamplighter::sip::summary::Counts;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lamps; each is told again in each round.
const LAMPS: usize = 20_000;
/// Rounds of the rate measurement.
const ROUNDS: usize = 3;
/// NOTIFYs in flight to one gateway, ours and sipp's.
const WINDOW: usize = 64;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!(
        "NOTIFY transactions per second to the same sink, sipp; {} NOTIFYs, window {WINDOW}, no rate limit",
        LAMPS * ROUNDS
    );
    println!(
        "{:>10}  {:>14}  {:>14}  {:>6}  {:>20}",
        "transport", "sipp to sipp", "ours to sipp", "ratio", "our CPU per NOTIFY"
    );
    for transport in ["UDP", "TCP"] {
        let theirs = sipp_to_sipp(transport);
        let (ours, cpu) = ours_to_sipp(&runtime, transport);
        println!(
            "{transport:>10}  {theirs:>12.0}/s  {ours:>12.0}/s  {:>6.2}  {:>17.1} µs",
            ours / theirs,
            cpu * 1e6
        );
    }
    println!();
    println!(
        "message state → NOTIFY at the gateway, UDP: from when it is handed in (fsync included), and from when it is durable"
    );
    println!("{:>16}  {:>22}  {:>10}  {:>10}  {:>10}", "load", "from", "P50", "P99", "worst");
    for (load, pause, count) in
        [("idle", Duration::from_millis(20), 500), ("2,000 changes/s", Duration::from_micros(500), 20_000)]
    {
        let (handed_in, durable) = latency(&runtime, pause, count);
        for (from, mut times) in [("handed in", handed_in), ("durable", durable)] {
            times.sort_unstable();
            let at = |share: usize| times[(times.len() - 1) * share / 100];
            println!("{load:>16}  {from:>22}  {:>10.2?}  {:>10.2?}  {:>10.2?}", at(50), at(99), at(100));
        }
    }
}

fn sipp_to_sipp(transport: &str) -> f64 {
    let (sink, address) = sipp_sink(transport);
    let own = free_port();
    let start = Instant::now();
    let mut child = Command::new("sipp")
        .args([
            "-sf",
            "tests/peers/uac_notify.xml",
            &address.to_string(),
            "-i",
            "127.0.0.1",
            "-p",
            &own.to_string(),
            "-s",
            "4201",
        ])
        .args(["-t", mode(transport), "-m", &(LAMPS * ROUNDS).to_string(), "-l", &WINDOW.to_string()])
        .args(["-r", "30000", "-rate_max", "100000", "-nostdin"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sipp is not installed; make bench installs it");
    let status = child.wait().unwrap();
    let time = start.elapsed();
    drop(sink);
    assert!(status.success(), "sipp to sipp over {transport} failed: {status}");
    (LAMPS * ROUNDS) as f64 / time.as_secs_f64()
}

/// The rate, and processor seconds per NOTIFY of this process.
fn ours_to_sipp(runtime: &Runtime, transport: &str) -> (f64, f64) {
    let (sink, address) = sipp_sink(transport);
    let folder = tempfile::tempdir().unwrap();
    let result = runtime.block_on(async {
        let (notifier, task, metrics) = start(folder.path(), address, transport).await;
        put_all(&notifier).await;
        settled(&notifier).await;
        let (start, cpu) = (Instant::now(), processor_seconds());
        for _ in 0..ROUNDS {
            let before = answered(&metrics);
            notifier.refresh(Refresh::All).unwrap();
            all_answered(&metrics, before + LAMPS).await;
        }
        let (time, cpu) = (start.elapsed(), processor_seconds() - cpu);
        notifier.stop().await;
        task.await.unwrap();
        let count = (LAMPS * ROUNDS) as f64;
        (count / time.as_secs_f64(), cpu / count)
    });
    drop(sink);
    result
}

/// For each change, the time from when it was handed in, and from when it was answered as durable, to its NOTIFY.
fn latency(runtime: &Runtime, pause: Duration, count: usize) -> (Vec<Duration>, Vec<Duration>) {
    let (arrivals, address) = clocked_sink();
    let folder = tempfile::tempdir().unwrap();
    let sent: Arc<Mutex<BTreeMap<State, (Instant, Instant)>>> = Arc::default();
    runtime.block_on(async {
        let (notifier, task, _) = start(folder.path(), address, "UDP").await;
        let begin = tokio::time::Instant::now();
        let mut writers = tokio::task::JoinSet::new();
        for at in 0..count {
            tokio::time::sleep_until(begin + pause * u32::try_from(at).unwrap()).await;
            let (notifier, sent) = (notifier.clone(), Arc::clone(&sent));
            let new = u32::try_from(1 + at / LAMPS).unwrap();
            let lamp = at % LAMPS;
            writers.spawn(async move {
                let handed_in = Instant::now();
                let counts = Counts { new, ..Counts::default() };
                let answer = notifier.put(mailbox(lamp), Put { counts, version: None }).await;
                assert!(matches!(answer, Ok(PutAnswer::Accepted(_))));
                sent.lock().unwrap().insert((extension(lamp), new), (handed_in, Instant::now()));
            });
        }
        while writers.join_next().await.is_some() {}
        settled(&notifier).await;
        notifier.stop().await;
        task.await.unwrap();
    });
    let sent = sent.lock().unwrap();
    // A lamp may be told again while this runs, by its regular refresh: what counts is when it was told first.
    let mut first = BTreeMap::new();
    for (key, at) in arrivals.try_iter() {
        first.entry(key).or_insert(at);
    }
    let both = first
        .iter()
        .filter_map(|(key, at)| sent.get(key).map(|(handed_in, durable)| (*at, *handed_in, *durable)));
    // The NOTIFY may be there before the writer has read its answer.
    let times: (Vec<Duration>, Vec<Duration>) =
        both.map(|(at, handed_in, durable)| (at - handed_in, at.saturating_duration_since(durable))).unzip();
    assert_eq!(times.0.len(), count, "not every NOTIFY was seen");
    times
}

async fn start(
    folder: &Path,
    address: SocketAddr,
    transport: &str,
) -> (Notifier, tokio::task::JoinHandle<()>, Arc<Metrics>) {
    let config =
        EndpointConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tls: None, advertised: None };
    let endpoint = Arc::new(Endpoint::bind(config, Arc::new(Nobody)).unwrap());
    let metrics = Arc::new(Metrics::default());
    let parts = Parts {
        plan: PlanLabels { namespace: "voice".into(), name: "head-office".into() },
        endpoint: Arc::clone(&endpoint),
        clock: Clock::start(),
        metrics: Arc::clone(&metrics),
    };
    let (notifier, _, task) = Notifier::start(parts, &folder.join("store.sqlite")).unwrap();
    let outcome = evaluate(&snapshot(address, transport));
    let (setup, refused) =
        Setup::new(&outcome.notifiers()[0], true, &NoKeys, &BTreeMap::new(), &BTreeMap::new());
    assert!(refused.is_empty());
    notifier.configure(setup, endpoint).await.unwrap();
    (notifier, task, metrics)
}

async fn put_all(notifier: &Notifier) {
    let mut writers = tokio::task::JoinSet::new();
    for lamp in 0..LAMPS {
        let notifier = notifier.clone();
        if writers.len() > 256 {
            writers.join_next().await;
        }
        writers.spawn(async move {
            let counts = Counts { new: 1, ..Counts::default() };
            assert!(matches!(
                notifier.put(mailbox(lamp), Put { counts, version: None }).await,
                Ok(PutAnswer::Accepted(_))
            ));
        });
    }
    while writers.join_next().await.is_some() {}
}

/// Waits until no lamp is pending.
async fn settled(notifier: &Notifier) {
    for lamp in 0..LAMPS {
        loop {
            let state = notifier.get(mailbox(lamp)).await.unwrap().unwrap();
            if state.view.counts.is_none() || state.view.lamps[0].state != LampState::Pending {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// NOTIFYs that were answered 200 so far.
fn answered(metrics: &Metrics) -> usize {
    let text = metrics.encode().unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("lamplighter_notify_total") && line.contains("code=\"200\""));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

async fn all_answered(metrics: &Metrics, count: usize) {
    while answered(metrics) < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn snapshot(address: SocketAddr, transport: &str) -> Snapshot {
    let gateway = json!({
        "address": address.ip().to_string(), "port": address.port(), "transport": transport, "maxNotifyPerSecond": 0,
        "dialPlanRef": {"name": "head-office"},
    });
    let policy = json!({"dialPlanRef": {"name": "head-office"}});
    let one = |at: usize| json!({"mailboxPolicyRef": {"name": "staff"}, "extensions": [extension(at)]});
    Snapshot {
        dial_plans: vec![kind(
            "UMDialPlan",
            "head-office",
            &json!({"numberOfDigitsInExtension": 5, "notifier": {"refreshInterval": "12h"}}),
        )],
        mailbox_policies: vec![kind("UMMailboxPolicy", "staff", &policy)],
        gateways: vec![kind("UMIPGateway", "sink", &gateway)],
        mailboxes: (0..LAMPS).map(|at| kind("UMMailbox", &mailbox(at), &one(at))).collect(),
        facts: Facts::default(),
    }
}

fn kind<T: serde::de::DeserializeOwned>(kind: &str, name: &str, spec: &Value) -> Arc<T> {
    Arc::new(serde_json::from_value(json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})).unwrap())
}

fn mailbox(at: usize) -> String {
    format!("mailbox-{at:05}")
}

fn extension(at: usize) -> String {
    format!("{:05}", 10_000 + at)
}

struct NoKeys;

impl Keys for NoKeys {
    fn get(&self, _: &lamplighter::domain::KeyName) -> Option<Vec<u8>> {
        None
    }
}

struct Nobody;

impl Handler for Nobody {
    fn handle(&self, _: &Request, _: Peer) -> Option<Reply> {
        None
    }
}

/// Is ended when it is dropped.
struct Sink(Child);

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn sipp_sink(transport: &str) -> (Sink, SocketAddr) {
    let port = free_port();
    let child = Command::new("sipp")
        .args([
            "-sf",
            "tests/peers/uas_200.xml",
            "-i",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-t",
            mode(transport),
            "-nostdin",
            "-deadcall_wait",
            "0",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sipp is not installed; make bench installs it");
    let sink = Sink(child);
    let taken = format!(":{port:04X} ");
    let table = format!("/proc/net/{}", transport.to_lowercase());
    let deadline = Instant::now() + Duration::from_secs(10);
    while !fs::read_to_string(&table).unwrap().contains(&taken) {
        assert!(Instant::now() < deadline, "sipp does not listen on {transport} {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
    (sink, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn mode(transport: &str) -> &'static str {
    if transport == "UDP" { "u1" } else { "t1" }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A phone, and how many new messages it has.
type State = (String, u32);

/// When a NOTIFY came for which state.
type Arrival = (State, Instant);

/// A gateway that answers 200 and notes when each NOTIFY came.
fn clocked_sink() -> (Receiver<Arrival>, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let (tell, arrivals) = sync_channel(1_000_000);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let now = Instant::now();
            let Ok(Message::Request(request)) = Message::parse(&buffer[..length]) else { continue };
            let _ = socket.send_to(&request.respond(200, "OK", "sink", &[], from), from);
            if request.method() == "NOTIFY" {
                let user = request
                    .to_uri()
                    .unwrap()
                    .trim_start_matches("sip:")
                    .split('@')
                    .next()
                    .unwrap()
                    .to_owned();
                let body = String::from_utf8_lossy(request.body()).into_owned();
                let new =
                    body.split("Voice-Message: ").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
                if tell.try_send(((user, new), now)).is_err() {
                    return;
                }
            }
        }
    });
    (arrivals, address)
}

/// Processor time of this process, all threads.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // utime and stime, in ticks of 10 ms.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}
