//! What operator and notifiers count, as a Prometheus reads it.

use std::net::SocketAddr;

use crate::common::http;
use crate::harness::{self, Cluster};
use crate::installed::{Office, SYSTEM, leader, wait, with_pods};

#[test]
fn the_leader_counts_under_the_names_that_dashboards_for_controllers_expect() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let office = Office::open(&cluster, "counted");
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");

    let namespace = &office.namespace.name;
    let wanted = [
        "controller_runtime_active_workers{controller=\"namespace\"} ".to_owned(),
        "controller_runtime_reconcile_errors_total{controller=\"namespace\"} ".to_owned(),
        "controller_runtime_reconcile_panics_total{controller=\"namespace\"} 0\n".to_owned(),
        "controller_runtime_reconcile_time_seconds_count{controller=\"namespace\"} ".to_owned(),
        "controller_runtime_reconcile_total{controller=\"namespace\",result=\"success\"} ".to_owned(),
        "leader_election_master_status{name=\"lamplighter-operator\"} 1\n".to_owned(),
        "rest_client_requests_total{code=\"200\",method=\"PATCH\",host=\"".to_owned(),
        "rest_client_requests_total{code=\"200\",method=\"GET\",host=\"".to_owned(),
        "workqueue_adds_total{name=\"namespace\",controller=\"namespace\"} ".to_owned(),
        "workqueue_depth{name=\"namespace\",controller=\"namespace\"} ".to_owned(),
        "workqueue_longest_running_processor_seconds{name=\"namespace\",controller=\"namespace\"} "
            .to_owned(),
        "workqueue_queue_duration_seconds_count{name=\"namespace\",controller=\"namespace\"} ".to_owned(),
        "workqueue_retries_total{name=\"namespace\",controller=\"namespace\"} ".to_owned(),
        "workqueue_unfinished_work_seconds{name=\"namespace\",controller=\"namespace\"} ".to_owned(),
        "workqueue_work_duration_seconds_count{name=\"namespace\",controller=\"namespace\"} ".to_owned(),
        format!("lamplighter_statuses_written_total{{namespace=\"{namespace}\",kind=\"UMMailbox\"}} "),
        format!("lamplighter_objects_applied_total{{namespace=\"{namespace}\",kind=\"StatefulSet\"}} "),
    ];
    // Another test may end the leader at any time, and the next one begins to count: it has something to do until it has counted all.
    let mut rounds = 0;
    wait(&format!("the leader to have counted {wanted:#?}"), || {
        rounds += 1;
        office.patch("ummb/omar", &format!(r#"{{"spec":{{"displayName":"Omar {rounds}"}}}}"#));
        office.namespace.kubectl(&["delete", "statefulset", "hq-notifier", "--cascade=orphan"]);
        let all = metrics(&cluster, SYSTEM, &leader(&cluster))?;
        wanted.iter().all(|line| all.contains(line)).then_some(())
    });

    let of_gateway = format!("{{namespace=\"{namespace}\",name=\"hq\",gateway=\"pbx\"");
    let all = metrics(&cluster, namespace, "hq-notifier-0").expect("the notifier is asked for its metrics");
    for line in [
        format!("lamplighter_notify_total{of_gateway},code=\"200\"}} "),
        format!("lamplighter_notify_duration_seconds_count{of_gateway}}} "),
        format!("lamplighter_gateway_up{of_gateway}}} 1\n"),
        "rest_client_requests_total{code=\"200\",method=\"GET\",host=\"".to_owned(),
        format!("lamplighter_lamps{{namespace=\"{namespace}\",name=\"hq\"}} 2\n"),
    ] {
        assert!(all.contains(&line), "{line} is not in {all}");
    }
}

/// What a pod serves; none where it is not there any more.
fn metrics(cluster: &Cluster, namespace: &str, pod: &str) -> Option<String> {
    let address = cluster.kubectl(&["get", "pod", pod, "-n", namespace, "-o", "jsonpath={.status.podIP}"]);
    let address = SocketAddr::new(address.stdout.trim().parse().ok()?, 8080);
    let answer = http::try_request(address, "GET", "/metrics", &[], b"").ok()?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Some(answer.body)
}
