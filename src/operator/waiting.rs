//! Statuses that wait for something better before they are written: "not yet", and what a new object names and is not there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::report::Key;
use crate::api::condition::Condition;
use crate::domain::Kind;
use crate::domain::status::ready;

/// A status that says no more than "not yet" waits so long for a better one: …
const PATIENCE: Duration = Duration::from_millis(700);
/// … and so long on a mailbox that was never reported on, since there are many, and its status says "not yet" by itself.
const PATIENCE_FIRST: Duration = Duration::from_secs(10);
/// So long what a new generation names may be missing before that is said: what is applied together comes one after the other, and whoever
/// waits for it gives up at the first object that says `Stalled`.
const PATIENCE_MISSING: Duration = Duration::from_secs(2);

/// How long a status waits for something better.
#[must_use]
pub fn patience(kind: Kind, conditions: &[Condition], is_first: bool, is_new: bool) -> Duration {
    let has = |type_: &str, status: &str| conditions.iter().any(|c| c.type_ == type_ && c.status == status);
    match ready(conditions).1 {
        "Pending" if kind == Kind::Mailbox && is_first => PATIENCE_FIRST,
        "Pending" => PATIENCE,
        _ if is_new && has("Accepted", "True") && has("ResolvedRefs", "False") => PATIENCE_MISSING,
        _ => Duration::ZERO,
    }
}

/// The statuses that wait. All of it can be lost.
#[derive(Debug, Default)]
pub struct WaitingRoom(BTreeMap<Key, Waiting>);

/// One of them.
#[derive(Debug)]
struct Waiting {
    /// What the object wanted then, as in [`Kept::since`].
    of: u64,
    patience: Duration,
    until: Duration,
}

impl WaitingRoom {
    /// Until when a status waits for something better. It begins anew where the object wants something else, or something else is waited for.
    pub fn until(&mut self, key: &Key, of: u64, patience: Duration, now: Duration) -> Option<Duration> {
        if patience.is_zero() {
            self.0.remove(key);
            return None;
        }
        let new = || Waiting { of, patience, until: now + patience };
        let waiting = self.0.entry(key.clone()).or_insert_with(new);
        if (waiting.of, waiting.patience) != (of, patience) {
            *waiting = new();
        }
        Some(waiting.until).filter(|until| *until > now)
    }

    /// It waits no more.
    pub fn remove(&mut self, key: &Key) {
        self.0.remove(key);
    }

    /// Forgets those that are gone.
    pub fn retain(&mut self, is_there: impl Fn(&Key) -> bool) {
        self.0.retain(|key, _| is_there(key));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_new_object_names_may_be_missing_for_a_moment() {
        let conditions = |accepted: &str, resolved: &str, reason: &str| {
            let condition = |type_: &str, status: &str| json!({"type": type_, "status": status, "reason": reason, "message": "", "lastTransitionTime": "1970-01-01T00:00:00Z"});
            let ready = if (accepted, resolved) == ("True", "True") { "Unknown" } else { "False" };
            let all = [
                condition("Accepted", accepted),
                condition("ResolvedRefs", resolved),
                condition("Ready", ready),
            ];
            serde_json::from_value::<Vec<Condition>>(all.into()).unwrap()
        };
        let missing = conditions("True", "False", "DialPlanNotFound");
        assert_eq!(patience(Kind::MailboxPolicy, &missing, true, true), PATIENCE_MISSING);
        assert_eq!(patience(Kind::Mailbox, &missing, true, true), PATIENCE_MISSING);
        // What was there and has gone is said at once, and so is what is wrong by itself.
        assert_eq!(patience(Kind::Mailbox, &missing, false, false), Duration::ZERO);
        let wrong = conditions("False", "False", "ValueNotAllowed");
        assert_eq!(patience(Kind::Mailbox, &wrong, true, true), Duration::ZERO);
        let pending = conditions("True", "True", "Pending");
        assert_eq!(patience(Kind::Mailbox, &pending, true, true), PATIENCE_FIRST);
        assert_eq!(patience(Kind::Mailbox, &pending, false, true), PATIENCE);
        assert_eq!(patience(Kind::Gateway, &pending, true, true), PATIENCE);
    }

    #[test]
    fn waiting_begins_anew_with_another_wish_and_for_another_reason() {
        let at = Duration::from_millis;
        let mut room = WaitingRoom::default();
        let key: Key = (Kind::Mailbox, "lina".into());
        assert_eq!(room.until(&key, 5, at(2000), at(100)), Some(at(2100)));
        assert_eq!(room.until(&key, 5, at(2000), at(2099)), Some(at(2100)));
        assert_eq!(room.until(&key, 5, at(2000), at(2100)), None, "it has waited");
        assert_eq!(
            room.until(&key, 7, at(2000), at(2200)),
            Some(at(4200)),
            "the object wants something else"
        );
        assert_eq!(room.until(&key, 7, at(700), at(2300)), Some(at(3000)), "something else is waited for");
        assert_eq!(room.until(&key, 7, Duration::ZERO, at(2400)), None);
        assert!(room.0.is_empty());
    }
}
