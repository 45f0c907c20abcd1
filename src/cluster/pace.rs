//! So many writes a second, no more.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// Lets through so many a second; some may go at once after a rest.
pub struct Pace {
    clock: Clock,
    turns: Mutex<Turns>,
}

/// When the next may go.
#[derive(Clone, Copy, Debug)]
struct Turns {
    /// When the next would go if all went evenly.
    next: Duration,
    step: Duration,
    /// How far `next` may lie back.
    burst: Duration,
}

impl Turns {
    fn take(&mut self, now: Duration) -> Duration {
        let at = self.next.max(now.saturating_sub(self.burst));
        self.next = at + self.step;
        at
    }
}

impl Pace {
    /// At most `per_second` a second; `burst` of them at once after a rest.
    #[must_use]
    pub fn new(clock: Clock, per_second: u32, burst: u32) -> Self {
        let step = Duration::from_secs(1) / per_second.max(1);
        Self { clock, turns: Mutex::new(Turns { next: Duration::ZERO, step, burst: step * burst }) }
    }

    /// Waits for its turn.
    pub async fn turn(&self) {
        let at = self.turns.lock().unwrap_or_else(PoisonError::into_inner).take(self.clock.now());
        tokio::time::sleep_until(self.clock.instant(at)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_they_go_one_by_one() {
        let at = Duration::from_millis;
        let mut turns = Turns { next: at(0), step: at(10), burst: at(30) };
        let went: Vec<Duration> = (0..6).map(|_| turns.take(at(1000))).collect();
        assert_eq!(went, [at(970), at(980), at(990), at(1000), at(1010), at(1020)]);
    }
}
