//! The files of the repository: what git tracks or would track. Without git, what lies in the folders.

use std::path::Path;
use std::process::Command;

/// A text file, its path relative to the repository with `/`.
pub struct File {
    pub path: String,
    pub text: String,
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file that has to be there.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path}:1: can't be read ({error}): restore it"))
}

/// Paths of all files, sorted.
pub fn names() -> Vec<String> {
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let mut names = match git {
        Ok(listed) if listed.status.success() => {
            let text = String::from_utf8(listed.stdout).expect("git names files in UTF-8");
            text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        _ => walk(""),
    };
    // A file that is deleted but not yet committed is still listed.
    names.retain(|name| root().join(name).symlink_metadata().is_ok());
    names.sort();
    names
}

fn walk(folder: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().expect("names of files are UTF-8");
        if folder.is_empty() && [".git", "target"].contains(&name.as_str()) {
            continue;
        }
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            names.extend(walk(&path));
        } else {
            names.push(path);
        }
    }
    names
}

/// All text files.
pub fn all() -> Vec<File> {
    let names = names().into_iter();
    names
        .filter_map(|path| std::fs::read_to_string(root().join(&path)).ok().map(|text| File { path, text }))
        .collect()
}

/// All Rust files: the program, its tests and its benches.
pub fn rust() -> Vec<File> {
    let files: Vec<File> = all().into_iter().filter(|file| file.path.ends_with(".rs")).collect();
    assert!(
        files.iter().any(|file| file.path == "src/lib.rs"),
        "src/lib.rs:1: not found, so nothing was checked: run this in the repository"
    );
    files
}

/// The Rust files of the program itself.
pub fn sources() -> Vec<File> {
    rust().into_iter().filter(|file| file.path.starts_with("src/")).collect()
}
