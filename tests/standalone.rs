//! The whole program without a cluster, against real sockets, files and processes: a directory of manifests in, NOTIFY out. `peers` are
//! the tests with SIP programs that others wrote.
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

#[path = "standalone/broken.rs"]
mod broken;
#[path = "standalone/claims.rs"]
mod claims;
#[path = "standalone/commits.rs"]
mod commits;
#[path = "standalone/dialing.rs"]
mod dialing;
#[path = "standalone/digest.rs"]
mod digest;
#[path = "standalone/durable.rs"]
mod durable;
#[cfg(feature = "validate")]
#[path = "standalone/examples.rs"]
mod examples;
#[path = "standalone/failover.rs"]
mod failover;
#[path = "standalone/folders.rs"]
mod folders;
#[path = "standalone/gateway.rs"]
mod gateway;
#[cfg(feature = "validate")]
#[path = "standalone/here.rs"]
mod here;
#[path = "standalone/http.rs"]
mod http;
#[path = "standalone/http_clients.rs"]
mod http_clients;
#[path = "standalone/http_tls.rs"]
mod http_tls;
#[path = "standalone/modes.rs"]
mod modes;
#[path = "standalone/moving.rs"]
mod moving;
#[path = "standalone/once.rs"]
mod once;
#[path = "peers/mod.rs"]
mod peers;
#[path = "standalone/quickstart.rs"]
mod quickstart;
#[path = "standalone/ready.rs"]
mod ready;
#[path = "standalone/settings.rs"]
mod settings;
#[path = "standalone/unserved.rs"]
mod unserved;
#[cfg(feature = "validate")]
#[path = "standalone/validate.rs"]
mod validate;
#[cfg(feature = "validate")]
#[path = "standalone/validate_formats.rs"]
mod validate_formats;
#[cfg(feature = "validate")]
#[path = "standalone/validate_hostile.rs"]
mod validate_hostile;
#[cfg(feature = "validate")]
#[path = "standalone/why.rs"]
mod why;
#[cfg(feature = "validate")]
#[path = "standalone/why_answers.rs"]
mod why_answers;
#[cfg(feature = "validate")]
#[path = "standalone/why_dial.rs"]
mod why_dial;
#[path = "standalone/wire.rs"]
mod wire;
#[cfg(feature = "validate")]
#[path = "standalone/xml.rs"]
mod xml;
