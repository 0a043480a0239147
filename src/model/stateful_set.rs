//! stateful_set

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSet {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<StatefulSetSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<StatefulSetStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    pub selector: Option<LabelSelector>,
    #[serde(deserialize_with = "null")]
    pub template: PodTemplateSpec,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_claim_templates: Vec<EmbeddedClaim>,
    #[serde(deserialize_with = "null")]
    pub service_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_management_policy: String,
    #[serde(deserialize_with = "null")]
    pub update_strategy: StatefulSetUpdateStrategy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min_ready_seconds: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim_retention_policy: Option<StatefulSetPersistentVolumeClaimRetentionPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordinals: Option<StatefulSetOrdinals>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetUpdateStrategy {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling_update: Option<RollingUpdateStatefulSetStrategy>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdateStatefulSetStrategy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetPersistentVolumeClaimRetentionPolicy {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub when_deleted: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub when_scaled: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetOrdinals {
    #[serde(deserialize_with = "null")]
    pub start: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    #[serde(deserialize_with = "null")]
    pub replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ready_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub current_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub updated_replicas: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub current_revision: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub update_revision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collision_count: Option<i32>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<StatefulSetCondition>,
    #[serde(deserialize_with = "null")]
    pub available_replicas: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetCondition {
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

/// ControllerRevision: its fields, shared.
pub type ControllerRevision = Shared<ControllerRevisionFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ControllerRevisionFields {
    #[serde(deserialize_with = "null")]
    pub data: Value,
    #[serde(deserialize_with = "null")]
    pub revision: i64,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A claim as it stands in a StatefulSet: whole, with metadata of its own (kind and apiVersion are kept in `rest`).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmbeddedClaim {
    /// Name, labels and annotations of the claims made from it.
    #[serde(deserialize_with = "null")]
    pub metadata: Meta,
    /// Spec of the claims.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PersistentVolumeClaimSpec>,
    /// As the API server fills it in; without meaning.
    #[serde(deserialize_with = "null")]
    pub status: Arc<PersistentVolumeClaimStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
