//! Wire types of the four kinds: what a user writes and what `kubectl` shows.
//!
//! They decode leniently (text and whole numbers; patterns and ranges stand in the schema only), so that one bad value
//! is one finding and the object keeps its status. No logic lives here: scalars are parsed in [`crate::domain`].

#![allow(clippy::duplicated_attributes, reason = "one printcolumn a column is no repetition")]

pub mod condition;
pub mod dial_plan;
pub mod editor_schema;
pub mod ip_gateway;
pub mod mailbox;
pub mod mailbox_policy;
pub mod notifier;
mod pattern;
pub mod reference;
pub mod schema;

pub use condition::{Condition, FindingStatus};
pub use dial_plan::{UMDialPlan, UMDialPlanSpec, UMDialPlanStatus};
pub use ip_gateway::{UMIPGateway, UMIPGatewaySpec, UMIPGatewayStatus};
pub use mailbox::{UMMailbox, UMMailboxSpec, UMMailboxStatus};
pub use mailbox_policy::{UMMailboxPolicy, UMMailboxPolicySpec, UMMailboxPolicyStatus};

/// API group of the four kinds.
pub const GROUP: &str = "um.lamplighter.dev";
/// The one version that is served and stored.
pub const VERSION: &str = "v1alpha1";
/// Label by which objects of ours are found, and its value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "lamplighter-operator");
