//! `lamplighter validate`: what it reads, what it says, and with which code it ends.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::common::manifests::{Folder, gateway, mailbox, object, plan, policy};
use crate::common::process::LAMPLIGHTER;

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The last line of stdout.
    pub fn summary(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

/// Runs it in a folder with these arguments and this stdin. A run that does not end is ended, with code 124.
pub fn validate_with(folder: &Folder, arguments: &[&str], stdin: &[u8]) -> Run {
    let path = folder.beside("stdin");
    fs::write(&path, stdin).unwrap();
    let mut command = Command::new("timeout");
    command.args(["60", LAMPLIGHTER, "validate"]).args(arguments).current_dir(folder.beside(""));
    let output = command.stdin(Stdio::from(File::open(path).unwrap())).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

pub fn validate(folder: &Folder, arguments: &[&str]) -> Run {
    validate_with(folder, arguments, b"")
}

/// A tree without a finding: a plan, its policy and gateway, and Lina.
pub fn sound() -> Folder {
    let folder = Folder::new();
    folder.write("plan.yaml", &plan("hq", "TelExtn", 5060));
    folder.write("policy.yaml", &policy("sales", "hq"));
    folder.write("pbx.yaml", &gateway("pbx", "hq", 5060, ""));
    folder.write("lina.yaml", &mailbox("lina", "sales", &["4201"], ""));
    folder
}

#[test]
fn a_sound_tree_ends_with_0_and_one_line() {
    let folder = sound();
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "no findings in 4 resources of 4 files\n"), "{run:?}");
}

#[test]
fn the_examples_are_sound() {
    let folder = Folder::new();
    for entry in fs::read_dir("examples").unwrap() {
        let path = fs::canonicalize(entry.unwrap().path()).unwrap();
        let run = validate(&folder, &[path.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{run:?}");
    }
}

#[test]
fn warnings_alone_end_with_0() {
    let folder = sound();
    folder.remove("pbx.yaml");
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.summary()), (0, "1 warning in 3 resources of 3 files"), "{run:?}");
    assert!(run.stdout.starts_with("warning[NoGateway]: "), "{run:?}");
}

#[test]
fn all_findings_come_at_once_in_the_order_of_files_and_lines() {
    let folder = sound();
    folder.write("lina.yaml", &mailbox("lina", "sales", &["4201"], ", displayNam: Lina"));
    let first = mailbox("omar", "saales", &["42O2"], "");
    let second = mailbox("jonas", "sales", &["421"], "");
    folder.write("sub/others.yaml", &format!("{first}---\n{second}"));
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.summary()), (1, "4 errors in 6 resources of 5 files"), "{run:?}");
    let places: Vec<&str> =
        run.stdout.lines().filter_map(|line| line.trim_start().strip_prefix("--> ")).collect();
    let lines: Vec<&str> = places.iter().map(|place| place.rsplit_once(':').unwrap().0).collect();
    let others = "manifests/sub/others.yaml";
    let expected = [
        "manifests/lina.yaml:4".to_owned(),
        format!("{others}:4"),
        format!("{others}:4"),
        format!("{others}:9"),
    ];
    assert_eq!(lines, expected, "{run:?}");
    for code in ["UnknownField", "MailboxPolicyNotFound", "ExtensionInvalid", "ExtensionDigitsMismatch"] {
        assert_eq!(run.stdout.matches(&format!("error[{code}]")).count(), 1, "{code} in {run:?}");
    }
}

#[test]
fn what_an_api_server_refuses_is_a_note_where_a_finding_says_the_same() {
    let folder = sound();
    folder.replace("plan.yaml", "numberOfDigitsInExtension: 4", "numberOfDigitsInExtension: 99");
    folder.write("other.yaml", &object("UMIPGateway", "other", "{dialPlanRef: {name: hq}}"));
    let run = validate(&folder, &["manifests/plan.yaml", "manifests/other.yaml"]);
    let notes = [
        "note: an API server refuses it: Invalid value: 99: should be less than or equal to 20",
        "note: an API server refuses it: address is needed",
    ];
    for note in notes {
        assert_eq!(run.stdout.matches(note).count(), 1, "{note} in {run:?}");
    }
    assert!(!run.stdout.contains("RefusedBy"), "{run:?}");
    assert_eq!(run.stdout.matches("an API server").count(), 2, "{run:?}");
}

