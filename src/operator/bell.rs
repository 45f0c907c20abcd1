//! Wakes the loop of each namespace that something happened in, and starts and ends those loops.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::{Shared, namespace};
use crate::source::watch::Touched;

/// Pause after a crash: what made it is still there, most likely.
const AFTER_A_CRASH: Duration = Duration::from_secs(10);

/// Which namespaces are to be evaluated again.
#[derive(Default)]
pub struct Bell {
    woken: Mutex<Woken>,
    rung: Notify,
}

#[derive(Default)]
struct Woken {
    all: bool,
    some: BTreeSet<String>,
}

impl Bell {
    /// Something happened.
    pub fn ring(&self, touched: Touched) {
        {
            let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
            match touched {
                Touched::Nothing => return,
                Touched::One(namespace) | Touched::Said(namespace) => drop(woken.some.insert(namespace)),
                Touched::All => woken.all = true,
            }
        }
        self.rung.notify_one();
    }

    async fn heard(&self) -> Woken {
        self.rung.notified().await;
        std::mem::take(&mut *self.woken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs the loop of a namespace until nothing of ours is left there. One that crashes begins again after a pause, and disturbs no other.
async fn look_after(shared: Arc<Shared>, namespace: String, woken: Arc<Notify>) -> String {
    loop {
        let run = namespace::run(Arc::clone(&shared), namespace.clone(), Arc::clone(&woken));
        if let Ok(namespace) = AssertUnwindSafe(run).catch_unwind().await {
            return namespace;
        }
        shared.metrics.panicked();
        shared.metrics.line().leave(&namespace);
        tracing::error!(%namespace, "the loop of a namespace crashed; it begins again in {} s", AFTER_A_CRASH.as_secs());
        tokio::time::sleep(AFTER_A_CRASH).await;
        woken.notify_one();
    }
}

/// Runs one loop for each namespace that has anything of ours, until `stop` is true.
pub async fn run_loops(shared: &Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut loops: BTreeMap<String, Arc<Notify>> = BTreeMap::new();
    let mut tasks: JoinSet<String> = JoinSet::new();
    let mut leads = shared.leads.clone();
    loop {
        let woken = tokio::select! {
            woken = shared.bell.heard() => woken,
            Ok(()) = leads.changed() => Woken { all: true, some: BTreeSet::new() },
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                match ended {
                    // Another loop may have been started for it already.
                    Ok(namespace) => {
                        loops.retain(|name, notify| *name != namespace || Arc::strong_count(notify) > 1);
                        if !loops.contains_key(&namespace) {
                            shared.metrics.line().leave(&namespace);
                        }
                    }
                    Err(error) => tracing::error!(%error, "the loop of a namespace ended badly"),
                }
                // An event may have come between its last look and its end.
                Woken { all: true, some: BTreeSet::new() }
            }
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let mut names = woken.some;
        if woken.all {
            names.extend(shared.gathered.iter().flat_map(super::Gathered::namespaces));
            names.extend(loops.keys().cloned());
        }
        loops.retain(|_, notify| Arc::strong_count(notify) > 1);
        for name in names {
            if shared.is_leader() {
                shared.metrics.line().add(&name, shared.clock.now());
            }
            let notify = loops.entry(name.clone()).or_insert_with(|| {
                let notify = Arc::new(Notify::new());
                tasks.spawn(look_after(Arc::clone(shared), name, Arc::clone(&notify)));
                notify
            });
            notify.notify_one();
        }
    }
    // What is being written may be written: each write stands alone.
    tasks.shutdown().await;
}
