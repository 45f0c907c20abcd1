//! What only who holds the values of Secrets and ConfigMaps can say of resources: which keys are missing, which certificates
//! and tokens can't be used, which PINs break a rule. The values go no further.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::http::entrance;
use super::setup::Keys;
use crate::api::{UMIPGateway, UMMailbox};
use crate::domain::object::Http;
use crate::domain::{CertificateUse, KeyName, Snapshot};
use crate::engine::pin::{self, PinRules};
use crate::net::tls::{TlsError, client_config, server_config};
use crate::source::secrets::Values;

/// Adds to the facts of a snapshot what these values say; `named` are the keys that ought to be there.
pub fn look(snapshot: &mut Snapshot, named: impl IntoIterator<Item = KeyName>, values: &Values) {
    snapshot.facts.missing_keys = named.into_iter().filter(|key| values.get(key).is_none()).collect();
    snapshot.facts.bad_certificates = bad_certificates(snapshot, values);
    snapshot.facts.bad_tokens = bad_tokens(snapshot, values);
    snapshot.facts.refused_pins = refused_pins(snapshot, values);
}

/// Mailboxes whose chosen PIN breaks a rule of their policy, and which.
fn refused_pins(snapshot: &Snapshot, values: &Values) -> BTreeMap<String, String> {
    let policy_of = |mailbox: &UMMailbox| {
        let name = Some(&mailbox.spec.mailbox_policy_ref.name);
        snapshot.mailbox_policies.iter().find(|policy| policy.metadata.name.as_ref() == name)
    };
    let refused = |mailbox: &Arc<UMMailbox>| {
        let secret = mailbox.spec.pin.as_ref()?.secret_ref.as_ref()?;
        let policy = policy_of(mailbox)?;
        let pin =
            String::from_utf8(values.get(&KeyName::secret(&secret.name, &secret.key))?).unwrap_or_default();
        let extensions: Vec<&str> = mailbox.spec.extensions.iter().map(String::as_str).collect();
        let rules = PinRules {
            min_length: u8::try_from(policy.spec.min_pin_length).unwrap_or(24),
            allow_common_patterns: policy.spec.allow_common_patterns,
            extensions: &extensions,
        };
        let broken = pin::check(&rules, pin.trim_end_matches(['\r', '\n']), &|_| false).err()?;
        Some((mailbox.metadata.name.clone()?, broken.to_string()))
    };
    snapshot.mailboxes.iter().filter_map(refused).collect()
}

/// Certificates that can't be used, and why.
fn bad_certificates(snapshot: &Snapshot, keys: &dyn Keys) -> BTreeMap<CertificateUse, String> {
    let mut bad = BTreeMap::new();
    for gateway in &snapshot.gateways {
        let Some(name) = gateway.metadata.name.clone() else { continue };
        bad.extend(of_gateway(gateway, keys).map(|why| (CertificateUse::Gateway(name), why)));
    }
    for plan in &snapshot.dial_plans {
        let Some(name) = plan.metadata.name.clone() else { continue };
        let sip = plan.spec.notifier.as_ref().and_then(|notifier| notifier.sip.as_ref()?.tls.as_ref());
        let sip = sip.and_then(|tls| {
            let (chain, key) = certificate(&tls.certificate_secret_ref.name, keys)?;
            let ca = keys.get(&KeyName::ca(&tls.client_ca_ref))?;
            why(server_config(&chain, &key, Some(&ca)))
        });
        bad.extend(sip.map(|why| (CertificateUse::Sip(name.clone()), why)));
        let http = entrance::bad_certificates(&Http::of(&plan.spec), keys);
        bad.extend(http.map(|why| (CertificateUse::Http(name), why)));
    }
    bad
}

/// Tokens of HTTP clients that can't be used, and why.
fn bad_tokens(snapshot: &Snapshot, keys: &dyn Keys) -> BTreeMap<KeyName, String> {
    let of = |spec| entrance::bad_tokens(&Http::of(spec), keys);
    snapshot.dial_plans.iter().flat_map(|plan| of(&plan.spec)).collect()
}

fn of_gateway(gateway: &UMIPGateway, keys: &dyn Keys) -> Option<String> {
    let tls = gateway.spec.tls.as_ref()?;
    let (chain, key) = certificate(&tls.certificate_secret_ref.name, keys)?;
    let ca = keys.get(&KeyName::ca(&tls.ca_ref))?;
    why(client_config(&ca, Some((&chain, &key))))
}

/// Chain and key, where both are there.
fn certificate(secret: &str, keys: &dyn Keys) -> Option<(Vec<u8>, Vec<u8>)> {
    let get = |key| keys.get(&KeyName::secret(secret, key));
    Some((get("tls.crt")?, get("tls.key")?))
}

fn why<T>(made: Result<T, TlsError>) -> Option<String> {
    made.err().map(|error| error.to_string())
}
