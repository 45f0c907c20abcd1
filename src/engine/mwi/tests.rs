//! Random events against a small model of the world: gateways that hear, answer late, refuse or are gone; a store; restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

const MAILBOXES: [&str; 4] = ["lina", "nina", "omar", "tom"];
const LAMPS: [&str; 3] = ["4201", "4202", "4203"];
const GATEWAYS: [&str; 3] = ["a", "b", "c"];
const RATE: u32 = 20;
const REFRESH: Duration = Duration::from_secs(600);

#[derive(Clone, Debug)]
enum Event {
    Counts(usize, u32),
    /// Mailbox, what to do (0 allow, 1 forbid, 2 freeze, 3 remove), lamps as bits.
    Claim(usize, u8, u8),
    Complete(bool),
    Mode(u8),
    Gateways(Vec<usize>),
    Behave(usize, Behaviour),
    Refresh(u8),
    Restart,
    Wait(u64),
}

#[derive(Clone, Copy, Debug)]
enum Behaviour {
    Answers {
        status: u16,
        after_ms: u64,
    },
    /// Takes it, but no answer arrives.
    HearsOnly,
    Deaf,
    Refuses,
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let status = prop_oneof![4 => Just(200), 1 => Just(404), 1 => Just(480), 1 => Just(500), 1 => Just(503)];
    let after = prop_oneof![3 => 1_u64..100, 1 => 2_000_u64..9_000];
    prop_oneof![
        5 => (status, after).prop_map(|(status, after_ms)| Behaviour::Answers { status, after_ms }),
        1 => Just(Behaviour::HearsOnly),
        1 => Just(Behaviour::Deaf),
        1 => Just(Behaviour::Refuses),
    ]
}

fn event(restarts: bool) -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..MAILBOXES.len(), 0_u32..3).prop_map(|(mailbox, new)| Event::Counts(mailbox, new)),
        5 => (0..MAILBOXES.len(), 0_u8..4, 1_u8..8).prop_map(|(mailbox, what, lamps)| Event::Claim(mailbox, what, lamps)),
        1 => any::<bool>().prop_map(Event::Complete),
        1 => (0_u8..6).prop_map(Event::Mode),
        1 => Just((0..GATEWAYS.len()).collect::<Vec<_>>()).prop_shuffle().prop_flat_map(|all| {
            (0..=all.len()).prop_map(move |size| Event::Gateways(all[..size].to_vec()))
        }),
        5 => (0..GATEWAYS.len(), behaviour()).prop_map(|(gateway, behaviour)| Event::Behave(gateway, behaviour)),
        1 => (0_u8..8).prop_map(Event::Refresh),
        u32::from(restarts) => Just(Event::Restart),
        12 => prop_oneof![3 => 1_u64..200, 3 => 1_000_u64..8_000, 1 => 20_000_u64..400_000].prop_map(Event::Wait),
    ]
}

#[derive(Default)]
struct Kept {
    claimants: Vec<String>,
    forsaken_since: Option<Duration>,
    told: BTreeMap<String, (Counts, Duration)>,
}

struct Sent {
    lamp: String,
    gateway: String,
    counts: Counts,
    at: Duration,
}

struct World {
    engine: Engine,
    config: Config,
    now: Duration,
    behaviour: [Behaviour; 3],
    answers: BTreeMap<(Duration, u64), Answer>,
    outstanding: BTreeMap<u64, Sent>,
    probes: BTreeMap<(Duration, String), bool>,
    counts: BTreeMap<String, (Counts, u64)>,
    /// What a store would hold.
    kept: BTreeMap<String, Kept>,
    asked: BTreeSet<String>,
    /// What phones show, by gateway and lamp.
    shown: BTreeMap<(String, String), Counts>,
    /// Lamps that were named by a mailbox with known counts.
    speakable: BTreeSet<String>,
    /// Gateways that were once taken out of the configuration, and so may rightly show old state.
    removed: BTreeSet<String>,
    sent_at: BTreeMap<String, Vec<Duration>>,
    restarted: bool,
    /// What gateways had heard and not confirmed when the program was killed.
    unheard: BTreeSet<(String, String)>,
}

impl World {
    fn new() -> World {
        let gateways =
            GATEWAYS.iter().map(|name| Gateway { name: (*name).to_owned(), max_per_second: RATE, route: 1 });
        let mut world = World {
            engine: Engine::new(7),
            config: Config {
                mode: Mode::Active,
                complete: true,
                refresh_interval: REFRESH,
                gateways: gateways.collect(),
                mailboxes: Vec::new(),
            },
            now: Duration::ZERO,
            behaviour: [Behaviour::Answers { status: 200, after_ms: 5 }; 3],
            answers: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            probes: BTreeMap::new(),
            counts: BTreeMap::new(),
            kept: BTreeMap::new(),
            asked: BTreeSet::new(),
            shown: BTreeMap::new(),
            speakable: BTreeSet::new(),
            removed: BTreeSet::new(),
            sent_at: BTreeMap::new(),
            restarted: false,
            unheard: BTreeSet::new(),
        };
        world.configure();
        world
    }

