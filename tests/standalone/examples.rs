//! The folders of `examples/` and what the documentation prints of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::manifests::Folder;
use crate::common::office::once;
use crate::common::process::LAMPLIGHTER;
use crate::validate::validate;
use crate::why::why_here;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All folders of examples, sorted.
fn examples() -> Vec<PathBuf> {
    let entries = fs::read_dir(root("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 6, "{folders:?}");
    folders
}

#[test]
fn every_example_runs_and_validates_without_a_finding() {
    let folder = Folder::new();
    let findings = |text: &str| {
        text.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning[")).count()
    };
    for example in examples() {
        let output = once(&example);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!((output.status.code(), findings(&text)), (Some(0), 0), "{}: {text}", example.display());
        let run = validate(&folder, &[example.to_str().unwrap()]);
        assert!(run.code == 0 && run.stdout.starts_with("no findings in "), "{}: {run:?}", example.display());
    }
}

#[test]
fn the_examples_are_sound_together() {
    let run = validate(&Folder::new(), &[root("examples").to_str().unwrap()]);
    assert!(run.code == 0 && run.stdout.starts_with("no findings in "), "{run:?}");
}

#[test]
fn every_mailbox_of_the_examples_can_be_explained() {
    for example in examples() {
        let text = fs::read_to_string(example.join("4-mailboxes.yaml")).unwrap();
        let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  name: ")).collect();
        assert!(!names.is_empty(), "{}", example.display());
        for name in names {
            let run = why_here(&[&format!("UMMailbox/{name}"), "-f", example.to_str().unwrap()]);
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{name}: {run:?}");
            assert!(run.stdout.contains("\nmwi: "), "{name}: {run:?}");
        }
    }
}

/// In the documentation, `<!-- output: why -->` stands between a command and its output.
#[test]
fn what_the_documentation_prints_of_why_is_what_it_prints() {
    let mut seen = 0;
    for page in ["docs/first-hour.md", "docs/why.md"] {
        let text = fs::read_to_string(root(page)).unwrap();
        let mut parts = text.split("<!-- output: why -->");
        let mut before = parts.next().unwrap();
        for after in parts {
            let command = before.trim_end().trim_end_matches("```").trim_end().lines().last().unwrap();
            let words: Vec<&str> = command.split(' ').collect();
            assert_eq!(words[0], "lamplighter", "{page}: {command}");
            let output = Command::new(LAMPLIGHTER).args(&words[1..]).current_dir(root("")).output().unwrap();
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let shown = after.split_once("```text\n").unwrap().1.split_once("```").unwrap().0;
            assert_eq!(shown, printed, "{page}: write what `{command}` prints");
            seen += 1;
            before = after;
        }
    }
    assert!(seen >= 4, "{seen}");
}
