#![forbid(unsafe_code)]
//! Lamplighter: voice-mail configuration as Kubernetes resources, with the names of Exchange Unified Messaging.
//!
//! The modules in reading order. Everything up to `sip` is pure: it decides and does no I/O.

pub mod api;
pub mod domain;
pub mod sip;
