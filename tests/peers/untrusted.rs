//! Where TLS can't be had, nothing is told: neither in the clear, nor to a peer that is not the right one, and the log says
//! which gateway it is and why.

use std::time::Duration;

use super::kamailio::Kamailio;
use super::scripted::Silent;
use super::secured::{Material, office, phone};
use super::sipp::Sipp;
use super::staff::{PATIENCE, stays, within};
use crate::common::authority::{Authority, Leaf, Validity};
use crate::common::office::{Office, Program};

/// The log has a line with the gateway's name and this reason, and the lamp stays pending.
fn is_refused(office: &Office, reason: &str) -> Program {
    let program = office.start();
    program.put("lina", 1, 0);
    program.lamp_is("lina", "pending");
    let says_why = || {
        let log = program.process.stderr.text();
        log.lines()
            .any(|line| line.contains("gateway=pbx ") && line.to_lowercase().contains(&reason.to_lowercase()))
    };
    within(
        Duration::from_secs(15),
        &format!("a line of the log with `gateway=pbx` and `{reason}`"),
        says_why,
    );
    stays(Duration::from_secs(2), "pending", || program.get("lina")["lamp"] == "pending");
    program
}

/// Kamailio with this certificate gets nothing from an office with that material.
fn kamailio_gets_nothing(server: &Leaf, clients: &Authority, material: &Material<'_>, reason: &str) {
    let kamailio = Kamailio::start(server, clients);
    let office = office(kamailio.port, "");
    material.write(&office);
    is_refused(&office, reason).stop();
    assert!(!kamailio.has_lamps(), "{}", kamailio.log());
}

#[test]
fn a_gateway_certified_by_another_authority_gets_nothing() {
    let (authority, other) = (Authority::new("right"), Authority::new("other"));
    let material = Material { trusted: &other, shown: &authority.client(Validity::Now) };
    kamailio_gets_nothing(
        &authority.server("localhost", Validity::Now),
        &authority,
        &material,
        "UnknownIssuer",
    );
}

#[test]
fn a_gateway_whose_certificate_shows_another_name_gets_nothing() {
    let authority = Authority::new("right");
    let material = Material { trusted: &authority, shown: &authority.client(Validity::Now) };
    let server = authority.server("other.example.com", Validity::Now);
    kamailio_gets_nothing(&server, &authority, &material, "not valid for name");
}

#[test]
fn a_gateway_whose_certificate_expired_gets_nothing() {
    let authority = Authority::new("right");
    let material = Material { trusted: &authority, shown: &authority.client(Validity::Now) };
    kamailio_gets_nothing(
        &authority.server("localhost", Validity::Expired),
        &authority,
        &material,
        "expired",
    );
}

#[test]
fn a_gateway_that_does_not_take_our_certificate_gets_nothing() {
    let (authority, other) = (Authority::new("right"), Authority::new("other"));
    let material = Material { trusted: &authority, shown: &other.client(Validity::Now) };
    kamailio_gets_nothing(&authority.server("localhost", Validity::Now), &authority, &material, "UnknownCA");
}

#[test]
fn a_gateway_for_which_our_certificate_expired_gets_nothing() {
    let authority = Authority::new("right");
    let material = Material { trusted: &authority, shown: &authority.client(Validity::Expired) };
    kamailio_gets_nothing(&authority.server("localhost", Validity::Now), &authority, &material, "expired");
}

#[test]
fn a_gateway_for_which_we_have_no_certificate_gets_nothing() {
    let authority = Authority::new("right");
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = office(kamailio.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    office.remove("lamp-tls.json");
    let program = office.start();
    program.put("lina", 1, 0);
    program.says_all(0, &["pbx.yaml", "lamp-tls"]);
    stays(Duration::from_secs(2), "pending", || program.get("lina")["lamp"] == "pending");
    assert!(!kamailio.has_lamps(), "{}", kamailio.log());
    // It is enough that the Secret appears.
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    within(PATIENCE, "the lamp", || program.get("lina")["lamp"] == "on");
    kamailio.lamp("4201", "1/0 (0/0)");
}

#[test]
fn a_gateway_without_certificates_on_a_secured_plan_gets_nothing_in_the_clear() {
    let (authority, silent) = (Authority::new("right"), Silent::start());
    let office = office(silent.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    let gateway = office.read("pbx.yaml");
    let tls = gateway.find(", tls:").unwrap();
    office.write("pbx.yaml", &format!("{}}}\n", &gateway[..tls]));
    let program = office.start();
    program.put("lina", 1, 0);
    program.says_all(0, &["error[TlsMissing]", "pbx.yaml"]);
    stays(Duration::from_secs(2), "pending", || program.get("lina")["lamp"] == "pending");
    assert_eq!(silent.read(), b"", "nothing was said to it");
}

#[test]
fn a_gateway_that_speaks_no_tls_hears_no_notify() {
    let authority = Authority::new("right");
    let sipp = Sipp::start("uas_200.xml", "tcp");
    let office = office(sipp.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    is_refused(&office, "can't be reached over TLS").stop();
    assert!(sipp.notifies().is_empty());
}

#[test]
fn a_port_that_is_silent_hears_the_beginning_of_tls_and_nothing_more() {
    let (authority, silent) = (Authority::new("right"), Silent::start());
    let office = office(silent.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    is_refused(&office, "3 s").stop();
    let heard = silent.read();
    // A record of type handshake (RFC 8446 5.1).
    assert_eq!(heard.first(), Some(&0x16));
    for word in ["NOTIFY", "4201", "SIP/2.0", "Voice-Message"] {
        assert!(!String::from_utf8_lossy(&heard).contains(word), "{word} went out in the clear");
    }
}

#[test]
fn plain_tcp_to_the_tls_port_of_kamailio_delivers_nothing() {
    let authority = Authority::new("right");
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = Office::with(kamailio.port);
    is_refused(&office, "can't be reached over TCP").stop();
    assert!(!kamailio.has_lamps(), "{}", kamailio.log());
}

#[test]
fn our_own_phone_takes_nothing_from_a_stranger() {
    let (authority, other) = (Authority::new("right"), Authority::new("other"));
    let folder = Office::new();
    let phone = phone(&folder, &authority.server("localhost", Validity::Now), &authority);
    let office = office(phone.port, "");
    Material { trusted: &authority, shown: &other.client(Validity::Now) }.write(&office);
    is_refused(&office, "TLS failed").stop();
    assert!(phone.notified().is_empty());
}
