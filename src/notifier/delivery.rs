//! The one task of a notifier. It owns the engine, the journal and the outbox, so nothing is locked and nothing races:
//! requests, answers and written batches come in one after the other, and after each the engine says what is to be done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::door::{Parts, Put, PutAnswer, Reply, Request, Standing, State};
use super::journal::{Journal, Waiting, Written};
use super::metrics::PlanLabels;
use super::outbox::{Event, Order, Outbox};
use super::reports::{Ended, Reports};
use super::setup::{Peer, Setup};
use crate::clock::{Clock, wall_ms};
use crate::domain::Code;
use crate::domain::object::UriType;
use crate::engine::absence::Absences;
use crate::engine::mwi::{Accept, Action, Answer, Engine, Stored, StoredLamp, StoredTold, accept};
use crate::net::endpoint::Endpoint;
use crate::sip::summary::Counts;
use crate::store::{Change, Contents, Store};

/// Requests that are taken at a time, so that answers get their turn.
const TURN: usize = 128;
/// How long NOTIFY requests in flight may take when the program ends.
const LAST_ANSWERS: Duration = Duration::from_secs(3);
/// How often mailboxes that are gone are looked at.
const LOOK_PAUSE: Duration = Duration::from_hours(1);

/// The state of the task.
pub struct Delivery {
    engine: Engine,
    journal: Journal<Reply>,
    outbox: Outbox,
    reports: Reports,
    parts: Parts,
    /// Message state that is at the disk, by mailbox; what the engine knows is older.
    accepted: BTreeMap<String, (Counts, u64)>,
    absences: Absences,
    /// The configuration names every mailbox that there is.
    is_complete: bool,
    /// When those that are gone are looked at again.
    look_at: Option<Duration>,
    peers: BTreeMap<String, Arc<Peer>>,
    reasons: BTreeMap<Arc<str>, Code>,
    extensions: BTreeMap<String, String>,
    uri_type: UriType,
    actions: Vec<Action>,
}

impl Delivery {
    /// What the task owns, with the state that the store had.
    pub fn new(parts: Parts, store: Store, contents: Contents, now_ms: i64) -> Self {
        let mut absences = Absences::default();
        contents.mailboxes.iter().for_each(|stored| absences.stored(&stored.mailbox, stored.at));
        let mut engine = Engine::new(rand::random());
        engine.restore(stored(contents, now_ms), parts.clock.now());
        Self {
            outbox: Outbox::new(parts.plan.clone(), Arc::clone(&parts.endpoint)),
            journal: Journal::new(store),
            reports: Reports::new(parts.plan.clone(), Arc::clone(&parts.metrics)),
            engine,
            parts,
            accepted: BTreeMap::new(),
            absences,
            is_complete: false,
            look_at: None,
            peers: BTreeMap::new(),
            reasons: BTreeMap::new(),
            extensions: BTreeMap::new(),
            uri_type: UriType::TelExtn,
            actions: Vec::new(),
        }
    }

