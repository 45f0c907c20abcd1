//! What evaluation looks at: all resources of one namespace and a few facts from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};

/// All resources of one namespace. The order of the lists never matters.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Dial plans.
    pub dial_plans: Vec<Arc<UMDialPlan>>,
    /// Mailbox policies.
    pub mailbox_policies: Vec<Arc<UMMailboxPolicy>>,
    /// Gateways.
    pub gateways: Vec<Arc<UMIPGateway>>,
    /// Mailboxes.
    pub mailboxes: Vec<Arc<UMMailbox>>,
    /// What is known beside the resources.
    pub facts: Facts,
}

/// What is known beside the resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether notifiers act by this very snapshot.
    pub programmed: bool,
    /// Dial plans whose notifier does not run, though it should.
    pub stopped: BTreeSet<String>,
    /// Keys of Secrets and ConfigMaps that resources name and that are not there.
    pub missing_keys: BTreeSet<KeyName>,
    /// Gateways whose certificates can't be used, and why.
    pub bad_certificates: BTreeMap<String, String>,
}

/// One key of a Secret or ConfigMap. Its value never reaches this layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName {
    /// Name of the Secret or ConfigMap.
    pub name: String,
    /// Key in it.
    pub key: String,
}

impl Snapshot {
    /// Keys of Secrets and ConfigMaps that the resources name.
    #[must_use]
    pub fn named_keys(&self) -> BTreeSet<KeyName> {
        let key = |name: &str, key: &str| KeyName { name: name.to_owned(), key: key.to_owned() };
        let certificate = |secret: &str| [key(secret, "tls.crt"), key(secret, "tls.key")];
        let mut keys = BTreeSet::new();
        for plan in &self.dial_plans {
            let tls =
                plan.spec.notifier.as_ref().and_then(|n| n.sip.as_ref()).and_then(|sip| sip.tls.as_ref());
            if let Some(tls) = tls {
                keys.insert(key(&tls.client_ca_ref.name, &tls.client_ca_ref.key));
                keys.extend(certificate(&tls.certificate_secret_ref.name));
            }
        }
        for gateway in &self.gateways {
            if let Some(auth) = &gateway.spec.auth {
                keys.insert(key(&auth.password_secret_ref.name, &auth.password_secret_ref.key));
            }
            if let Some(tls) = &gateway.spec.tls {
                keys.insert(key(&tls.ca_ref.name, &tls.ca_ref.key));
                keys.extend(certificate(&tls.certificate_secret_ref.name));
            }
        }
        keys
    }
}
