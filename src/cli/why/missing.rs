//! What to say when the object is not there: that it can't be read, that it is elsewhere, or which names there are.

use crate::domain::{Kind, Node, Outcome, Snapshot};
use crate::source::collect::Collected;
use kube::Resource;

/// Most names that are listed.
const MOST: usize = 10;

/// A sentence about an object that no namespace that was asked has.
pub fn sentence(kind: Kind, name: &str, namespace: Option<&str>, collected: &Collected) -> String {
    let place = namespace.map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
    if let Some(text) = unreadable(kind, name, namespace, collected) {
        return text;
    }
    let is_asked = |found: &str| namespace.is_none_or(|wanted| wanted == found);
    let elsewhere: Vec<&str> = collected
        .namespaces
        .iter()
        .filter(|(found, snapshot)| {
            !is_asked(found) && names(kind, snapshot).iter().any(|known| known == name)
        })
        .map(|(found, _)| found.as_str())
        .collect();
    if !elsewhere.is_empty() {
        return format!(
            "there is no {kind}/{name}{place}; there is one in namespace {}",
            elsewhere.join(", ")
        );
    }
    let asked: Vec<&Snapshot> = collected
        .namespaces
        .iter()
        .filter(|(found, _)| is_asked(found))
        .map(|(_, snapshot)| snapshot)
        .collect();
    if asked.is_empty() {
        let all: Vec<&str> = collected.namespaces.keys().map(String::as_str).take(MOST).collect();
        let all = if all.is_empty() {
            "no manifest of the four kinds".to_owned()
        } else {
            format!("namespaces {}", all.join(", "))
        };
        return format!("there is no {kind}/{name}{place}; the directory has {all}");
    }
    if let Some(owner) =
        asked.iter().filter(|_| kind == Kind::Mailbox).find_map(|snapshot| owner(snapshot, name))
    {
        return format!(
            "there is no {kind}/{name}{place}; {name} is an extension of {kind}/{owner}: ask for that"
        );
    }
    let of_other = |other: &Kind| {
        *other != kind
            && asked.iter().any(|snapshot| names(*other, snapshot).iter().any(|known| known == name))
    };
    if let Some(other) = Kind::ALL.into_iter().find(of_other) {
        return format!("there is no {kind}/{name}{place}; there is {other}/{name}");
    }
    let mut known: Vec<String> = asked.iter().flat_map(|snapshot| names(kind, snapshot)).collect();
    known.sort_unstable();
    known.dedup();
    format!("there is no {kind}/{name}{place}; {}", listed(&known, name))
}

/// A sentence about an object that the namespace of an outcome does not have, or of which nothing is known but its name.
pub fn in_force(kind: Kind, name: &str, namespace: &str, outcome: &Outcome) -> String {
    fn names<T>(nodes: &[Node<T>]) -> Vec<String> {
        nodes.iter().map(|node| node.name.to_string()).collect()
    }
    if outcome.facts.unread.contains(&(kind, name.to_owned())) {
        return format!(
            "{kind}/{name} in namespace {namespace} can't be read, and nothing else of it is in force; its status says more"
        );
    }
    let linked = &outcome.linked;
    let mut known = match kind {
        Kind::DialPlan => names(&linked.dial_plans),
        Kind::MailboxPolicy => names(&linked.policies),
        Kind::Gateway => names(&linked.gateways),
        Kind::Mailbox => names(&linked.mailboxes),
    };
    known.sort_unstable();
    format!("there is no {kind}/{name} in namespace {namespace}; {}", listed(&known, name))
}

/// The object is there, and what is wrong with it.
fn unreadable(kind: Kind, name: &str, namespace: Option<&str>, collected: &Collected) -> Option<String> {
    let problem = collected.problems.iter().find(|problem| {
        problem.object.as_ref().is_some_and(|key| {
            key.kind == kind.as_str()
                && key.name == name
                && namespace.is_none_or(|namespace| namespace == key.namespace)
        })
    })?;
    Some(format!("{kind}/{name} can't be read: {}: {}; {}", problem.place, problem.message, problem.advice))
}

/// The mailbox that has the extension.
fn owner(snapshot: &Snapshot, extension: &str) -> Option<String> {
    let has = |known: &String| known == extension;
    let mailbox = snapshot.mailboxes.iter().find(|mailbox| mailbox.spec.extensions.iter().any(has))?;
    mailbox.metadata.name.clone()
}

fn names(kind: Kind, snapshot: &Snapshot) -> Vec<String> {
    fn of<K: Resource>(objects: &[std::sync::Arc<K>]) -> Vec<String> {
        objects.iter().filter_map(|object| object.meta().name.clone()).collect()
    }
    match kind {
        Kind::DialPlan => of(&snapshot.dial_plans),
        Kind::MailboxPolicy => of(&snapshot.mailbox_policies),
        Kind::Gateway => of(&snapshot.gateways),
        Kind::Mailbox => of(&snapshot.mailboxes),
    }
}

/// The names that are there; of many, those that begin most like the one that was asked for.
fn listed(known: &[String], name: &str) -> String {
    let alike = |other: &str| {
        let letters = other.chars().zip(name.chars());
        letters.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    };
    let mut nearest: Vec<&str> = known.iter().map(String::as_str).collect();
    nearest.sort_by_key(|other| std::cmp::Reverse(alike(other)));
    nearest.truncate(MOST);
    nearest.sort_unstable();
    match (nearest.as_slice(), known.len() - nearest.len()) {
        ([], _) => "there is none of that kind".to_owned(),
        ([only], 0) => format!("there is {only}"),
        (some, 0) => format!("there are {}", some.join(", ")),
        (some, more) => format!("there are {} and {more} more", some.join(", ")),
    }
}
