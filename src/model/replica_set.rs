//! replica_set

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicationController {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ReplicationControllerSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<ReplicationControllerStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicationControllerSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min_ready_seconds: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selector: Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<PodTemplateSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicationControllerStatus {
    #[serde(deserialize_with = "null")]
    pub replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fully_labeled_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ready_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub available_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<ReplicationControllerCondition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicationControllerCondition {
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    #[serde(deserialize_with = "null")]
    pub status: Str,
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ReplicaSetSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<ReplicaSetStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min_ready_seconds: i32,
    pub selector: Option<LabelSelector>,
    #[serde(deserialize_with = "null")]
    pub template: PodTemplateSpec,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    #[serde(deserialize_with = "null")]
    pub replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fully_labeled_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ready_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub available_replicas: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminating_replicas: Option<i32>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<ReplicaSetCondition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetCondition {
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    #[serde(deserialize_with = "null")]
    pub status: Str,
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}
