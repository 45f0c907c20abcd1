//! A SIPSecured dial plan: NOTIFY over mutual TLS to Kamailio and to our own phone, with certificates from manifests and from
//! files, and with new ones while the program runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::installed::connections;
use super::kamailio::Kamailio;
use super::staff::{PATIENCE, all_on_by, hire, light, within};
use crate::common::authority::{Authority, Leaf, Validity, files, secret};
use crate::common::free_port;
use crate::common::manifests::object;
use crate::common::office::{Office, Program};
use crate::common::phone::Phone;
use crate::common::process::{LAMPLIGHTER, Process};

/// What the office shows and trusts.
pub struct Material<'a> {
    /// Whose certificates it takes from the gateway.
    pub trusted: &'a Authority,
    /// What it shows.
    pub shown: &'a Leaf,
}

impl Material<'_> {
    /// Writes the two Secrets as manifests.
    pub fn write(&self, office: &Office) {
        self.each(|name, values| office.write(&format!("{name}.json"), &secret(name, values)));
    }

    /// Writes them as files NAME/KEY.
    fn write_files(&self, folder: &Path) {
        self.each(|name, values| files(folder, name, values));
    }

    fn each(&self, write: impl Fn(&str, &[(&str, &str)])) {
        write("pbx-ca", &[("ca.crt", &self.trusted.pem)]);
        write("lamp-tls", &[("tls.crt", &self.shown.chain), ("tls.key", &self.shown.key)]);
    }
}

/// An office whose dial plan is SIPSecured, with a gateway `pbx` named `localhost`; `tls` goes into its block `tls`.
pub fn office(port: u16, tls: &str) -> Office {
    let office = Office::new();
    let notifier = format!("{{mode: Active, sip: {{port: {}}}}}", office.sip_port);
    let plan = format!(
        "{{numberOfDigitsInExtension: 4, uriType: TelExtn, voipSecurity: SIPSecured, notifier: {notifier}}}"
    );
    office.write("plan.yaml", &object("UMDialPlan", "hq", &plan));
    let ca = "caRef: {kind: Secret, name: pbx-ca, key: ca.crt}";
    let tls = format!("{{{ca}, certificateSecretRef: {{name: lamp-tls}}{tls}}}");
    let gateway = format!("{{address: localhost, port: {port}, dialPlanRef: {{name: hq}}, tls: {tls}}}");
    office.write("pbx.yaml", &object("UMIPGateway", "pbx", &gateway));
    office
}

fn start_with_secrets(office: &Office, secrets: &Path) -> Program {
    Program::start(&office.manifests(), &office.data(), &["--secrets", secrets.to_str().unwrap()])
}

