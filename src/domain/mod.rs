//! The one place that decides: from all resources of a namespace to findings, statuses, effective policy and the
//! configuration of every notifier. Pure, total and deterministic; it knows no client, no clock and no file.

pub mod check;
pub mod delivered;
pub mod dialing;
pub mod finding;
pub mod link;
pub mod markup;
pub mod mounts;
pub mod network;
pub mod object;
pub mod policy;
pub mod replica;
pub mod route;
pub mod scalar;
pub mod shown;
pub mod snapshot;
pub mod status;
#[cfg(test)]
mod tests;
pub mod workload;

pub use finding::{Code, Finding, Kind, Severity};
pub use link::{Linked, Node};
pub use policy::{Claim, Feature, Gate, Mwi};
pub use replica::{Earlier, Notifiers, Replica, Versions};
pub use snapshot::{CertificateUse, ChildTrouble, Facts, KeyName, KeySource, Snapshot};

/// What follows from a snapshot. Statuses and notifier configurations are projections of it, made on demand.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// All objects with their links and findings.
    pub linked: Linked,
    /// For each dial plan, its gateways, in the order in which they are tried.
    pub gateways: Vec<Vec<u32>>,
    /// For each dial plan, those of its gateways that NOTIFY can go to.
    pub routes: Vec<Vec<u32>>,
    /// For each mailbox, in the order of `linked.mailboxes`, what holds for its lamps.
    pub mwi: Vec<Mwi>,
    /// Facts that statuses speak of.
    pub facts: Facts,
    /// Who has which extension, for what is dialed.
    owners: policy::Owners,
}

/// Evaluates a namespace.
#[must_use]
pub fn evaluate(snapshot: &Snapshot) -> Outcome {
    evaluate_linked(link::link(snapshot), &snapshot.facts)
}

/// Evaluates what was linked already, for whoever needs the links to find the facts. The facts name what can't be read as those did with
/// which it was linked.
#[must_use]
pub fn evaluate_linked(mut linked: Linked, facts: &Facts) -> Outcome {
    check::all(&mut linked, facts);
    linked.sort_notes();
    let gateways = route::gateways_of(&linked);
    let mut routes = gateways.clone();
    for route in &mut routes {
        route.retain(|at| linked.gateways.get(*at as usize).is_some_and(route::is_usable));
    }
    let mwi = linked.mailboxes.iter().map(|mailbox| policy::mwi(&linked, &routes, mailbox)).collect();
    Outcome { linked, gateways, routes, mwi, facts: facts.clone(), owners: policy::Owners::default() }
}

impl Outcome {
    /// All findings about all objects: by kind, then by name, errors first.
    pub fn findings(&self) -> impl Iterator<Item = (Kind, &str, &Finding)> {
        fn of<T>(kind: Kind, nodes: &[Node<T>]) -> impl Iterator<Item = (Kind, &str, &Finding)> {
            nodes.iter().flat_map(move |node| {
                node.notes.all().iter().map(move |finding| (kind, &*node.name, finding))
            })
        }
        let linked = &self.linked;
        of(Kind::DialPlan, &linked.dial_plans)
            .chain(of(Kind::MailboxPolicy, &linked.policies))
            .chain(of(Kind::Gateway, &linked.gateways))
            .chain(of(Kind::Mailbox, &linked.mailboxes))
    }
}

/// What a wire object shows alone: the findings that no other object has part in, as an API server has them at admission.
pub trait Alone {
    /// The findings.
    fn alone(&self) -> finding::Notes;
}

macro_rules! alone {
    ($($kind:ty: $read:expr;)+) => {
        $(impl Alone for $kind {
            fn alone(&self) -> finding::Notes {
                let mut notes = finding::Notes::default();
                let _ = $read(self, &mut notes);
                notes
            }
        })+
    };
}

alone! {
    crate::api::UMDialPlan: object::DialPlan::read;
    crate::api::UMMailboxPolicy: object::MailboxPolicy::read;
    crate::api::UMIPGateway: object::Gateway::read;
    crate::api::UMMailbox: |mailbox, notes| object::Mailbox::read(mailbox, None, notes);
}