    fn configure(&mut self) {
        self.note_speakable();
        self.engine.configure(self.config.clone(), self.now);
    }

    fn note_speakable(&mut self) {
        for mailbox in self.config.mailboxes.iter().filter(|mailbox| self.counts.contains_key(&mailbox.name))
        {
            if let Claim::Allowed(lamps) = &mailbox.claim {
                self.speakable.extend(lamps.iter().cloned());
            }
        }
    }

    fn play(&mut self, event: &Event) {
        match event {
            Event::Counts(mailbox, new) => {
                let name = MAILBOXES[*mailbox].to_owned();
                let version = self.counts.get(&name).map_or(1, |(_, version)| version + 1);
                let counts = Counts { new: *new, ..Counts::NONE };
                self.counts.insert(name.clone(), (counts, version));
                // A claim that was frozen or vanished may stand from any earlier configuration.
                self.speakable
                    .extend(LAMPS.iter().filter(|_| !self.config.complete).map(|lamp| (*lamp).to_owned()));
                let frozen = self
                    .config
                    .mailboxes
                    .iter()
                    .any(|known| known.name == name && known.claim == Claim::Frozen);
                self.speakable.extend(LAMPS.iter().filter(|_| frozen).map(|lamp| (*lamp).to_owned()));
                self.note_speakable();
                self.engine.counts(&name, counts, version, self.now);
            }
            Event::Claim(mailbox, what, lamps) => self.claim(MAILBOXES[*mailbox], *what, *lamps),
            Event::Complete(complete) => self.config.complete = *complete,
            Event::Mode(mode) => {
                self.config.mode =
                    [Mode::Dark, Mode::Observe].get(usize::from(*mode)).copied().unwrap_or(Mode::Active)
            }
            Event::Gateways(order) => self.order(order),
            Event::Behave(gateway, behaviour) => self.behaviour[*gateway] = *behaviour,
            Event::Refresh(0) => self.engine.refresh(Refresh::All, self.now),
            Event::Refresh(which @ 1..=3) => {
                self.engine.refresh(Refresh::Gateway(GATEWAYS[usize::from(*which) - 1].to_owned()), self.now);
            }
            Event::Refresh(which) => {
                self.engine
                    .refresh(Refresh::Mailbox(MAILBOXES[usize::from(*which) - 4].to_owned()), self.now);
            }
            Event::Restart => self.restart(),
            Event::Wait(ms) => return self.run(Duration::from_millis(*ms)),
        }
        self.configure();
        self.run(Duration::ZERO);
    }

