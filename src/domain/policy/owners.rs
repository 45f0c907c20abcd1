//! Which mailbox has which extension. Knows nothing of what may be dialed.

use std::sync::OnceLock;

use crate::domain::link::Linked;
use crate::domain::scalar::Extension;

/// Dial plan, extension and index of the mailbox that has it. No dial plan: the mailbox's policy does not lead to one that exists.
type Owned = (Option<u32>, Extension, u32);

/// The extensions of a namespace, sorted. Made when a number is asked about for the first time: evaluation does without.
#[derive(Clone, Debug, Default)]
pub struct Owners(OnceLock<Vec<Owned>>);

impl Owners {
    /// Indices of the mailboxes of a dial plan that have the extension: one at most, since the oldest keeps it. Of mailboxes without a
    /// dial plan, any number, in the order of their names.
    pub(super) fn of(
        &self,
        linked: &Linked,
        plan: Option<u32>,
        extension: &Extension,
    ) -> impl Iterator<Item = u32> {
        let all = self.0.get_or_init(|| sorted(linked));
        let wanted = (plan, *extension);
        let from = all.partition_point(|(plan, extension, _)| (*plan, *extension) < wanted);
        let owned =
            all.iter().skip(from).take_while(move |(plan, extension, _)| (*plan, *extension) == wanted);
        owned.map(|(_, _, at)| *at)
    }
}

fn sorted(linked: &Linked) -> Vec<Owned> {
    let mut all = Vec::with_capacity(linked.mailboxes.len());
    for (node, at) in linked.mailboxes.iter().zip(0..) {
        let mailbox = &node.value;
        let extensions = mailbox.own.extensions.iter().flatten();
        all.extend(extensions.map(|extension| (mailbox.dial_plan, *extension, at)));
    }
    all.sort_unstable();
    all
}
