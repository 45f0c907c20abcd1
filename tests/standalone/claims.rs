//! Who claims a lamp, and what becomes of it when that changes.

use crate::common::manifests::{mailbox, object, policy};
use crate::common::office::{Office, Program};
use crate::common::phone::Phone;

const OUT: &str = "off 0/0 (0/0)";

/// The office with a phone, and one new message for Lina.
fn lit() -> (Phone, Office, Program) {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    (phone, office, program)
}

/// The office with lamp 4250 of both, where Omar has a policy of his own.
fn shared(phone: &Phone) -> Office {
    let office = Office::with(phone.port);
    office.write("reception.yaml", &policy("reception", "hq"));
    let lamps = |own| format!(", messageWaitingIndicatorExtensions: [\"{own}\", \"4250\"]");
    office.write("lina.yaml", &mailbox("lina", "sales", &["4201"], &lamps("4201")));
    office.write("omar.yaml", &mailbox("omar", "reception", &["4202"], &lamps("4202")));
    office
}

#[test]
fn two_mailboxes_on_one_lamp_show_the_sum() {
    let phone = Phone::start();
    let office = shared(&phone);
    let program = office.start();
    program.put("lina", 2, 1);
    phone.shows("4250", "on 2/1 (0/0)");
    program.put("omar", 3, 4);
    phone.shows("4250", "on 5/5 (0/0)");
    phone.shows("4201", "on 2/1 (0/0)");
    phone.shows("4202", "on 3/4 (0/0)");
    program.put("lina", 0, 0);
    phone.shows("4250", "on 3/4 (0/0)");
    program.put("omar", 0, 4);
    phone.shows("4250", "off 0/4 (0/0)");
}

#[test]
fn one_of_two_mailboxes_without_mwi_leaves_the_messages_of_the_other() {
    let phone = Phone::start();
    let office = shared(&phone);
    let program = office.start();
    program.put("lina", 2, 1);
    program.put("omar", 3, 4);
    phone.shows("4250", "on 5/5 (0/0)");
    office.replace(
        "reception.yaml",
        "allowMessageWaitingIndicator: true",
        "allowMessageWaitingIndicator: false",
    );
    phone.shows("4250", "on 2/1 (0/0)");
    phone.shows("4202", OUT);
    assert!(!phone.history("4250").contains(&OUT.to_owned()), "the shared lamp is never out in between");
    assert_eq!(phone.history("4201").len(), 1, "Lina's own lamp is left alone");
    office.replace(
        "reception.yaml",
        "allowMessageWaitingIndicator: false",
        "allowMessageWaitingIndicator: true",
    );
    phone.shows("4250", "on 5/5 (0/0)");
    phone.shows("4202", "on 3/4 (0/0)");
}

#[test]
fn a_mailbox_that_is_removed_has_its_lamp_put_out_and_is_gone() {
    let (phone, office, program) = lit();
    office.remove("lina.yaml");
    phone.shows("4201", OUT);
    assert_eq!(program.read(&crate::common::office::messages("lina")).status, 404);
    program.put("omar", 1, 0);
    phone.shows("4202", "on 1/0 (0/0)");
    assert_eq!(phone.history("4201").len(), 2);
}

#[test]
fn a_mailbox_that_comes_back_has_its_messages_again() {
    let (phone, office, program) = lit();
    let text = office.read("lina.yaml");
    office.remove("lina.yaml");
    phone.shows("4201", OUT);
    office.write("lina.yaml", &text);
    phone.shows("4201", "on 1/0 (0/0)");
    assert_eq!(program.get("lina")["version"], 1);
}

#[test]
fn a_mailbox_that_is_renumbered_lights_the_new_lamp_and_puts_the_old_one_out() {
    let (phone, office, program) = lit();
    office.replace("lina.yaml", "4201", "4301");
    phone.shows("4301", "on 1/0 (0/0)");
    phone.shows("4201", OUT);
    assert_eq!(program.lamp_is("lina", "on")["lamps"][0]["address"], "4301");
}

#[test]
fn a_mailbox_without_mwi_has_its_lamp_put_out_and_says_why() {
    let (phone, office, program) = lit();
    office.replace(
        "policy.yaml",
        "allowMessageWaitingIndicator: true",
        "allowMessageWaitingIndicator: false",
    );
    phone.shows("4201", OUT);
    let state = program.get("lina");
    assert_eq!(state["mwi"]["reason"], "MWIForbiddenByPolicy");
    let answer = program.put("lina", 4, 0);
    assert_eq!(answer["messages"]["new"], 4, "counts are taken all the same");
    office.replace(
        "policy.yaml",
        "allowMessageWaitingIndicator: false",
        "allowMessageWaitingIndicator: true",
    );
    phone.shows("4201", "on 4/0 (0/0)");
    assert_eq!(phone.history("4201").len(), 3);
}

#[test]
fn a_mailbox_that_was_removed_while_the_program_was_down_has_its_lamp_put_out_at_the_start() {
    let (phone, office, program) = lit();
    program.stop();
    office.remove("lina.yaml");
    let _program = office.start();
    phone.shows("4201", OUT);
}

