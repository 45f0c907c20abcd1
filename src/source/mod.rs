//! Where resources come from: a directory of manifests or a cluster. Decides nothing about them.

pub mod collect;
pub mod manifest;
pub mod secrets;
pub mod watch;
