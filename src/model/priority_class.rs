//! priority_class

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// PriorityClass: its fields, shared.
pub type PriorityClass = Shared<PriorityClassFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PriorityClassFields {
    #[serde(deserialize_with = "null")]
    pub value: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub global_default: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption_policy: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
