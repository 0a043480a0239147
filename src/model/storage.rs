//! storage

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// StorageClass: its fields, shared.
pub type StorageClass = Shared<StorageClassFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageClassFields {
    #[serde(deserialize_with = "null")]
    pub provisioner: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reclaim_policy: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub mount_options: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_volume_expansion: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_binding_mode: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allowed_topologies: Vec<TopologySelectorTerm>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopologySelectorTerm {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_label_expressions: Vec<TopologySelectorLabelRequirement>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopologySelectorLabelRequirement {
    #[serde(deserialize_with = "null")]
    pub key: String,
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub values: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINode {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<CSINodeSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<CSINodeStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINodeSpec {
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub drivers: Vec<CSINodeDriver>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINodeDriver {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(rename = "nodeID", deserialize_with = "null")]
    pub node_id: String,
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub topology_keys: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocatable: Option<VolumeNodeResources>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeNodeResources {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINodeStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub storage_health: Vec<StorageHealth>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageHealth {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_conditions: Vec<StorageHealthCondition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageHealthCondition {
    #[serde(deserialize_with = "null")]
    pub status: Str,
    #[serde(deserialize_with = "null")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_mode: Option<Str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mode: Option<Str>,
    pub last_transition_time: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIDriver {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<CSIDriverSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIDriverSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach_required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_info_on_mount: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_lifecycle_modes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_capacity: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_group_policy: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub token_requests: Vec<TokenRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_republish: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub se_linux_mount: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_allocatable_update_period_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_token_in_secrets: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prevent_pod_scheduling_if_missing: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenRequest {
    #[serde(deserialize_with = "null")]
    pub audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// CSIStorageCapacity: its fields, shared.
pub type CSIStorageCapacity = Shared<CSIStorageCapacityFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIStorageCapacityFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_topology: Option<LabelSelector>,
    #[serde(deserialize_with = "null")]
    pub storage_class_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_volume_size: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachment {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<VolumeAttachmentSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<VolumeAttachmentStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachmentSpec {
    #[serde(deserialize_with = "null")]
    pub attacher: String,
    #[serde(deserialize_with = "null")]
    pub source: VolumeAttachmentSource,
    #[serde(deserialize_with = "null")]
    pub node_name: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachmentSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_volume_spec: Option<PersistentVolumeSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachmentStatus {
    #[serde(deserialize_with = "null")]
    pub attached: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub attachment_metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach_error: Option<VolumeError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detach_error: Option<VolumeError>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeError {
    pub time: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
