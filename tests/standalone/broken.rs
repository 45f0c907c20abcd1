//! Manifests that are wrong: each is named with file, line and advice, and no lamp hears of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::Value;

use crate::common::manifests::{gateway, mailbox, object};
use crate::common::office::Office;
use crate::common::office::Program;
use crate::common::phone::Phone;

const OUT: &str = "off 0/0 (0/0)";

/// Lina as a person writes her: the policy's name in line 8, the extensions in line 9.
const LINA: &str = "\
apiVersion: um.lamplighter.dev/v1alpha1
kind: UMMailbox
metadata:
  name: lina
  namespace: voice
spec:
  mailboxPolicyRef:
    name: sales
  extensions: [\"4201\"]
";

/// Lina in line 5 of a file whose documents expand to a billion.
fn bomb() -> String {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (before, name) in
        ["a", "b", "c", "d", "e", "f", "g", "h"].iter().zip(["b", "c", "d", "e", "f", "g", "h", "i"])
    {
        text.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(", ")));
    }
    text
}

/// The office with a phone; Lina has one new message and Omar two.
struct Lit {
    phone: Phone,
    office: Office,
    program: Program,
}

impl Lit {
    fn new() -> Self {
        Self::beside("")
    }

    /// The same with other manifests beside them from the start.
    fn beside(others: &str) -> Self {
        let phone = Phone::start();
        let office = Office::with(phone.port);
        office.write("lina.yaml", LINA);
        office.write("others.yaml", others);
        let program = office.start();
        program.put("lina", 1, 0);
        program.put("omar", 2, 0);
        let lit = Self { phone, office, program };
        lit.lamps_are_lit();
        lit
    }

    fn lamps_are_lit(&self) {
        self.phone.shows("4201", "on 1/0 (0/0)");
        self.phone.shows("4202", "on 2/0 (0/0)");
    }

    /// Does what breaks something, and makes a mailbox in the same save. What is wrong must be said with these texts, the new
    /// mailbox must be live, and no lamp may have heard of it.
    fn breaks(&self, break_it: impl FnOnce(&Office), says: &[&str]) {
        let mark = self.program.mark();
        break_it(&self.office);
        self.office.write("jonas.yaml", &mailbox("jonas", "sales", &["4300"], ""));
        self.program.says_all(mark, says);
        self.program.says_all(mark, &["= help: ", "jonas"]);
        self.program.put("jonas", 3, 0);
        self.phone.shows("4300", "on 3/0 (0/0)");
        self.nothing_was_told();
        for mailbox in ["lina", "omar"] {
            assert_ne!(self.program.get(mailbox)["messages"], Value::Null);
        }
    }

    fn nothing_was_told(&self) {
        assert_eq!(self.phone.history("4201"), ["on 1/0 (0/0)"]);
        assert_eq!(self.phone.history("4202"), ["on 2/0 (0/0)"]);
    }

    /// Lina's manifest with another text in it breaks, the version before stays in force, and one with another extension mends it.
    fn lina_breaks(&self, from: &str, to: &str, says: &[&str]) {
        assert!(LINA.contains(from));
        self.breaks(|office| office.write("lina.yaml", &LINA.replace(from, to)), says);
        self.program.put("lina", 4, 0);
        self.phone.shows("4201", "on 4/0 (0/0)");
        self.mend_lina("on 4/0 (0/0)");
    }

    fn mend_lina(&self, shown: &str) {
        let mark = self.program.mark();
        self.office.write("lina.yaml", &LINA.replace("4201", "4203"));
        self.program.says(mark, "no findings");
        self.phone.shows("4203", shown);
        self.phone.shows("4201", OUT);
        assert_eq!(self.phone.history("4202").len(), 1);
    }
}

#[test]
fn an_unknown_field_is_named_with_the_one_that_was_meant() {
    let says = ["error[UnknownField]", "--> lina.yaml:9:3", "extensions"];
    Lit::new().lina_breaks("extensions:", "extension:", &says);
}

#[test]
fn an_extension_without_quotes_is_named_with_what_to_write() {
    Lit::new().lina_breaks("[\"4201\"]", "[4201]", &["error[WrongType]", "--> lina.yaml:9:16", "quotes"]);
}

