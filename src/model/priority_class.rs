//! Priority classes.
//! Real: staging/src/k8s.io/api/scheduling/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// PriorityClass: its fields, shared.
pub type PriorityClass = Shared<PriorityClassFields>;

/// What a PriorityClass holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PriorityClassFields {
    /// Value.
    #[serde(deserialize_with = "null")]
    pub value: i32,
    /// Whether pods without a class get this one.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub global_default: bool,
    /// What it is for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub description: String,
    /// `PreemptLowerPriority` or `Never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption_policy: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
