//! Lamplighter: voice-mail configuration as Kubernetes resources, with the names of Exchange Unified Messaging.
//!
//! The modules in reading order. The first six are pure: they decide and do no I/O. Those behind `runtime` do I/O and decide
//! nothing.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests read the clock and the environment"))]

#[cfg(feature = "validate")]
pub mod admission;
pub mod api;
pub mod domain;
pub mod engine;
pub mod render;
pub mod sip;

#[cfg(feature = "runtime")]
pub mod cli;
#[cfg(feature = "runtime")]
pub mod clock;
#[cfg(feature = "runtime")]
pub mod cluster;
#[cfg(feature = "runtime")]
pub mod net;
#[cfg(feature = "runtime")]
pub mod notifier;
#[cfg(feature = "runtime")]
pub mod operator;
#[cfg(feature = "runtime")]
pub mod serve;
#[cfg(feature = "runtime")]
pub mod source;
#[cfg(feature = "runtime")]
pub mod standalone;
#[cfg(feature = "runtime")]
pub mod store;
#[cfg(feature = "runtime")]
pub mod telemetry;
