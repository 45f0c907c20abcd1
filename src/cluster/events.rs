//! Events (events.k8s.io/v1) on transitions: few, so that those that matter are seen.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::call::within;
use super::pace::Pace;
use crate::clock::Clock;

/// Characters of a note; the API server takes 1024 bytes.
const MOST_BYTES: usize = 1000;
/// Events a second over a longer time, and at once.
const PER_SECOND: u32 = 5;
const BURST: u32 = 50;
/// Events that wait for their turn. One more is dropped: what it tells stands in the status as well.
const WAITING: usize = 50;

/// Tells people what happened to an object. Nobody waits for it.
pub struct Events(mpsc::Sender<(ObjectReference, Event)>);

impl Events {
    /// Events that this pod reports, by a task that ends with this.
    #[must_use]
    pub fn new(client: Client, controller: &str, instance: &str, clock: Clock) -> Self {
        let reporter = Reporter { controller: controller.to_owned(), instance: Some(instance.to_owned()) };
        let (recorder, pace) = (Recorder::new(client, reporter), Pace::new(clock, PER_SECOND, BURST));
        let (sender, mut waiting) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            while let Some((about, event)) = waiting.recv().await {
                pace.turn().await;
                publish(&recorder, &about, &event).await;
            }
        });
        Self(sender)
    }

    /// Reports one. What fails, or comes when too many wait, is dropped and logged.
    pub fn tell(&self, about: ObjectReference, warning: bool, reason: &str, action: &str, note: &str) {
        let event = Event {
            type_: if warning { EventType::Warning } else { EventType::Normal },
            reason: reason.to_owned(),
            note: Some(cut(note).to_owned()),
            action: action.to_owned(),
            secondary: None,
        };
        if let Err(TrySendError::Full((about, event))) = self.0.try_send((about, event)) {
            tracing::debug!(name = about.name, reason = %event.reason, "an Event was dropped: there were too many");
        }
    }
}

async fn publish(recorder: &Recorder, about: &ObjectReference, event: &Event) {
    if let Err(error) = within(recorder.publish(event, about)).await {
        tracing::warn!(namespace = about.namespace, name = about.name, reason = %event.reason, error = &error as &dyn std::error::Error, "an Event could not be written");
    }
}

fn cut(note: &str) -> &str {
    let end = note.floor_char_boundary(MOST_BYTES);
    note.get(..end).unwrap_or_default()
}
