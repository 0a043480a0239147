//! StatefulSets and the ControllerRevisions that they and DaemonSets keep.
//! Real: staging/src/k8s.io/api/apps/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// `StatefulSet` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSet {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<StatefulSetSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<StatefulSetStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a StatefulSet should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    /// How many pods are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Which pods belong to it, by their labels.
    pub selector: Option<LabelSelector>,
    /// What pods are made from.
    #[serde(deserialize_with = "null")]
    pub template: PodTemplateSpec,
    /// Claims made for each pod.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_claim_templates: Vec<EmbeddedClaim>,
    /// Service that gives the pods their names.
    #[serde(deserialize_with = "null")]
    pub service_name: String,
    /// `OrderedReady` or `Parallel`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_management_policy: String,
    /// How old pods are replaced.
    #[serde(deserialize_with = "null")]
    pub update_strategy: StatefulSetUpdateStrategy,
    /// How many old revisions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
    /// How long a pod must be ready to be available.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min_ready_seconds: i32,
    /// When the claims go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim_retention_policy: Option<StatefulSetPersistentVolumeClaimRetentionPolicy>,
    /// How pods are numbered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordinals: Option<StatefulSetOrdinals>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How a stateful set replaces pods: `RollingUpdate` or `OnDelete`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetUpdateStrategy {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    /// Settings of the rolling update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling_update: Option<RollingUpdateStatefulSetStrategy>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Limits of a rolling update.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdateStatefulSetStrategy {
    /// Pods with a lower ordinal keep the old revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// How many pods may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// When claims of a stateful set go.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetPersistentVolumeClaimRetentionPolicy {
    /// What happens when the set goes: `Retain` or `Delete`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub when_deleted: String,
    /// What happens when the set shrinks: `Retain` or `Delete`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub when_scaled: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How pods of a stateful set are numbered.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetOrdinals {
    /// The first number.
    #[serde(deserialize_with = "null")]
    pub start: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a StatefulSet.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    /// Generation of the object that this was written for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    /// Pods that there are.
    #[serde(deserialize_with = "null")]
    pub replicas: i32,
    /// Pods that are ready.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ready_replicas: i32,
    /// Pods of the current revision.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub current_replicas: i32,
    /// Pods of the newest template.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub updated_replicas: i32,
    /// Name of the old revision during an update.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub current_revision: String,
    /// Name of the newest revision.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub update_revision: String,
    /// How often a name's hash was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collision_count: Option<i32>,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<StatefulSetCondition>,
    /// Pods that have been ready for long enough.
    #[serde(deserialize_with = "null")]
    pub available_replicas: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a StatefulSet.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetCondition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

/// ControllerRevision: its fields, shared.
pub type ControllerRevision = Shared<ControllerRevisionFields>;

/// What a ControllerRevision holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ControllerRevisionFields {
    /// The data.
    #[serde(deserialize_with = "null")]
    pub data: Value,
    /// Number of the revision.
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
