//! What resources name outside of the four kinds: keys of Secrets and ConfigMaps, certificates, chosen PINs.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::finding::{Code, Notes};
use crate::domain::link::Linked;
use crate::domain::mounts::{MOST_SECRETS_OF_MAILBOXES, secrets_of_mailboxes};
use crate::domain::object::keys::{CLIENTS, KeyUse};
use crate::domain::shown::short;
use crate::domain::snapshot::{CertificateUse, Facts};

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
            key_is_there(&mut node.notes, facts, &KeyUse { path: "spec.pin.secretRef".into(), key });
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
            path.clone(),
            format!("there is no {} {} with the key {}", key.source.as_str(), key.name, key.key),
            "create it in this namespace, or name one that is there",
        );
    }
}

/// A finding where certificates are there and can't be used. No lamp of a dial plan hangs on those of its own ports.
pub fn certificates_can_be_used(linked: &mut Linked, facts: &Facts) {
    let reason = |of: CertificateUse| facts.bad_certificates.get(&of);
    for node in &mut linked.gateways {
        if let Some(reason) = reason(CertificateUse::Gateway(node.name.to_string())) {
            let message = format!("its certificates can't be used: {reason}");
            invalid(&mut node.notes, "spec.tls", message, "caRef");
        }
    }
    for node in &mut linked.dial_plans {
        if let Some(reason) = reason(CertificateUse::Sip(node.name.to_string())) {
            let message = format!("the certificates of the SIP port can't be used: {reason}");
            invalid(&mut node.notes, "spec.notifier.sip.tls", message, "clientCARef");
        }
        if let Some(reason) = reason(CertificateUse::Http(node.name.to_string())) {
            let message = format!("the certificates of the HTTP port can't be used: {reason}");
            invalid(&mut node.notes, "spec.notifier.http.tls", message, "clientCARef");
        }
    }
}

fn invalid(notes: &mut Notes, path: &str, message: String, ca: &str) {
    let advice = format!(
        "put PEM text into the Secret: the CA's certificates under the key of {ca}, and a certificate with its own key under tls.crt and tls.key"
    );
    notes.add(Code::CertificateInvalid, path, message, advice);
}

/// A finding for each client that can't sign in, though its token is there.
pub fn tokens_can_be_used(linked: &mut Linked, facts: &Facts) {
    for node in &mut linked.dial_plans {
        let uses = || node.value.keys.iter().filter(|used| used.path.starts_with(CLIENTS));
        for (at, KeyUse { path, key }) in uses().enumerate() {
            let above = uses().take(at).find(|other| other.key == *key);
            let reason = match above {
                Some(other) => format!("{} names it as well", other.path),
                None => match facts.bad_tokens.get(key) {
                    Some(reason) => reason.clone(),
                    None => continue,
                },
            };
            let message = format!("the key {} of Secret {} can't be a token: {reason}", key.key, key.name);
            let advice = "put a long random token of letters and digits there, such as that of `openssl rand -hex 32`, another one for each client";
            node.notes.add(Code::TokenInvalid, path.clone(), message, advice);
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
