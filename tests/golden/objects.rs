//! The Kubernetes objects of the notifiers of a case. Each is read again by its type and comes out the same, and applying it where it
//! stands changes nothing.

use std::fmt::Write as _;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use lamplighter::domain::Outcome;
use lamplighter::render::{self, API_SERVER_PORTS, Child, ChildKind, Owner, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What the operator of a case adds, as its `settings.yaml` has it; without one as it is here.
pub fn settings(given: Option<&Value>) -> Settings {
    let none = Value::Null;
    let given = given.unwrap_or(&none);
    let known = ["image", "imagePullPolicy", "imagePullSecrets", "version", "apiServerPorts", "show"];
    for key in given.as_object().into_iter().flat_map(|given| given.keys()) {
        assert!(known.contains(&key.as_str()), "settings.yaml: unknown field {key}");
    }
    let text = |field: &str, usual: &str| given[field].as_str().unwrap_or(usual).to_owned();
    let list = |field: &str| given[field].as_array().map(Vec::as_slice).unwrap_or_default();
    let ports =
        list("apiServerPorts").iter().map(|port| port.as_u64().unwrap().try_into().unwrap()).collect();
    Settings {
        namespace: "default".into(),
        image: text("image", "registry.example.com/lamplighter:1.0.0"),
        image_pull_policy: given["imagePullPolicy"].as_str().map(Into::into),
        image_pull_secrets: list("imagePullSecrets")
            .iter()
            .map(|name| name.as_str().unwrap().into())
            .collect(),
        version: text("version", "1.0.0"),
        api_server_ports: if list("apiServerPorts").is_empty() { API_SERVER_PORTS.into() } else { ports },
    }
}

/// The objects of every notifier; none: they stay as they are.
pub fn render(outcome: &Outcome, settings: &Settings) -> Vec<(String, Option<Vec<Child>>)> {
    let plans = outcome.linked.dial_plans.iter().enumerate();
    let of = |(at, node): (usize, &lamplighter::domain::Node<_>)| {
        let owner = Owner { uid: format!("uid-of-{}", node.name) };
        (node.name.to_string(), render::children(outcome, at, &owner, settings))
    };
    plans.map(of).collect()
}

/// The kinds that a case is about, by `show` of its `settings.yaml`; without it all.
pub fn shown(given: &Value) -> Vec<ChildKind> {
    let Some(names) = given["show"].as_array() else { return ChildKind::ALL.into() };
    let kind = |name: &Value| *ChildKind::ALL.iter().find(|kind| *name == kind.as_str()).unwrap();
    names.iter().map(kind).collect()
}

/// Which objects there are, and those of the shown kinds as they would be applied.
pub fn text(outcome: &Outcome, settings: &Settings, shown: &[ChildKind]) -> String {
    let mut out = String::new();
    for (plan, children) in render(outcome, settings) {
        let Some(children) = children else {
            let _ = writeln!(out, "# UMDialPlan/{plan}: the objects stay as they are");
            continue;
        };
        let all: Vec<String> =
            children.iter().map(|child| format!("{}/{}", child.kind, child.name)).collect();
        let _ = writeln!(out, "# UMDialPlan/{plan}: {}", all.join(", "));
        for child in children.iter().filter(|child| shown.contains(&child.kind)) {
            let object = serde_saphyr::to_string(&child.object).unwrap();
            let _ = writeln!(out, "---\n{}", object.trim_end());
        }
    }
    out
}

/// All objects, to the byte.
pub fn bytes(outcome: &Outcome, settings: &Settings) -> String {
    let line = |(plan, children): (String, Option<Vec<Child>>)| {
        let objects = children.into_iter().flatten().map(|child| child.object).collect();
        format!("{plan}: {}\n", Value::Array(objects))
    };
    render(outcome, settings).into_iter().map(line).collect()
}

/// A complaint about an object that its type does not give back as it was, or that differs from itself.
pub fn check(outcome: &Outcome, settings: &Settings) -> Result<(), String> {
    for (_, children) in render(outcome, settings) {
        let children = children.unwrap_or_default();
        assert!(children.is_sorted_by_key(|child| child.kind), "the order is that of ChildKind");
        for Child { kind, name, object } in children {
            let again = match kind {
                ChildKind::ServiceAccount => again::<ServiceAccount>(&object),
                ChildKind::Role => again::<Role>(&object),
                ChildKind::RoleBinding => again::<RoleBinding>(&object),
                ChildKind::NetworkPolicy => again::<NetworkPolicy>(&object),
                ChildKind::PersistentVolumeClaim => again::<PersistentVolumeClaim>(&object),
                ChildKind::Service => again::<Service>(&object),
                ChildKind::PodDisruptionBudget => again::<PodDisruptionBudget>(&object),
                ChildKind::StatefulSet => again::<StatefulSet>(&object),
            };
            if again != object || render::differs(&object, &object) {
                return Err(format!("{kind}/{name} is not what its type reads:\n{object}\n{again}"));
            }
        }
    }
    Ok(())
}

fn again<T: Serialize + DeserializeOwned>(object: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(object.clone()).unwrap()).unwrap()
}
