//! A folder of manifests that a test writes to, and manifests in one line.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder with the manifests, and beside them the stores.
pub struct Folder {
    root: TempDir,
}

impl Folder {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("manifests")).unwrap();
        Self { root }
    }

    /// Where the manifests are.
    pub fn manifests(&self) -> PathBuf {
        self.root.path().join("manifests")
    }

    /// Where the stores are.
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Any other place in the folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a manifest, as an editor does that saves in place.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.manifests().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text in a manifest that has it.
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        self.write(file, &text.replace(from, to));
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.manifests().join(file)).unwrap()
    }

    pub fn remove(&self, file: &str) {
        fs::remove_file(self.manifests().join(file)).unwrap();
    }
}

/// Copies a folder of files.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// A manifest in the namespace `voice`; `spec` is YAML in one line.
pub fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: um.lamplighter.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: voice}}\nspec: {spec}\n"
    )
}

/// What every dial plan of a test has, so that no warning stands beside what the test is about.
pub fn calm(plan: &str) -> String {
    format!("accessTelephoneNumbers: [\"{plan}@example.com\"], operatorExtension: \"0\"")
}

/// A dial plan of four digits.
pub fn plan(name: &str, uri_type: &str, sip_port: u16) -> String {
    let notifier = format!("{{mode: Active, sip: {{port: {sip_port}}}}}");
    let calm = calm(name);
    let spec = format!("{{numberOfDigitsInExtension: 4, {calm}, uriType: {uri_type}, notifier: {notifier}}}");
    object("UMDialPlan", name, &spec)
}

/// A mailbox policy that allows MWI.
pub fn policy(name: &str, plan: &str) -> String {
    object(
        "UMMailboxPolicy",
        name,
        &format!("{{dialPlanRef: {{name: {plan}}}, allowMessageWaitingIndicator: true}}"),
    )
}

/// A gateway on 127.0.0.1 that serves a dial plan; `more` begins with a comma or is empty.
pub fn gateway(name: &str, plan: &str, port: u16, more: &str) -> String {
    object(
        "UMIPGateway",
        name,
        &format!("{{address: 127.0.0.1, port: {port}, dialPlanRef: {{name: {plan}}}{more}}}"),
    )
}

/// A mailbox with these extensions; `more` begins with a comma or is empty.
pub fn mailbox(name: &str, policy: &str, extensions: &[&str], more: &str) -> String {
    object(
        "UMMailbox",
        name,
        &format!("{{mailboxPolicyRef: {{name: {policy}}}, extensions: {extensions:?}{more}}}"),
    )
}
