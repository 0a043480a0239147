//! Events of the core group.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// Event: its fields, shared.
pub type Event = Shared<EventFields>;

/// What a Event holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventFields {
    /// What it happened to.
    #[serde(deserialize_with = "null")]
    pub involved_object: ObjectReference,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    /// Who says so, or where it comes from.
    #[serde(deserialize_with = "null")]
    pub source: EventSource,
    /// When it first happened.
    pub first_timestamp: Option<Timestamp>,
    /// When it last happened.
    pub last_timestamp: Option<Timestamp>,
    /// How many.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i32,
    /// Which kind of it this is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: Str,
    /// When it happened.
    pub event_time: Option<MicroTime>,
    /// How it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<EventSeries>,
    /// What is done.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub action: Str,
    /// Another object that is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<Box<ObjectReference>>,
    /// Who says so.
    #[serde(deserialize_with = "null")]
    pub reporting_component: Str,
    /// Which instance says so.
    #[serde(deserialize_with = "null")]
    pub reporting_instance: Str,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
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
