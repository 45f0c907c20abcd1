//! What evaluation looks at: all resources of one namespace and a few facts from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::finding::Kind;
use super::object::keys;
use super::replica::Notifiers;
use super::scalar::display_name;
use crate::api::reference::CaRef;
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy, UMMailboxPolicySpec};

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
    /// Which notifier acts by what.
    pub notifiers: Notifiers,
    /// Kinds whose objects can't be listed, and why.
    pub unlisted: BTreeMap<String, String>,
    /// For each dial plan, what keeps the objects of its notifier from being made.
    pub children: BTreeMap<String, Vec<ChildTrouble>>,
    /// Dial plans whose notifier does not run, though it should.
    pub stopped: BTreeSet<String>,
    /// Keys of Secrets and ConfigMaps that resources name and that are not there.
    pub missing_keys: BTreeSet<KeyName>,
    /// Objects that exist and can't be read, so that nothing is known of them but their names.
    pub unread: BTreeSet<(Kind, String)>,
    /// Certificates that are there and can't be used, and why.
    pub bad_certificates: BTreeMap<CertificateUse, String>,
    /// Tokens of HTTP clients that are there and can't be used, and why; never the token.
    pub bad_tokens: BTreeMap<KeyName, String>,
    /// Mailboxes whose chosen PIN breaks a rule, and which rule; never the PIN.
    pub refused_pins: BTreeMap<String, String>,
}

/// An object of a dial plan's notifier that can't be made as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChildTrouble {
    /// Kind and name, as in `StatefulSet/hq-notifier`.
    pub object: String,
    /// What the API server says; none where the name belongs to somebody else.
    pub refused: Option<String>,
}

/// What certificates are for, and the name of the object that says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateUse {
    /// The way to a gateway.
    Gateway(String),
    /// The SIP port of a dial plan's notifier.
    Sip(String),
    /// The HTTP port of a dial plan's notifier.
    Http(String),
}

/// What holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySource {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

impl KeySource {
    /// The kind, as Kubernetes writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

/// One key of a Secret or ConfigMap. Its value never reaches this layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// Which of the two.
    pub source: KeySource,
    /// Name of the Secret or ConfigMap.
    pub name: String,
    /// Key in it.
    pub key: String,
}

impl KeyName {
    /// A key of a Secret.
    #[must_use]
    pub fn secret(name: &str, key: &str) -> Self {
        Self { source: KeySource::Secret, name: name.to_owned(), key: key.to_owned() }
    }

    /// The key that such a reference names. A kind that is neither of the two is an error of the object; here it counts as a Secret.
    #[must_use]
    pub fn ca(CaRef { kind, name, key }: &CaRef) -> Self {
        let source = if kind == "ConfigMap" { KeySource::ConfigMap } else { KeySource::Secret };
        Self { source, name: name.clone(), key: key.clone() }
    }
}

impl Snapshot {
    /// Keys of Secrets and ConfigMaps that the resources name.
    #[must_use]
    pub fn named_keys(&self) -> BTreeSet<KeyName> {
        let plans = self.dial_plans.iter().flat_map(|plan| keys::of_dial_plan(&plan.spec));
        let gateways = self.gateways.iter().flat_map(|gateway| keys::of_gateway(&gateway.spec));
        let mailboxes = self.mailboxes.iter().flat_map(|mailbox| keys::of_mailbox(&mailbox.spec));
        plans.chain(gateways).chain(mailboxes).map(|used| used.key).collect()
    }

    /// Adds the default policy of each dial plan that wants one and has none of that name (Exchange `GenerateUMMailboxPolicy`): what
    /// the operator makes as an object, and what is there without a cluster. `may` says whether a policy of a name may be made; one that
    /// exists and can't be read must not be replaced. Returns the names of those that were made.
    pub fn add_default_policies(&mut self, may: &dyn Fn(&str) -> bool) -> Vec<String> {
        let names: BTreeSet<&str> =
            self.mailbox_policies.iter().filter_map(|policy| policy.metadata.name.as_deref()).collect();
        let mut shown: BTreeSet<String> =
            self.mailbox_policies.iter().map(|policy| shown_name(policy)).collect();
        let mut made = Vec::new();
        // Of two that want one display name, the older has it.
        let mut plans: Vec<&Arc<UMDialPlan>> =
            self.dial_plans.iter().filter(|plan| plan.spec.generate_um_mailbox_policy).collect();
        plans.sort_by_key(|plan| (plan.metadata.creation_timestamp.as_ref(), plan.metadata.name.as_ref()));
        for plan in plans {
            let Some(policy) = default_policy(plan, &shown) else { continue };
            let name = policy.metadata.name.as_deref().unwrap_or_default();
            if !names.contains(name) && may(name) {
                shown.insert(shown_name(&policy));
                made.push(Arc::new(policy));
            }
        }
        let made_names = made.iter().filter_map(|policy| policy.metadata.name.clone()).collect();
        self.mailbox_policies.extend(made);
        made_names
    }
}

/// Name of the default policy of a dial plan.
#[must_use]
pub fn default_policy_name(dial_plan: &str) -> String {
    format!("{dial_plan}-default")
}

/// The display name of a policy as it is compared.
fn shown_name(policy: &UMMailboxPolicy) -> String {
    let name = policy.spec.display_name.as_ref().or(policy.metadata.name.as_ref());
    name.map(|name| name.to_lowercase()).unwrap_or_default()
}

/// The default policy of a dial plan: every setting has its default. It is as old as the dial plan, and has a display name of its own
/// unless that is taken or can't be one.
#[must_use]
pub fn default_policy(plan: &UMDialPlan, taken: &BTreeSet<String>) -> Option<UMMailboxPolicy> {
    let name = plan.metadata.name.as_deref()?;
    let shown = format!("{} Default Policy", plan.spec.display_name.as_deref().unwrap_or(name));
    let mut spec: UMMailboxPolicySpec =
        serde_json::from_value(json!({"dialPlanRef": {"name": name}})).ok()?;
    spec.display_name =
        Some(shown).filter(|shown| display_name(shown).is_ok() && !taken.contains(&shown.to_lowercase()));
    let mut policy = UMMailboxPolicy::new(&default_policy_name(name), spec);
    policy.metadata.namespace.clone_from(&plan.metadata.namespace);
    policy.metadata.creation_timestamp.clone_from(&plan.metadata.creation_timestamp);
    Some(policy)
}
