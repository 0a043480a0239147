//! Events of the core group.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Event: its fields, shared.
pub type Event = Shared<EventFields>;

/// What an Event holds beside its metadata. There are more Events than anything else, so what those of one kind from one writer have in
/// common is kept once, and what few have apart.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct EventFields {
    /// What is the same for many.
    pub origin: Arc<EventOrigin>,
    /// Name of the object that it happened to.
    pub about_name: Str,
    /// Unique id of the object that it happened to.
    pub about_uid: Str,
    /// Version of the object that was meant; 0 if unset. Text in JSON.
    pub about_version: u64,
    /// Why, in words.
    pub message: Str,
    /// When it first happened.
    pub first_timestamp: Option<Timestamp>,
    /// When it last happened.
    pub last_timestamp: Option<Timestamp>,
    /// When it happened, in the form of events.k8s.io/v1.
    pub event_time: Option<MicroTime>,
    /// How many.
    pub count: i32,
    /// What few have.
    pub more: Option<Box<EventMore>>,
}

/// What Events of one kind from one writer have in common.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct EventOrigin {
    /// Kind of the objects that it happens to.
    pub about_kind: Str,
    /// Group and version of their kind.
    pub about_api_version: Str,
    /// Their namespace.
    pub about_namespace: Str,
    /// The field that is meant.
    pub about_field: Str,
    /// Why, as one word.
    pub reason: Str,
    /// Which kind of Event this is: Normal or Warning.
    pub r#type: Str,
    /// What is done.
    pub action: Str,
    /// Who says so, or where it comes from.
    pub source: EventSource,
    /// Who says so.
    pub reporting_component: Str,
    /// Which instance says so.
    pub reporting_instance: Str,
}

/// What few Events have.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct EventMore {
    /// How it goes on.
    pub series: Option<EventSeries>,
    /// Version of the object that was meant, where it is no number.
    pub odd_version: Str,
    /// Another object that is concerned.
    pub related: Option<Box<ObjectReference>>,
    /// Unknown fields.
    pub rest: Rest,
}

impl EventFields {
    /// What it happened to.
    pub fn involved_object(&self) -> ObjectReference {
        ObjectReference {
            kind: self.origin.about_kind.clone(),
            namespace: self.origin.about_namespace.clone(),
            name: self.about_name.clone(),
            uid: self.about_uid.clone(),
            api_version: self.origin.about_api_version.clone(),
            resource_version: match &self.more {
                Some(more) if !more.odd_version.is_empty() => more.odd_version.clone(),
                _ => version_text(self.about_version),
            },
            field_path: self.origin.about_field.clone(),
        }
    }

    /// How it goes on.
    pub fn series(&self) -> Option<&EventSeries> {
        self.more.as_ref()?.series.as_ref()
    }

    /// It goes on.
    pub fn set_series(&mut self, series: EventSeries) {
        self.more.get_or_insert_default().series = Some(series);
    }

    /// How often it was seen.
    pub fn times_seen(&self) -> i32 {
        self.series().map_or(self.count.max(1), |series| series.count)
    }

    /// Who says so: a component's name.
    pub fn component(&self) -> &Str {
        let origin = &self.origin;
        if origin.source.component.is_empty() { &origin.reporting_component } else { &origin.source.component }
    }
}

/// The version of an object as text; empty if unset.
pub(crate) fn version_text(version: u64) -> Str {
    if version == 0 { Str::default() } else { version.to_string().into() }
}

/// An Event as the API shows it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    #[serde(deserialize_with = "null")]
    involved_object: ObjectReference,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    message: Str,
    #[serde(deserialize_with = "null")]
    source: EventSource,
    first_timestamp: Option<Timestamp>,
    last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    count: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    r#type: Str,
    event_time: Option<MicroTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<EventSeries>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    action: Str,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<Box<ObjectReference>>,
    #[serde(deserialize_with = "null")]
    reporting_component: Str,
    #[serde(deserialize_with = "null")]
    reporting_instance: Str,
    #[serde(flatten)]
    rest: Rest,
}

impl From<Wire> for EventFields {
    fn from(wire: Wire) -> Self {
        let about = wire.involved_object;
        let about_version = about.resource_version.parse().unwrap_or(0);
        let is_odd = version_text(about_version) != about.resource_version;
        let odd_version = if is_odd { about.resource_version } else { Str::default() };
        let has_more = is_odd || wire.series.is_some() || wire.related.is_some() || !wire.rest.is_empty();
        EventFields {
            origin: Arc::new(EventOrigin {
                about_kind: about.kind,
                about_api_version: about.api_version,
                about_namespace: about.namespace,
                about_field: about.field_path,
                reason: wire.reason,
                r#type: wire.r#type,
                action: wire.action,
                source: wire.source,
                reporting_component: wire.reporting_component,
                reporting_instance: wire.reporting_instance,
            }),
            about_name: about.name,
            about_uid: about.uid,
            about_version,
            message: wire.message,
            first_timestamp: wire.first_timestamp,
            last_timestamp: wire.last_timestamp,
            event_time: wire.event_time,
            count: wire.count,
            more: has_more.then(|| Box::new(EventMore { series: wire.series, odd_version, related: wire.related, rest: wire.rest })),
        }
    }
}

impl From<EventFields> for Wire {
    fn from(fields: EventFields) -> Self {
        let involved_object = fields.involved_object();
        let origin = Arc::unwrap_or_clone(fields.origin);
        let more = fields.more.map_or_else(EventMore::default, |more| *more);
        Wire {
            involved_object,
            reason: origin.reason,
            message: fields.message,
            source: origin.source,
            first_timestamp: fields.first_timestamp,
            last_timestamp: fields.last_timestamp,
            count: fields.count,
            r#type: origin.r#type,
            event_time: fields.event_time,
            series: more.series,
            action: origin.action,
            related: more.related,
            reporting_component: origin.reporting_component,
            reporting_instance: origin.reporting_instance,
            rest: more.rest,
        }
    }
}

/// Who says so.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    /// Name of the component.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub component: Str,
    /// Host.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host: Str,
}

/// How often it goes on.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSeries {
    /// How many.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i32,
    /// When it was last seen.
    pub last_observed_time: Option<MicroTime>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_is_written_again() {
        let whole = json!({
            "involvedObject": {"kind": "Pod", "namespace": "n", "name": "p", "uid": "u", "apiVersion": "v1", "resourceVersion": "7", "fieldPath": "spec.containers{c}"},
            "reason": "Pulled", "message": "m", "source": {"component": "kubelet", "host": "n1"}, "firstTimestamp": "2026-03-29T06:55:00Z",
            "lastTimestamp": "2026-03-29T06:56:00Z", "count": 3, "type": "Normal", "eventTime": "2026-03-29T06:55:00.000001Z",
            "series": {"count": 4, "lastObservedTime": "2026-03-29T06:57:00.000000Z"}, "action": "Pull", "related": {"kind": "Node"},
            "reportingComponent": "kubelet", "reportingInstance": "n1", "more": [1]
        });
        let event: Event = serde_json::from_value(whole.clone()).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), whole);
        assert_eq!((event.times_seen(), &**event.component(), event.about_version), (4, "kubelet", 7));
        let empty: Event = serde_json::from_value(json!({"involvedObject": null, "count": null})).unwrap();
        assert!(empty.series().is_none() && empty.times_seen() == 1 && empty == Event::default());
    }

    #[test]
    fn is_small() {
        assert!(std::mem::size_of::<EventFields>() <= 136);
    }
}
