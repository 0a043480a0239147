//! Claims of storage.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_values, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `v1` PersistentVolumeClaim without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaim {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PersistentVolumeClaimSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<PersistentVolumeClaimStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a PersistentVolumeClaim should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimSpec {
    /// How many nodes and pods may mount it, and how.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub access_modes: Vec<String>,
    /// Which volumes will do, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Resources needed.
    #[serde(deserialize_with = "null")]
    pub resources: VolumeResourceRequirements,
    /// Name of the volume.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_name: String,
    /// Name of the storage class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class_name: Option<String>,
    /// `Filesystem` or `Block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mode: Option<String>,
    /// Object to fill the volume from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_source: Option<TypedLocalObjectReference>,
    /// Object to fill the volume from, perhaps of another namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_source_ref: Option<TypedObjectReference>,
    /// Name of the class of changeable attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_attributes_class_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How large a volume must be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeResourceRequirements {
    /// The most that may be used, by resource.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub limits: ResourceList,
    /// What is asked for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a PersistentVolumeClaim.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimStatus {
    /// Where it stands in its life.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub phase: String,
    /// How many nodes and pods may mount it, and how.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub access_modes: Vec<String>,
    /// How much there is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: ResourceList,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<PersistentVolumeClaimCondition>,
    /// Resources set aside for it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocated_resources: ResourceList,
    /// How the change of each resource goes.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub allocated_resource_statuses: BTreeMap<String, String>,
    /// Class of attributes that the volume has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_volume_attributes_class_name: Option<String>,
    /// How the change of attributes goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modify_volume_status: Option<ModifyVolumeStatus>,
    /// What the driver says about the volume's health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<VolumeHealthStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a PersistentVolumeClaim.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimCondition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// When it was last looked at.
    pub last_probe_time: Option<Timestamp>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

/// How a change of a volume's attributes goes.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModifyVolumeStatus {
    /// Class that the change aims at.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub target_volume_attributes_class_name: String,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Health of a volume.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeHealthStatus {
    /// What is wrong.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_conditions: Vec<VolumeHealthCondition>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A trouble of a volume.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeHealthCondition {
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// Why, as one word.
    #[serde(deserialize_with = "null")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}
