//! The data plane of one dial plan: message state comes in, NOTIFY goes out, and what was told is kept.
//!
//! It decides nothing: [`crate::domain`] says who may have which lamp, [`crate::engine`] what is sent when, [`crate::sip`]
//! what a message looks like. Reading order: [`setup`] (what configuration becomes), `door` (what
//! others may ask), `delivery` (the one task that owns engine and store), `outbox` (requests to gateways), `journal` (what is to be stored), `reports` (what the log is told), [`http`] (message state over HTTP), [`local`] (what programs in the pod are told), [`facts`] (what is wrong
//! with Secrets).

mod body;
mod delivery;
pub mod directory;
mod door;
pub mod facts;
pub mod fleet;
pub mod http;
mod identity;
mod journal;
pub mod local;
pub mod metrics;
mod outbox;
pub mod pod;
mod reports;
pub mod setup;
pub mod simulator;
mod way;

pub use door::{Notifier, Parts, Put, PutAnswer, Standing, State, Unavailable};
