//! Tells when the manifests below a directory may have changed. Reads none of them.
//!
//! The kernel's notices make it quick; a look at all files' lengths, times and inodes at intervals makes it certain, also on
//! file systems without notices and for directories that came up a moment ago.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::fingerprint::Fingerprint;
use super::walk::{MAX_FILES, Walked, walk};

/// The time between two looks, unless looking itself takes long.
const POLL: Duration = Duration::from_millis(500);
/// Looking takes at most one part in so many of the time.
const POLL_SHARE: u32 = 100;
/// A change is over when nothing more happened for this long.
const QUIET: Duration = Duration::from_millis(50);
/// A change that does not end is reported after this long.
const PATIENCE: Duration = Duration::from_millis(500);

/// A directory and when it was made, which tells it from a later one of the same name.
type Spot = (PathBuf, Option<SystemTime>);

/// Watches the manifest files below a directory, and what its links point at.
pub struct Watcher {
    root: PathBuf,
    notices: mpsc::Receiver<()>,
    /// None where the system gives no notices; polling goes on.
    system: Option<RecommendedWatcher>,
    watched: BTreeSet<Spot>,
    fingerprint: Option<Fingerprint>,
    next_poll: Instant,
    /// A notice was taken and not yet reported: survives when [`Watcher::changed`] is dropped half-way.
    is_dirty: bool,
}

impl Watcher {
    /// Watches `root`, a directory or a file, which need not be there yet. Create it before the first loading, so that no
    /// change falls between the two.
    pub async fn new(root: &Path) -> Self {
        let (sender, notices) = mpsc::channel(1);
        let system = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| is_change(event.kind)) {
                // A full channel already holds the news.
                let _ = sender.try_send(());
            }
        });
        let system =
            system.inspect_err(|error| tracing::warn!(%error, "no file system notices; polling only")).ok();
        let mut watcher = Self {
            root: root.to_owned(),
            notices,
            system,
            watched: BTreeSet::new(),
            fingerprint: None,
            next_poll: Instant::now(),
            is_dirty: false,
        };
        watcher.fingerprint = watcher.look().await;
        watcher
    }

    /// Returns after something changed since the last return, or since the watcher was made, and has been quiet for 50 ms, or
    /// has gone on for 500 ms. At times it returns though nothing changed. Loses nothing when it is dropped half-way.
    pub async fn changed(&mut self) {
        while !self.is_dirty {
            tokio::select! {
                Some(()) = self.notices.recv() => self.is_dirty = true,
                () = sleep_until(self.next_poll) => self.is_dirty = self.look().await != self.fingerprint,
            }
        }
        self.fingerprint = self.settle().await;
        self.is_dirty = false;
    }

    /// As on a system that gives no notices.
    #[cfg(test)]
    pub(super) fn without_notices(mut self) -> Self {
        self.system = None;
        self
    }

    /// Waits for quiet and returns what the last look showed.
    async fn settle(&mut self) -> Option<Fingerprint> {
        let end = Instant::now() + PATIENCE;
        let mut before = self.look().await;
        loop {
            let quiet_until = (Instant::now() + QUIET).min(end);
            let noticed = tokio::select! {
                Some(()) = self.notices.recv() => true,
                () = sleep_until(quiet_until) => false,
            };
            if noticed && Instant::now() < end {
                continue;
            }
            let now = self.look().await;
            if now == before || Instant::now() >= end {
                return now;
            }
            before = now;
        }
    }

    /// Looks at all files, watches the directories that came up, and sets the time of the next look.
    async fn look(&mut self) -> Option<Fingerprint> {
        let start = Instant::now();
        let root = self.root.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let walked = walk(&root);
            (Fingerprint::of(&walked), spots(&root, &walked))
        });
        let looked =
            looked.await.inspect_err(|error| tracing::error!(%error, "looking at the manifests failed")).ok();
        self.next_poll = Instant::now() + POLL.max(start.elapsed() * POLL_SHARE);
        let (fingerprint, spots) = looked?;
        self.watch(spots);
        Some(fingerprint)
    }

    fn watch(&mut self, spots: BTreeSet<Spot>) {
        let Some(system) = &mut self.system else {
            return;
        };
        for (gone, _) in self.watched.difference(&spots) {
            // Fails where the directory itself is gone, and the watch with it.
            let _ = system.unwatch(gone);
        }
        let mut watched: BTreeSet<Spot> = self.watched.intersection(&spots).cloned().collect();
        for spot in spots.into_iter().filter(|spot| !self.watched.contains(spot)) {
            match system.watch(&spot.0, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(spot);
                }
                Err(error) => {
                    tracing::debug!(%error, path = %spot.0.display(), "no notices for this directory; polling only")
                }
            }
        }
        self.watched = watched;
    }
}

/// Reading a file is no change; closing one that was open for writing is.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// The directories in which a change matters: those with manifests, those with what links point at, and the one in which
/// the root itself may be exchanged. Real paths: a watch on a link's target under the link's name would outlive the link.
fn spots(root: &Path, walked: &Walked) -> BTreeSet<Spot> {
    let mut places: BTreeSet<PathBuf> =
        walked.directories.iter().filter_map(|path| path.canonicalize().ok()).collect();
    for file in &walked.files {
        if file.path.is_symlink() || file.path == root {
            places.extend(file.path.canonicalize().ok().and_then(|target| Some(target.parent()?.to_owned())));
        }
    }
    if root.is_symlink() || walked.directories.is_empty() {
        let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        places.extend(parent.canonicalize().ok());
    }
    let made = |place: &PathBuf| place.metadata().and_then(|metadata| metadata.created()).ok();
    places.into_iter().take(MAX_FILES).map(|place| (place.clone(), made(&place))).collect()
}