#[test]
fn what_only_an_api_server_refuses_is_an_error_of_its_own() {
    let folder = sound();
    let labelled =
        folder.read("lina.yaml").replace("namespace: voice", "namespace: voice, labels: {team: a b}");
    folder.write("lina.yaml", &labelled);
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.summary()), (1, "1 error in 4 resources of 4 files"), "{run:?}");
    assert!(run.stdout.contains("error[RefusedBySchema]: an API server refuses it"), "{run:?}");
    assert!(run.stdout.contains("--> manifests/lina.yaml:3:"), "{run:?}");
    assert!(run.stdout.contains("metadata.labels[team]"), "{run:?}");
}

#[test]
fn several_paths_are_one_tree() {
    let folder = sound();
    fs::create_dir(folder.beside("more")).unwrap();
    fs::write(folder.beside("more/omar.yaml"), mailbox("omar", "sales", &["4201"], "")).unwrap();
    assert_eq!(validate(&folder, &["manifests"]).code, 0);
    let alone = validate(&folder, &["more"]);
    assert!(alone.stdout.contains("error[MailboxPolicyNotFound]"), "{alone:?}");
    for paths in [["manifests", "more"], ["more/omar.yaml", "./manifests/"]] {
        let run = validate(&folder, &paths);
        assert_eq!((run.code, run.summary()), (1, "1 error in 5 resources of 5 files"), "{run:?}");
        assert!(
            run.stdout.contains("error[DuplicateExtension]: extension 4201 already belongs to"),
            "{run:?}"
        );
        assert!(run.stdout.contains("--> more/omar.yaml:4:"), "{run:?}");
    }
    // A hook names the files that changed beside the directory that they are in.
    let twice = validate(&folder, &["manifests", "manifests/lina.yaml", "manifests"]);
    assert_eq!((twice.code, twice.summary()), (0, "no findings in 4 resources of 4 files"), "{twice:?}");
}

#[test]
fn stdin_takes_what_kustomize_writes_and_shows_its_lines() {
    let folder = sound();
    let all =
        ["plan.yaml", "policy.yaml", "pbx.yaml", "lina.yaml"].map(|file| folder.read(file)).join("---\n");
    let foreign = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {whatever: [1]}\n---\n";
    let run = validate_with(&folder, &["-"], format!("{foreign}{all}").as_bytes());
    assert_eq!((run.code, run.stdout.as_str()), (0, "no findings in 4 resources of 1 file\n"), "{run:?}");
    let run = validate_with(&folder, &["-"], all.replace("[\"4201\"]", "[4201]").as_bytes());
    assert_eq!((run.code, run.summary()), (1, "1 error in 4 resources of 1 file"), "{run:?}");
    assert!(run.stdout.contains(" --> <stdin>:19:") && run.stdout.contains("extensions: [4201]"), "{run:?}");
    // Beside a directory it belongs to the same tree.
    let omar = mailbox("omar", "sales", &["4202"], "");
    let run = validate_with(&folder, &["manifests", "-"], omar.as_bytes());
    assert_eq!((run.code, run.summary()), (0, "no findings in 5 resources of 5 files"), "{run:?}");
}

#[test]
fn a_list_is_taken_apart() {
    let folder = sound();
    let item = |kind: &str, name: &str, spec: &str| {
        format!(
            "{{apiVersion: um.lamplighter.dev/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: voice}}, spec: {spec}}}"
        )
    };
    let lina = item("UMMailbox", "lina", "{mailboxPolicyRef: {name: sales}, extensions: [\"42\"]}");
    let omar = item("UMMailbox", "omar", "{mailboxPolicyRef: {name: sales}, extensions: [\"4202\"]}");
    folder.write("lina.yaml", &format!("apiVersion: v1\nkind: List\nitems:\n- {lina}\n- {omar}\n"));
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.summary()), (1, "1 error in 5 resources of 4 files"), "{run:?}");
    assert!(run.stdout.contains("--> manifests/lina.yaml:4:"), "{run:?}");
}

