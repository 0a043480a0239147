//! event

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// Event: its fields, shared.
pub type Event = Shared<EventFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventFields {
    #[serde(deserialize_with = "null")]
    pub involved_object: ObjectReference,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    #[serde(deserialize_with = "null")]
    pub source: EventSource,
    pub first_timestamp: Option<Timestamp>,
    pub last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: Str,
    pub event_time: Option<MicroTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<EventSeries>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub action: Str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<ObjectReference>,
    #[serde(deserialize_with = "null")]
    pub reporting_component: Str,
    #[serde(deserialize_with = "null")]
    pub reporting_instance: Str,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub component: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host: Str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSeries {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i32,
    pub last_observed_time: Option<MicroTime>,
}
