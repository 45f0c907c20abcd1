//! Who a notifier is for the API server, and what it may do there.

use k8s_openapi::Resource as _;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::Resource as _;

use super::About;
use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};

/// Nobody but the notifier's pods gets its token, and they ask for it.
pub fn service_account(about: &About<'_>) -> ServiceAccount {
    ServiceAccount {
        metadata: about.metadata(),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

/// It reads the four kinds and writes what it knows of them, its Lease and Events; nothing about Secrets, which are mounted.
pub fn role(about: &About<'_>) -> Role {
    let kinds = [
        UMDialPlan::plural(&()),
        UMMailboxPolicy::plural(&()),
        UMIPGateway::plural(&()),
        UMMailbox::plural(&()),
    ];
    // What is delivered is said of these; a policy has no lamp.
    let reported = kinds.iter().filter(|kind| **kind != "ummailboxpolicies");
    let statuses: Vec<String> = reported.map(|kind| format!("{kind}/status")).collect();
    let kinds: Vec<String> = kinds.into_iter().map(Into::into).collect();
    let group = UMDialPlan::group(&());
    Role {
        metadata: about.metadata(),
        rules: Some(vec![
            rule(&group, kinds, &["get", "list", "watch"]),
            rule(&group, statuses, &["patch"]),
            rule("coordination.k8s.io", vec!["leases".to_owned()], &["get", "create", "patch"]),
            rule("events.k8s.io", vec!["events".to_owned()], &["create", "patch"]),
        ]),
    }
}

fn rule(group: &str, resources: Vec<String>, verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(resources),
        verbs: verbs.iter().map(ToString::to_string).collect(),
        ..PolicyRule::default()
    }
}

/// The role is the notifier's.
pub fn role_binding(about: &About<'_>) -> RoleBinding {
    RoleBinding {
        metadata: about.metadata(),
        role_ref: RoleRef {
            api_group: Role::GROUP.to_owned(),
            kind: Role::KIND.to_owned(),
            name: about.name.clone(),
        },
        subjects: Some(vec![Subject {
            kind: ServiceAccount::KIND.to_owned(),
            name: about.name.clone(),
            namespace: Some(about.settings.namespace.clone()),
            ..Subject::default()
        }]),
    }
}
