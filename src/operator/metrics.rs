//! What the operator counts, under the names of controller-runtime where its dashboards expect them.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::line::Line;
use crate::cluster::requests::Requests;
use crate::domain::Kind;
use crate::render::ChildKind;

/// There is one controller: the namespace.
pub const CONTROLLER: &str = "namespace";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeaseLabels {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    namespace: String,
    kind: String,
}

/// All metrics of the operator.
pub struct Metrics {
    registry: Registry,
    line: Line,
    requests: Requests,
    active: Gauge,
    panics: Counter,
    reconciles: Family<ResultLabels, Counter>,
    errors: Counter,
    seconds: Histogram,
    leader: Family<LeaseLabels, Gauge>,
    applied: Family<WriteLabels, Counter>,
    statuses: Family<WriteLabels, Counter>,
}

/// From a millisecond to half a minute.
pub fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            line: Line::default(),
            requests: Requests::default(),
            active: Gauge::default(),
            panics: Counter::default(),
            reconciles: Family::default(),
            errors: Counter::default(),
            seconds: buckets(),
            leader: Family::default(),
            applied: Family::default(),
            statuses: Family::default(),
        };
        let registry = &mut metrics.registry;
        metrics.line.register(registry);
        metrics.requests.register(registry);
        registry.register(
            "lamplighter_build",
            "The program",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        let controller = registry.sub_registry_with_label(("controller".into(), CONTROLLER.into()));
        controller.register(
            "controller_runtime_reconcile",
            "Passes over a namespace, by result",
            metrics.reconciles.clone(),
        );
        controller.register(
            "controller_runtime_reconcile_errors",
            "Passes over a namespace after which something is to be tried again",
            metrics.errors.clone(),
        );
        controller.register(
            "controller_runtime_reconcile_time_seconds",
            "How long a pass over a namespace took, with its writes",
            metrics.seconds.clone(),
        );
        controller.register("controller_runtime_active_workers", "Passes under way", metrics.active.clone());
        controller.register(
            "controller_runtime_reconcile_panics",
            "Loops of namespaces that crashed and began again",
            metrics.panics.clone(),
        );
        registry.register(
            "leader_election_master_status",
            "1 on the replica that leads",
            metrics.leader.clone(),
        );
        registry.register(
            "lamplighter_objects_applied",
            "Objects of notifiers that were written",
            metrics.applied.clone(),
        );
        registry.register(
            "lamplighter_statuses_written",
            "Statuses that were written",
            metrics.statuses.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// The namespaces that wait for a pass.
    pub const fn line(&self) -> &Line {
        &self.line
    }

    /// Where requests to the API server are counted.
    pub const fn requests(&self) -> &Requests {
        &self.requests
    }

    /// A pass over a namespace ended.
    pub fn pass(&self, namespace: &str, now: Duration, failed: bool) {
        let took = self.line.end(namespace, now, failed);
        let result = if failed { "error" } else { "success" };
        self.reconciles.get_or_create(&ResultLabels { result }).inc();
        if failed {
            self.errors.inc();
        }
        self.seconds.observe(took.as_secs_f64());
    }

    /// The loop of a namespace ended badly.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// An object of a notifier was written.
    pub fn applied(&self, namespace: &str, kind: ChildKind) {
        let labels = WriteLabels { namespace: namespace.to_owned(), kind: kind.to_string() };
        self.applied.get_or_create(&labels).inc();
    }

    /// A status was written.
    pub fn status(&self, namespace: &str, kind: Kind) {
        let labels = WriteLabels { namespace: namespace.to_owned(), kind: kind.to_string() };
        self.statuses.get_or_create(&labels).inc();
    }

    /// Nothing of ours is left in a namespace.
    pub fn forget(&self, namespace: &str) {
        self.line.leave(namespace);
        for kind in ChildKind::ALL {
            self.applied.remove(&WriteLabels { namespace: namespace.to_owned(), kind: kind.to_string() });
        }
        for kind in Kind::ALL {
            self.statuses.remove(&WriteLabels { namespace: namespace.to_owned(), kind: kind.to_string() });
        }
    }

    /// In OpenMetrics.
    #[must_use]
    pub fn text(&self, leads: bool, now: Duration) -> String {
        let active = self.line.look(now);
        self.active.set(i64::try_from(active).unwrap_or(i64::MAX));
        self.leader.get_or_create(&LeaseLabels { name: super::MANAGER.to_owned() }).set(i64::from(leads));
        let mut out = String::new();
        // Writing to a text does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
