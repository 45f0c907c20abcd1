//! What only who holds the values of Secrets and ConfigMaps can say of resources: which keys are missing, which certificates can't be used,
//! which PINs break a rule. The values go no further.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::setup::bad_certificates;
use crate::api::{UMIPGateway, UMMailbox};
use crate::domain::{KeyName, Snapshot};
use crate::engine::pin::{self, PinRules};
use crate::source::secrets::Values;

/// Adds to the facts of a snapshot what these values say; `named` are the keys that ought to be there.
pub fn look(snapshot: &mut Snapshot, named: impl IntoIterator<Item = KeyName>, values: &Values) {
    snapshot.facts.missing_keys = named.into_iter().filter(|key| values.get(key).is_none()).collect();
    snapshot.facts.bad_certificates = certificates(snapshot, values);
    snapshot.facts.refused_pins = refused_pins(snapshot, values);
}

/// Gateways whose certificates can't be used, and why.
fn certificates(snapshot: &Snapshot, values: &Values) -> BTreeMap<String, String> {
    let bad = |gateway: &Arc<UMIPGateway>| {
        let reason = bad_certificates(gateway.spec.tls.as_ref()?, values)?;
        Some((gateway.metadata.name.clone()?, reason))
    };
    snapshot.gateways.iter().filter_map(bad).collect()
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
