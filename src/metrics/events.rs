//! Kubernetes Events, each time one is written: what `kubectl get events` would have shown at that moment.

use crate::actor::Clock;
use crate::base::Time;
use crate::model::{Kind, Str};
use crate::store::LogEntry;
use serde::Serialize;

/// One occurrence of an Event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventLine {
    /// Milliseconds since the start.
    pub t: u64,
    /// When it was last seen, as the API shows it.
    #[serde(rename = "lastSeen")]
    pub last_seen: String,
    /// Namespace of the object.
    pub namespace: Str,
    /// Normal or Warning.
    #[serde(rename = "type")]
    pub kind: Str,
    /// Reason.
    pub reason: Str,
    /// The object, as kubectl shows it: `pod/web-1`.
    pub object: String,
    /// The part of the object, if it is about one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub subobject: Str,
    /// Who says so.
    pub source: String,
    /// What happened.
    pub message: Str,
    /// How often so far.
    pub count: i32,
}

/// All of them, in order.
#[derive(Clone, Debug)]
pub struct EventLog {
    clock: Clock,
    /// The lines.
    pub lines: Vec<EventLine>,
}

impl EventLog {
    pub(super) fn new(clock: Clock) -> EventLog {
        EventLog { clock, lines: Vec::new() }
    }

    pub(super) fn commit(&mut self, entry: &LogEntry) {
        if entry.kind() != Kind::Event {
            return;
        }
        let Some(event) = entry.after.as_ref().and_then(|object| object.as_event()) else { return };
        let about = &event.involved_object;
        let host = if event.source.host.is_empty() { String::new() } else { format!(", {}", event.source.host) };
        self.lines.push(EventLine {
            t: entry.at.as_ms(),
            last_seen: event.last_timestamp.unwrap_or_else(|| self.clock.timestamp(entry.at)).to_string(),
            namespace: entry.object().meta.namespace.clone(),
            kind: event.r#type.clone(),
            reason: event.reason.clone(),
            object: format!("{}/{}", about.kind.to_lowercase(), about.name),
            subobject: about.field_path.clone(),
            source: format!("{}{host}", event.source.component),
            message: event.message.clone(),
            count: event.count,
        });
    }

    /// The lines up to an instant.
    pub fn until(&self, at: Time) -> impl Iterator<Item = &EventLine> {
        self.lines.iter().take_while(move |line| line.t <= at.as_ms())
    }
}
