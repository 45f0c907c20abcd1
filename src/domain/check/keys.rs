//! What resources name outside of the four kinds: keys of Secrets and ConfigMaps, certificates, chosen PINs.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::finding::{Code, Notes};
use crate::domain::link::Linked;
use crate::domain::mounts::{MOST_SECRETS_OF_MAILBOXES, secrets_of_mailboxes};
use crate::domain::object::keys::KeyUse;
use crate::domain::shown::short;
use crate::domain::snapshot::Facts;

/// A finding for each key that is named and not there.
pub fn keys_are_there(linked: &mut Linked, facts: &Facts) {
    if facts.missing_keys.is_empty() {
        return;
    }
    for node in &mut linked.dial_plans {
        node.value.keys.iter().for_each(|used| key_is_there(&mut node.notes, facts, used));
    }
    for node in &mut linked.gateways {
        node.value.0.keys.iter().for_each(|used| key_is_there(&mut node.notes, facts, used));
    }
    for node in &mut linked.mailboxes {
        if let Some(key) = node.value.own.chosen_pin().cloned() {
            key_is_there(&mut node.notes, facts, &KeyUse { path: "spec.pin.secretRef", key });
        }
    }
}

/// What mailboxes name is mounted into the pods of their notifier, which can't have any number of volumes.
pub fn secrets_of_mailboxes_are_few(linked: &mut Linked) {
    let mut of: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for (plan, name) in secrets_of_mailboxes(linked) {
        of.entry(plan).or_default().insert(name.to_owned());
    }
    of.retain(|_, names| names.len() > MOST_SECRETS_OF_MAILBOXES);
    if of.is_empty() {
        return;
    }
    for node in &mut linked.mailboxes {
        let names = node.value.dial_plan.and_then(|plan| of.get(&plan));
        let (Some(names), Some(key)) = (names, node.value.own.chosen_pin()) else { continue };
        if !names.iter().take(MOST_SECRETS_OF_MAILBOXES).any(|name| *name == key.name) {
            let message = format!(
                "the mailboxes of its dial plan name {} Secrets, and {} comes after the first {MOST_SECRETS_OF_MAILBOXES}",
                names.len(),
                short(&key.name)
            );
            let advice = "put the PINs of many mailboxes into one Secret, each under a key of its own";
            node.notes.add(Code::TooManySecrets, "spec.pin.secretRef.name", message, advice);
        }
    }
}

fn key_is_there(notes: &mut Notes, facts: &Facts, used: &KeyUse) {
    let KeyUse { path, key } = used;
    if facts.missing_keys.contains(key) {
        notes.add(
            Code::SecretNotFound,
            *path,
            format!("there is no {} {} with the key {}", key.source.as_str(), key.name, key.key),
            "create it in this namespace, or name one that is there",
        );
    }
}

pub fn certificates_can_be_used(linked: &mut Linked, facts: &Facts) {
    for node in &mut linked.gateways {
        if let Some(reason) = facts.bad_certificates.get(&*node.name) {
            let message = format!("its certificates can't be used: {reason}");
            let advice = "put PEM text into the Secret: the CA's certificates under the key of caRef, and a certificate with its own key under tls.crt and tls.key";
            node.notes.add(Code::CertificateInvalid, "spec.tls", message, advice);
        }
    }
}

/// Exchange `Set-UMMailboxPIN`: a PIN must fit the policy.
pub fn pins_keep_the_rules(linked: &mut Linked, facts: &Facts) {
    for node in &mut linked.mailboxes {
        if let Some(rule) = facts.refused_pins.get(&*node.name) {
            let message = format!("the PIN in its Secret is refused. {}", rule.trim_end_matches('.'));
            let advice = "put another PIN into the Secret, or leave secretRef out to have one made";
            node.notes.add(Code::PINRefused, "spec.pin.secretRef", message, advice);
        }
    }
}