#[test]
fn a_name_written_as_a_list_is_named_with_what_was_expected() {
    Lit::new().lina_breaks("name: sales", "name: [sales]", &["error[WrongType]", "--> lina.yaml:8:11"]);
}

#[test]
fn a_file_that_was_cut_off_keeps_what_it_had_in_force() {
    Lit::new().lina_breaks("\"4201\"]\n", "\"42", &["error[InvalidYAML]", "--> lina.yaml:"]);
}

#[test]
fn a_key_that_stands_twice_is_named_with_its_second_line() {
    let twice = "extensions: [\"4203\"]\n  extensions: ";
    Lit::new().lina_breaks("extensions: ", twice, &["error[DuplicateKey]", "--> lina.yaml:10:3"]);
}

#[test]
fn a_kind_that_does_not_exist_is_no_removal_of_the_object() {
    Lit::new().lina_breaks(
        "UMMailbox",
        "UMMailbocks",
        &["error[UnknownKind]", "--> lina.yaml:2:7", "UMMailbox"],
    );
}

#[test]
fn a_version_that_does_not_exist_is_no_removal_of_the_object() {
    Lit::new().lina_breaks("v1alpha1", "v7", &["error[UnknownVersion]", "--> lina.yaml:1:", "v1alpha1"]);
}

#[test]
fn an_extension_of_letters_is_refused_in_favour_of_the_version_before() {
    let says = ["error[ExtensionInvalid]", "--> lina.yaml:9:16", "the version before stays in force"];
    Lit::new().lina_breaks("4201", "42o1", &says);
}

#[test]
fn a_yaml_bomb_is_named_and_not_expanded() {
    let lit = Lit::new();
    lit.breaks(|office| office.write("lina.yaml", &bomb()), &["error[AliasBudget]", "--> lina.yaml:"]);
    lit.mend_lina("on 1/0 (0/0)");
}

#[test]
fn a_file_that_is_no_text_keeps_what_it_had_in_force() {
    let lit = Lit::new();
    let bytes = [LINA.as_bytes(), b"  displayName: \xff\xfe\n"].concat();
    lit.breaks(
        |office| fs::write(office.manifests().join("lina.yaml"), &bytes).unwrap(),
        &["error[", "--> lina.yaml:10:"],
    );
    lit.mend_lina("on 1/0 (0/0)");
}

#[test]
fn a_file_that_cannot_be_read_keeps_what_it_had_in_force() {
    let lit = Lit::new();
    let break_it = |office: &Office| {
        office.remove("lina.yaml");
        // Nobody can read a link to itself, not even the administrator of the machine.
        symlink("lina.yaml", office.manifests().join("lina.yaml")).unwrap();
    };
    lit.breaks(break_it, &["error[UnreadableFile]", "--> lina.yaml:1:1", "what it links to"]);
    lit.office.remove("lina.yaml");
    lit.mend_lina("on 1/0 (0/0)");
}

#[test]
fn a_pipe_in_the_place_of_a_file_does_not_hold_up_the_others() {
    let lit = Lit::new();
    let break_it = |office: &Office| {
        office.remove("lina.yaml");
        let made = Command::new("mkfifo").arg(office.manifests().join("lina.yaml")).status().unwrap();
        assert!(made.success());
    };
    lit.breaks(break_it, &["error[UnreadableFile]", "--> lina.yaml:1:1"]);
    lit.office.remove("lina.yaml");
    lit.mend_lina("on 1/0 (0/0)");
}

#[test]
fn a_number_out_of_range_on_a_dial_plan_leaves_the_plan_as_it_was() {
    let lit = Lit::new();
    let digits = "numberOfDigitsInExtension: 4";
    let break_it = |office: &Office| office.replace("plan.yaml", digits, "numberOfDigitsInExtension: 99");
    lit.breaks(break_it, &["error[ValueOutOfRange]", "--> plan.yaml:4:35", "from 1 to 20"]);
    let mark = lit.program.mark();
    lit.office.replace("plan.yaml", "99", "4, displayName: Mended");
    lit.program.says(mark, "no findings");
    lit.program.put("lina", 0, 1);
    lit.phone.shows("4201", "off 0/1 (0/0)");
}

