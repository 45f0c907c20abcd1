//! The Lease by which one of several replicas leads, as client-go has it: who holds it renews it; who sees it unchanged for its whole
//! duration takes it. Only the own monotonic clock counts, so clocks that differ do no harm.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::sync::watch;

use super::call::{CallError, Failure, within};
use crate::clock::{Clock, wall_ms};

/// After so long without a change, the holder counts as gone.
const DURATION: Duration = Duration::from_secs(15);
/// Who could not renew for so long no longer leads.
const RENEW_WITHIN: Duration = Duration::from_secs(10);
/// Pause between two looks.
const RETRY: Duration = Duration::from_secs(2);

/// A Lease as it was last seen to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who holds it; empty: it was given back.
    pub holder: String,
    /// The resourceVersion: it changes with every renewal.
    pub version: String,
    /// How often the holder changed.
    pub transitions: i32,
    /// When this version was first seen, on the own clock.
    pub at: Duration,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is none: make it.
    Create,
    /// It is ours: renew it.
    Renew,
    /// It is free or its holder is gone: take it.
    Take,
    /// Somebody else holds it.
    Wait,
}

/// What `me` does about a Lease at `now`.
#[must_use]
pub fn evaluate(seen: Option<&Seen>, me: &str, now: Duration) -> Step {
    match seen {
        None => Step::Create,
        Some(seen) if seen.holder == me => Step::Renew,
        Some(seen) if seen.holder.is_empty() || now.saturating_sub(seen.at) >= DURATION => Step::Take,
        Some(_) => Step::Wait,
    }
}

/// One candidate.
pub struct Election {
    api: Api<Lease>,
    name: String,
    me: String,
    clock: Clock,
    seen: Option<Seen>,
    renewed: Option<Duration>,
}

impl Election {
    /// `me` stands for the Lease of that name.
    #[must_use]
    pub fn new(client: Client, namespace: &str, name: &str, me: &str, clock: Clock) -> Self {
        let api = Api::namespaced(client, namespace);
        Self { api, name: name.to_owned(), me: me.to_owned(), clock, seen: None, renewed: None }
    }

    /// Stands until `stop` is true, then gives the Lease back. `leads` says at each moment whether it is ours.
    pub async fn run(mut self, leads: watch::Sender<bool>, mut stop: watch::Receiver<bool>) {
        loop {
            // Who leads says so no longer than the Lease was renewed for, whatever a round waits for.
            let since = self.renewed.map_or(Duration::ZERO, |at| self.clock.now().saturating_sub(at));
            let limit = RENEW_WITHIN.saturating_sub(since);
            let round = self.round();
            let outcome = tokio::select! {
                outcome = tokio::time::timeout(limit, round) => outcome,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(error)) if error.failure() == Failure::Conflict => {}
                Ok(Err(error)) => {
                    tracing::warn!(name = %self.name, error = &error as &dyn std::error::Error, "the Lease could not be looked after");
                }
                Err(_) => tracing::warn!(name = %self.name, "the Lease could not be looked after in time"),
            }
            self.say(&leads);
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        leads.send_replace(false);
        if self.renewed.is_some() {
            self.give_back().await;
        }
    }

    fn say(&mut self, leads: &watch::Sender<bool>) {
        let now = self.clock.now();
        if self.renewed.is_some_and(|at| now.saturating_sub(at) >= RENEW_WITHIN) {
            self.renewed = None;
        }
        let is_leader = self.renewed.is_some();
        let changed = leads.send_if_modified(|leads| std::mem::replace(leads, is_leader) != is_leader);
        if changed {
            tracing::info!(name = %self.name, leader = is_leader, "leadership");
        }
    }

    async fn round(&mut self) -> Result<(), CallError> {
        // The time before the call counts: a late answer must not make the Lease look fresher than it is.
        let began = self.clock.now();
        let lease = within(self.api.get_opt(&self.name)).await?;
        self.look(lease.as_ref(), began);
        let step = evaluate(self.seen.as_ref(), &self.me, self.clock.now());
        let now = || MicroTime(Timestamp::from_millisecond(wall_ms()).unwrap_or_default());
        let written = match step {
            Step::Wait => {
                self.renewed = None;
                return Ok(());
            }
            Step::Create => {
                let mut lease = Lease { spec: Some(self.spec(now(), 0)), ..Lease::default() };
                lease.metadata.name = Some(self.name.clone());
                within(self.api.create(&PostParams::default(), &lease)).await?
            }
            Step::Renew => self.patch(json!({"renewTime": now()})).await?,
            Step::Take => {
                let transitions = self.seen.as_ref().map_or(0, |seen| seen.transitions.saturating_add(1));
                self.patch(json!(self.spec(now(), transitions))).await?
            }
        };
        self.look(Some(&written), began);
        self.renewed = Some(began);
        Ok(())
    }

    fn spec(&self, now: MicroTime, transitions: i32) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(self.me.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            acquire_time: Some(now.clone()),
            renew_time: Some(now),
            lease_transitions: Some(transitions),
            ..LeaseSpec::default()
        }
    }

    /// Changes the Lease, if it is still the one that was seen.
    async fn patch(&self, spec: serde_json::Value) -> Result<Lease, CallError> {
        let version = self.seen.as_ref().map(|seen| seen.version.clone());
        let patch = json!({"metadata": {"resourceVersion": version}, "spec": spec});
        within(self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch))).await
    }

    fn look(&mut self, lease: Option<&Lease>, at: Duration) {
        let Some(lease) = lease else {
            self.seen = None;
            return;
        };
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        if self.seen.as_ref().is_some_and(|seen| seen.version == version) {
            return;
        }
        let spec = lease.spec.clone().unwrap_or_default();
        self.seen = Some(Seen {
            holder: spec.holder_identity.unwrap_or_default(),
            version,
            transitions: spec.lease_transitions.unwrap_or_default(),
            at,
        });
    }

    async fn give_back(&mut self) {
        let free = json!({"holderIdentity": "", "leaseDurationSeconds": 1});
        if let Err(error) = self.patch(free).await {
            tracing::warn!(name = %self.name, error = &error as &dyn std::error::Error, "the Lease was not given back; others take it after {} s", DURATION.as_secs());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn seen(holder: &str, at: u64) -> Seen {
        Seen { holder: holder.into(), version: "1".into(), transitions: 0, at: Duration::from_secs(at) }
    }

    #[test]
    fn a_lease_is_taken_when_it_is_free_or_unchanged_for_its_whole_duration() {
        let at = Duration::from_secs;
        assert_eq!(evaluate(None, "a", at(0)), Step::Create);
        assert_eq!(evaluate(Some(&seen("a", 0)), "a", at(100)), Step::Renew);
        assert_eq!(evaluate(Some(&seen("b", 10)), "a", at(24)), Step::Wait);
        assert_eq!(evaluate(Some(&seen("b", 10)), "a", at(25)), Step::Take);
        assert_eq!(evaluate(Some(&seen("", 10)), "a", at(10)), Step::Take);
    }
}