#[test]
fn a_mailbox_that_lost_its_permission_while_the_program_was_down_has_its_lamp_put_out_at_the_start() {
    let (phone, office, program) = lit();
    program.stop();
    office.replace(
        "policy.yaml",
        "allowMessageWaitingIndicator: true",
        "allowMessageWaitingIndicator: false",
    );
    let _program = office.start();
    phone.shows("4201", OUT);
}

#[test]
fn an_extension_that_moves_to_a_mailbox_without_messages_never_shows_those_of_the_one_before() {
    let (phone, office, program) = lit();
    program.put("omar", 0, 0);
    phone.shows("4202", OUT);
    office.write("lina.yaml", &mailbox("lina", "sales", &["4203"], ""));
    office.write("omar.yaml", &mailbox("omar", "sales", &["4201"], ""));
    phone.shows("4203", "on 1/0 (0/0)");
    phone.shows("4201", OUT);
    program.put("omar", 2, 0);
    phone.shows("4201", "on 2/0 (0/0)");
    assert_eq!(phone.history("4201"), ["on 1/0 (0/0)", OUT, "on 2/0 (0/0)"]);
}

#[test]
fn an_extension_that_moves_to_an_unknown_mailbox_is_put_out_until_that_is_known() {
    let (phone, office, program) = lit();
    office.write("lina.yaml", &mailbox("lina", "sales", &["4203"], ""));
    office.write("omar.yaml", &mailbox("omar", "sales", &["4201"], ""));
    phone.shows("4203", "on 1/0 (0/0)");
    phone.shows("4201", OUT);
    assert_eq!(program.get("omar")["messages"], serde_json::Value::Null);
    program.put("omar", 2, 0);
    phone.shows("4201", "on 2/0 (0/0)");
}

#[test]
fn an_extension_that_moves_to_a_mailbox_with_messages_is_not_put_out_in_between() {
    let (phone, office, program) = lit();
    program.put("omar", 2, 0);
    phone.shows("4202", "on 2/0 (0/0)");
    let both =
        [mailbox("lina", "sales", &["4203"], ""), mailbox("omar", "sales", &["4201"], "")].join("---\n");
    office.write("people.yaml", "# both, in one save\n");
    office.remove("omar.yaml");
    office.write("lina.yaml", &both);
    phone.shows("4201", "on 2/0 (0/0)");
    phone.shows("4203", "on 1/0 (0/0)");
    phone.shows("4202", OUT);
    assert_eq!(phone.history("4201"), ["on 1/0 (0/0)", "on 2/0 (0/0)"]);
}

#[test]
fn a_lamp_of_which_nobody_reported_gets_no_notify_not_even_at_a_start_or_a_refresh() {
    let (phone, office, program) = lit();
    program.stop();
    let program = office.start();
    let annotated = office.read("plan.yaml").replace(
        "namespace: voice}",
        "namespace: voice, annotations: {um.lamplighter.dev/refresh-requested-at: now}}",
    );
    office.write("plan.yaml", &annotated);
    let refreshed =
        phone.process.stdout.wait(1, crate::common::LIMIT, |lines| (!lines.is_empty()).then_some(()));
    assert!(refreshed.is_some(), "the refresh reaches Lina's lamp");
    program.put("lina", 2, 0);
    phone.shows("4201", "on 2/0 (0/0)");
    assert_eq!(phone.history("4202"), [] as [&str; 0]);
}

#[test]
fn a_new_dial_plan_with_its_mailbox_is_live_at_once_and_one_that_is_deleted_touches_no_lamp() {
    let (phone, office, program) = lit();
    let port = office.sip_port;
    let notifier = format!("{{numberOfDigitsInExtension: 3, notifier: {{sip: {{port: {port}}}}}}}");
    let parts = [
        object("UMDialPlan", "branch", &notifier),
        policy("staff", "branch"),
        crate::common::manifests::gateway("pbx-branch", "branch", phone.port, ""),
        mailbox("noor", "staff", &["501"], ""),
    ];
    office.write("branch.yaml", &parts.join("---\n"));
    program.knows("noor");
    program.put("noor", 7, 0);
    phone.shows("501", "on 7/0 (0/0)");
    let mark = program.mark();
    office.remove("branch.yaml");
    office.write("omar.yaml", &mailbox("omar", "sales", &["4205"], ""));
    program.says(mark, "4205");
    program.put("omar", 1, 0);
    phone.shows("4205", "on 1/0 (0/0)");
    assert_eq!(phone.history("501"), ["on 7/0 (0/0)"]);
}

#[test]
fn an_extension_that_moved_while_the_program_was_down_never_shows_the_messages_of_the_one_before() {
    let (phone, office, program) = lit();
    program.stop();
    office.write("lina.yaml", &mailbox("lina", "sales", &["4203"], ""));
    office.write("omar.yaml", &mailbox("omar", "sales", &["4201"], ""));
    let program = office.start();
    phone.shows("4201", OUT);
    phone.shows("4203", "on 1/0 (0/0)");
    program.put("omar", 2, 0);
    phone.shows("4201", "on 2/0 (0/0)");
}
