//! The configuration that a notifier keeps beside its store, so that it starts and goes on when the API server does not answer: the resources
//! as they were last known, without statuses, in one file that is replaced as a whole.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kube::core::object::HasStatus;
use serde::{Deserialize, Serialize, Serializer};
use tokio::task::JoinHandle;

use crate::api::{UMDialPlan, UMIPGateway, UMMailbox, UMMailboxPolicy};
use crate::domain::Snapshot;

/// A change is written after so long at the latest; several changes go together.
const PAUSE: Duration = Duration::from_secs(5);

/// The file.
pub struct Kept {
    path: PathBuf,
    changed: Option<Resources>,
    written: Duration,
    /// The last write, which goes on while lamps change.
    writing: Option<JoinHandle<()>>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resources {
    #[serde(serialize_with = "without_status")]
    dial_plans: Vec<Arc<UMDialPlan>>,
    #[serde(serialize_with = "without_status")]
    mailbox_policies: Vec<Arc<UMMailboxPolicy>>,
    #[serde(serialize_with = "without_status")]
    gateways: Vec<Arc<UMIPGateway>>,
    #[serde(serialize_with = "without_status")]
    mailboxes: Vec<Arc<UMMailbox>>,
}

impl Kept {
    /// The file of a dial plan in that folder.
    pub fn new(folder: &Path, namespace: &str, dial_plan: &str) -> Self {
        let path = folder.join(format!("{namespace}.{dial_plan}.resources.json"));
        Self { path, changed: None, written: Duration::ZERO, writing: None }
    }

    /// What was kept. A file that can't be read is as good as none, and says so in the log.
    pub async fn read(&self) -> Option<Snapshot> {
        let path = self.path.clone();
        let read = move || -> io::Result<Option<Resources>> {
            match File::open(&path) {
                Ok(file) => Ok(Some(serde_json::from_reader(BufReader::new(file))?)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(resources)) => resources.map(|resources| Snapshot {
                dial_plans: resources.dial_plans,
                mailbox_policies: resources.mailbox_policies,
                gateways: resources.gateways,
                mailboxes: resources.mailboxes,
                ..Snapshot::default()
            }),
            Ok(Err(error)) => {
                tracing::error!(path = %self.path.display(), %error, "the configuration that was kept can't be read; the notifier waits for the API server");
                None
            }
            Err(_) => None,
        }
    }

    /// Takes down what is to be kept.
    pub fn remember(&mut self, snapshot: &Snapshot, now: Duration) {
        if self.changed.is_none() {
            self.written = now;
        }
        self.changed = Some(Resources {
            dial_plans: snapshot.dial_plans.clone(),
            mailbox_policies: snapshot.mailbox_policies.clone(),
            gateways: snapshot.gateways.clone(),
            mailboxes: snapshot.mailboxes.clone(),
        });
    }

    /// Begins to write it if it has waited long enough, and the last write is over.
    pub fn write_if_due(&mut self, now: Duration) {
        let is_over = self.writing.as_ref().is_none_or(JoinHandle::is_finished);
        if now.saturating_sub(self.written) >= PAUSE && is_over {
            self.begin();
        }
    }

    /// Writes what is not yet written, to the end.
    pub async fn write(&mut self) {
        for _ in 0..2 {
            if let Some(writing) = self.writing.take() {
                // What failed was logged.
                let _ = writing.await;
            }
            self.begin();
        }
    }

    /// What fails is logged; the file that was there stays.
    fn begin(&mut self) {
        let Some(resources) = self.changed.take() else { return };
        let path = self.path.clone();
        self.writing = Some(tokio::task::spawn_blocking(move || {
            if let Err(error) = replace(&path, &resources) {
                tracing::error!(path = %path.display(), %error, "the configuration can't be kept; without the API server the notifier would start with an older one");
            }
        }));
    }
}

/// Statuses are nobody's configuration. One object at a time is copied without its own.
fn without_status<K, S>(objects: &[Arc<K>], serializer: S) -> Result<S::Ok, S::Error>
where
    K: HasStatus + Clone + Serialize,
    S: Serializer,
{
    serializer.collect_seq(objects.iter().map(|object| {
        let mut object = K::clone(object);
        *object.status_mut() = None;
        object
    }))
}

fn replace(path: &Path, resources: &Resources) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = BufWriter::new(File::create(&new)?);
    serde_json::to_writer(&mut file, resources)?;
    file.flush()?;
    file.get_ref().sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[tokio::test]
    async fn what_was_remembered_is_read_again_and_a_broken_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Kept::new(folder.path(), "voice", "hq");
        assert!(kept.read().await.is_none());
        let plan: UMDialPlan = serde_json::from_value(serde_json::json!({
            "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMDialPlan",
            "metadata": {"name": "hq", "namespace": "voice", "uid": "1", "generation": 3},
            "spec": {"numberOfDigitsInExtension": 4}, "status": {"observedGeneration": 3}
        }))
        .unwrap();
        kept.remember(&Snapshot { dial_plans: vec![Arc::new(plan)], ..Snapshot::default() }, Duration::ZERO);
        kept.write_if_due(Duration::from_secs(4));
        assert!(kept.writing.is_none());
        assert!(kept.read().await.is_none(), "it waits for more changes");
        kept.write_if_due(Duration::from_secs(5));
        assert!(kept.writing.is_some());
        kept.write().await;
        let read = kept.read().await.unwrap();
        assert_eq!(read.dial_plans[0].metadata.generation, Some(3));
        assert!(read.dial_plans[0].status.is_none());
        fs::write(folder.path().join("voice.hq.resources.json"), "{").unwrap();
        assert!(kept.read().await.is_none());
    }
}
