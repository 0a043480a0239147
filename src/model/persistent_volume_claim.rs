//! persistent_volume_claim

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaim {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PersistentVolumeClaimSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<PersistentVolumeClaimStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimSpec {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub access_modes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    #[serde(deserialize_with = "null")]
    pub resources: VolumeResourceRequirements,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_source: Option<TypedLocalObjectReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_source_ref: Option<TypedObjectReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_attributes_class_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeResourceRequirements {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub limits: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub phase: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub access_modes: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<PersistentVolumeClaimCondition>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocated_resources: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocated_resource_statuses: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_volume_attributes_class_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modify_volume_status: Option<ModifyVolumeStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<VolumeHealthStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimCondition {
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    #[serde(deserialize_with = "null")]
    pub status: Str,
    pub last_probe_time: Option<Timestamp>,
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModifyVolumeStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub target_volume_attributes_class_name: String,
    #[serde(deserialize_with = "null")]
    pub status: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeHealthStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_conditions: Vec<VolumeHealthCondition>,
    pub last_transition_time: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeHealthCondition {
    #[serde(deserialize_with = "null")]
    pub status: Str,
    #[serde(deserialize_with = "null")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}
