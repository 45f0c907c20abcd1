//! What operator and notifier have in common when they speak to an API server: the client with its limits, one way to write, the Lease by
//! which one leads, Events. Knows no rule about resources.

pub mod call;
pub mod client;
pub mod events;
pub mod lease;
pub mod pace;
pub mod published;
pub mod requests;
pub mod status;

pub use call::{CallError, within};
