//! What evaluation looks at: all resources of one namespace and a few facts from outside.

use std::collections::BTreeSet;
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
    /// Keys of Secrets and ConfigMaps that resources name and that are not there.
    pub missing_keys: BTreeSet<KeyName>,
}

/// One key of a Secret or ConfigMap. Its value never reaches this layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName {
    /// Name of the Secret or ConfigMap.
    pub name: String,
    /// Key in it.
    pub key: String,
}
