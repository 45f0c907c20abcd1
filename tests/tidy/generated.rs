//! Checked-in files that the program writes: they are what it writes today. `UPDATE=1` rewrites them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::tree;

/// Runs the program with `arguments` and a folder, and compares that with `folder` of the repository.
pub fn check(folder: &str, arguments: &[&str]) -> Vec<String> {
    let fresh = tempfile::tempdir().unwrap();
    let run =
        Command::new(env!("CARGO_BIN_EXE_lamplighter")).args(arguments).arg(fresh.path()).output().unwrap();
    if !run.status.success() {
        return vec![format!(
            "{folder}:1: `lamplighter {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&run.stderr)
        )];
    }
    let (here, wanted) = (tree::root().join(folder), content(fresh.path()));
    assert!(!wanted.is_empty(), "{folder}:1: `lamplighter {}` wrote nothing", arguments.join(" "));
    if std::env::var_os("UPDATE").is_some() {
        rewrite(&here, &wanted);
    }
    let found = content(&here);
    let mut complaints = Vec::new();
    for name in wanted.keys().chain(found.keys().filter(|name| !wanted.contains_key(*name))) {
        let (old, new) = (found.get(name), wanted.get(name));
        if old != new {
            let line = first_difference(old, new);
            complaints.push(format!("{folder}/{name}:{line}: not what the program writes: `UPDATE=1 cargo test --test tidy` rewrites it"));
        }
    }
    complaints
}

/// Compares one file with what it ought to be; `UPDATE=1` rewrites it.
pub fn check_file(path: &str, wanted: &str) -> Option<String> {
    let here = tree::root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(here.parent().unwrap()).unwrap();
        std::fs::write(&here, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&here).ok();
    (found.as_deref() != Some(wanted)).then(|| {
        let line = first_difference(found.as_ref(), Some(&wanted.to_owned()));
        format!("{path}:{line}: not what is generated: `UPDATE=1 cargo test --test tidy` rewrites it")
    })
}

fn rewrite(folder: &Path, wanted: &BTreeMap<String, String>) {
    std::fs::create_dir_all(folder).unwrap();
    for name in content(folder).keys().filter(|name| !wanted.contains_key(*name)) {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    for (name, text) in wanted {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The files of a folder and the folders in it, by path; a folder that is not there is empty.
fn content(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return files };
    for entry in entries {
        let entry = entry.unwrap();
        let (name, path) = (entry.file_name().into_string().unwrap(), entry.path());
        if path.is_dir() {
            files.extend(content(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            files.insert(name, std::fs::read_to_string(path).unwrap());
        }
    }
    files
}

fn first_difference(old: Option<&String>, new: Option<&String>) -> usize {
    let (Some(old), Some(new)) = (old, new) else { return 1 };
    let same = old.lines().zip(new.lines()).take_while(|(a, b)| a == b).count();
    same + 1
}