#[test]
fn each_namespace_is_a_world_of_its_own() {
    let folder = sound();
    let berlin = |text: String| text.replace("namespace: voice", "namespace: berlin");
    folder.write("berlin.yaml", &berlin(mailbox("lina", "sales", &["4201"], "")));
    let run = validate(&folder, &["manifests"]);
    assert!(run.stdout.contains("in UMMailbox berlin/lina"), "{run:?}");
    assert!(run.stdout.contains("error[MailboxPolicyNotFound]"), "{run:?}");
    assert_eq!((run.code, run.summary()), (1, "1 error in 5 resources of 5 files"), "{run:?}");
}

#[test]
fn an_object_that_stands_twice_is_named_with_both_places() {
    let folder = sound();
    folder.write("twice.yaml", &mailbox("lina", "sales", &["4209"], ""));
    let run = validate(&folder, &["manifests"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stdout.contains("error[DuplicateObject]") && run.stdout.contains("manifests/lina.yaml:1:1"),
        "{run:?}"
    );
}

#[test]
fn a_key_is_missing_only_in_a_secret_that_is_there() {
    let folder = sound();
    let auth = ", auth: {username: lamp, passwordSecretRef: {name: pbx-sip, key: password}}";
    folder.write("pbx.yaml", &gateway("pbx", "hq", 5060, auth));
    assert_eq!(validate(&folder, &["manifests"]).code, 0, "a Secret that is made elsewhere is no error");
    let secret = |key: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: pbx-sip, namespace: voice}}\nstringData: {{{key}: hush-hush}}\n"
        )
    };
    folder.write("secret.yaml", &secret("password"));
    assert_eq!(validate(&folder, &["manifests"]).code, 0);
    folder.write("secret.yaml", &secret("pasword"));
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.summary()), (1, "1 error, 1 warning in 4 resources of 5 files"), "{run:?}");
    assert!(run.stdout.contains("error[SecretNotFound]") && !run.stdout.contains("hush"), "{run:?}");
    // As sops writes it into git.
    let sops = "sops: {age: [], lastmodified: '2026-11-22T10:00:00Z', mac: 'ENC[AES256_GCM,data:x]', version: 3.9.0}\n";
    let sealed =
        secret("password").replace("stringData", "data").replace("hush-hush", "'ENC[AES256_GCM,data:x]'");
    folder.write("secret.yaml", &format!("{sealed}{sops}"));
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.summary()), (0, "no findings in 4 resources of 5 files"), "{run:?}");
}

#[test]
fn wrong_use_and_input_that_can_not_be_read_end_with_2_and_a_sentence() {
    let folder = sound();
    fs::create_dir(folder.beside("empty")).unwrap();
    let fifo = folder.beside("fifo.yaml");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    symlink("nowhere", folder.beside("broken.yaml")).unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["nowhere"], "nowhere can't be read"),
        (&["manifests", "nowhere.yaml"], "nowhere.yaml can't be read"),
        (&["broken.yaml"], "broken.yaml can't be read"),
        (&["/dev/zero"], "/dev/zero is neither a file nor a directory"),
        (&["fifo.yaml"], "fifo.yaml is neither a file nor a directory"),
        (&["empty"], "there is no *.yaml, *.yml or *.json file in empty"),
        (&["-"], "stdin is empty"),
        (&[], "PATH"),
        (&["manifests", "--format", "xml"], "xml"),
    ];
    for (arguments, sentence) in cases {
        let run = validate(&folder, arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?} {run:?}");
        assert!(run.stderr.contains(sentence), "{arguments:?} {run:?}");
    }
}

#[test]
fn the_files_that_can_be_read_are_judged_beside_one_that_can_not() {
    let folder = sound();
    symlink("nowhere", folder.manifests().join("zzz.yaml")).unwrap();
    folder.write("lina.yaml", &mailbox("lina", "sales", &["421"], ""));
    let run = validate(&folder, &["manifests"]);
    assert_eq!((run.code, run.summary()), (1, "2 errors in 4 resources of 5 files"), "{run:?}");
    assert!(run.stdout.contains("error[UnreadableFile]"), "{run:?}");
}

#[test]
fn no_colour_goes_into_a_file() {
    let folder = sound();
    folder.write("lina.yaml", &mailbox("lina", "sales", &["421"], ""));
    let run = validate(&folder, &["manifests"]);
    assert!(run.stdout.chars().all(|c| c == '\n' || !c.is_control()), "{run:?}");
}
