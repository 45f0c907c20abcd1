//! A telephone system that goes away and comes back.

use super::kamailio::Kamailio;
use super::secured::{self, Material};
use super::sipp::Sipp;
use super::staff::{PATIENCE, all_on_by, hire, light, within};
use crate::common::PROBE_LIMIT;
use crate::common::authority::{Authority, Validity};
use crate::common::office::Office;

/// sipp ends, state changes, sipp starts again: it is told all lamps, those that did not change too.
fn comes_back(protocol: &str) {
    let before = Sipp::start("uas_200.xml", protocol);
    let port = before.port;
    let office = Office::new();
    office.gateway("pbx", port, &format!(", transport: {}", protocol.to_uppercase()));
    let staff = hire(&office, 10);
    let program = office.start();
    light(&program, &staff);
    all_on_by(&program, &staff, "pbx", PATIENCE);
    before.stop();
    program.put("staff-0", 5, 0);
    program.lamp_is("staff-0", "pending");
    within(PROBE_LIMIT, "the gateway to be down", || {
        program.process.stderr.text().contains("gateway does not answer")
    });

    let after = Sipp::start_at(port, "uas_200.xml", protocol);
    within(PATIENCE, "all lamps at the telephone system that came back", || {
        let lamps = after.lamps();
        let shows = |extension: &str, counts: &str| lamps.get(extension).is_some_and(|shown| shown == counts);
        shows("5000", "5/0 (0/0)") && staff.iter().skip(1).all(|(_, extension)| shows(extension, "1/0 (0/0)"))
    });
    all_on_by(&program, &staff, "pbx", PATIENCE);
    assert!(program.logs("gateway answers again").contains("pbx"));
    program.stop();
    let notifies = after.notifies().len();
    assert!((10..=20).contains(&notifies), "each lamp is told once, perhaps twice, not {notifies} times");
}

#[test]
fn a_telephone_system_that_restarted_over_udp_is_told_all_its_lamps() {
    comes_back("udp");
}

#[test]
fn a_telephone_system_that_restarted_over_tcp_is_told_all_its_lamps() {
    comes_back("tcp");
}

#[test]
fn kamailio_with_a_new_certificate_after_its_restart_is_told_all_its_lamps() {
    let authority = Authority::new("right");
    let before = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let port = before.port;
    let office = secured::office(port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    let program = office.start();
    program.put("lina", 1, 0);
    program.put("omar", 1, 0);
    program.lamp_is("lina", "on");
    program.lamp_is("omar", "on");
    before.stop();
    program.put("lina", 2, 0);
    within(PROBE_LIMIT, "the gateway to be down", || {
        program.process.stderr.text().contains("gateway does not answer")
    });
    let after = Kamailio::start_at(port, &authority.server("localhost", Validity::Now), &authority);
    within(PATIENCE, "both lamps at the Kamailio that came back", || {
        let log = after.log();
        log.contains("Voice-Message: 2/0") && log.contains("lamp to=4202")
    });
    program.lamp_is("lina", "on");
    program.stop();
}
