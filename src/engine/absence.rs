//! How long the message state of a mailbox is kept that no configuration names any more: 30 days after it left, so that a mailbox
//! that comes back has its messages, and one of the same name a year later does not.

use std::collections::BTreeMap;

/// Message state is kept for so long, in milliseconds of wall time.
const KEPT_FOR: i64 = 30 * 24 * 3600 * 1000;

/// Mailboxes with message state, and since when those that are gone have been gone, in milliseconds since 1970.
#[derive(Clone, Debug, Default)]
pub struct Absences {
    known: BTreeMap<String, Presence>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// Configured.
    Here,
    /// Gone since then.
    Gone(i64),
    /// In the store since then; no complete configuration has been seen yet.
    Stored(i64),
}

/// What a look at all mailboxes showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// They were seen to be gone: the time of their state becomes that of now.
    pub left: Vec<String>,
    /// They have been gone for 30 days: their state is to be forgotten.
    pub expired: Vec<String>,
}

impl Absences {
    /// A store has state of this mailbox, of that time.
    pub fn stored(&mut self, mailbox: &str, at: i64) {
        self.known.insert(mailbox.to_owned(), Presence::Stored(at));
    }

    /// A mailbox that is configured got message state.
    pub fn reported(&mut self, mailbox: &str) {
        self.known.insert(mailbox.to_owned(), Presence::Here);
    }

    /// Looks at all mailboxes when the configuration is complete; `is_here` says which it names.
    pub fn look(&mut self, is_here: impl Fn(&str) -> bool, now: i64) -> Changes {
        let mut changes = Changes::default();
        for (name, presence) in &mut self.known {
            *presence = match *presence {
                _ if is_here(name) => Presence::Here,
                Presence::Gone(since) if now.saturating_sub(since) >= KEPT_FOR => {
                    changes.expired.push(name.clone());
                    continue;
                }
                Presence::Gone(since) => Presence::Gone(since),
                // It left while nobody looked, perhaps a moment ago: its days begin now if its state is older than that.
                Presence::Stored(at) if now.saturating_sub(at) < KEPT_FOR => Presence::Gone(at),
                Presence::Stored(_) | Presence::Here => {
                    changes.left.push(name.clone());
                    Presence::Gone(now)
                }
            };
        }
        for name in &changes.expired {
            self.known.remove(name);
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    const DAY: i64 = KEPT_FOR / 30;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_state_of_a_mailbox_that_left_is_kept_for_thirty_days() {
        let mut absences = Absences::default();
        absences.reported("lina");
        assert_eq!(absences.look(|_| true, 0), Changes::default());
        assert_eq!(absences.look(|_| false, DAY).left, names(&["lina"]));
        assert_eq!(absences.look(|_| false, 30 * DAY), Changes::default());
        assert_eq!(absences.look(|_| false, 31 * DAY).expired, names(&["lina"]));
        assert_eq!(absences.look(|_| false, 90 * DAY), Changes::default());
    }

    #[test]
    fn a_mailbox_that_comes_back_in_time_begins_anew_when_it_leaves_again() {
        let mut absences = Absences::default();
        absences.reported("lina");
        absences.look(|_| false, 0);
        assert_eq!(absences.look(|_| true, 20 * DAY), Changes::default());
        assert_eq!(absences.look(|_| false, 40 * DAY).left, names(&["lina"]));
        assert_eq!(absences.look(|_| false, 60 * DAY), Changes::default());
    }

    #[test]
    fn a_mailbox_that_left_while_the_program_was_down_has_its_thirty_days_as_well() {
        let mut absences = Absences::default();
        absences.stored("lina", 0);
        absences.stored("omar", 70 * DAY);
        assert_eq!(absences.look(|_| false, 80 * DAY).left, names(&["lina"]));
        assert_eq!(absences.look(|_| false, 100 * DAY).expired, names(&["omar"]));
        assert_eq!(absences.look(|_| false, 110 * DAY).expired, names(&["lina"]));
    }
}
