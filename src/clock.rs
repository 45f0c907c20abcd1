//! The clock of the shells: the only place that reads it. Everything pure gets the time as an argument.
#![allow(clippy::disallowed_methods, reason = "this is the place")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Monotonic time since the clock was made, and wall time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Monotonic time since the start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The moment at which [`Clock::now`] gives `time`, for sleeping.
    #[must_use]
    pub fn instant(&self, time: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.start + time)
    }
}

/// Wall time in milliseconds since 1970.
#[must_use]
pub fn wall_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
