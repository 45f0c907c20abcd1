//! Lamps find their way past gateways that are dead, that say 503 or 480, or that say nothing, to one that lives.

use std::time::Duration;

use super::scripted::{Silent, Swallow};
use super::sipp::Sipp;
use super::staff::{Member, PATIENCE, all_on_by, hire, light, stays, told, within};
use crate::common::free_port;
use crate::common::office::{Office, Program};
use crate::common::phone::Phone;

/// A program and what it needs, which ends after it.
struct Running {
    program: Program,
    _office: Office,
    _sipp: Sipp,
}

/// An office with a gateway `first` that fails and one `second` that lives, and its staff.
fn office(first: (u16, &str), second: (u16, &str), count: usize) -> (Office, Vec<Member>) {
    let office = Office::new();
    office.gateway("first", first.0, &format!(", transport: {}, priority: 1", first.1));
    office.gateway("second", second.0, &format!(", transport: {}, priority: 2", second.1));
    let staff = hire(&office, count);
    (office, staff)
}

/// All lamps of the staff get past `first` to a sipp; gives the program that goes on.
fn get_past(first: u16, transport: &str) -> Running {
    let sipp = Sipp::start("uas_200.xml", &transport.to_lowercase());
    let (office, staff) = office((first, transport), (sipp.port, transport), 20);
    let program = office.start();
    light(&program, &staff);
    all_on_by(&program, &staff, "second", PATIENCE);
    let lamps = sipp.lamps();
    for (_, extension) in &staff {
        assert_eq!(lamps.get(extension).map(String::as_str), Some("1/0 (0/0)"), "{extension}");
    }
    Running { program, _office: office, _sipp: sipp }
}

#[test]
fn lamps_get_past_a_tcp_port_where_nobody_listens() {
    let Running { program, .. } = &get_past(free_port(), "TCP");
    assert!(program.logs("gateway does not answer").contains("first"));
}

#[test]
fn lamps_get_past_a_udp_port_where_nobody_listens() {
    get_past(free_port(), "UDP");
}

#[test]
fn lamps_get_past_a_gateway_that_says_503_over_udp() {
    let busy = Sipp::start("uas_503.xml", "udp");
    get_past(busy.port, "UDP");
    assert!((1..=20).contains(&busy.notifies().len()), "no lamp insists at the busy gateway");
}

#[test]
fn lamps_get_past_a_gateway_that_says_503_over_tcp() {
    let busy = Sipp::start("uas_503.xml", "tcp");
    get_past(busy.port, "TCP");
    assert!((1..=20).contains(&busy.notifies().len()), "no lamp insists at the busy gateway");
}

#[test]
fn lamps_get_past_a_udp_port_that_swallows_everything() {
    let hole = Swallow::start();
    let Running { program, .. } = &get_past(hole.port(), "UDP");
    assert!(program.logs("gateway does not answer").contains("first"));
}

#[test]
fn lamps_get_past_a_tcp_listener_that_never_answers() {
    let hole = Silent::start();
    let Running { program, .. } = &get_past(hole.port, "TCP");
    assert!(String::from_utf8_lossy(&hole.read()).contains("NOTIFY sip:"), "the first gateway was asked");
    assert!(program.logs("gateway does not answer").contains("first"));
}

#[test]
fn lamps_get_past_every_kind_of_failure_in_one_dial_plan() {
    let (busy, hole, silent, phone) =
        (Sipp::start("uas_503.xml", "udp"), Swallow::start(), Silent::start(), Phone::start());
    let office = Office::new();
    let gateways = [
        ("dead", free_port(), "TCP"),
        ("busy", busy.port, "UDP"),
        ("hole", hole.port(), "UDP"),
        ("silent", silent.port, "TCP"),
        ("live", phone.port, "TCP"),
    ];
    for (priority, (name, port, transport)) in gateways.into_iter().enumerate() {
        office.gateway(name, port, &format!(", transport: {transport}, priority: {priority}"));
    }
    let staff = hire(&office, 10);
    let program = office.start();
    light(&program, &staff);
    all_on_by(&program, &staff, "live", PATIENCE);
    for (_, extension) in &staff {
        phone.shows(extension, "on 1/0 (0/0)");
    }
    program.stop();
}

#[test]
fn a_lamp_that_is_not_registered_at_one_gateway_goes_to_the_next() {
    let (absent, phone) = (Sipp::start("uas_480.xml", "udp"), Phone::start());
    let (office, staff) = office((absent.port, "UDP"), (phone.port, "TCP"), 1);
    let program = office.start();
    light(&program, &staff);
    all_on_by(&program, &staff, "second", PATIENCE);
    phone.shows("5000", "on 1/0 (0/0)");
    assert_eq!(absent.notifies().len(), 1, "it was asked once");
    assert!(told(&program.get("staff-0"), "first").is_none_or(|told| told["told"].is_null()));
}

#[test]
fn a_lamp_that_is_registered_nowhere_stays_pending_and_makes_no_storm() {
    let absent = Sipp::start("uas_480.xml", "udp");
    let office = Office::new();
    office.gateway("pbx", absent.port, ", transport: UDP");
    let program = office.start();
    program.put("lina", 1, 0);
    absent.wait_for(1);
    program.lamp_is("lina", "pending");
    stays(Duration::from_secs(5), "pending, and asked three times at most", || {
        program.get("lina")["lamp"] == "pending" && absent.notifies().len() <= 3
    });
    // New state is reason enough to ask again.
    program.put("lina", 2, 0);
    within(PATIENCE, "the new state", || absent.lamps()["4201"] == "2/0 (0/0)");
    program.stop();
}
