//! The namespaces that wait for a pass and the passes under way, counted under the names of controller-runtime's work queue.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::metrics::{CONTROLLER, buckets};

type Seconds = Gauge<f64, AtomicU64>;

/// The line of namespaces.
pub struct Line {
    places: Mutex<Places>,
    depth: Gauge,
    adds: Counter,
    retries: Counter,
    waited: Histogram,
    worked: Histogram,
    unfinished: Seconds,
    longest: Seconds,
}

/// Since when each namespace waits, and is worked at.
#[derive(Default)]
struct Places {
    waiting: BTreeMap<String, Duration>,
    working: BTreeMap<String, Duration>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            places: Mutex::default(),
            depth: Gauge::default(),
            adds: Counter::default(),
            retries: Counter::default(),
            waited: buckets(),
            worked: buckets(),
            unfinished: Seconds::default(),
            longest: Seconds::default(),
        }
    }
}

impl Line {
    /// Puts them among the metrics of the program.
    pub fn register(&self, registry: &mut Registry) {
        let labels = ["name", "controller"].map(|name| (name.into(), CONTROLLER.into()));
        let r = registry.sub_registry_with_labels(labels.into_iter());
        r.register("workqueue_depth", "Namespaces that wait for a pass", self.depth.clone());
        r.register("workqueue_adds", "Times that a namespace was put in line", self.adds.clone());
        r.register(
            "workqueue_retries",
            "Passes that are repeated since something failed",
            self.retries.clone(),
        );
        r.register(
            "workqueue_queue_duration_seconds",
            "How long a namespace waited for its pass",
            self.waited.clone(),
        );
        r.register(
            "workqueue_work_duration_seconds",
            "How long a pass over a namespace took",
            self.worked.clone(),
        );
        r.register(
            "workqueue_unfinished_work_seconds",
            "How long the passes under way have taken, in sum",
            self.unfinished.clone(),
        );
        r.register(
            "workqueue_longest_running_processor_seconds",
            "How long the longest pass under way has taken",
            self.longest.clone(),
        );
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened in a namespace. One that waits already waits no longer for that.
    pub fn add(&self, namespace: &str, now: Duration) {
        let mut places = self.places();
        if !places.waiting.contains_key(namespace) {
            places.waiting.insert(namespace.to_owned(), now);
            self.adds.inc();
        }
    }

    /// A pass begins.
    pub fn begin(&self, namespace: &str, now: Duration) {
        let mut places = self.places();
        if let Some(since) = places.waiting.remove(namespace) {
            self.waited.observe(now.saturating_sub(since).as_secs_f64());
        }
        places.working.insert(namespace.to_owned(), now);
    }

    /// A pass ended. Returns how long it took.
    pub fn end(&self, namespace: &str, now: Duration, failed: bool) -> Duration {
        let since = self.places().working.remove(namespace);
        let took = now.saturating_sub(since.unwrap_or(now));
        self.worked.observe(took.as_secs_f64());
        if failed {
            self.retries.inc();
        }
        took
    }

    /// There is nothing to be done in a namespace, or somebody else does it.
    pub fn leave(&self, namespace: &str) {
        let mut places = self.places();
        places.waiting.remove(namespace);
        places.working.remove(namespace);
    }

    /// How many passes are under way. Sets what is looked at only when somebody asks.
    pub fn look(&self, now: Duration) -> usize {
        let places = self.places();
        self.depth.set(i64::try_from(places.waiting.len()).unwrap_or(i64::MAX));
        let taken = || places.working.values().map(|since| now.saturating_sub(*since));
        self.unfinished.set(taken().sum::<Duration>().as_secs_f64());
        self.longest.set(taken().max().unwrap_or_default().as_secs_f64());
        places.working.len()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;

    use super::*;

    #[test]
    fn a_namespace_waits_once_is_worked_at_and_leaves() {
        let at = Duration::from_secs;
        let line = Line::default();
        let mut registry = Registry::default();
        line.register(&mut registry);
        let has = |lines: &[&str]| {
            let mut all = String::new();
            text::encode(&mut all, &registry).unwrap_or_default();
            for line in lines {
                let (name, value) = line.split_once(' ').unwrap_or_default();
                let line =
                    format!("workqueue_{name}{{name=\"namespace\",controller=\"namespace\"}} {value}\n");
                assert!(all.contains(&line), "{line} is not in {all}");
            }
        };
        line.add("voice", at(1));
        line.add("voice", at(2));
        line.add("branch", at(2));
        assert_eq!(line.look(at(3)), 0);
        has(&["depth 2", "adds_total 2", "unfinished_work_seconds 0.0"]);

        line.begin("voice", at(4));
        line.add("voice", at(5));
        line.leave("branch");
        assert_eq!(line.look(at(7)), 1);
        has(&["depth 1", "adds_total 3", "queue_duration_seconds_sum 3.0", "unfinished_work_seconds 3.0"]);

        assert_eq!(line.end("voice", at(9), true), at(5));
        assert_eq!(line.look(at(9)), 0);
        has(&["work_duration_seconds_sum 5.0", "retries_total 1", "longest_running_processor_seconds 0.0"]);
    }
}
