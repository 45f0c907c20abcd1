//! What the data plane counts, in OpenMetrics.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::cluster::requests::Requests;
use crate::engine::mwi::{Answer, Totals};
use crate::{net, serve};

/// A dial plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PlanLabels {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A gateway of a dial plan, and how it answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct NotifyLabels {
    /// Namespace of the dial plan.
    pub namespace: String,
    /// Name of the dial plan.
    pub name: String,
    /// Name of the gateway.
    pub gateway: String,
    /// Final status of SIP, `transport` or `expired`.
    pub code: String,
}

/// A gateway of a dial plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct GatewayLabels {
    /// Namespace of the dial plan.
    pub namespace: String,
    /// Name of the dial plan.
    pub name: String,
    /// Name of the gateway.
    pub gateway: String,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabels {
    /// The reason in a word.
    pub code: &'static str,
}

/// What ports count by themselves.
#[derive(Clone, Debug, Default)]
struct Ports {
    sip: Arc<net::serve::Counters>,
    http: Arc<serve::Counters>,
}

/// All metrics of a process.
pub struct Metrics {
    registry: Registry,
    ports: Ports,
    requests: Requests,
    http_refused: Family<RefusalLabels, Counter>,
    notify: Family<NotifyLabels, Counter>,
    notify_seconds: Family<GatewayLabels, Histogram, fn() -> Histogram>,
    gateway_up: Family<GatewayLabels, Gauge>,
    messages: Family<PlanLabels, Counter>,
    lamps: Family<PlanLabels, Gauge>,
    pending: Family<PlanLabels, Gauge>,
    failed: Family<PlanLabels, Gauge>,
    unknown: Family<PlanLabels, Gauge>,
}

fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.000_5, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            ports: Ports::default(),
            requests: Requests::default(),
            http_refused: Family::default(),
            notify: Family::default(),
            notify_seconds: Family::new_with_constructor(buckets),
            gateway_up: Family::default(),
            messages: Family::default(),
            lamps: Family::default(),
            pending: Family::default(),
            failed: Family::default(),
            unknown: Family::default(),
            registry: Registry::default(),
        };
        metrics.register()
    }
}

impl Metrics {
    fn register(mut self) -> Self {
        self.requests.register(&mut self.registry);
        let r = self.registry.sub_registry_with_prefix("lamplighter");
        r.register("build", "The program", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        r.register("notify", "NOTIFY requests that ended, by final answer", self.notify.clone());
        r.register_with_unit(
            "notify_duration",
            "Time from a NOTIFY to its end",
            Unit::Seconds,
            self.notify_seconds.clone(),
        );
        r.register("gateway_up", "Whether the gateway answered last (1) or not (0)", self.gateway_up.clone());
        r.register("message_updates", "Message states accepted and stored", self.messages.clone());
        r.register("lamps", "Lamps of the dial plan", self.lamps.clone());
        r.register(
            "lamps_pending",
            "Lamps whose newest state no gateway has confirmed",
            self.pending.clone(),
        );
        r.register(
            "lamps_failed",
            "Lamps that were given up after five minutes, or that every gateway refuses",
            self.failed.clone(),
        );
        r.register("lamps_unknown", "Lamps whose messages no source has reported", self.unknown.clone());
        r.register("http_refused", "HTTP requests refused for who asked, or how", self.http_refused.clone());
        r.register_collector(Box::new(self.ports.clone()));
        self
    }

    /// All metrics as text (OpenMetrics 1.0).
    ///
    /// # Errors
    /// Only if a value can't be written, which does not happen for texts in memory.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }

    /// Where SIP endpoints count what they meet.
    #[must_use]
    pub fn sip_counters(&self) -> Arc<net::serve::Counters> {
        Arc::clone(&self.ports.sip)
    }

    /// Where the HTTP server counts what it meets.
    #[must_use]
    pub fn http_counters(&self) -> Arc<serve::Counters> {
        Arc::clone(&self.ports.http)
    }

    /// Where requests to an API server are counted.
    #[must_use]
    pub const fn requests(&self) -> &Requests {
        &self.requests
    }

    /// An HTTP request was refused.
    pub fn refused(&self, code: &'static str) {
        self.http_refused.get_or_create(&RefusalLabels { code }).inc();
    }

    /// A NOTIFY ended.
    pub fn notified(&self, plan: &PlanLabels, gateway: &str, answer: Answer, took: Duration) {
        let code = match answer {
            Answer::Final(status) => status.to_string(),
            Answer::Transport => "transport".to_owned(),
            Answer::Expired => "expired".to_owned(),
        };
        let PlanLabels { namespace, name } = plan.clone();
        self.notify.get_or_create(&NotifyLabels { namespace, name, gateway: gateway.to_owned(), code }).inc();
        self.notify_seconds.get_or_create(&gateway_labels(plan, gateway)).observe(took.as_secs_f64());
    }

    /// A gateway went down or came up.
    pub fn gateway(&self, plan: &PlanLabels, gateway: &str, up: bool) {
        self.gateway_up.get_or_create(&gateway_labels(plan, gateway)).set(i64::from(up));
    }

    /// A gateway is not used any more: what was said of it would be read as if it were.
    pub fn forget_gateway(&self, plan: &PlanLabels, gateway: &str) {
        let labels = gateway_labels(plan, gateway);
        self.gateway_up.remove(&labels);
        self.notify_seconds.remove(&labels);
    }

    /// The notifier of a dial plan has ended.
    pub fn forget_plan(&self, plan: &PlanLabels) {
        for family in [&self.lamps, &self.pending, &self.failed, &self.unknown] {
            family.remove(plan);
        }
    }

    /// Message state was accepted.
    pub fn accepted(&self, plan: &PlanLabels) {
        self.messages.get_or_create(plan).inc();
    }

    /// How the lamps of a dial plan stand.
    pub fn totals(&self, plan: &PlanLabels, totals: Totals) {
        let Totals { lamps, dirty, in_flight: _, failed, unknown } = totals;
        let set = |family: &Family<PlanLabels, Gauge>, value: u64| {
            family.get_or_create(plan).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.lamps, lamps);
        set(&self.pending, dirty);
        set(&self.failed, failed);
        set(&self.unknown, unknown);
    }
}

impl Collector for Ports {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let net::serve::Tally { malformed, stray, repeated, crowded } = self.sip.tally();
        let counted = [
            (
                "sip_malformed",
                "Datagrams that were no SIP message, and connections closed for that",
                malformed,
            ),
            ("sip_stray", "SIP answers to no request that waits for one, repeated ones among them", stray),
            ("sip_repeated", "SIP requests over UDP that came again and got the same answer again", repeated),
            ("sip_crowded", "SIP connections closed at once because there were too many", crowded),
            ("http_handshakes_failed", "TLS handshakes of HTTP callers that failed", self.http.handshakes()),
            (
                "http_crowded",
                "HTTP connections closed at once because there were too many",
                self.http.crowded(),
            ),
        ];
        for (name, help, value) in counted {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

fn gateway_labels(plan: &PlanLabels, gateway: &str) -> GatewayLabels {
    GatewayLabels { namespace: plan.namespace.clone(), name: plan.name.clone(), gateway: gateway.to_owned() }
}
