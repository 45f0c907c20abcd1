//! Commits that are right in one part and wrong in another: what is right happens, what is wrong touches no lamp.

use crate::common::free_port;
use crate::common::manifests::{gateway, mailbox, object, plan, policy};
use crate::common::office::{Office, Program};
use crate::common::phone::Phone;

const OUT: &str = "off 0/0 (0/0)";

/// The office with a phone; Lina has one new message and Omar two.
struct Lit {
    phone: Phone,
    office: Office,
    program: Program,
}

impl Lit {
    fn new() -> Self {
        let phone = Phone::start();
        let office = Office::with(phone.port);
        let program = office.start();
        program.put("lina", 1, 0);
        program.put("omar", 2, 0);
        phone.shows("4201", "on 1/0 (0/0)");
        phone.shows("4202", "on 2/0 (0/0)");
        Self { phone, office, program }
    }

    /// Nothing was told, and Lina's messages still reach her lamp.
    fn lives(&self, new: u32) {
        self.program.put("lina", new, 0);
        self.phone.shows("4201", &format!("on {new}/0 (0/0)"));
        assert_eq!(self.phone.history("4201").len(), 2);
        assert_eq!(self.phone.history("4202"), ["on 2/0 (0/0)"]);
    }

    /// An object moves from its file to one that can't be read.
    fn moves(&self, file: &str) {
        let text = self.office.read(file);
        let mark = self.program.mark();
        // Cut off at its head, so that nobody can say what it is.
        self.office.write("moved.yaml", &text.replace("metadata: {", "metadata: [{"));
        self.office.remove(file);
        self.program.says_all(mark, &["error[InvalidYAML]", "--> moved.yaml:"]);
        let mark = self.program.mark();
        self.office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
        self.program.says(mark, "noor");
        self.lives(5);
        let mark = self.program.mark();
        self.office.write("moved.yaml", &text);
        self.program.says(mark, "no findings");
        self.lives(5);
    }
}

#[test]
fn a_mailbox_that_moves_into_a_file_that_cannot_be_read_is_still_there() {
    Lit::new().moves("omar.yaml");
    Lit::new().moves("lina.yaml");
}

#[test]
fn a_policy_that_moves_into_a_file_that_cannot_be_read_is_still_there() {
    Lit::new().moves("policy.yaml");
}

#[test]
fn a_dial_plan_that_moves_into_a_file_that_cannot_be_read_is_still_there() {
    Lit::new().moves("plan.yaml");
}

#[test]
fn a_gateway_that_moves_into_a_file_that_cannot_be_read_is_still_there() {
    Lit::new().moves("pbx.yaml");
}

/// A mailbox with a field that does not exist.
fn misspelt(name: &str, extension: &str) -> String {
    mailbox(name, "sales", &[extension], "").replace("extensions:", "extension:")
}

#[test]
fn a_commit_that_removes_one_and_misspells_a_new_one_puts_out_the_lamp_of_the_first() {
    let lit = Lit::new();
    let mark = lit.program.mark();
    lit.office.write("omar.yaml", &misspelt("anna", "4206"));
    lit.program.says_all(mark, &["error[UnknownField]", "--> omar.yaml:4:"]);
    lit.phone.shows("4202", OUT);
    assert_eq!(lit.phone.history("4201").len(), 1);
    lit.office.write("omar.yaml", &mailbox("anna", "sales", &["4206"], ""));
    lit.program.knows("anna");
    lit.program.put("anna", 3, 0);
    lit.phone.shows("4206", "on 3/0 (0/0)");
}

#[test]
fn a_mailbox_that_was_never_readable_keeps_its_lamp_when_another_is_removed() {
    let Lit { phone, office, program } = Lit::new();
    program.stop();
    office.write("lina.yaml", &misspelt("lina", "4201"));
    let program = office.start();
    program.says_all(0, &["error[UnknownField]", "--> lina.yaml:4:"]);
    office.remove("omar.yaml");
    phone.shows("4202", OUT);
    assert_eq!(program.put("lina", 7, 0)["version"], 2, "the store knows her");
    office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
    program.knows("noor");
    program.put("noor", 1, 0);
    phone.shows("4205", "on 1/0 (0/0)");
    assert_eq!(phone.history("4201"), ["on 1/0 (0/0)"]);
    office.write("lina.yaml", &mailbox("lina", "sales", &["4201"], ""));
    phone.shows("4201", "on 7/0 (0/0)");
}

#[test]
fn a_mailbox_that_is_removed_while_it_is_not_readable_has_its_lamp_put_out() {
    let Lit { phone, office, program } = Lit::new();
    program.stop();
    office.write("lina.yaml", &misspelt("lina", "4201"));
    let program = office.start();
    program.says_all(0, &["error[UnknownField]", "--> lina.yaml:4:"]);
    office.remove("lina.yaml");
    phone.shows("4201", OUT);
    assert_eq!(phone.history("4202"), ["on 2/0 (0/0)"]);
    assert_eq!(program.read(&crate::common::office::messages("lina")).status, 404);
}

