//! What a notifier publishes of itself, in a Lease named as its pod: up to which version of each kind it acts, the version of its program,
//! and the keys of Secrets and ConfigMaps that are not mounted. Written by the notifier, read by the operator.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::coordination::v1::Lease;
use serde::{Deserialize, Serialize};

use crate::domain::{KeyName, KeySource, Versions};

/// Annotation with the versions in force.
const IN_FORCE: &str = "um.lamplighter.dev/in-force";
/// Annotation with the version of the program.
const PROGRAM: &str = "um.lamplighter.dev/program";
/// Annotation with the keys that are missing.
const MISSING: &str = "um.lamplighter.dev/missing-keys";
/// Missing keys that are published; annotations hold 256 KiB in all.
const MOST_MISSING: usize = 500;

/// What a notifier says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// `metadata.uid` of the pod that says it. One made anew under the same name has another.
    pub pod: String,
    /// Version of its program.
    pub program: Option<String>,
    /// What it acts by.
    pub in_force: Option<Versions>,
    /// Keys that are named and not there.
    pub missing: BTreeSet<KeyName>,
}

/// Versions as text: numbers in JSON are not exact for everybody.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Texts {
    dial_plans: String,
    mailbox_policies: String,
    gateways: String,
    mailboxes: String,
}

#[derive(Serialize, Deserialize)]
struct Key {
    kind: String,
    name: String,
    key: String,
}

impl Published {
    /// The annotations of its Lease.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let mut all = BTreeMap::new();
        all.extend(self.program.clone().map(|program| (PROGRAM.to_owned(), program)));
        all.extend(self.in_force.map(|versions| {
            let Versions { dial_plans, mailbox_policies, gateways, mailboxes } = versions;
            let texts = Texts {
                dial_plans: dial_plans.to_string(),
                mailbox_policies: mailbox_policies.to_string(),
                gateways: gateways.to_string(),
                mailboxes: mailboxes.to_string(),
            };
            (IN_FORCE.to_owned(), json(serde_json::to_string(&texts)))
        }));
        if !self.missing.is_empty() {
            let key = |KeyName { source, name, key }: &KeyName| Key {
                kind: source.as_str().to_owned(),
                name: name.clone(),
                key: key.clone(),
            };
            let keys: Vec<Key> = self.missing.iter().take(MOST_MISSING).map(key).collect();
            all.insert(MISSING.to_owned(), json(serde_json::to_string(&keys)));
        }
        all
    }

    /// What a Lease says. What can't be read is not said.
    #[must_use]
    pub fn of(lease: &Lease) -> Self {
        let annotation =
            |name| lease.metadata.annotations.as_ref().and_then(|all| all.get(name)).map(String::as_str);
        let key = |Key { kind, name, key }: Key| {
            let sources = [KeySource::Secret, KeySource::ConfigMap];
            let source = sources.into_iter().find(|source| source.as_str() == kind)?;
            Some(KeyName { source, name, key })
        };
        let missing: Vec<Key> =
            annotation(MISSING).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone());
        Self {
            pod: holder.unwrap_or_default(),
            program: annotation(PROGRAM).map(str::to_owned),
            in_force: annotation(IN_FORCE).and_then(versions),
            missing: missing.into_iter().filter_map(key).collect(),
        }
    }
}

fn versions(text: &str) -> Option<Versions> {
    let texts: Texts = serde_json::from_str(text).ok()?;
    Some(Versions {
        dial_plans: texts.dial_plans.parse().ok()?,
        mailbox_policies: texts.mailbox_policies.parse().ok()?,
        gateways: texts.gateways.parse().ok()?,
        mailboxes: texts.mailboxes.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::coordination::v1::LeaseSpec;

    use super::*;

    #[test]
    fn what_is_published_is_read_back_and_nonsense_is_nothing() {
        let published = Published {
            pod: "d1".into(),
            program: Some("1.0.0".into()),
            in_force: Some(Versions { dial_plans: u64::MAX, mailbox_policies: 2, gateways: 3, mailboxes: 4 }),
            missing: BTreeSet::from([KeyName::secret("pbx", "password")]),
        };
        let mut lease = Lease::default();
        lease.metadata.annotations = Some(published.annotations());
        lease.spec = Some(LeaseSpec { holder_identity: Some("d1".into()), ..LeaseSpec::default() });
        assert_eq!(Published::of(&lease), published);
        lease.metadata.annotations = Some(BTreeMap::from([
            (IN_FORCE.to_owned(), "{\"dialPlans\":\"x\"}".to_owned()),
            (MISSING.to_owned(), "[{}]".to_owned()),
        ]));
        assert_eq!(Published::of(&lease), Published { pod: "d1".into(), ..Published::default() });
    }
}
