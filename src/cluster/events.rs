//! Events (events.k8s.io/v1) on transitions: few, so that those that matter are seen.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::call::within;
use super::pace::Pace;
use crate::clock::Clock;

/// Characters of a note; the API server takes 1024 bytes.
const MOST_BYTES: usize = 1000;
/// Events a second over a longer time, and at once.
const PER_SECOND: u32 = 5;
const BURST: u32 = 50;
/// An event that would have to wait longer is dropped: what it tells stands in the status as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells people what happened to an object.
pub struct Events {
    recorder: Recorder,
    pace: Pace,
}

impl Events {
    /// Events that this pod reports.
    #[must_use]
    pub fn new(client: Client, controller: &str, instance: &str, clock: Clock) -> Self {
        let reporter = Reporter { controller: controller.to_owned(), instance: Some(instance.to_owned()) };
        Self { recorder: Recorder::new(client, reporter), pace: Pace::new(clock, PER_SECOND, BURST) }
    }

    /// Reports one. What fails or would take too long is dropped and logged.
    pub async fn tell(&self, about: &ObjectReference, warning: bool, reason: &str, action: &str, note: &str) {
        if tokio::time::timeout(PATIENCE, self.pace.turn()).await.is_err() {
            tracing::debug!(name = about.name, %reason, "an Event was dropped: there were too many");
            return;
        }
        let event = Event {
            type_: if warning { EventType::Warning } else { EventType::Normal },
            reason: reason.to_owned(),
            note: Some(cut(note).to_owned()),
            action: action.to_owned(),
            secondary: None,
        };
        if let Err(error) = within(self.recorder.publish(&event, about)).await {
            tracing::warn!(namespace = about.namespace, name = about.name, %reason, error = &error as &dyn std::error::Error, "an Event could not be written");
        }
    }
}

fn cut(note: &str) -> &str {
    let end = note.floor_char_boundary(MOST_BYTES);
    note.get(..end).unwrap_or_default()
}
