//! Kubernetes Events, each time one is written: what `kubectl get events` would have shown at that moment.

use crate::actor::Clock;
use crate::base::Time;
use crate::model::{Kind, Obj, Str};
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

/// All of them, in order. Kept as the objects that the cluster holds anyway; lines are made when they are asked for.
#[derive(Clone, Debug)]
pub struct EventLog {
    clock: Clock,
    written: Vec<(Time, Obj)>,
}

impl EventLog {
    pub(super) fn new(clock: Clock) -> EventLog {
        EventLog { clock, written: Vec::new() }
    }

    pub(super) fn commit(&mut self, entry: &LogEntry) {
        if entry.kind() == Kind::Event
            && let Some(object) = &entry.after
        {
            self.written.push((entry.at, object.clone()));
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// The lines.
    pub fn lines(&self) -> impl Iterator<Item = EventLine> {
        self.written.iter().map(|(at, object)| self.line(*at, object))
    }

    fn line(&self, at: Time, object: &Obj) -> EventLine {
        let event = object.as_event().expect("an Event");
        let origin = &event.origin;
        let host = if origin.source.host.is_empty() { String::new() } else { format!(", {}", origin.source.host) };
        EventLine {
            t: at.as_ms(),
            last_seen: event.last_timestamp.unwrap_or_else(|| self.clock.timestamp(at)).to_string(),
            namespace: object.meta.namespace.clone(),
            kind: origin.r#type.clone(),
            reason: origin.reason.clone(),
            object: format!("{}/{}", origin.about_kind.to_lowercase(), event.about_name),
            subobject: origin.about_field.clone(),
            source: format!("{}{host}", origin.source.component),
            message: event.message.clone(),
            count: event.count,
        }
    }
}