#[test]
fn a_number_out_of_range_on_a_gateway_leaves_the_gateway_as_it_was() {
    let lit = Lit::new();
    lit.breaks(
        |office| office.gateway("pbx", lit.phone.port, ", priority: 70000"),
        &["error[ValueOutOfRange]", "--> pbx.yaml:4:", "from 0 to 65535"],
    );
    let mark = lit.program.mark();
    lit.office.gateway("pbx", lit.phone.port, ", priority: 7");
    lit.program.says(mark, "no findings");
}

#[test]
fn a_policy_that_does_not_exist_freezes_the_mailbox_and_still_takes_its_counts() {
    let lit = Lit::new();
    let break_it = |office: &Office| office.write("lina.yaml", &LINA.replace("sales", "sale"));
    lit.breaks(break_it, &["error[MailboxPolicyNotFound]", "--> lina.yaml:8:11", "sale"]);
    assert_eq!(lit.program.put("lina", 6, 0)["messages"]["new"], 6);
    lit.program.put("jonas", 5, 0);
    lit.phone.shows("4300", "on 5/0 (0/0)");
    lit.nothing_was_told();
    lit.mend_lina("on 6/0 (0/0)");
}

#[test]
fn a_policy_that_is_deleted_freezes_all_its_mailboxes() {
    let lit = Lit::new();
    let text = lit.office.read("policy.yaml");
    let mark = lit.program.mark();
    lit.office.remove("policy.yaml");
    let says = ["error[MailboxPolicyNotFound]", "--> lina.yaml:8:11", "--> omar.yaml:4:", "= help: "];
    lit.program.says_all(mark, &says);
    assert_eq!(lit.program.put("lina", 6, 0)["messages"]["new"], 6);
    let mark = lit.program.mark();
    lit.office.write("policy.yaml", &text.replace("true", "false"));
    lit.program.says(mark, "no findings");
    lit.phone.shows("4201", OUT);
    lit.phone.shows("4202", OUT);
    assert_eq!(lit.phone.history("4201").len(), 2, "nothing came while the policy was away");
}

#[test]
fn a_dial_plan_that_is_renamed_by_mistake_touches_no_lamp() {
    let lit = Lit::new();
    let mark = lit.program.mark();
    lit.office.replace("plan.yaml", "name: hq", "name: head-quarters");
    lit.program.says_all(
        mark,
        &["error[DialPlanNotFound]", "--> policy.yaml:4:", "--> pbx.yaml:4:", "head-quarters"],
    );
    let mark = lit.program.mark();
    lit.office.replace("plan.yaml", "name: head-quarters", "name: hq");
    lit.program.says(mark, "no findings");
    lit.program.put("omar", 3, 0);
    lit.phone.shows("4202", "on 3/0 (0/0)");
    assert_eq!(lit.phone.history("4201"), ["on 1/0 (0/0)"]);
}

#[test]
fn an_extension_of_somebody_else_stays_with_the_older_mailbox_and_touches_no_lamp() {
    let lit = Lit::new();
    lit.breaks(
        |office| office.write("omar.yaml", &mailbox("omar", "sales", &["4201"], "")),
        &["error[DuplicateExtension]", "--> omar.yaml:4:", "UMMailbox/lina"],
    );
    let mark = lit.program.mark();
    lit.office.write("omar.yaml", &mailbox("omar", "sales", &["4204"], ""));
    lit.program.says(mark, "no findings");
    lit.phone.shows("4204", "on 2/0 (0/0)");
    lit.phone.shows("4202", OUT);
    assert_eq!(lit.phone.history("4201").len(), 1);
}

#[test]
fn an_object_that_stands_in_two_files_is_named_with_both() {
    let lit = Lit::new();
    lit.breaks(
        |office| office.write("more.yaml", &LINA.replace("4201", "4208")),
        &["error[DuplicateObject]", "--> more.yaml:", "lina.yaml"],
    );
    lit.office.remove("more.yaml");
    lit.mend_lina("on 1/0 (0/0)");
}