    /// Runs until it is told to stop, or nobody can tell it anything any more.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        let clock = self.parts.clock;
        let (mut requests, mut outcomes) = (Vec::with_capacity(TURN), Vec::with_capacity(256));
        let mut goes_on = true;
        while goes_on {
            self.act(true);
            let deadline = self.deadline();
            tokio::select! {
                () = self.outbox.progress(&mut outcomes, || clock.now()) => {}
                written = self.journal.written(|| clock.now()) => self.written(written),
                taken = queue.recv_many(&mut requests, TURN) => {
                    goes_on = taken > 0;
                    for request in requests.drain(..) {
                        goes_on &= self.take(request);
                    }
                }
                () = sleep_until(clock, deadline) => {}
            }
        }
        self.finish(queue).await;
    }

    /// Lets the engine act on what happened, and sends, stores and reports what it asks for.
    fn act(&mut self, sends: bool) {
        let now = self.parts.clock.now();
        self.outbox.expire(now);
        self.reports.sum_up(now);
        if self.look_at.is_some_and(|at| at <= now) {
            self.look_for_the_gone(now);
        }
        loop {
            let events = self.outbox.events();
            let none = events.is_empty();
            for event in events {
                self.ended(event, now);
            }
            if sends {
                self.engine.poll(now, &mut self.actions);
            }
            if none && self.actions.is_empty() {
                break;
            }
            for action in std::mem::take(&mut self.actions) {
                self.carry_out(action, now);
            }
        }
        self.journal.flush(now);
        self.parts.metrics.totals(&self.parts.plan, self.engine.totals());
    }

    fn deadline(&self) -> Option<Duration> {
        let own = [self.look_at, self.reports.deadline()];
        let parts = [self.engine.deadline(), self.outbox.deadline(), self.journal.deadline()];
        own.into_iter().chain(parts).flatten().min()
    }

    fn ended(&mut self, event: Event, now: Duration) {
        match event {
            Event::Answered { attempt, lamp, call_id, answer, gateway, took } => {
                self.parts.metrics.notified(&self.parts.plan, &gateway, answer, took);
                self.reports.ended(Ended { lamp, gateway, call_id }, answer, took);
                self.engine.answered(attempt, answer, now, wall_ms());
            }
            Event::Probed { gateway, alive } => self.engine.probed(&gateway, alive, now),
        }
    }

    fn carry_out(&mut self, action: Action, now: Duration) {
        match action {
            Action::Touch { lamp, claimants } => {
                let change = Change::Lamp { address: lamp.clone(), claimants, forsaken_since: None };
                self.journal.add(change, Some(Waiting::Touch(lamp)));
            }
            Action::Claimed { lamp, claimants, forsaken } => {
                let forsaken_since = forsaken.then(wall_ms);
                self.journal.add(Change::Lamp { address: lamp, claimants, forsaken_since }, None);
            }
            Action::Told { lamp, gateway, counts, at, status } => {
                self.journal.add(Change::Told { address: lamp, gateway, counts, at, status }, None);
            }
            Action::Forget { lamp } => self.journal.add(Change::ForgetLamp { address: lamp }, None),
            Action::Send { attempt, lamp, gateway, counts } => {
                let Some(peer) = self.peers.get(&gateway) else { return };
                let extension = self.extensions.get(&lamp).unwrap_or(&lamp).clone();
                self.outbox.notify(
                    peer,
                    Order { attempt, lamp, extension, uri_type: self.uri_type, counts },
                    now,
                );
            }
            Action::Abandon { attempt } => self.outbox.abandon(attempt),
            Action::Probe { gateway } => {
                if let Some(peer) = self.peers.get(&gateway) {
                    self.outbox.probe(peer, now);
                }
            }
            Action::Observe { lamp, gateway, counts } => {
                let Counts { new, old, .. } = counts;
                let PlanLabels { namespace, name } = &self.parts.plan;
                tracing::info!(%namespace, %name, %gateway, %lamp, new, old, "observed: this NOTIFY would be sent");
            }
            Action::Report(report) => self.reports.tell(&report, now),
        }
    }

    /// False when the task is to end.
    fn take(&mut self, request: Request) -> bool {
        match request {
            Request::Configure(setup, endpoint, done) => {
                self.configure(*setup, &endpoint);
                // Who asked may be gone.
                let _ = done.send(());
            }
            Request::Put(mailbox, put, reply) => self.put(mailbox, put, reply),
            Request::Get(mailbox, reply) => drop(reply.send(self.state(&mailbox))),
            Request::Standing(marked, reply) => drop(reply.send(self.standing(marked))),
            Request::Refresh(which) => self.engine.refresh(which, self.parts.clock.now()),
            Request::Stop => return false,
        }
        true
    }

    fn configure(&mut self, setup: Setup, endpoint: &Arc<Endpoint>) {
        let now = self.parts.clock.now();
        if !self.outbox.sends_from(endpoint) {
            // What is in flight from another port can't be heard any more; that says nothing of the gateways.
            for attempt in self.outbox.attempts() {
                self.engine.answered(attempt, Answer::Expired, now, wall_ms());
            }
            self.outbox = Outbox::new(self.parts.plan.clone(), Arc::clone(endpoint));
            // The one before ends with its last owner, and gives its port back.
            self.parts.endpoint = Arc::clone(endpoint);
        }
        let Setup { engine, uri_type, peers, reasons, extensions } = setup;
        for name in peers.keys().filter(|name| !self.peers.contains_key(*name)) {
            self.parts.metrics.gateway(&self.parts.plan, name, true);
        }
        for name in self.peers.keys().filter(|name| !peers.contains_key(*name)) {
            self.parts.metrics.forget_gateway(&self.parts.plan, name);
        }
        self.peers = peers;
        self.reasons = reasons;
        // A lamp that nobody names any more is put out under the extension that it had.
        self.extensions.extend(extensions);
        self.outbox.forget_peers(&self.peers);
        self.uri_type = uri_type;
        self.is_complete = engine.complete;
        self.engine.configure(engine, now);
        self.look_at = Some(now);
    }

    /// The state of a mailbox is kept for 30 days after it left.
    fn look_for_the_gone(&mut self, now: Duration) {
        self.look_at = Some(now + LOOK_PAUSE);
        if !self.is_complete {
            return;
        }
        let at = wall_ms();
        let changes = self.absences.look(|mailbox| self.engine.knows(mailbox), at);
        for mailbox in changes.left {
            if let Some((counts, version)) = self.engine.version_of(&mailbox) {
                self.journal.add(Change::Counts { mailbox, counts, version, at }, None);
            }
        }
        for mailbox in changes.expired {
            self.engine.forget_counts(&mailbox);
            self.journal.add(Change::ForgetMailbox { mailbox }, None);
        }
    }

    fn put(&mut self, mailbox: String, put: Put, reply: Reply) {
        if !self.engine.knows(&mailbox) {
            drop(reply.send(PutAnswer::Unknown));
            return;
        }
        let known = self.accepted.get(&mailbox).copied().or_else(|| self.engine.version_of(&mailbox));
        let answer = match accept(known, put.counts, put.version) {
            Accept::New(_) if self.journal.is_full() => PutAnswer::NotStored,
            Accept::New(version) => {
                self.accepted.insert(mailbox.clone(), (put.counts, version));
                self.engine.expect(&mailbox);
                let change =
                    Change::Counts { mailbox: mailbox.clone(), counts: put.counts, version, at: wall_ms() };
                self.journal
                    .add(change, Some(Waiting::Counts { mailbox, counts: put.counts, version, reply }));
                return;
            }
            // The same state may still be on its way to the disk; then this answer must wait for it as well.
            Accept::Same(version) if self.accepted.contains_key(&mailbox) => {
                let change =
                    Change::Counts { mailbox: mailbox.clone(), counts: put.counts, version, at: wall_ms() };
                self.journal
                    .add(change, Some(Waiting::Counts { mailbox, counts: put.counts, version, reply }));
                return;
            }
            Accept::Same(_) => self.state(&mailbox).map_or(PutAnswer::Unknown, PutAnswer::Accepted),
            Accept::Conflict => self.state(&mailbox).map_or(PutAnswer::Unknown, PutAnswer::Conflict),
        };
        // Who asked may be gone.
        drop(reply.send(answer));
    }

    fn written(&mut self, written: Written<Reply>) {
        let now = self.parts.clock.now();
        if !written.on_disk {
            let PlanLabels { namespace, name } = &self.parts.plan;
            tracing::error!(%namespace, %name, "the store can't be written: new message state is refused until it can");
        }
        for waiting in written.waiting {
            match waiting {
                Waiting::Touch(lamp) => self.engine.remembered(&lamp, now),
                Waiting::Counts { mailbox, counts, version, reply } => {
                    if self.accepted.get(&mailbox) == Some(&(counts, version)) {
                        self.accepted.remove(&mailbox);
                    }
                    if written.on_disk {
                        self.absences.reported(&mailbox);
                        self.engine.counts(&mailbox, counts, version, now);
                        self.parts.metrics.accepted(&self.parts.plan);
                    }
                    let state = self.state(&mailbox).filter(|_| written.on_disk);
                    // Who asked may be gone.
                    drop(reply.send(state.map_or(PutAnswer::NotStored, PutAnswer::Accepted)));
                }
            }
        }
    }

    fn state(&self, mailbox: &str) -> Option<State> {
        let view = self.engine.mailbox_view(mailbox)?;
        Some(State { view, reason: self.reasons.get(mailbox).copied() })
    }

    fn standing(&self, mut marked: Vec<String>) -> Standing {
        let view = self.engine.delivery_view(self.parts.clock.now());
        let source = |name: &String| Some((name.clone(), self.outbox.source(name)?));
        let sources = self.peers.keys().filter_map(source).collect();
        marked.retain(|mailbox| self.engine.is_excused(mailbox));
        Standing { view, sources, excused: marked }
    }

    /// Takes the last answers, then writes all and closes the store.
    async fn finish(mut self, queue: mpsc::Receiver<Request>) {
        drop(queue);
        let clock = self.parts.clock;
        let end = clock.now() + LAST_ANSWERS;
        let mut outcomes = Vec::new();
        while !self.outbox.attempts().is_empty() && clock.now() < end {
            tokio::select! {
                () = self.outbox.progress(&mut outcomes, || clock.now()) => {}
                written = self.journal.written(|| clock.now()) => self.written(written),
                () = sleep_until(clock, Some(end)) => {}
            }
            self.act(false);
        }
        // What the last answers made the engine ask for: no NOTIFY leaves any more, what was told is kept.
        let now = clock.now();
        self.engine.poll(now, &mut self.actions);
        for action in std::mem::take(&mut self.actions) {
            if matches!(action, Action::Told { .. } | Action::Claimed { .. } | Action::Forget { .. }) {
                self.carry_out(action, now);
            }
        }
        self.peers.keys().for_each(|name| self.parts.metrics.forget_gateway(&self.parts.plan, name));
        self.parts.metrics.forget_plan(&self.parts.plan);
        if let Err(error) = self.journal.close().await {
            let PlanLabels { namespace, name } = &self.parts.plan;
            tracing::error!(%namespace, %name, error = &error as &dyn std::error::Error, "the store was not closed as it should be");
        }
    }
}

async fn sleep_until(clock: Clock, time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep_until(clock.instant(time)).await,
        None => std::future::pending().await,
    }
}

fn stored(contents: Contents, now_ms: i64) -> Stored {
    let since = |at: i64| Duration::from_millis(u64::try_from(now_ms.saturating_sub(at)).unwrap_or_default());
    let told = |told: crate::store::StoredTold| StoredTold {
        age: since(told.at),
        gateway: told.gateway,
        counts: told.counts,
        at: told.at,
        status: told.status,
    };
    Stored {
        counts: contents.mailboxes.into_iter().map(|m| (m.mailbox, m.counts, m.version)).collect(),
        lamps: contents
            .lamps
            .into_iter()
            .map(|lamp| StoredLamp {
                address: lamp.address,
                claimants: lamp.claimants,
                forsaken_for: lamp.forsaken_since.map(since),
                told: lamp.told.into_iter().map(told).collect(),
            })
            .collect(),
    }
}
