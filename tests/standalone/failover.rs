//! Several gateways, and bursts.

use crate::common::manifests::{mailbox, object};
use crate::common::office::Office;
use crate::common::phone::Phone;
use crate::common::{PROBE_LIMIT, free_port};

#[test]
fn a_dead_gateway_is_passed_over_and_gets_its_lamps_when_it_comes_back() {
    let dead = free_port();
    let second = Phone::start();
    let office = Office::new();
    office.gateway("pbx-a", dead, ", priority: 1");
    office.gateway("pbx-b", second.port, ", priority: 2");
    let program = office.start();
    program.put("lina", 1, 0);
    program.put("omar", 0, 3);
    second.shows("4201", "on 1/0 (0/0)");
    second.shows("4202", "off 0/3 (0/0)");
    let state = program.lamp_is("lina", "on");
    assert_eq!(state["lamps"][0]["gateways"][0]["name"], "pbx-b");
    let first = Phone::start_at(dead);
    first.shows_within(PROBE_LIMIT, "4201", "on 1/0 (0/0)");
    first.shows_within(PROBE_LIMIT, "4202", "off 0/3 (0/0)");
    program.logs("gateway answers again");
    program.put("lina", 0, 1);
    first.shows("4201", "off 0/1 (0/0)");
    second.shows("4201", "off 0/1 (0/0)");
}

#[test]
fn the_gateway_with_the_lowest_priority_is_the_only_one_that_hears_when_it_answers() {
    let (first, second) = (Phone::start(), Phone::start());
    let office = Office::new();
    office.gateway("pbx-z", first.port, ", priority: 1");
    office.gateway("pbx-a", second.port, ", priority: 2");
    let program = office.start();
    program.put("lina", 1, 0);
    first.shows("4201", "on 1/0 (0/0)");
    program.lamp_is("lina", "on");
    assert_eq!(second.notified(), [] as [serde_json::Value; 0]);
}

#[test]
fn a_gateway_that_is_disabled_hears_nothing_more_and_the_next_one_shows_the_lamps() {
    let (first, second) = (Phone::start(), Phone::start());
    let office = Office::new();
    office.gateway("pbx-a", first.port, ", priority: 1");
    office.gateway("pbx-b", second.port, ", priority: 2");
    let program = office.start();
    program.put("lina", 1, 0);
    first.shows("4201", "on 1/0 (0/0)");
    office.gateway("pbx-a", first.port, ", priority: 1, status: Disabled");
    second.shows("4201", "on 1/0 (0/0)");
    program.put("lina", 0, 0);
    second.shows("4201", "off 0/0 (0/0)");
    assert_eq!(first.history("4201"), ["on 1/0 (0/0)"]);
    office.gateway("pbx-a", first.port, ", priority: 1");
    first.shows("4201", "off 0/0 (0/0)");
}

#[test]
fn of_a_burst_the_gateway_shows_the_last_state_and_need_not_hear_the_others() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    for new in 1..=200 {
        assert_eq!(program.put("lina", new % 50, new)["version"], new);
    }
    phone.shows("4201", "off 0/200 (0/0)");
    let told = phone.history("4201");
    assert!(told.len() <= 200, "{} NOTIFYs for 200 states", told.len());
    let olds: Vec<u32> =
        told.iter().map(|state| state.split(['/', ' ']).nth(2).unwrap().parse().unwrap()).collect();
    assert!(olds.is_sorted(), "an older state was told after a newer one: {olds:?}");
    program.lamp_is("lina", "off");
    assert_eq!(phone.history("4201").len(), told.len());
}

#[test]
fn a_burst_while_the_rate_is_slow_collapses_into_few_notifies() {
    let phone = Phone::start();
    let office = Office::new();
    office.gateway("pbx", phone.port, ", maxNotifyPerSecond: 2");
    let program = office.start();
    for new in 1..=100 {
        program.put("lina", new, 0);
    }
    phone.shows("4201", "on 100/0 (0/0)");
    assert!(phone.history("4201").len() < 20, "{:?}", phone.history("4201"));
}

#[test]
fn callers_who_write_at_once_all_get_their_answer_and_the_lamps_are_right() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let names: Vec<String> = (0..8).map(|at| format!("user-{at}")).collect();
    for (at, name) in names.iter().enumerate() {
        office.write(&format!("{name}.yaml"), &mailbox(name, "sales", &[&format!("43{at:02}")], ""));
    }
    let program = office.start();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| (1..=25).for_each(|new| drop(program.put(name, new, 0))));
        }
    });
    for (at, name) in names.iter().enumerate() {
        phone.shows(&format!("43{at:02}"), "on 25/0 (0/0)");
        assert_eq!(program.lamp_is(name, "on")["version"], 25);
    }
}

#[test]
fn a_gateway_that_moves_is_told_all_lamps_at_its_new_address() {
    let (before, after) = (Phone::start(), Phone::start());
    let office = Office::with(before.port);
    let program = office.start();
    program.put("lina", 1, 0);
    program.put("omar", 0, 2);
    before.shows("4201", "on 1/0 (0/0)");
    before.shows("4202", "off 0/2 (0/0)");
    office.gateway("pbx", after.port, "");
    after.shows("4201", "on 1/0 (0/0)");
    after.shows("4202", "off 0/2 (0/0)");
    program.put("lina", 2, 0);
    after.shows("4201", "on 2/0 (0/0)");
    assert_eq!(before.history("4201").len(), 1);
}

#[test]
fn a_host_name_is_resolved() {
    let phone = Phone::start();
    let office = Office::new();
    let spec = format!("{{address: localhost, port: {}, dialPlanRef: {{name: hq}}}}", phone.port);
    office.write("pbx.yaml", &object("UMIPGateway", "pbx", &spec));
    let program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
}
