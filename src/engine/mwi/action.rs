//! What the engine asks for.

use super::config::{Answer, Attempt};
use crate::sip::summary::Counts;

/// One thing to be done, in the order of the list that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write durably that this lamp may be lit, then call [`super::Engine::remembered`]. No NOTIFY leaves for it before,
    /// so that a lit lamp survives a crash and can be put out.
    Touch {
        /// The lamp's address.
        lamp: String,
        /// Names of the mailboxes that claim it, sorted.
        claimants: Vec<String>,
    },
    /// Send a NOTIFY and report its end with [`super::Engine::answered`], however late.
    Send {
        /// Identifies it.
        attempt: Attempt,
        /// The lamp's address.
        lamp: String,
        /// To whom.
        gateway: String,
        /// What it says.
        counts: Counts,
    },
    /// Stop retransmitting this one; its end need not be reported.
    Abandon {
        /// The attempt.
        attempt: Attempt,
    },
    /// To be stored; nobody waits for it.
    Told {
        /// The lamp's address.
        lamp: String,
        /// Who confirmed.
        gateway: String,
        /// What it confirmed.
        counts: Counts,
        /// Wall clock, milliseconds since 1970.
        at: i64,
        /// The final answer, a 2xx.
        status: u16,
    },
    /// Whose messages a touched lamp may show, or that nobody claims it: to be stored.
    Claimed {
        /// The lamp's address.
        lamp: String,
        /// Names of the mailboxes, sorted.
        claimants: Vec<String>,
        /// Nobody claims it any more.
        forsaken: bool,
    },
    /// The lamp is out and claimed by nobody, or was not reached for 30 days: delete its rows.
    Forget {
        /// The lamp's address.
        lamp: String,
    },
    /// Send OPTIONS and report with [`super::Engine::probed`].
    Probe {
        /// To whom.
        gateway: String,
    },
    /// What would be sent if the mode were not `Observe`, once for each change.
    Observe {
        /// The lamp's address.
        lamp: String,
        /// The gateway that would be asked first.
        gateway: String,
        /// What it would be told.
        counts: Counts,
    },
    /// Something that people want to see.
    Report(Report),
}

/// Something that people want to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Five minutes of attempts failed; the lamp waits for new state, a recovery or a refresh.
    GivenUp {
        /// The lamp's address.
        lamp: String,
        /// Who failed last.
        gateway: String,
        /// How.
        last: Answer,
    },
    /// A connection or a probe failed.
    GatewayDown {
        /// Its name.
        gateway: String,
        /// What showed it.
        last: Answer,
    },
    /// A gateway that was down answers again, or has come back to the configuration or with another route.
    GatewayUp {
        /// Its name.
        gateway: String,
    },
    /// The gateway won't hear of this lamp; it is not asked again before a refresh or another route.
    Refused {
        /// The lamp's address.
        lamp: String,
        /// Who refused.
        gateway: String,
        /// The final answer.
        status: u16,
    },
}