    fn claim(&mut self, name: &str, what: u8, lamps: u8) {
        self.config.mailboxes.retain(|mailbox| mailbox.name != name);
        let lamps = LAMPS
            .iter()
            .enumerate()
            .filter(|(bit, _)| lamps >> bit & 1 == 1)
            .map(|(_, lamp)| (*lamp).to_owned());
        let claim = match what {
            0 => Claim::Allowed(lamps.collect()),
            1 => Claim::Forbidden(lamps.collect()),
            2 => Claim::Frozen,
            _ => return,
        };
        self.config.mailboxes.push(Mailbox { name: name.to_owned(), claim });
        self.config.mailboxes.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn order(&mut self, order: &[usize]) {
        for (index, name) in GATEWAYS.iter().enumerate() {
            if !order.contains(&index) {
                self.removed.insert((*name).to_owned());
            }
        }
        let named = order.iter().map(|index| Gateway {
            name: GATEWAYS[*index].to_owned(),
            max_per_second: RATE,
            route: 1,
        });
        self.config.gateways = named.collect();
    }

    fn restart(&mut self) {
        self.restarted = true;
        let told = |gateway: &str, lamp: &str| Some(self.kept.get(lamp)?.told.get(gateway)?.0);
        let shown = self.shown.iter();
        let unheard = shown.filter(|((gateway, lamp), counts)| told(gateway, lamp) != Some(**counts));
        let unheard = unheard.map(|(key, _)| key.clone());
        self.unheard.extend(unheard.collect::<Vec<_>>());
        self.answers.clear();
        self.outstanding.clear();
        self.probes.clear();
        self.asked.clear();
        let told = |kept: &Kept| {
            let told = kept.told.iter().map(|(gateway, (counts, at))| StoredTold {
                gateway: gateway.clone(),
                counts: *counts,
                at: 0,
                age: self.now - *at,
                status: 200,
            });
            told.collect()
        };
        let lamps = self.kept.iter().map(|(address, kept)| StoredLamp {
            address: address.clone(),
            claimants: kept.claimants.clone(),
            forsaken_for: kept.forsaken_since.map(|since| self.now - since),
            told: told(kept),
        });
        let counts = self.counts.iter().map(|(name, (counts, version))| (name.clone(), *counts, *version));
        let stored = Stored { counts: counts.collect(), lamps: lamps.collect() };
        self.engine = Engine::new(8);
        self.engine.restore(stored, self.now);
    }

    fn run(&mut self, wait: Duration) {
        let end = self.now + wait;
        for _ in 0..1_000_000 {
            let others =
                [self.answers.keys().next().map(|(at, _)| *at), self.probes.keys().next().map(|(at, _)| *at)];
            let next =
                others.into_iter().chain([self.engine.deadline()]).flatten().min().filter(|at| *at <= end);
            let Some(next) = next else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            while let Some(entry) = self.answers.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let attempt = entry.key().1;
                let answer = entry.remove();
                self.outstanding.remove(&attempt);
                self.engine.answered(Attempt(attempt), answer, self.now, 0);
            }
            while let Some(entry) = self.probes.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let gateway = entry.key().1.clone();
                let alive = entry.remove();
                self.engine.probed(&gateway, alive, self.now);
            }
            let mut actions = Vec::new();
            self.engine.poll(self.now, &mut actions);
            actions.into_iter().for_each(|action| self.act(action));
        }
        panic!("the engine never rests");
    }

    fn act(&mut self, action: Action) {
        let now = self.now;
        match action {
            Action::Touch { lamp, claimants } => {
                assert!(self.asked.insert(lamp.clone()), "{lamp} is touched twice");
                self.kept.insert(lamp.clone(), Kept { claimants, ..Kept::default() });
                self.engine.remembered(&lamp, now);
            }
            Action::Send { attempt, lamp, gateway, counts } => {
                self.send(attempt, Sent { lamp, gateway, counts, at: now })
            }
            Action::Abandon { attempt } => {
                self.outstanding.remove(&attempt.0).expect("only what is under way is abandoned");
                self.answers.retain(|(_, id), _| *id != attempt.0);
            }
            Action::Told { lamp, gateway, counts, .. } => {
                self.kept.get_mut(&lamp).expect("touched before told").told.insert(gateway, (counts, now));
            }
            Action::Claimed { lamp, claimants, forsaken } => {
                let kept = self.kept.get_mut(&lamp).expect("touched before claimed");
                kept.claimants = claimants;
                kept.forsaken_since = forsaken.then(|| kept.forsaken_since.unwrap_or(now));
            }
            Action::Forget { lamp } => {
                self.asked.remove(&lamp);
                // A gateway that was told that the lamp is out is as one that was never told.
                self.shown.retain(|(_, shown), counts| *shown != lamp || *counts != Counts::NONE);
                self.kept.remove(&lamp).expect("touched before forgotten");
            }
            Action::Probe { gateway } => {
                assert_eq!(self.config.mode, Mode::Active);
                let alive = match self.behaves(&gateway) {
                    Behaviour::Answers { status, .. } => status != 503,
                    _ => false,
                };
                self.probes.insert((now + Duration::from_millis(500), gateway), alive);
            }
            Action::Observe { .. } => assert_eq!(self.config.mode, Mode::Observe),
            Action::Report(_) => {}
        }
    }

    fn behaves(&self, gateway: &str) -> Behaviour {
        self.behaviour[GATEWAYS.iter().position(|name| *name == gateway).unwrap()]
    }

    fn send(&mut self, attempt: Attempt, sent: Sent) {
        let Sent { lamp, gateway, counts, at } = &sent;
        let at = *at;
        assert!(self.kept.contains_key(lamp), "{lamp} is not remembered");
        assert!(self.speakable.contains(lamp), "{lamp} is unknown");
        assert!(self.config.gateways.iter().any(|known| known.name == *gateway), "{gateway} is not usable");
        assert_ne!(self.config.mode, Mode::Observe);
        assert!(self.config.mode != Mode::Dark || *counts == Counts::NONE);
        for other in self.outstanding.values().filter(|other| other.lamp == *lamp) {
            assert!(at - other.at >= Duration::from_secs(3), "two in flight for {lamp}");
            assert!(other.gateway != *gateway || other.counts == *counts, "older state lingers at {gateway}");
        }
        let times = self.sent_at.entry(gateway.clone()).or_default();
        times.push(at);
        let recent = times.iter().filter(|time| at - **time < Duration::from_secs(1)).count();
        assert!(recent <= (RATE + RATE / 10) as usize, "{recent} in a second to {gateway}");
        let key = (gateway.clone(), lamp.clone());
        let timer_f = Duration::from_secs(32);
        let (wait, answer, hears) = match self.behaves(gateway) {
            Behaviour::Answers { status, after_ms } => {
                if status == 404 {
                    self.shown.remove(&key);
                }
                (Duration::from_millis(after_ms), Answer::Final(status), status == 200)
            }
            Behaviour::HearsOnly => (timer_f, Answer::Expired, true),
            Behaviour::Deaf => (timer_f, Answer::Expired, false),
            Behaviour::Refuses => (Duration::from_millis(1), Answer::Transport, false),
        };
        if hears {
            self.shown.insert(key, *counts);
        }
        self.answers.insert((at + wait, attempt.0), answer);
        self.outstanding.insert(attempt.0, sent);
    }

    /// All gateways answer again, nothing is frozen, and time goes by: every lamp must be right.
    fn settle(&mut self) {
        self.behaviour = [Behaviour::Answers { status: 200, after_ms: 5 }; 3];
        self.config.mode = Mode::Active;
        self.config.complete = true;
        self.config.mailboxes.retain(|mailbox| mailbox.claim != Claim::Frozen);
        self.order(&[0, 1, 2]);
        self.configure();
        self.run(REFRESH * 2 + Duration::from_secs(120));
        assert_eq!(self.engine.totals().dirty, 0);
        assert_eq!(self.engine.totals().in_flight, self.outstanding.len() as u64);
        assert_eq!(self.engine.totals().failed, 0);
        for lamp in LAMPS {
            let claims = self.config.mailboxes.iter().filter(|mailbox| match &mailbox.claim {
                Claim::Allowed(lamps) => lamps.iter().any(|named| named == lamp),
                _ => false,
            });
            let known =
                claims.filter_map(|mailbox| self.counts.get(&mailbox.name)).map(|(counts, _)| *counts);
            let sum = known.reduce(Counts::saturating_add);
            for gateway in GATEWAYS {
                let shown = self.shown.get(&(gateway.to_owned(), lamp.to_owned())).copied();
                let first = gateway == GATEWAYS[0];
                let must_be_told = first && sum.is_some();
                let unheard = self.unheard.contains(&(gateway.to_owned(), lamp.to_owned()));
                let may_be_old = self.removed.contains(gateway) || (!first && self.restarted) || unheard;
                if must_be_told || (shown.is_some() && !may_be_old) {
                    assert_eq!(shown, Some(sum.unwrap_or(Counts::NONE)), "{lamp} at {gateway}");
                }
            }
        }
    }
}

