//! Which pod of a notifier can be asked, and if none can, how they are. Pure.

use k8s_openapi::api::core::v1::{ContainerStateWaiting, Pod};

use crate::render::DIAL_PLAN;

/// A ready pod of a notifier of these dial plans; the first plan that has one, and of its pods the first by name.
///
/// # Errors
/// A sentence that says how the pods are, and what to do.
pub fn ready<'a>(pods: &'a [Pod], plans: &[String], namespace: &str) -> Result<&'a str, String> {
    let of = |plan: &String| {
        let mut of: Vec<(&str, &Pod)> = pods
            .iter()
            .filter(|pod| plan_of(pod) == Some(plan.as_str()))
            .filter_map(|pod| Some((name(pod)?, pod)))
            .collect();
        of.sort_by_key(|(name, _)| *name);
        of
    };
    let ready = |plan: &String| of(plan).into_iter().find(|(_, pod)| is_ready(pod));
    if let Some((name, _)) = plans.iter().find_map(ready) {
        return Ok(name);
    }
    let Some(plan) = plans.first() else { return Err("no dial plan was found".to_owned()) };
    let states: Vec<String> = of(plan).iter().map(|(name, pod)| format!("{name} {}", state(pod))).collect();
    Err(match of(plan).first() {
        None => format!(
            "UMDialPlan/{plan} has no notifier: there is no pod of it in namespace {namespace}; `kubectl describe umdp {plan} -n {namespace}` says why, unless the operator is away"
        ),
        Some((name, _)) => format!(
            "no notifier of UMDialPlan/{plan} is ready: {}; `kubectl describe pod {name} -n {namespace}` says more",
            states.join(", ")
        ),
    })
}

/// All pods of a dial plan's notifier that run, ready or not, by name.
pub fn running<'a>(pods: &'a [Pod], plan: &str) -> Vec<&'a str> {
    let runs =
        |pod: &&Pod| pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"));
    let of_plan = pods.iter().filter(|pod| plan_of(pod) == Some(plan));
    let mut names: Vec<&str> = of_plan.filter(runs).filter_map(name).collect();
    names.sort_unstable();
    names
}

/// The dial plan of a notifier.
pub fn plan_of(pod: &Pod) -> Option<&str> {
    pod.metadata.labels.as_ref()?.get(DIAL_PLAN).map(String::as_str)
}

fn name(pod: &Pod) -> Option<&str> {
    pod.metadata.name.as_deref()
}

fn condition<'a>(pod: &'a Pod, type_: &str) -> Option<&'a k8s_openapi::api::core::v1::PodCondition> {
    pod.status.as_ref()?.conditions.iter().flatten().find(|condition| condition.type_ == type_)
}

fn is_ready(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none()
        && condition(pod, "Ready").is_some_and(|condition| condition.status == "True")
}

/// How a pod is that is not ready.
fn state(pod: &Pod) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "is ending".to_owned();
    }
    if let Some(ContainerStateWaiting { reason, .. }) = waiting(pod) {
        return format!("waits ({})", reason.as_deref().unwrap_or("no reason is given"));
    }
    match condition(pod, "PodScheduled").filter(|condition| condition.status == "False") {
        Some(condition) => {
            let why = condition.message.as_deref().or(condition.reason.as_deref()).unwrap_or_default();
            format!("has no node yet ({why})")
        }
        None => {
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            match phase {
                Some("Running") => "runs and is not ready".to_owned(),
                phase => format!("is {}", phase.unwrap_or("Unknown")),
            }
        }
    }
}

fn waiting(pod: &Pod) -> Option<&ContainerStateWaiting> {
    let containers = pod.status.as_ref()?.container_statuses.iter().flatten();
    containers.filter_map(|container| container.state.as_ref()?.waiting.as_ref()).next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use serde_json::{Value, json};

    fn pod(name: &str, plan: &str, status: Value) -> Pod {
        let metadata = json!({"name": name, "labels": {"um.lamplighter.dev/dial-plan": plan}});
        serde_json::from_value(json!({"metadata": metadata, "status": status})).unwrap()
    }

    fn condition(type_: &str, status: &str) -> Value {
        json!({"type": type_, "status": status, "message": "0/3 nodes are available"})
    }

    fn plans(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_first_ready_pod_is_asked_whatever_the_order_of_the_list() {
        let is_ready = json!({"phase": "Running", "conditions": [condition("Ready", "True")]});
        let not = json!({"phase": "Running", "conditions": [condition("Ready", "False")]});
        let mut going = pod("hq-notifier-0", "hq", is_ready.clone());
        going.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
            k8s_openapi::jiff::Timestamp::UNIX_EPOCH,
        ));
        let pods = [
            pod("hq-notifier-3", "hq", is_ready.clone()),
            pod("hq-notifier-2", "hq", is_ready.clone()),
            pod("hq-notifier-1", "hq", not),
            going,
            pod("branch-notifier-0", "branch", is_ready),
        ];
        assert_eq!(ready(&pods, &plans(&["hq"]), "voice"), Ok("hq-notifier-2"));
        assert_eq!(ready(&pods, &plans(&["gone", "branch"]), "voice"), Ok("branch-notifier-0"));
        assert_eq!(running(&pods, "branch"), ["branch-notifier-0"]);
        assert_eq!(running(&pods, "hq"), [0, 1, 2, 3].map(|at| format!("hq-notifier-{at}")));
    }

    #[test]
    fn where_none_is_ready_people_read_how_they_are_and_what_to_do() {
        let waits = json!({"containerStatuses": [{
            "name": "notifier", "ready": false, "restartCount": 3, "image": "", "imageID": "",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}
        }]});
        let pods = [
            pod("hq-notifier-0", "hq", waits),
            pod("hq-notifier-1", "hq", json!({"conditions": [condition("PodScheduled", "False")]})),
            pod("hq-notifier-2", "hq", json!({"phase": "Running", "conditions": []})),
            pod("hq-notifier-3", "hq", json!({"phase": "Failed"})),
        ];
        assert_eq!(
            ready(&pods, &plans(&["hq"]), "voice").unwrap_err(),
            "no notifier of UMDialPlan/hq is ready: hq-notifier-0 waits (CrashLoopBackOff), \
             hq-notifier-1 has no node yet (0/3 nodes are available), hq-notifier-2 runs and is not ready, hq-notifier-3 is Failed; \
             `kubectl describe pod hq-notifier-0 -n voice` says more"
        );
        assert_eq!(
            ready(&pods, &plans(&["branch"]), "voice").unwrap_err(),
            "UMDialPlan/branch has no notifier: there is no pod of it in namespace voice; \
             `kubectl describe umdp branch -n voice` says why, unless the operator is away"
        );
    }
}
