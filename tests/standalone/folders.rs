//! Directories that change as a whole: a mounted ConfigMap, a git checkout.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::common::manifests::{copy, mailbox};
use crate::common::office::Office;
use crate::common::phone::Phone;

const OUT: &str = "off 0/0 (0/0)";

/// Makes a folder of manifests the content of a mount, as the kubelet does: hidden folders, one link that is exchanged.
fn mount(content: &Path, mount: &Path, revision: u32) {
    let hidden = format!("..2026_11_22_{revision}");
    copy(content, &mount.join(&hidden));
    let before = fs::read_link(mount.join("..data")).ok();
    symlink(&hidden, mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    for entry in fs::read_dir(content).unwrap() {
        let name = entry.unwrap().file_name();
        // It is there from the revision before.
        let _ = symlink(Path::new("..data").join(&name), mount.join(&name));
    }
    if let Some(before) = before {
        fs::remove_dir_all(mount.join(before)).unwrap();
    }
}

#[test]
fn a_mount_whose_links_are_exchanged_takes_effect_each_time() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let mounted = office.beside("mounted");
    fs::create_dir(&mounted).unwrap();
    mount(&office.manifests(), &mounted, 1);
    let program = crate::common::office::Program::start(&mounted, &office.data(), &[]);
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    for (revision, extension) in (2..).zip(["4301", "4302", "4303", "4304"]) {
        office.write("lina.yaml", &mailbox("lina", "sales", &[extension], ""));
        mount(&office.manifests(), &mounted, revision);
        phone.shows(extension, "on 1/0 (0/0)");
    }
    for extension in ["4201", "4301", "4302", "4303"] {
        phone.shows(extension, OUT);
    }
    assert!(!program.process.stdout.text().contains("error"), "{}", program.process.stdout.text());
}

fn git(dir: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.args(["-c", "user.name=Noor", "-c", "user.email=noor@example.com"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
}

#[test]
fn a_git_checkout_of_another_branch_takes_effect_as_one_change() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let dir = office.manifests();
    git(&dir, &["init", "--quiet", "--initial-branch", "main"]);
    git(&dir, &["add", "."]);
    git(&dir, &["commit", "--quiet", "-m", "Lina and Omar"]);
    git(&dir, &["checkout", "--quiet", "-b", "swapped"]);
    office.write("lina.yaml", &mailbox("lina", "sales", &["4202"], ""));
    office.write("omar.yaml", &mailbox("omar", "sales", &["4201"], ""));
    office.write("people/noor.yaml", &mailbox("noor", "sales", &["4203"], ""));
    git(&dir, &["add", "."]);
    git(&dir, &["commit", "--quiet", "-m", "Lina and Omar change desks, Noor comes"]);
    git(&dir, &["checkout", "--quiet", "main"]);
    let program = office.start();
    program.put("lina", 1, 0);
    program.put("omar", 2, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    phone.shows("4202", "on 2/0 (0/0)");
    let mark = program.mark();
    git(&dir, &["checkout", "--quiet", "swapped"]);
    phone.shows("4201", "on 2/0 (0/0)");
    phone.shows("4202", "on 1/0 (0/0)");
    program.says(mark, "noor");
    program.put("noor", 3, 0);
    phone.shows("4203", "on 3/0 (0/0)");
    git(&dir, &["checkout", "--quiet", "main"]);
    phone.shows("4203", OUT);
    phone.shows("4201", "on 1/0 (0/0)");
    phone.shows("4202", "on 2/0 (0/0)");
    assert_eq!(
        phone.history("4201"),
        ["on 1/0 (0/0)", "on 2/0 (0/0)", "on 1/0 (0/0)"],
        "never out in between"
    );
    let text = program.process.stdout.since(mark).join("\n");
    assert!(!text.contains("error"), "half a checkout was evaluated:\n{text}");
}

#[test]
fn manifests_in_json_and_in_folders_are_read_and_hidden_and_foreign_ones_passed_over() {
    let office = Office::new();
    office.write("people/noor.yml", &mailbox("noor", "sales", &["4203"], ""));
    let jonas = r#"{"apiVersion":"um.lamplighter.dev/v1alpha1","kind":"UMMailbox","metadata":{"name":"jonas","namespace":"voice"},
        "spec":{"mailboxPolicyRef":{"name":"sales"},"extensions":["4204"]}}"#;
    office.write("people/jonas.json", jonas);
    office.write(".hidden.yaml", &mailbox("ghost", "sales", &["4205"], ""));
    office.write("notes.txt", "not: [yaml");
    office.write(
        "deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: many}\n",
    );
    let program = office.start();
    for (mailbox, status) in [("noor", 200), ("jonas", 200), ("ghost", 404)] {
        assert_eq!(program.read(&crate::common::office::messages(mailbox)).status, status, "{mailbox}");
    }
    assert!(!program.process.stdout.text().contains("error"), "{}", program.process.stdout.text());
}

#[test]
fn a_manifest_without_namespace_is_in_default() {
    let office = Office::new();
    for file in ["plan.yaml", "policy.yaml", "lina.yaml", "omar.yaml"] {
        office.replace(file, ", namespace: voice", "");
    }
    let program = office.start();
    let path = "/v1/namespaces/default/mailboxes/lina/messages";
    let answer = program.write(path, &serde_json::json!({"new": 1, "old": 0})).json();
    assert_eq!(
        (&answer["namespace"], &answer["version"]),
        (&serde_json::json!("default"), &serde_json::json!(1))
    );
}

#[test]
fn an_empty_directory_is_a_start_and_what_appears_in_it_is_live_at_once() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let files = office.beside("files");
    fs::rename(office.manifests(), &files).unwrap();
    fs::create_dir(office.manifests()).unwrap();
    let program = office.start();
    program.says(0, "there is no resource in");
    let mark = program.mark();
    copy(&files, &office.manifests());
    program.says(mark, "omar");
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
}

#[test]
fn an_editor_that_writes_beside_and_renames_is_followed_each_time() {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    for extension in ["4301", "4302", "4303"] {
        office.write("lina.yaml~", &office.read("lina.yaml"));
        office.write(".lina.yaml.swp", &mailbox("lina", "sales", &[extension], ""));
        fs::rename(office.manifests().join(".lina.yaml.swp"), office.manifests().join("lina.yaml")).unwrap();
        phone.shows(extension, "on 1/0 (0/0)");
    }
    assert!(!program.process.stdout.text().contains("error"), "{}", program.process.stdout.text());
}
