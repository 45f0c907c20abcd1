//! Scripts of the MWI engine: `engine/<claim>/script.txt` holds events with times, `out.txt` what the engine did after each.
//! `UPDATE=1` writes `out.txt` anew.
//!
//! The harness is the world around the engine: gateways that answer as told, a store that remembers, a clock that stops at
//! every deadline. A line is `t=<seconds> <event>`; `#` starts a comment. Events:
//!
//! - `configure <part> | <part> ...` edits the configuration: `gateways a b:rate=10 c:route=2`, `mode Dark`, `refresh 600`,
//!   `incomplete`, `complete`, `remove lina`, `crowd 100` (that many mailboxes with a lamp each), `lina 4201 4250`,
//!   `lina no 4201` (forbidden), `lina frozen`
//! - `counts lina 3/1 v2`, `counts crowd 1/0 v1`
//! - `gateway a 404 [for 4201] [after 5]`, also `silent` and `refuses`; at first all say 200 after 10 ms
//! - `store off`, `store on`, `remembered 4201`
//! - `stop` (the program is gone) and `restart` (a new engine from what was stored; a `configure` follows)
//! - `refresh all`, `refresh mailbox lina`, `refresh gateway a`
//! - `view lina`, `delivered` (whether delivery works), `totals`, `wait`
//! - `show probes`, `quiet` (sums instead of a line for each action), `loud`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "`UPDATE` is no setting of the program")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use lamplighter::engine::mwi::{
    Action, Answer, Attempt, Claim, Config, Delivered, Engine, Gateway, Mailbox, Mode, Refresh, Report,
    Stored, StoredLamp, StoredTold,
};
use lamplighter::sip::summary::Counts;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/engine");
const LATENCY: Duration = Duration::from_millis(10);