#[test]
fn kamailio_takes_lamps_over_mutual_tls_with_secrets_beside_the_resources() {
    let authority = Authority::new("right");
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = office(kamailio.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    let program = office.start();
    program.put("lina", 3, 2);
    let line = kamailio.lamp("4201", "3/2 (0/0)");
    assert!(line.contains("certificate=lamplighter"), "{line}");
    program.lamp_is("lina", "on");
    program.put("lina", 0, 2);
    kamailio.lamp("4201", "0/2 (0/0)");
    program.lamp_is("lina", "off");
    program.stop();
}

#[test]
fn kamailio_takes_lamps_over_mutual_tls_with_secrets_from_files() {
    let authority = Authority::new("right");
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = office(kamailio.port, "");
    let secrets = office.beside("secrets");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write_files(&secrets);
    let program = start_with_secrets(&office, &secrets);
    program.put("lina", 1, 0);
    kamailio.lamp("4201", "1/0 (0/0)");
    program.lamp_is("lina", "on");
    program.stop();
}

#[test]
fn fifty_lamps_go_over_one_tls_connection() {
    let authority = Authority::new("right");
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = office(kamailio.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    let staff = hire(&office, 50);
    let program = office.start();
    light(&program, &staff);
    all_on_by(&program, &staff, "pbx", PATIENCE);
    assert_eq!(connections(kamailio.port), 1, "one connection carries all");
    for (_, extension) in &staff {
        kamailio.lamp(extension, "1/0 (0/0)");
    }
}

#[test]
fn another_server_name_is_what_the_certificate_must_show() {
    let authority = Authority::new("right");
    let kamailio = Kamailio::start(&authority.server("pbx.example.com", Validity::Now), &authority);
    let office = office(kamailio.port, ", serverName: pbx.example.com");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    let program = office.start();
    program.put("lina", 1, 0);
    kamailio.lamp("4201", "1/0 (0/0)");
    program.lamp_is("lina", "on");
}

#[test]
fn a_renewed_secret_manifest_is_taken_without_a_restart() {
    let (authority, other) = (Authority::new("right"), Authority::new("other"));
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = office(kamailio.port, "");
    let shown = authority.client(Validity::Now);
    Material { trusted: &other, shown: &shown }.write(&office);
    let program = office.start();
    program.put("lina", 1, 0);
    within(PATIENCE, "the gateway to be down", || {
        program.process.stderr.text().contains("gateway does not answer")
    });
    assert!(!kamailio.has_lamps());
    Material { trusted: &authority, shown: &shown }.write(&office);
    within(PATIENCE, "the lamp", || program.get("lina")["lamp"] == "on");
    kamailio.lamp("4201", "1/0 (0/0)");
    program.stop();
}

#[test]
fn a_renewed_secret_in_files_is_taken_without_a_restart() {
    let (authority, other) = (Authority::new("right"), Authority::new("other"));
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = office(kamailio.port, "");
    let secrets = office.beside("secrets");
    Material { trusted: &authority, shown: &other.client(Validity::Now) }.write_files(&secrets);
    let program = start_with_secrets(&office, &secrets);
    program.put("lina", 1, 0);
    within(PATIENCE, "the gateway to be down", || {
        program.process.stderr.text().contains("gateway does not answer")
    });
    assert!(!kamailio.has_lamps());
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write_files(&secrets);
    within(PATIENCE, "the lamp", || program.get("lina")["lamp"] == "on");
    kamailio.lamp("4201", "1/0 (0/0)");
    program.stop();
}

/// Our own phone behind mutual TLS.
pub fn phone(office: &Office, leaf: &Leaf, clients: &Authority) -> Phone {
    let port = free_port();
    let mut command = Command::new(LAMPLIGHTER);
    command.args(["phone", "--json", "--listen", &format!("tls:127.0.0.1:{port}")]);
    for (option, text) in [("--cert", &leaf.chain), ("--key", &leaf.key), ("--ca", &clients.pem)] {
        let path = office.beside(&option[2..]);
        fs::write(&path, text).unwrap();
        command.arg(option).arg(path);
    }
    let process = Process::start(&mut command);
    process.stderr.wait_for(0, &format!("127.0.0.1:{port}"));
    Phone { process, port }
}

#[test]
fn our_own_phone_takes_lamps_over_mutual_tls() {
    let authority = Authority::new("right");
    let office = Office::new();
    let phone = phone(&office, &authority.server("localhost", Validity::Now), &authority);
    let office = self::office(phone.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    let program = office.start();
    program.put("lina", 2, 1);
    phone.shows("4201", "on 2/1 (0/0)");
    assert_eq!(phone.notified()[0]["transport"], "tls");
    program.lamp_is("lina", "on");
    program.stop();
}

#[test]
fn a_dial_plan_that_becomes_secured_goes_over_to_tls_without_a_restart() {
    let authority = Authority::new("right");
    let kamailio = Kamailio::start(&authority.server("localhost", Validity::Now), &authority);
    let office = office(kamailio.port, "");
    Material { trusted: &authority, shown: &authority.client(Validity::Now) }.write(&office);
    office.replace("plan.yaml", "SIPSecured", "Unsecured");
    let program = office.start();
    program.put("lina", 1, 0);
    within(PATIENCE, "the gateway to be down", || {
        program.process.stderr.text().contains("gateway does not answer")
    });
    assert!(!kamailio.has_lamps());
    office.replace("plan.yaml", "Unsecured", "SIPSecured");
    within(PATIENCE, "the lamp", || program.get("lina")["lamp"] == "on");
    kamailio.lamp("4201", "1/0 (0/0)");
    program.stop();
}