/// Another dial plan, with a policy and a gateway at this port.
fn branch(office: &Office, port: u16) {
    let parts = [
        plan("branch", "TelExtn", office.sip_port),
        policy("staff", "branch"),
        gateway("pbx-branch", "branch", port, ""),
    ];
    office.write("branch.yaml", &parts.join("---\n"));
}

/// A change of a field that can't be changed is said with its line and with what to do, and taking it back is all it needs.
fn is_refused(file: &str, changed: impl FnOnce(&str) -> String, path: &str, place: &str) {
    let lit = Lit::new();
    // The other dial plan is there, so that only the change itself is wrong.
    branch(&lit.office, free_port());
    lit.program.says(0, "branch");
    let text = lit.office.read(file);
    let mark = lit.program.mark();
    let other = changed(&text);
    assert_ne!(other, text);
    lit.office.write(file, &other);
    lit.program.says_all(mark, &["error[FieldImmutable]", place, path, "= help: write the old value again"]);
    lit.office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
    lit.program.knows("noor");
    lit.program.put("noor", 1, 0);
    lit.phone.shows("4205", "on 1/0 (0/0)");
    lit.lives(4);
    let mark = lit.program.mark();
    lit.office.write(file, &text);
    lit.program.says(mark, "no findings");
    lit.lives(4);
}

#[test]
fn the_number_of_digits_of_a_dial_plan_cannot_be_changed() {
    let changed = |text: &str| text.replace("numberOfDigitsInExtension: 4", "numberOfDigitsInExtension: 5");
    is_refused("plan.yaml", changed, "spec.numberOfDigitsInExtension was 4", "--> plan.yaml:4:35");
}

#[test]
fn the_form_of_the_addresses_of_a_dial_plan_cannot_be_changed() {
    let changed = |text: &str| text.replace("TelExtn", "SipName");
    is_refused("plan.yaml", changed, "spec.uriType was TelExtn", "--> plan.yaml:4:115");
}

#[test]
fn the_dial_plan_of_a_policy_cannot_be_changed() {
    let changed = |text: &str| text.replace("{name: hq}", "{name: branch}");
    is_refused("policy.yaml", changed, "spec.dialPlanRef.name was hq", "--> policy.yaml:4:28");
}

#[test]
fn the_store_of_a_dial_plan_cannot_go_back_from_postgresql_to_sqlite() {
    let lit = Lit::new();
    let sqlite = lit.office.read("plan.yaml");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: voice}\nstringData: {uri: \"postgresql://db/lamps\"}\n";
    lit.office.write("secret.yaml", secret);
    let store = "notifier: {store: {type: PostgreSQL, connectionSecretRef: {name: db, key: uri}}, ";
    let postgresql = sqlite.replace("notifier: {", store);
    assert_ne!(postgresql, sqlite);
    let mark = lit.program.mark();
    lit.office.write("plan.yaml", &postgresql);
    lit.office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
    lit.program.says(mark, "noor");
    let mark = lit.program.mark();
    lit.office.write("plan.yaml", &sqlite);
    let message = "spec.notifier.store.type was PostgreSQL and can't be changed to SQLite";
    lit.program.says_all(
        mark,
        &["error[FieldImmutable]", "--> plan.yaml:4:", message, "= help: write the old value again"],
    );
    lit.lives(4);
    let mark = lit.program.mark();
    lit.office.write("plan.yaml", &postgresql);
    lit.program.says(mark, "no findings");
    lit.lives(4);
}

#[test]
fn a_value_that_never_was_in_force_without_error_can_be_changed() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let spec = "{numberOfDigitsInExtension: 5, uriType: TelExtn, notifier: {refreshInterval: soon}}";
    office.write("plan.yaml", &object("UMDialPlan", "hq", spec));
    let program = office.start();
    program.says_all(0, &["error[", "--> plan.yaml:4:"]);
    let mark = program.mark();
    office.write("plan.yaml", &plan("hq", "TelExtn", office.sip_port));
    program.says(mark, "no findings");
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
}

#[test]
fn a_policy_under_another_name_takes_mailboxes_to_another_dial_plan() {
    let lit = Lit::new();
    let there = Phone::start();
    branch(&lit.office, there.port);
    lit.office.write("omar.yaml", &mailbox("omar", "staff", &["4202"], ""));
    lit.phone.shows("4202", OUT);
    lit.program.knows("omar");
    lit.program.put("omar", 1, 0);
    there.shows("4202", "on 1/0 (0/0)");
}
