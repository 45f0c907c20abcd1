//! Whether the manifest files below a directory changed, judged by what the file system says of them. Reads no contents.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::SystemTime;

use super::walk::Walked;

/// Equal as long as the same files are there with the same length, time of change and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn of(walked: &Walked) -> Self {
        let mut hasher = DefaultHasher::new();
        for obstacle in &walked.obstacles {
            obstacle.shown.hash(&mut hasher);
        }
        for file in &walked.files {
            file.path.hash(&mut hasher);
            match fs::metadata(&file.path) {
                Ok(metadata) => facts(&metadata).hash(&mut hasher),
                Err(error) => error.kind().hash(&mut hasher),
            }
        }
        Self(hasher.finish())
    }
}

fn facts(metadata: &Metadata) -> (u64, Option<SystemTime>, [i64; 2], [u64; 2]) {
    let (changed, identity) = platform(metadata);
    (metadata.len(), metadata.modified().ok(), changed, identity)
}

/// Time of the last change of content or attributes, and which file it is.
#[cfg(unix)]
fn platform(metadata: &Metadata) -> ([i64; 2], [u64; 2]) {
    use std::os::unix::fs::MetadataExt;
    ([metadata.ctime(), metadata.ctime_nsec()], [metadata.dev(), metadata.ino()])
}

#[cfg(not(unix))]
fn platform(_: &Metadata) -> ([i64; 2], [u64; 2]) {
    Default::default()
}
