//! The manifest files below a directory, in a fixed order. Opens none of them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Directories inside one another, at most.
pub(super) const MAX_LEVELS: usize = 16;
/// Files below one directory, at most; beyond that the rest is not read.
pub(super) const MAX_FILES: usize = 100_000;

/// A file and its path below the directory, with `/` between the parts.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) shown: String,
}

/// Why something below the directory is not read. A directory's path ends with `/`; the directory itself is empty.
pub(super) struct Obstacle {
    pub(super) shown: String,
    pub(super) reason: Reason,
}

pub(super) enum Reason {
    Unreadable(io::Error),
    TooDeep,
    TooMany,
}

/// What lies below a directory.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) files: Vec<File>,
    pub(super) obstacles: Vec<Obstacle>,
    /// Each directory that was looked into.
    pub(super) directories: BTreeSet<PathBuf>,
    /// Their real paths: a directory that two links lead to is read once, and no chain of links goes round.
    seen: BTreeSet<PathBuf>,
}

/// Looks below `root`, which may also be one file, and whose name then does not matter.
pub(super) fn walk(root: &Path) -> Walked {
    let mut walked = Walked::default();
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => walked.directory(root, "", 0),
        Ok(_) => {
            let shown = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
            walked.files.push(File { path: root.to_owned(), shown });
        }
        Err(error) => walked.obstacle("", Reason::Unreadable(error)),
    }
    walked.files.sort_by(|a, b| a.shown.cmp(&b.shown));
    walked
}

impl Walked {
    fn obstacle(&mut self, shown: &str, reason: Reason) {
        self.obstacles.push(Obstacle { shown: shown.to_owned(), reason });
    }

    fn has_too_many(&self) -> bool {
        self.obstacles.iter().any(|obstacle| matches!(obstacle.reason, Reason::TooMany))
    }

    fn directory(&mut self, path: &Path, shown: &str, level: usize) {
        if level >= MAX_LEVELS {
            return self.obstacle(shown, Reason::TooDeep);
        }
        let entries = fs::canonicalize(path).and_then(|real| {
            if !self.seen.insert(real) {
                return Ok(Vec::new());
            }
            self.directories.insert(path.to_owned());
            names(path)
        });
        match entries {
            Ok(names) => {
                for name in names {
                    self.entry(path, shown, &name, level);
                }
            }
            Err(error) => self.obstacle(shown, Reason::Unreadable(error)),
        }
    }

    fn entry(&mut self, parent: &Path, shown: &str, name: &std::ffi::OsStr, level: usize) {
        let text = name.to_string_lossy();
        if text.starts_with('.') {
            return;
        }
        let path = parent.join(name);
        let is_manifest = matches!(path.extension().and_then(|e| e.to_str()), Some("yaml" | "yml" | "json"));
        let shown = format!("{shown}{text}");
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => self.directory(&path, &format!("{shown}/"), level + 1),
            Ok(_) if is_manifest && self.files.len() < MAX_FILES => self.files.push(File { path, shown }),
            Ok(_) if is_manifest && !self.has_too_many() => self.obstacle("", Reason::TooMany),
            Err(error) if is_manifest => self.obstacle(&shown, Reason::Unreadable(error)),
            _ => {}
        }
    }
}

fn names(path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let mut names = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}
