//! From git: a push to a bare repository with the hooks of docs/gitops.md changes lamps, and a commit that takes it back changes them back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{self, Cluster};
use crate::installed::{Office, mailbox, with_pods};

/// A bare repository with the hooks, and a work tree that pushes to it.
struct Repository {
    folder: tempfile::TempDir,
    path: std::ffi::OsString,
    kubeconfig: PathBuf,
}

impl Repository {
    fn new(cluster: &Cluster, namespace: &str) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_lamplighter")).parent().unwrap();
        let mut path = vec![program.to_owned(), harness::programs()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let made = Self {
            folder: tempfile::tempdir().unwrap(),
            path: std::env::join_paths(path).unwrap(),
            kubeconfig: cluster.kubeconfig().to_owned(),
        };
        let bare = made.folder.path().join("voice.git");
        made.run(made.folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "voice.git"])
            .unwrap();
        for (key, value) in [("folder", "voice"), ("namespace", namespace), ("timeout", "120s")] {
            made.run(&bare, &["config", &format!("lamplighter.{key}"), value]).unwrap();
        }
        for hook in ["pre-receive", "post-receive"] {
            let to = bare.join("hooks").join(hook);
            fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gitops/hooks").join(hook), &to)
                .unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
        }
        made.run(made.folder.path(), &["clone", "--quiet", "voice.git", "tree"]).unwrap();
        fs::create_dir(made.tree().join("voice")).unwrap();
        made
    }

    fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.tree().join("voice").join(file), text).unwrap();
    }

    /// Commits all that changed, and pushes it. What git and the hooks said; as an error if it was refused.
    fn push(&self, message: &str) -> Result<String, String> {
        self.run(&self.tree(), &["add", "--all"])?;
        self.run(&self.tree(), &["commit", "--quiet", "--message", message])?;
        self.run(&self.tree(), &["push", "--quiet", "origin", "HEAD:main"])
    }

    fn run(&self, at: &Path, arguments: &[&str]) -> Result<String, String> {
        let mut git = Command::new("git");
        git.current_dir(at).args(arguments).env("PATH", &self.path).env("KUBECONFIG", &self.kubeconfig);
        git.env("KUBECACHEDIR", self.folder.path().join("cache")).env("HOME", self.folder.path());
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "Voice").env(format!("GIT_{who}_EMAIL"), "voice@example.com");
        }
        let output = git.output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(said) } else { Err(said) }
    }
}

#[test]
fn a_push_lights_moves_and_puts_out_lamps_and_a_revert_takes_it_back() {
    let cluster = harness::shared();
    if !with_pods(&cluster) {
        return;
    }
    let (office, manifests) = Office::prepare(&cluster, "pushed");
    let repository = Repository::new(&cluster, &office.namespace.name);
    let (secret, ours) = manifests.split_once("---\n").unwrap();
    // A token does not lie in git.
    office.namespace.apply(secret);
    let ours = ours.replace(&mailbox("lina", "4201"), "");
    repository.write("office.yaml", &ours);
    repository.write("lina.yaml", &mailbox("lina", "4201"));
    // The push ends when all is in force.
    repository.push("An office").unwrap();
    office.put("lina", 1);
    office.lamp("4201", "on 1/0 (0/0)");

    repository.write("lina.yaml", &mailbox("lina", "4299"));
    repository.push("Lina has another desk").unwrap();
    office.lamp("4201", "off 0/0 (0/0)");
    office.lamp("4299", "on 1/0 (0/0)");

    repository.run(&repository.tree(), &["revert", "--no-edit", "HEAD"]).unwrap();
    repository.run(&repository.tree(), &["push", "--quiet", "origin", "HEAD:main"]).unwrap();
    office.lamp("4299", "off 0/0 (0/0)");
    office.lamp("4201", "on 1/0 (0/0)");

    repository.write("lina.yaml", &mailbox("lina", "12"));
    let refused = repository.push("An extension of two digits").unwrap_err();
    assert!(refused.contains("ExtensionDigitsMismatch"), "{refused}");
    repository.run(&repository.tree(), &["reset", "--quiet", "--hard", "origin/main"]).unwrap();

    fs::remove_file(repository.tree().join("voice/lina.yaml")).unwrap();
    repository.push("Lina left").unwrap();
    office.lamp("4201", "off 0/0 (0/0)");
    assert!(!office.namespace.kubectl(&["get", "ummb", "lina"]).is_success, "the mailbox is still there");
}
