//! State machines of the data plane. Pure: what happened and the time go in, what is to be done comes out.
//! Nothing here knows a socket, a clock, a store or Kubernetes.

pub mod absence;
pub mod mwi;
pub mod pin;

/// Monotonic time since an epoch that the caller chose.
pub type Time = std::time::Duration;