#[test]
fn a_broken_document_leaves_the_others_of_its_file_alone() {
    let lit = Lit::new();
    let both = |lina: &str| format!("{lina}---\n{}", mailbox("omar", "sales", &["4202"], ""));
    let mark = lit.program.mark();
    lit.office.remove("omar.yaml");
    lit.office.write("lina.yaml", &both(LINA));
    lit.breaks(
        |office| office.write("lina.yaml", &both(&LINA.replace("4201", "42"))),
        &["error[ExtensionDigitsMismatch]", "--> lina.yaml:9:16"],
    );
    assert!(!lit.program.process.stdout.since(mark).join("\n").contains("omar.yaml"));
    lit.office.write("lina.yaml", &both(&LINA.replace("4201", "4203")));
    lit.phone.shows("4203", "on 1/0 (0/0)");
    lit.phone.shows("4201", OUT);
}

#[test]
fn a_directory_that_vanishes_is_no_removal_of_what_was_in_it() {
    let lit = Lit::new();
    let away = lit.office.beside("away");
    let mark = lit.program.mark();
    fs::rename(lit.office.manifests(), &away).unwrap();
    lit.program.says_all(mark, &["error[UnreadableFile]"]);
    lit.program.put("lina", 5, 0);
    lit.phone.shows("4201", "on 5/0 (0/0)");
    let mark = lit.program.mark();
    fs::rename(&away, lit.office.manifests()).unwrap();
    lit.program.says(mark, "no findings");
    lit.office.write("omar.yaml", &mailbox("omar", "sales", &["4204"], ""));
    lit.phone.shows("4204", "on 2/0 (0/0)");
    assert_eq!(lit.phone.history("4201").len(), 2);
}

/// Lina's manifest as it is no longer to be read: cut off, with a field that is not there, and worse.
fn broken_linas() -> [String; 3] {
    [LINA.replace("\"4201\"]\n", "\"42"), LINA.replace("extensions:", "extension:"), bomb()]
}

#[test]
fn a_file_that_is_broken_at_the_start_leaves_the_lamp_that_was_lit_before() {
    for broken in broken_linas() {
        let Lit { phone, office, program } = Lit::new();
        program.stop();
        office.write("lina.yaml", &broken);
        let program = office.start();
        program.says_all(0, &["error[", "--> lina.yaml:"]);
        program.put("omar", 3, 0);
        phone.shows("4202", "on 3/0 (0/0)");
        assert_eq!(phone.history("4201"), ["on 1/0 (0/0)"]);
        office.write("lina.yaml", &LINA.replace("4201", "4203"));
        phone.shows("4203", "on 1/0 (0/0)");
        phone.shows("4201", OUT);
    }
}

#[test]
fn the_counts_of_a_mailbox_whose_file_is_broken_at_the_start_are_taken_all_the_same() {
    for broken in broken_linas() {
        let Lit { phone, office, program } = Lit::new();
        program.stop();
        office.write("lina.yaml", &broken);
        let program = office.start();
        assert_eq!(program.get("lina")["messages"]["new"], 1);
        assert_eq!(program.put("lina", 7, 0)["version"], 2);
        program.put("omar", 3, 0);
        phone.shows("4202", "on 3/0 (0/0)");
        assert_eq!(phone.history("4201"), ["on 1/0 (0/0)"], "nobody can say what her lamps are");
        office.write("lina.yaml", LINA);
        phone.shows("4201", "on 7/0 (0/0)");
        assert_eq!(phone.history("4201").len(), 2);
    }
}

#[test]
fn a_dial_plan_that_is_broken_at_the_start_touches_no_lamp_and_runs_once_it_is_mended() {
    let Lit { phone, office, program } = Lit::new();
    program.stop();
    let plan = office.read("plan.yaml");
    office.write("plan.yaml", &plan.replace("TelExtn", "Telephone"));
    let program = office.start();
    program.says_all(0, &["error[ValueNotAllowed]", "--> plan.yaml:4:", "TelExtn"]);
    let mark = program.mark();
    office.write("plan.yaml", &plan);
    program.says(mark, "no findings");
    assert_eq!(program.put("omar", 3, 0)["version"], 2);
    phone.shows("4202", "on 3/0 (0/0)");
    assert_eq!(phone.history("4201"), ["on 1/0 (0/0)"]);
}

