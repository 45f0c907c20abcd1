//! The loop of one namespace: collect, evaluate, write what is not yet as it should be. It knows no event, only the state; whoever is woken
//! too often loses nothing but time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::children::Children;
use super::report::Reports;
use super::{Gathered, Shared, defaults};
use crate::domain::{self, Facts, Outcome, Snapshot};

/// Shortest time in which events are gathered.
const DEBOUNCE: Duration = Duration::from_millis(10);
/// After so long everything is looked at again, whatever was missed.
const RESYNC: Duration = Duration::from_secs(300);
/// Pauses after something failed, from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Runs until nothing of ours is left in the namespace. Returns its name.
pub async fn run(shared: Arc<Shared>, namespace: String, woken: Arc<Notify>) -> String {
    let mut state = Namespace::new(&namespace);
    let (mut took, mut ended) = (Duration::ZERO, Duration::ZERO);
    let mut next = Duration::ZERO;
    loop {
        // A resync of many namespaces at once would come in waves.
        tokio::select! {
            () = woken.notified() => {}
            () = tokio::time::sleep(next) => shared.metrics.line().add(&namespace, shared.clock.now()),
        }
        // Many events take a third of the time at most; one that comes alone hardly waits.
        let from = (ended + 2 * took).max(shared.clock.now() + DEBOUNCE);
        tokio::time::sleep_until(shared.clock.instant(from)).await;
        let Some(gathered) = shared.of(&namespace) else {
            shared.metrics.line().leave(&namespace);
            return namespace;
        };
        if !shared.is_leader() {
            shared.metrics.line().leave(&namespace);
            if is_empty(gathered, &namespace) {
                shared.metrics.forget(&namespace);
                return namespace;
            }
            next = RESYNC;
            state = Namespace::new(&namespace);
            continue;
        }
        shared.metrics.line().begin(&namespace, shared.clock.now());
        let pass = state.pass(&shared, gathered, &woken).await;
        took = pass.evaluated;
        ended = shared.clock.now();
        shared.metrics.pass(&namespace, ended, pass.failed);
        state.failures = if pass.failed { state.failures.saturating_add(1) } else { 0 };
        next = pass.again.map_or(RESYNC, |again| again.saturating_sub(ended)).min(RESYNC);
        if pass.failed {
            let pause = FIRST_PAUSE * 2u32.saturating_pow(state.failures.saturating_sub(1).min(10));
            next = next.min(pause.min(LONGEST_PAUSE));
        }
        if !pass.failed && is_empty(gathered, &namespace) {
            shared.metrics.forget(&namespace);
            return namespace;
        }
    }
}

/// Whether nothing of ours is left in a namespace.
fn is_empty(gathered: &Gathered, namespace: &str) -> bool {
    gathered.is_complete() && !gathered.namespaces().contains(namespace)
}

/// What one pass came to.
#[derive(Default)]
struct Pass {
    /// How long collecting and evaluating took.
    evaluated: Duration,
    /// Something could not be written that should have been.
    failed: bool,
    /// When to look again though nothing happens, by the clock of the process.
    again: Option<Duration>,
}

/// What a loop remembers. All of it can be lost.
struct Namespace {
    name: String,
    children: Children,
    reports: Reports,
    failures: u32,
}

impl Namespace {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            children: Children::default(),
            reports: Reports::default(),
            failures: 0,
        }
    }

    async fn pass(&mut self, shared: &Shared, gathered: &Gathered, woken: &Notify) -> Pass {
        let mut pass = Pass::default();
        let began = shared.clock.now();
        let complete = gathered.is_complete();
        let (mut snapshot, _) = gathered.resources.snapshot(&self.name);
        snapshot.facts.unlisted = gathered.unlisted();
        if !complete && snapshot.facts.unlisted.is_empty() {
            // The lists are on their way; each of them rings when it is whole.
            return pass;
        }
        self.complete_facts(&mut snapshot.facts, gathered);
        let mut outcome = domain::evaluate(&snapshot);
        pass.evaluated = shared.clock.now().saturating_sub(began);
        if complete && snapshot.facts.unlisted.is_empty() {
            pass.failed |= !defaults::make(shared, &self.name, &snapshot).await;
            let uids = uids(&snapshot);
            pass.failed |= !self.children.apply(shared, gathered, &self.name, &outcome, &uids).await;
            if snapshot.facts.children != *self.children.troubles() {
                snapshot.facts.children = self.children.troubles().clone();
                outcome = domain::evaluate(&snapshot);
            }
        }
        let reported = self.report(shared, gathered, &outcome, woken).await;
        pass.failed |= reported.failed;
        pass.again = reported.again;
        pass
    }

    async fn report(
        &mut self,
        shared: &Shared,
        gathered: &Gathered,
        outcome: &Outcome,
        woken: &Notify,
    ) -> super::report::Reported {
        self.reports.write(shared, gathered, &self.name, outcome, woken).await
    }

    fn complete_facts(&self, facts: &mut Facts, gathered: &Gathered) {
        gathered.complete(&self.name, facts);
        facts.children.clone_from(self.children.troubles());
    }
}

/// `metadata.uid` of each dial plan that is there to stay, by name.
fn uids(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let staying = snapshot.dial_plans.iter().filter(|plan| plan.metadata.deletion_timestamp.is_none());
    staying.filter_map(|plan| Some((plan.metadata.name.clone()?, plan.metadata.uid.clone()?))).collect()
}
