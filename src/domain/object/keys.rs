//! Keys of Secrets and ConfigMaps that an object names, each with the field that names it. Their values never come here.

use std::borrow::Cow;

use crate::api::dial_plan::UMDialPlanSpec;
use crate::api::ip_gateway::UMIPGatewaySpec;
use crate::api::mailbox::UMMailboxSpec;
use crate::api::reference::{CaRef, SecretKeyRef};
use crate::domain::snapshot::KeyName;

/// A key and the field that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The field, as in `spec.auth.passwordSecretRef`.
    pub path: Cow<'static, str>,
    /// The key.
    pub key: KeyName,
}

fn secret(path: &'static str, reference: Option<&SecretKeyRef>) -> Option<KeyUse> {
    reference.map(|SecretKeyRef { name, key }| KeyUse { path: path.into(), key: KeyName::secret(name, key) })
}

fn ca(path: &'static str, reference: &CaRef) -> KeyUse {
    KeyUse { path: path.into(), key: KeyName::ca(reference) }
}

fn both<'a>(path: &'static str, name: &'a str, keys: [&'a str; 2]) -> impl Iterator<Item = KeyUse> + use<'a> {
    keys.into_iter().map(move |key| KeyUse { path: path.into(), key: KeyName::secret(name, key) })
}

/// The list of HTTP clients.
pub const CLIENTS: &str = "spec.notifier.http.clients";
const CERTIFICATE: [&str; 2] = ["tls.crt", "tls.key"];

/// Keys that a dial plan names.
#[must_use]
pub fn of_dial_plan(spec: &UMDialPlanSpec) -> Vec<KeyUse> {
    let mut keys = Vec::new();
    let Some(notifier) = &spec.notifier else { return keys };
    if let Some(tls) = notifier.sip.as_ref().and_then(|sip| sip.tls.as_ref()) {
        keys.push(ca("spec.notifier.sip.tls.clientCARef", &tls.client_ca_ref));
        let path = "spec.notifier.sip.tls.certificateSecretRef";
        keys.extend(both(path, &tls.certificate_secret_ref.name, CERTIFICATE));
    }
    if let Some(http) = &notifier.http {
        for (at, client) in http.clients.iter().enumerate() {
            let SecretKeyRef { name, key } = &client.token_secret_ref;
            let path = format!("{CLIENTS}[{at}].tokenSecretRef").into();
            keys.push(KeyUse { path, key: KeyName::secret(name, key) });
        }
        if let Some(tls) = &http.tls {
            let path = "spec.notifier.http.tls.certificateSecretRef";
            keys.extend(both(path, &tls.certificate_secret_ref.name, CERTIFICATE));
            keys.extend(
                tls.client_ca_ref
                    .as_ref()
                    .map(|reference| ca("spec.notifier.http.tls.clientCARef", reference)),
            );
        }
    }
    if let Some(store) = &notifier.store {
        keys.extend(secret("spec.notifier.store.connectionSecretRef", store.connection_secret_ref.as_ref()));
        keys.extend(store.ca_ref.as_ref().map(|reference| ca("spec.notifier.store.caRef", reference)));
    }
    let pepper = notifier.pin.as_ref().and_then(|pin| pin.pepper_secret_ref.as_ref());
    keys.extend(secret("spec.notifier.pin.pepperSecretRef", pepper));
    if let Some(auth) = notifier.mail.as_ref().and_then(|mail| mail.smtp.auth_secret_ref.as_ref()) {
        keys.extend(both("spec.notifier.mail.smtp.authSecretRef", &auth.name, ["username", "password"]));
    }
    if let Some(sms) = &notifier.sms {
        if let Some(smpp) = &sms.smpp {
            let path = "spec.notifier.sms.smpp.authSecretRef";
            keys.extend(both(path, &smpp.auth_secret_ref.name, ["systemId", "password"]));
        }
        let token = sms.webhook.as_ref().and_then(|webhook| webhook.token_secret_ref.as_ref());
        keys.extend(secret("spec.notifier.sms.webhook.tokenSecretRef", token));
    }
    keys
}

/// Keys that a gateway names.
#[must_use]
pub fn of_gateway(spec: &UMIPGatewaySpec) -> Vec<KeyUse> {
    let mut keys = Vec::new();
    let password = spec.auth.as_ref().map(|auth| &auth.password_secret_ref);
    keys.extend(secret("spec.auth.passwordSecretRef", password));
    if let Some(tls) = &spec.tls {
        keys.push(ca("spec.tls.caRef", &tls.ca_ref));
        keys.extend(both("spec.tls.certificateSecretRef", &tls.certificate_secret_ref.name, CERTIFICATE));
    }
    keys
}

/// Keys that a mailbox names.
#[must_use]
pub fn of_mailbox(spec: &UMMailboxSpec) -> Vec<KeyUse> {
    let chosen = spec.pin.as_ref().and_then(|pin| pin.secret_ref.as_ref());
    secret("spec.pin.secretRef", chosen).into_iter().collect()
}