/// Runs every case and fails with all differences.
pub fn run() {
    let mut wrong = String::new();
    let mut cases: Vec<_> = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(!cases.is_empty(), "no case below {FOLDER}");
    for case in cases {
        let problem = run_case(&case);
        if !problem.is_empty() {
            writeln!(wrong, "{}:\n{problem}", case.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}UPDATE=1 writes out.txt anew");
}

fn run_case(case: &Path) -> String {
    let files = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let surplus: Vec<String> =
        files.filter(|name| !["case.md", "script.txt", "out.txt"].contains(&name.as_str())).collect();
    if !surplus.is_empty() || !case.join("case.md").exists() {
        return format!("  a case is case.md, script.txt and out.txt; surplus: {surplus:?}\n");
    }
    let script = fs::read_to_string(case.join("script.txt")).unwrap();
    let out = play(&script);
    assert_eq!(out, play(&script), "{}: a second run differs", case.display());
    let file = case.join("out.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &out).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let mut lines = expected.lines().zip(out.lines()).enumerate();
    match lines.find(|(_, (expected, got))| expected != got) {
        Some((number, (expected, got))) => format!("  out.txt:{}\n  - {expected}\n  + {got}\n", number + 1),
        None if expected != out => "  out.txt has more or fewer lines\n".to_owned(),
        None => String::new(),
    }
}

fn play(script: &str) -> String {
    let mut world = World::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (time, event) = line.split_once(' ').unwrap_or_else(|| panic!("no event in {line:?}"));
        let seconds = time.strip_prefix("t=").unwrap_or_else(|| panic!("no t= in {line:?}"));
        world.run_until(Duration::from_secs_f64(seconds.parse().unwrap()));
        world.flush();
        writeln!(world.text, "> {line}").unwrap();
        world.event(event);
    }
    world.run_until(world.now);
    world.flush();
    world.text
}

/// What the world does later.
enum Later {
    Answer(Attempt, Answer),
    Remembered(String),
    Probed(String, bool),
}

struct World {
    engine: Engine,
    config: Config,
    configured: bool,
    now: Duration,
    behaviour: BTreeMap<(String, String), (Answer, Duration)>,
    later: BTreeMap<(Duration, u64), Later>,
    sequence: u64,
    store_works: bool,
    counts: BTreeMap<String, (Counts, u64)>,
    lamps: BTreeMap<String, KeptLamp>,
    show_probes: bool,
    quiet: bool,
    sums: BTreeMap<String, u32>,
    text: String,
}

#[derive(Default)]
struct KeptLamp {
    claimants: Vec<String>,
    forsaken_since: Option<Duration>,
    told: BTreeMap<String, (Counts, i64, u16)>,
}

impl World {
    fn new() -> World {
        World {
            engine: Engine::new(1),
            config: Config {
                mode: Mode::Active,
                complete: true,
                refresh_interval: Duration::from_secs(3_600),
                gateways: Vec::new(),
                mailboxes: Vec::new(),
            },
            configured: false,
            now: Duration::ZERO,
            behaviour: BTreeMap::new(),
            later: BTreeMap::new(),
            sequence: 0,
            store_works: true,
            counts: BTreeMap::new(),
            lamps: BTreeMap::new(),
            show_probes: false,
            quiet: false,
            sums: BTreeMap::new(),
            text: String::new(),
        }
    }

    /// Lets time go by up to `end`, with a poll at every deadline.
    fn run_until(&mut self, end: Duration) {
        assert!(end >= self.now, "time runs backwards at {end:?}");
        for _ in 0..2_000_000 {
            let deadline = self.engine.deadline().filter(|_| self.configured);
            let next = [deadline, self.later.keys().next().map(|(at, _)| *at)].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let wall = i64::try_from(self.now.as_millis()).unwrap();
                match entry.remove() {
                    Later::Answer(attempt, answer) => self.engine.answered(attempt, answer, self.now, wall),
                    Later::Remembered(lamp) => self.engine.remembered(&lamp, self.now),
                    Later::Probed(gateway, alive) => self.engine.probed(&gateway, alive, self.now),
                }
            }
            let mut actions = Vec::new();
            self.engine.poll(self.now, &mut actions);
            actions.into_iter().for_each(|action| self.act(action));
        }
        panic!("the engine never rests");
    }

    fn after(&mut self, wait: Duration, later: Later) {
        self.sequence += 1;
        self.later.insert((self.now + wait, self.sequence), later);
    }

    fn act(&mut self, action: Action) {
        self.print(&action);
        match action {
            Action::Touch { lamp, claimants } => {
                if self.store_works {
                    self.lamps.insert(lamp.clone(), KeptLamp { claimants, ..KeptLamp::default() });
                    self.after(Duration::from_millis(1), Later::Remembered(lamp));
                }
            }
            Action::Send { attempt, lamp, gateway, .. } => {
                let (answer, wait) = self.behaves(&gateway, &lamp);
                self.after(wait, Later::Answer(attempt, answer));
            }
            Action::Abandon { attempt } => {
                self.later.retain(|_, later| !matches!(later, Later::Answer(id, _) if *id == attempt));
            }
            Action::Told { lamp, gateway, counts, at, status } => {
                self.lamps
                    .get_mut(&lamp)
                    .expect("told before touched")
                    .told
                    .insert(gateway, (counts, at, status));
            }
            Action::Claimed { lamp, claimants, forsaken } => {
                let now = self.now;
                let kept = self.lamps.get_mut(&lamp).expect("claimed before touched");
                kept.claimants = claimants;
                kept.forsaken_since = forsaken.then(|| kept.forsaken_since.unwrap_or(now));
            }
            Action::Forget { lamp } => {
                self.lamps.remove(&lamp);
            }
            Action::Probe { gateway } => {
                let (answer, wait) = self.behaves(&gateway, "");
                let alive = matches!(answer, Answer::Final(status) if status != 408 && status != 503);
                self.after(if alive { wait } else { Duration::from_secs(1) }, Later::Probed(gateway, alive));
            }
            Action::Observe { .. } | Action::Report(_) => {}
        }
    }

    fn behaves(&self, gateway: &str, lamp: &str) -> (Answer, Duration) {
        let special = self.behaviour.get(&(gateway.to_owned(), lamp.to_owned()));
        let general = self.behaviour.get(&(gateway.to_owned(), String::new()));
        special.or(general).copied().unwrap_or((Answer::Final(200), LATENCY))
    }

    fn print(&mut self, action: &Action) {
        let line = match action {
            Action::Touch { lamp, claimants } => format!("touch {lamp} {}", claimants.join("+")),
            Action::Send { attempt, lamp, gateway, counts } => {
                format!("send #{} {lamp} -> {gateway} {}", attempt.0, show(counts))
            }
            Action::Abandon { attempt } => format!("abandon #{}", attempt.0),
            Action::Told { lamp, gateway, counts, status, .. } => {
                format!("told {lamp} {gateway} {} {status}", show(counts))
            }
            Action::Claimed { lamp, claimants, forsaken } => {
                format!("claimed {lamp} {}{}", claimants.join("+"), if *forsaken { " forsaken" } else { "" })
            }
            Action::Forget { lamp } => format!("forget {lamp}"),
            Action::Probe { gateway } => format!("probe {gateway}"),
            Action::Observe { lamp, gateway, counts } => {
                format!("observe {lamp} -> {gateway} {}", show(counts))
            }
            Action::Report(Report::GivenUp { lamp, gateway, last }) => {
                format!("given up {lamp} at {gateway}: {last:?}")
            }
            Action::Report(Report::GatewayDown { gateway, last }) => {
                format!("gateway down {gateway}: {last:?}")
            }
            Action::Report(Report::GatewayUp { gateway }) => format!("gateway up {gateway}"),
            Action::Report(Report::Refused { lamp, gateway, status }) => {
                format!("refused {lamp} by {gateway}: {status}")
            }
        };
        if matches!(action, Action::Probe { .. }) && !self.show_probes {
            return;
        }
        if !self.quiet {
            return writeln!(self.text, "{:.3} {line}", self.now.as_secs_f64()).unwrap();
        }
        let sum = match action {
            Action::Send { gateway, counts, .. } => format!("send {gateway} {}", show(counts)),
            Action::Report(_) => line,
            _ => return,
        };
        *self.sums.entry(sum).or_default() += 1;
    }

    fn flush(&mut self) {
        for (sum, times) in std::mem::take(&mut self.sums) {
            writeln!(self.text, "{times} x {sum}").unwrap();
        }
    }

    fn event(&mut self, event: &str) {
        let words: Vec<&str> = event.split_whitespace().collect();
        match words.as_slice() {
            ["configure", ..] => {
                for part in event.trim_start_matches("configure").split('|') {
                    edit(&mut self.config, &part.split_whitespace().collect::<Vec<_>>());
                }
                self.configured = true;
                self.engine.configure(self.config.clone(), self.now);
            }
            ["counts", "crowd", counts, version] => {
                let crowd = self.config.mailboxes.iter().map(|mailbox| mailbox.name.clone());
                for mailbox in crowd.filter(|name| name.starts_with("crowd")).collect::<Vec<_>>() {
                    self.take_counts(&mailbox, counts, version);
                }
            }
            ["counts", mailbox, counts, version] => self.take_counts(mailbox, counts, version),
            ["gateway", gateway, behaviour, rest @ ..] => self.behave(gateway, behaviour, rest),
            ["store", works] => self.store_works = *works == "on",
            ["remembered", lamp] => {
                self.lamps.entry((*lamp).to_owned()).or_default();
                self.engine.remembered(lamp, self.now);
            }
            ["stop"] => {
                self.later.clear();
                self.configured = false;
            }
            ["restart"] => self.restart(),
            ["refresh", "all"] => self.engine.refresh(Refresh::All, self.now),
            ["refresh", "mailbox", name] => {
                self.engine.refresh(Refresh::Mailbox((*name).to_owned()), self.now)
            }
            ["refresh", "gateway", name] => {
                self.engine.refresh(Refresh::Gateway((*name).to_owned()), self.now)
            }
            ["view", mailbox] => self.view(mailbox),
            ["delivered"] => self.delivered(),
            ["totals"] => writeln!(self.text, "  {:?}", self.engine.totals()).unwrap(),
            ["show", "probes"] => self.show_probes = true,
            ["quiet"] => self.quiet = true,
            ["loud"] => self.quiet = false,
            ["wait"] => {}
            _ => panic!("unknown event {event:?}"),
        }
    }

    fn take_counts(&mut self, mailbox: &str, text: &str, version: &str) {
        let version = version.strip_prefix('v').expect("v").parse().unwrap();
        if self.counts.get(mailbox).is_none_or(|(_, known)| *known < version) {
            self.counts.insert(mailbox.to_owned(), (counts(text), version));
        }
        self.engine.counts(mailbox, counts(text), version, self.now);
    }

    fn behave(&mut self, gateway: &str, behaviour: &str, rest: &[&str]) {
        let value_of = |key: &str| rest.iter().position(|word| *word == key).map(|at| rest[at + 1]);
        let (answer, usual) = match behaviour {
            "silent" => (Answer::Expired, Duration::from_secs(32)),
            "refuses" => (Answer::Transport, LATENCY),
            status => (Answer::Final(status.parse().unwrap()), LATENCY),
        };
        let wait = value_of("after").map_or(usual, |after| Duration::from_secs_f64(after.parse().unwrap()));
        let lamp = value_of("for").unwrap_or_default();
        self.behaviour.insert((gateway.to_owned(), lamp.to_owned()), (answer, wait));
    }

    fn delivered(&mut self) {
        let view = self.engine.delivery_view(self.now);
        let cause = view.cause.map(|(gateway, answer)| format!(" since {gateway} {answer:?}"));
        writeln!(self.text, "  dial plan: {}{}", shown(view.delivered), cause.unwrap_or_default()).unwrap();
        for gateway in view.gateways {
            let cause = gateway.cause.map(|answer| format!(" since {answer:?}")).unwrap_or_default();
            let refusal =
                gateway.refusal.map(|refusal| format!(", refused {} at {} ms", refusal.status, refusal.at));
            let (name, refusal) = (gateway.name, refusal.unwrap_or_default());
            writeln!(self.text, "  {name}: {}{cause}{refusal}", shown(gateway.delivered)).unwrap();
        }
        for lamp in view.lamps {
            assert!(!self.engine.is_excused(&lamp.mailbox), "{lamp:?} fails and is excused");
            writeln!(self.text, "  {}: {} at {} {:?}", lamp.mailbox, lamp.lamp, lamp.gateway, lamp.last)
                .unwrap();
        }
    }

    fn restart(&mut self) {
        self.later.clear();
        self.configured = false;
        self.engine = Engine::new(2);
        let lamps = self.lamps.iter().map(|(address, kept)| StoredLamp {
            address: address.clone(),
            claimants: kept.claimants.clone(),
            forsaken_for: kept.forsaken_since.map(|since| self.now - since),
            told: kept.told.iter().map(|(gateway, told)| stored_told(gateway, *told, self.now)).collect(),
        });
        let counts = self
            .counts
            .iter()
            .map(|(mailbox, (counts, version))| (mailbox.clone(), *counts, *version))
            .collect();
        self.engine.restore(Stored { counts, lamps: lamps.collect() }, self.now);
    }

    fn view(&mut self, mailbox: &str) {
        let Some(view) = self.engine.mailbox_view(mailbox) else {
            return writeln!(self.text, "  unknown mailbox").unwrap();
        };
        let counts = view
            .counts
            .map_or("none".to_owned(), |(counts, version)| format!("{} v{version}", show(&counts)));
        writeln!(self.text, "  {mailbox}: {counts}").unwrap();
        for lamp in view.lamps {
            let told = lamp
                .told
                .iter()
                .map(|told| format!(" {}={} {}", told.gateway, show(&told.counts), told.status));
            writeln!(self.text, "  {} {:?}{}", lamp.address, lamp.state, told.collect::<String>()).unwrap();
        }
    }
}

/// A state as scripts show it.
fn shown(delivered: Option<Delivered>) -> String {
    delivered.map_or("nothing heard".to_owned(), |delivered| format!("{delivered:?}"))
}

fn stored_told(gateway: &str, (counts, at, status): (Counts, i64, u16), now: Duration) -> StoredTold {
    let age = now - Duration::from_millis(u64::try_from(at).unwrap());
    StoredTold { gateway: gateway.to_owned(), counts, at, age, status }
}

fn edit(config: &mut Config, words: &[&str]) {
    match words {
        ["gateways", names @ ..] => config.gateways = names.iter().map(|name| gateway(name)).collect(),
        ["mode", "Active"] => config.mode = Mode::Active,
        ["mode", "Observe"] => config.mode = Mode::Observe,
        ["mode", "Dark"] => config.mode = Mode::Dark,
        ["refresh", seconds] => config.refresh_interval = Duration::from_secs(seconds.parse().unwrap()),
        ["incomplete"] => config.complete = false,
        ["complete"] => config.complete = true,
        ["remove", mailbox] => config.mailboxes.retain(|known| known.name != *mailbox),
        ["crowd", size] => {
            for number in 0..size.parse::<u32>().unwrap() {
                claim(
                    config,
                    &format!("crowd{number:05}"),
                    Claim::Allowed(vec![format!("{}", 10_000 + number)]),
                );
            }
        }
        [mailbox, "no", lamps @ ..] => claim(config, mailbox, Claim::Forbidden(owned(lamps))),
        [mailbox, "frozen"] => claim(config, mailbox, Claim::Frozen),
        [mailbox, lamps @ ..] => claim(config, mailbox, Claim::Allowed(owned(lamps))),
        [] => {}
    }
}

fn claim(config: &mut Config, name: &str, claim: Claim) {
    config.mailboxes.retain(|known| known.name != name);
    config.mailboxes.push(Mailbox { name: name.to_owned(), claim });
    config.mailboxes.sort_by(|a, b| a.name.cmp(&b.name));
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn gateway(text: &str) -> Gateway {
    let mut parts = text.split(':');
    let mut gateway = Gateway { name: parts.next().unwrap().to_owned(), max_per_second: 0, route: 1 };
    for part in parts {
        match part.split_once('=').expect("key=value") {
            ("rate", rate) => gateway.max_per_second = rate.parse().unwrap(),
            ("route", route) => gateway.route = route.parse().unwrap(),
            (key, _) => panic!("unknown key {key:?}"),
        }
    }
    gateway
}

fn counts(text: &str) -> Counts {
    let (new, old) = text.split_once('/').expect("new/old");
    Counts { new: new.parse().unwrap(), old: old.parse().unwrap(), ..Counts::NONE }
}

fn show(counts: &Counts) -> String {
    format!("{}/{}", counts.new, counts.old)
}
