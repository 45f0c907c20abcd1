//! What a notifier publishes of itself, in a Lease named as its pod: up to which version of each kind it acts, the version of its program,
//! and what it says of the values of Secrets and ConfigMaps that are mounted, never the values. Written by the notifier, read by the operator.

use std::collections::BTreeMap;

use k8s_openapi::api::coordination::v1::Lease;
use serde::{Deserialize, Serialize};

use crate::domain::{CertificateUse, Facts, KeyName, KeySource, Versions};

/// Annotation with the versions in force.
const IN_FORCE: &str = "um.lamplighter.dev/in-force";
/// Annotation with the version of the program.
const PROGRAM: &str = "um.lamplighter.dev/program";
/// Annotation with what is wrong with values.
const VALUES: &str = "um.lamplighter.dev/values";
/// Entries of each sort that are published; annotations hold 256 KiB in all.
const MOST: usize = 200;
/// Characters of a reason.
const LONGEST: usize = 200;

/// What a notifier says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// `metadata.uid` of the pod that says it. One made anew under the same name has another.
    pub pod: String,
    /// Version of its program.
    pub program: Option<String>,
    /// What it acts by.
    pub in_force: Option<Versions>,
    /// What is wrong with values.
    pub values: Values,
}

/// What only who holds the values of Secrets and ConfigMaps can say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Values {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing_keys: Vec<Key>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bad_certificates: Vec<Certificate>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bad_tokens: Vec<Token>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    refused_pins: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    kind: String,
    name: String,
    key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Certificate {
    used_for: String,
    name: String,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    key: Key,
    reason: String,
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

impl Values {
    /// What the facts of a notifier say.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let certificate = |(used, reason): (&CertificateUse, &String)| {
            let (used_for, name) = match used {
                CertificateUse::Gateway(name) => ("gateway", name),
                CertificateUse::Sip(name) => ("sip", name),
                CertificateUse::Http(name) => ("http", name),
            };
            Certificate { used_for: used_for.to_owned(), name: name.clone(), reason: short(reason) }
        };
        let token = |(key, reason): (&KeyName, &String)| Token { key: Key::of(key), reason: short(reason) };
        let pin = |(name, rule): (&String, &String)| (name.clone(), short(rule));
        Self {
            missing_keys: facts.missing_keys.iter().take(MOST).map(Key::of).collect(),
            bad_certificates: facts.bad_certificates.iter().take(MOST).map(certificate).collect(),
            bad_tokens: facts.bad_tokens.iter().take(MOST).map(token).collect(),
            refused_pins: facts.refused_pins.iter().take(MOST).map(pin).collect(),
        }
    }

    /// Adds it to what is known.
    pub fn add_to(&self, facts: &mut Facts) {
        facts.missing_keys.extend(self.missing_keys.iter().filter_map(Key::name));
        for Certificate { used_for, name, reason } in &self.bad_certificates {
            let used = match used_for.as_str() {
                "gateway" => CertificateUse::Gateway(name.clone()),
                "sip" => CertificateUse::Sip(name.clone()),
                "http" => CertificateUse::Http(name.clone()),
                _ => continue,
            };
            facts.bad_certificates.insert(used, reason.clone());
        }
        let tokens =
            self.bad_tokens.iter().filter_map(|token| Some((token.key.name()?, token.reason.clone())));
        facts.bad_tokens.extend(tokens);
        facts.refused_pins.extend(self.refused_pins.clone());
    }
}

impl Key {
    fn of(KeyName { source, name, key }: &KeyName) -> Self {
        Self { kind: source.as_str().to_owned(), name: name.clone(), key: key.clone() }
    }

    fn name(&self) -> Option<KeyName> {
        let sources = [KeySource::Secret, KeySource::ConfigMap];
        let source = sources.into_iter().find(|source| source.as_str() == self.kind)?;
        Some(KeyName { source, name: self.name.clone(), key: self.key.clone() })
    }
}

fn short(reason: &str) -> String {
    reason.chars().take(LONGEST).collect()
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
        if self.values != Values::default() {
            all.insert(VALUES.to_owned(), json(serde_json::to_string(&self.values)));
        }
        all
    }

    /// What a Lease says. What can't be read is not said.
    #[must_use]
    pub fn of(lease: &Lease) -> Self {
        let annotation =
            |name| lease.metadata.annotations.as_ref().and_then(|all| all.get(name)).map(String::as_str);
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone());
        Self {
            pod: holder.unwrap_or_default(),
            program: annotation(PROGRAM).map(str::to_owned),
            in_force: annotation(IN_FORCE).and_then(versions),
            values: annotation(VALUES).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
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
    use std::collections::BTreeSet;

    use k8s_openapi::api::coordination::v1::LeaseSpec;

    use super::*;

    #[test]
    fn what_is_published_is_read_back_and_nonsense_is_nothing() {
        let text = |text: &str| text.to_owned();
        let facts = Facts {
            missing_keys: BTreeSet::from([KeyName::secret("pbx", "password")]),
            bad_certificates: BTreeMap::from([
                (CertificateUse::Gateway(text("pbx")), text("no PEM")),
                (CertificateUse::Http(text("hq")), text("no key")),
                (CertificateUse::Sip(text("hq")), text("no chain")),
            ]),
            bad_tokens: BTreeMap::from([(KeyName::secret("voicemail", "token"), text("too short"))]),
            refused_pins: BTreeMap::from([(text("lina"), text("too short"))]),
            ..Facts::default()
        };
        let published = Published {
            pod: "d1".into(),
            program: Some("1.0.0".into()),
            in_force: Some(Versions { dial_plans: u64::MAX, mailbox_policies: 2, gateways: 3, mailboxes: 4 }),
            values: Values::of(&facts),
        };
        let mut lease = Lease::default();
        lease.metadata.annotations = Some(published.annotations());
        lease.spec = Some(LeaseSpec { holder_identity: Some("d1".into()), ..LeaseSpec::default() });
        let read = Published::of(&lease);
        assert_eq!(read, published);
        let mut again = Facts::default();
        read.values.add_to(&mut again);
        assert_eq!(again, facts);

        lease.metadata.annotations = Some(BTreeMap::from([
            (IN_FORCE.to_owned(), "{\"dialPlans\":\"x\"}".to_owned()),
            (VALUES.to_owned(), "[{}]".to_owned()),
        ]));
        assert_eq!(Published::of(&lease), Published { pod: "d1".into(), ..Published::default() });
    }
}
