//! `lamplighter why`: whom it can be asked about, what it answers, and with which code it ends.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::common::manifests::{Folder, gateway, mailbox, object, plan, policy};
use crate::common::process::LAMPLIGHTER;
use crate::validate::{Run, sound};

/// Every word for a feature.
pub const FEATURES: [&str; 11] = [
    "mwi",
    "sms",
    "missed-call",
    "fax",
    "pin",
    "dial",
    "play-on-phone",
    "call-answering-rules",
    "voice-access",
    "speech",
    "protection",
];

/// Runs it in the folder, so that places begin with `manifests/`.
pub fn why(folder: &Folder, arguments: &[&str]) -> Run {
    run(Command::new(LAMPLIGHTER)
        .args(["why", "-f", "manifests"])
        .args(arguments)
        .current_dir(folder.beside("")))
}

/// Runs it at the top of the repository.
pub fn why_here(arguments: &[&str]) -> Run {
    let mut command = Command::new(LAMPLIGHTER);
    command.arg("why").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    // No cluster of whoever runs the tests.
    run(command.env("KUBECONFIG", "/nowhere").env_remove("KUBERNETES_SERVICE_HOST"))
}

fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The objects of the JSON answer; there must be no complaint.
pub fn ask(folder: &Folder, arguments: &[&str]) -> Vec<Value> {
    let run = why(folder, &[arguments, &["-o", "json"]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    answer["objects"].as_array().unwrap().clone()
}

/// The one object of the answer.
pub fn ask_one(folder: &Folder, arguments: &[&str]) -> Value {
    let mut objects = ask(folder, arguments);
    assert_eq!(objects.len(), 1, "{objects:?}");
    objects.remove(0)
}

/// It ends with 2, says nothing on stdout and this on stderr.
fn refused(run: &Run, text: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.starts_with("error: ") && run.stderr.contains(text), "`{text}` is not in {run:?}");
}

#[test]
fn every_word_for_a_feature_is_answered_alone_and_all_of_them_without_a_word() {
    let folder = sound();
    let lists = |run: &Run, word: &str| {
        let begins = |line: &str| line == word || line.starts_with(&format!("{word}: "));
        run.stdout.lines().any(begins)
    };
    let all = why(&folder, &["UMMailbox/lina"]);
    for word in FEATURES {
        let run = why(&folder, &["UMMailbox/lina", word]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
        assert!(lists(&all, word), "{word} in {all:?}");
        for other in FEATURES {
            assert_eq!(lists(&run, other), other == word, "{other} in {run:?}");
        }
    }
    let unknown = why(&folder, &["UMMailbox/lina", "lamp"]);
    refused(&unknown, &format!("choose one of {}", FEATURES.join(", ")));
}

#[test]
fn a_kind_is_written_in_every_way_that_kubectl_takes() {
    let folder = sound();
    let names =
        [("UMDialPlan", "hq"), ("UMMailboxPolicy", "sales"), ("UMIPGateway", "pbx"), ("UMMailbox", "lina")];
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir("crds").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let definition: Value = serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let words = &definition["spec"]["names"];
        let kind = words["kind"].as_str().unwrap();
        let (_, name) = names.iter().find(|(known, _)| *known == kind).unwrap();
        let short = words["shortNames"].as_array().unwrap().iter();
        let mut spellings: Vec<String> = short.map(|word| word.as_str().unwrap().to_owned()).collect();
        spellings.extend(["kind", "plural", "singular"].map(|word| words[word].as_str().unwrap().to_owned()));
        let long = ["um.lamplighter.dev", "v1alpha1.um.lamplighter.dev"];
        let long = long.iter().flat_map(|group| spellings.iter().map(move |word| format!("{word}.{group}")));
        spellings = long.chain(spellings.clone()).collect();
        spellings.push(kind.to_uppercase());
        for spelling in spellings {
            let run = why(&folder, &[&format!("{spelling}/{name}")]);
            assert_eq!(run.code, 0, "{spelling}: {run:?}");
            assert!(
                run.stdout.starts_with(&format!("{kind}/{name} in namespace voice ")),
                "{spelling}: {run:?}"
            );
            seen.insert(kind.to_owned());
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[test]
fn what_is_no_kind_and_name_ends_with_2_and_says_what_was_expected() {
    let folder = sound();
    let wrong = [
        "lina",
        "",
        "/lina",
        "UMMailbox/",
        "UMMailbox/lina/mwi",
        "UMMailBoxes2/lina",
        "Pod/lina",
        "ummailboxes.example.com/lina",
        "ummailboxes.v1.um.lamplighter.dev/lina",
        "ummb./lina",
    ];
    for word in wrong {
        refused(&why(&folder, &[word]), "expected KIND/NAME, as in UMMailbox/lina");
    }
    refused(&why(&folder, &["Pod/lina"]), "there are UMDialPlan, UMMailboxPolicy, UMIPGateway, UMMailbox");
    refused(&why(&folder, &[]), "<KIND/NAME>");
}

#[test]
fn a_name_in_two_namespaces_is_shown_twice_unless_one_is_chosen() {
    let folder = sound();
    let other = ["plan.yaml", "policy.yaml", "lina.yaml"].map(|file| folder.read(file)).join("---\n");
    folder.write("branch.yaml", &other.replace("namespace: voice", "namespace: branch"));
    let both = why(&folder, &["ummb/lina", "mwi"]);
    let titles: Vec<&str> = both.stdout.lines().filter(|line| line.starts_with("UMMailbox/lina ")).collect();
    assert_eq!(titles.len(), 2, "{both:?}");
    assert!(titles[0].contains(" in namespace branch ") && titles[1].contains(" in namespace voice "));
    assert!(both.stdout.contains("mwi: no, NoGatewayForMWI") && both.stdout.contains("mwi: yes"), "{both:?}");
    for namespace in ["branch", "voice"] {
        for flag in ["-n", "--namespace"] {
            let one = ask_one(&folder, &["ummb/lina", "mwi", flag, namespace]);
            assert_eq!(one["namespace"], namespace);
        }
    }
}

#[test]
fn an_object_that_is_not_there_ends_with_2_and_says_what_is_there() {
    let folder = sound();
    for name in ["omar", "jonas", "omer"] {
        folder.write(
            &format!("{name}.yaml"),
            &mailbox(
                name,
                "sales",
                &[&format!("43{:02}", name.len() + name.as_bytes()[2] as usize % 50)],
                "",
            ),
        );
    }
    folder.write(
        "default.yaml",
        &plan("lab", "TelExtn", 5070).replace("4,", "4, generateUMMailboxPolicy: true,"),
    );
    let there = [
        ("UMMailbox/line", "there is no UMMailbox/line; there are jonas, lina, omar, omer"),
        ("UMIPGateway/pbx-b", "there is pbx"),
        // One that is made by default is there as well.
        ("UMMailboxPolicy/sale", "there are hq-default, lab-default, sales"),
        ("UMMailbox/4201", "4201 is an extension of UMMailbox/lina: ask for that"),
        ("UMMailbox/sales", "there is UMMailboxPolicy/sales"),
    ];
    for (asked, text) in there {
        refused(&why(&folder, &[asked]), text);
    }
    refused(&why(&folder, &["ummb/lina", "-n", "lab"]), "there is one in namespace voice");
    refused(&why(&folder, &["ummb/eve", "-n", "lab"]), "the directory has namespaces voice");
    for at in 0..15 {
        folder.write(
            &format!("more-{at}.yaml"),
            &mailbox(&format!("m{at:02}"), "sales", &[&format!("45{at:02}")], ""),
        );
    }
    let many = why(&folder, &["ummb/lin"]);
    refused(&many, " and 9 more");
    assert!(many.stderr.contains("lina"), "the nearest is among them: {many:?}");
}

#[test]
fn without_a_directory_or_with_one_that_is_not_there_it_ends_with_2() {
    let folder = sound();
    refused(&why_here(&["UMMailbox/lina", "mwi"]), "without -f DIR a cluster is asked: no cluster is known");
    refused(&why_here(&["UMMailbox/lina", "--context", "x"]), "the kubeconfig can't be used");
    refused(&why_here(&["UMMailbox/lina", "-f", "nowhere"]), "nowhere can't be read: No such file");
    let empty = Folder::new();
    refused(&why(&empty, &["UMMailbox/lina"]), "there is no UMMailbox/lina");
    let file = folder.manifests().join("lina.yaml");
    let alone = why_here(&["UMMailbox/lina", "mwi", "-f", file.to_str().unwrap()]);
    assert!(alone.code == 0 && alone.stdout.contains("MailboxPolicyNotFound"), "a file alone: {alone:?}");
}

#[test]
fn manifests_that_cant_be_read_are_named_on_stderr_and_the_rest_is_answered() {
    let folder = sound();
    folder.write("omar.yaml", &mailbox("omar", "sales", &["4202"], ", displayNam: Omar"));
    let run = why(&folder, &["UMMailbox/lina", "mwi"]);
    assert!(run.code == 0 && run.stdout.contains("\nmwi: yes\n"), "{run:?}");
    let warning = "warning: 1 problem in manifests; not counted: UMMailbox voice/omar; `lamplighter validate manifests` shows all\n";
    assert_eq!(run.stderr, warning);
    let json = why(&folder, &["UMMailbox/lina", "mwi", "-o", "json"]);
    assert!(json.stderr == warning && serde_json::from_str::<Value>(&json.stdout).is_ok(), "{json:?}");
    let broken = why(&folder, &["UMMailbox/omar", "mwi"]);
    assert_eq!((broken.code, broken.stdout.as_str()), (2, ""), "{broken:?}");
    assert!(
        broken.stderr.contains("error: UMMailbox/omar can't be read: manifests/omar.yaml:4:")
            && broken.stderr.contains("unknown field `displayNam`"),
        "{broken:?}"
    );
    for at in 0..6 {
        folder.write(&format!("more-{at}.yaml"), &mailbox(&format!("m{at}"), "sales", &[], ", x: y"));
    }
    let many = why(&folder, &["UMMailbox/lina", "mwi"]).stderr;
    assert!(
        many.starts_with("warning: 7 problems in manifests; ") && many.contains(" and 2 more; "),
        "{many}"
    );
}

#[test]
fn what_an_object_has_no_say_in_ends_with_2() {
    let folder = sound();
    refused(&why(&folder, &["umgw/pbx", "sms"]), "a UMIPGateway has no say in sms; ask for a mailbox");
    refused(&why(&folder, &["umdp/hq", "pin"]), "a UMDialPlan has no say in pin; ask for a mailbox");
    refused(
        &why(&folder, &["umgw/pbx", "--dial", "112"]),
        "a UMIPGateway does not decide what may be dialed",
    );
}

#[test]
fn objects_of_all_kinds_say_what_they_hang_on_and_never_more_than_they_decide() {
    let folder = sound();
    let line =
        |asked: &str, at: usize| why(&folder, &[asked, "mwi"]).stdout.lines().nth(at).unwrap().to_owned();
    assert_eq!(line("ummb/lina", 1), "  with UMMailboxPolicy/sales, in UMDialPlan/hq");
    assert_eq!(line("ummb/lina", 3), "mwi: yes");
    assert_eq!(line("ummbp/sales", 1), "  in UMDialPlan/hq");
    assert_eq!(line("ummbp/sales", 3), "mwi: yes, as far as the policy, its dial plan and gateways decide");
    assert_eq!(line("umdp/hq", 2), "mwi: yes, as far as the dial plan and its gateways decide");
    assert_eq!(line("umgw/pbx", 1), "  serves UMDialPlan/hq");
    assert_eq!(line("umgw/pbx", 3), "mwi: yes, this gateway carries it");
    // No chain is empty: what nobody switches has no verdict.
    for asked in ["umdp/hq", "ummbp/sales", "umgw/pbx", "ummb/lina"] {
        for feature in ask_one(&folder, &[asked])["features"].as_array().unwrap() {
            for chain in feature["chains"].as_array().unwrap() {
                assert!(!chain["steps"].as_array().unwrap().is_empty(), "{asked}: {chain}");
            }
        }
    }
}

#[test]
fn without_a_policy_nothing_is_allowed() {
    let folder = sound();
    folder.write("lina.yaml", &mailbox("lina", "nobody", &["4201"], ""));
    folder.write("lost.yaml", &policy("lost", "nowhere"));
    let answer = ask_one(&folder, &["ummb/lina"]);
    for feature in answer["features"].as_array().unwrap() {
        for chain in feature["chains"].as_array().unwrap() {
            assert_eq!(chain["reason"], "MailboxPolicyNotFound", "{chain}");
        }
    }
    let text = why(&folder, &["ummb/lina", "mwi"]).stdout;
    assert!(text.contains("until that is mended, the lamps stay as they are"), "{text}");
    let dial = why(&folder, &["ummb/lina", "--dial", "112"]).stdout;
    assert!(dial.ends_with("\ndial 112: no, there is no dial plan\n"), "{dial}");
    let lost = ask_one(&folder, &["ummbp/lost"]);
    assert_eq!(lost["features"][0]["chains"][0]["reason"], "DialPlanNotFound", "{lost}");
}

#[test]
fn texts_are_shown_in_one_line_and_not_at_length() {
    let folder = sound();
    let texts = format!("faxMessageText: {}, protectedVoiceMailText: \"first\\nsecond\"", "x".repeat(200));
    let spec = format!("{{dialPlanRef: {{name: hq}}, allowMessageWaitingIndicator: true, {texts}}}");
    folder.write("policy.yaml", &object("UMMailboxPolicy", "sales", &spec));
    let run = why(&folder, &["ummb/lina"]);
    let line = |key: &str| run.stdout.lines().find(|line| line.contains(key)).unwrap();
    assert!(line("faxMessageText").contains(&format!(" {}…, from ", "x".repeat(60))), "{run:?}");
    assert!(line("protectedVoiceMailText").contains(" first second, from "), "{run:?}");
}

#[test]
fn the_order_of_flags_does_not_matter() {
    let folder = sound();
    folder.write("pbx.yaml", &gateway("pbx", "hq", 5060, ""));
    let dir = folder.manifests();
    let dir = dir.to_str().unwrap();
    let first = why_here(&["UMMailbox/lina", "mwi", "-f", dir, "-o", "json"]);
    let second = why_here(&["-o", "json", "-f", dir, "UMMailbox/lina", "mwi"]);
    assert!(first.code == 0 && first.stdout == second.stdout, "{first:?} {second:?}");
}
