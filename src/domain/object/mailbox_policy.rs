//! A mailbox policy, read.

use super::shown_name;
use crate::api::mailbox_policy::{UMMailboxPolicy, UMMailboxPolicySpec};
use crate::domain::finding::Notes;

/// A mailbox policy, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxPolicy {
    /// Exchange's `Name`.
    pub display_name: String,
    /// Name of the dial plan.
    pub dial_plan: String,
    /// Whether its mailboxes may have a lamp.
    pub allow_mwi: bool,
}

impl MailboxPolicy {
    /// Reads one policy.
    #[must_use]
    pub fn read(object: &UMMailboxPolicy, notes: &mut Notes) -> Self {
        let UMMailboxPolicySpec { display_name, dial_plan_ref, allow_message_waiting_indicator } =
            &object.spec;
        Self {
            display_name: shown_name(notes, display_name.as_ref(), &object.metadata),
            dial_plan: dial_plan_ref.name.clone(),
            allow_mwi: *allow_message_waiting_indicator,
        }
    }
}