#[test]
fn a_secret_is_never_shown_with_the_line_that_is_wrong() {
    let lit = Lit::new();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: pbx-sip, namespace: voice}\nstringData:\n  password: [hunter2]\n";
    let mark = lit.program.mark();
    lit.office.write("secret.yaml", secret);
    let auth = ", auth: {username: lamp, passwordSecretRef: {name: pbx-sip, key: password}}";
    lit.office.write(
        "second.yaml",
        &object(
            "UMIPGateway",
            "second",
            &format!("{{address: 127.0.0.1, port: 9, priority: 90, dialPlanRef: {{name: hq}}{auth}}}"),
        ),
    );
    lit.program.says_all(mark, &["--> secret.yaml:5:"]);
    lit.program.says_all(mark, &["error[SecretNotFound]", "--> second.yaml:4:"]);
    let said = lit.program.process.stdout.text() + &lit.program.process.stderr.text();
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_mailbox_that_disappears_while_another_file_cannot_be_read_keeps_its_lamp_until_that_is_mended() {
    let lit = Lit::new();
    let omar = mailbox("omar", "sales", &["4202"], "");
    lit.breaks(
        |office| {
            office.write("lina.yaml", &LINA.replace("\"4201\"]\n", "\"42"));
            // The broken file may be the one that he moved to.
            office.remove("omar.yaml");
        },
        &["error[InvalidYAML]", "--> lina.yaml:9:"],
    );
    let mark = lit.program.mark();
    lit.office.write("lina.yaml", &format!("{LINA}---\n{omar}"));
    lit.program.says(mark, "no findings");
    lit.nothing_was_told();
    lit.office.write("lina.yaml", LINA);
    lit.phone.shows("4202", OUT);
    assert_eq!(lit.phone.history("4201").len(), 1);
}

#[test]
fn a_dial_plan_that_takes_the_name_of_another_is_named_and_its_lamps_go_on() {
    // Neither is older, so the name decides.
    let branch = object("UMDialPlan", "branch", "{displayName: Branch, numberOfDigitsInExtension: 4}");
    let lit = Lit::beside(&branch);
    let mark = lit.program.mark();
    lit.office.replace("plan.yaml", "{numberOf", "{displayName: Branch, numberOf");
    lit.program.says_all(mark, &["error[DuplicateDisplayName]", "--> plan.yaml:4:", "= help: "]);
    lit.program.put("lina", 6, 0);
    lit.phone.shows("4201", "on 6/0 (0/0)");
    lit.office.write("omar.yaml", &mailbox("omar", "sales", &["4204"], ""));
    lit.phone.shows("4204", "on 2/0 (0/0)");
    lit.phone.shows("4202", OUT);
}

#[test]
fn a_dial_plan_with_more_gateways_than_one_may_have_is_frozen_with_all_its_lamps_until_that_is_mended() {
    let lit = Lit::new();
    let spare = |at: u16| gateway(&format!("spare-{at}"), "hq", 7000 + at, ", status: Disabled");
    let spares: Vec<String> = (0..200).map(spare).collect();
    let mark = lit.program.mark();
    lit.office.write("spares.yaml", &spares.join("---\n"));
    lit.program.says_all(mark, &["error[TooManyGateways]", "--> plan.yaml:3:", "= help: "]);
    assert_eq!(lit.program.put("lina", 6, 0)["messages"]["new"], 6);
    lit.office.write("omar.yaml", &mailbox("omar", "sales", &["4204"], ""));
    lit.office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
    lit.program.says(mark, "noor");
    lit.nothing_was_told();
    lit.office.remove("spares.yaml");
    lit.phone.shows("4201", "on 6/0 (0/0)");
    lit.phone.shows("4204", "on 2/0 (0/0)");
    lit.phone.shows("4202", OUT);
    assert_eq!(lit.phone.history("4201").len(), 2);
}
