//! `evaluate` at 1,000, 10,000 and 100,000 mailboxes: time, and memory beyond the objects themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use lamplighter::domain::{Snapshot, evaluate};
use serde_json::{Value, json};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs of which the median is printed.
const RUNS: usize = 15;

fn main() {
    println!(
        "evaluate: every mailbox has two extensions, a mail address and wishes of its own; one in ten a lamp of its own, one in a hundred a PIN request; 20 policies, 4 dial plans with 20 dialing rules, 8 gateways"
    );
    println!("{:>10}  {:>12}  {:>12}  {:>18}", "mailboxes", "median", "worst", "bytes per mailbox");
    for count in [1_000, 10_000, 100_000] {
        let snapshot = snapshot(count);
        let before = resident();
        let outcome = evaluate(&snapshot);
        // Small counts hide behind what the allocator keeps; the figure means something from 10,000 on.
        let bytes = resident().saturating_sub(before) / count;
        assert_eq!(outcome.findings().count(), 0);
        drop(outcome);
        let mut times: Vec<_> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                let outcome = evaluate(&snapshot);
                let time = start.elapsed();
                drop(outcome);
                time
            })
            .collect();
        times.sort();
        println!("{count:>10}  {:>12.1?}  {:>12.1?}  {bytes:>18}", times[RUNS / 2], times[RUNS - 1]);
    }
}

fn snapshot(count: usize) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for plan in 0..4 {
        snapshot.dial_plans.push(dial_plan(&format!("plan-{plan}")));
        for gateway in 0..2 {
            let name = format!("gateway-{plan}-{gateway}");
            let spec = json!({"address": format!("{name}.example.com"), "priority": gateway, "dialPlanRef": {"name": format!("plan-{plan}")}});
            snapshot.gateways.push(kind("UMIPGateway", &name, &spec));
        }
        for policy in 0..5 {
            let spec = json!({
                "dialPlanRef": {"name": format!("plan-{plan}")},
                "allowFax": true,
                "faxServerURI": "sip:fax.example.com:5060;transport=tcp",
                "umEnabledText": "Welcome to <b>voice mail</b>",
                "allowedInCountryOrRegionGroups": ["group-1", "group-2"],
            });
            snapshot.mailbox_policies.push(kind(
                "UMMailboxPolicy",
                &format!("policy-{plan}-{policy}"),
                &spec,
            ));
        }
    }
    for at in 0..count {
        let mut spec = json!({
            "displayName": format!("Person {at}"),
            "mailboxPolicyRef": {"name": format!("policy-{}-{}", at % 4, at / 4 % 5)},
            "extensions": [format!("{at:06}"), format!("{:06}", 500_000 + at)],
        });
        spec["primarySmtpAddress"] = json!(format!("person.{at}@example.com"));
        spec["missedCallNotificationEnabled"] = json!(true);
        spec["umSMSNotificationOption"] = json!("VoiceMail");
        if at % 100 == 0 {
            spec["pin"] = json!({"resetRequest": "enabled"});
        }
        if at % 10 == 0 {
            spec["messageWaitingIndicatorExtensions"] = json!([format!("{at:06}"), "999999"]);
        }
        snapshot.mailboxes.push(kind("UMMailbox", &format!("mailbox-{at:06}"), &spec));
    }
    snapshot
}

fn dial_plan<T: serde::de::DeserializeOwned>(name: &str) -> Arc<T> {
    let rule = |at: usize| json!({"name": format!("group-{}", at % 5), "numberMask": format!("{at}xxxxxxx"), "dialedNumber": format!("0{at}xxxxxxx")});
    let rules: Vec<Value> = (0..20).map(rule).collect();
    let spec = json!({
        "numberOfDigitsInExtension": 6,
        "accessTelephoneNumbers": [format!("{name} 4000")],
        "operatorExtension": "0",
        "configuredInCountryOrRegionGroups": rules,
        "notifier": {
            "mail": {"from": "voicemail@example.com", "smtp": {"host": "mail.example.com"}},
            "sms": {"webhook": {"url": "https://sms.example.com/send"}},
        },
    });
    kind("UMDialPlan", name, &spec)
}

fn kind<T: serde::de::DeserializeOwned>(kind: &str, name: &str, spec: &Value) -> Arc<T> {
    Arc::new(serde_json::from_value(json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})).unwrap())
}

/// Memory that this process has, in bytes.
fn resident() -> usize {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}
