//! What holds in a real Kubernetes cluster. `harness` starts one for all tests of this program; each test takes a namespace of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::disallowed_methods
)]

mod common;

#[path = "cluster/admission.rs"]
mod admission;
#[path = "cluster/chart.rs"]
mod chart;
#[path = "cluster/definitions.rs"]
mod definitions;
#[path = "cluster/delivered.rs"]
mod delivered;
#[path = "cluster/drift.rs"]
mod drift;
#[path = "cluster/faults.rs"]
mod faults;
#[path = "cluster/gitops.rs"]
mod gitops;
#[path = "cluster/harness.rs"]
mod harness;
#[path = "cluster/installed.rs"]
mod installed;
#[path = "cluster/lit.rs"]
mod lit;
#[path = "cluster/metrics.rs"]
mod metrics;
#[path = "cluster/namespace.rs"]
mod namespace;
#[path = "cluster/node.rs"]
mod node;
#[path = "cluster/proxy.rs"]
mod proxy;
#[path = "cluster/pushed.rs"]
mod pushed;
#[path = "cluster/quiet.rs"]
mod quiet;
#[path = "cluster/render.rs"]
mod render;
#[path = "cluster/replay.rs"]
mod replay;
#[path = "cluster/rights.rs"]
mod rights;
#[path = "peers/scripted.rs"]
#[allow(dead_code, reason = "each test program takes what it needs")]
mod scripted;
#[path = "cluster/um.rs"]
mod um;
#[path = "cluster/waited.rs"]
mod waited;