/// The same cases in every run, unless `PROPTEST_CASES` asks for another number of them.
fn proptest_config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if config.cases == 256 {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

proptest! {
    #![proptest_config(proptest_config())]

    #[test]
    fn lamps_end_up_right_whatever_happened(events in prop::collection::vec(event(false), 1..60)) {
        let mut world = World::new();
        events.iter().for_each(|event| world.play(event));
        world.settle();
    }

    #[test]
    fn lamps_end_up_right_after_restarts(events in prop::collection::vec(event(true), 1..60)) {
        let mut world = World::new();
        events.iter().for_each(|event| world.play(event));
        world.settle();
    }
}

#[test]
fn a_writers_version_decides_whether_its_counts_are_taken() {
    let (one, two) = (Counts { new: 1, ..Counts::NONE }, Counts { new: 2, ..Counts::NONE });
    assert_eq!(accept(None, one, None), Accept::New(1));
    assert_eq!(accept(None, one, Some(7)), Accept::New(7));
    assert_eq!(accept(Some((one, 7)), one, None), Accept::New(8));
    assert_eq!(accept(Some((one, 7)), two, Some(9)), Accept::New(9));
    assert_eq!(accept(Some((one, 7)), one, Some(7)), Accept::Same(7));
    assert_eq!(accept(Some((one, 7)), two, Some(7)), Accept::Conflict);
    assert_eq!(accept(Some((one, 7)), one, Some(6)), Accept::Conflict);
    assert_eq!(accept(Some((one, u64::MAX)), one, None), Accept::Conflict);
}

#[test]
fn whatever_a_gateway_answers_the_lamp_is_told_by_it_or_by_the_next() {
    for status in 100..800 {
        let mut world = World::new();
        world.behaviour[0] = Behaviour::Answers { status, after_ms: 5 };
        world.play(&Event::Claim(0, 0, 1));
        world.play(&Event::Counts(0, 1));
        world.run(Duration::from_millis(20));
        let told: Vec<&str> = world.kept[LAMPS[0]].told.keys().map(String::as_str).collect();
        let expected = if (200..300).contains(&status) { GATEWAYS[0] } else { GATEWAYS[1] };
        assert_eq!(told, [expected], "{status}");
        assert_eq!(world.engine.totals().dirty, 0, "{status}");
    }
}
