//! Storage classes, CSI objects and attachments of volumes.
//! Real: staging/src/k8s.io/api/storage/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, null_values, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// StorageClass: its fields, shared.
pub type StorageClass = Shared<StorageClassFields>;

/// What a StorageClass holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageClassFields {
    /// Who makes its volumes.
    #[serde(deserialize_with = "null")]
    pub provisioner: String,
    /// Parameters for the driver.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub parameters: BTreeMap<String, String>,
    /// What becomes of volumes after their claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reclaim_policy: Option<String>,
    /// Options of mounting.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub mount_options: Vec<String>,
    /// Whether claims may grow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_volume_expansion: Option<bool>,
    /// `Immediate` or `WaitForFirstConsumer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_binding_mode: Option<String>,
    /// Where volumes may be made.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allowed_topologies: Vec<TopologySelectorTerm>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Where volumes may be made.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopologySelectorTerm {
    /// Demands on labels of nodes.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_label_expressions: Vec<TopologySelectorLabelRequirement>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Values of a label.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopologySelectorLabelRequirement {
    /// Key that this is about.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// Values to compare with.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub values: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `CSINode` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINode {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<CSINodeSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<CSINodeStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a CSINode should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINodeSpec {
    /// Drivers on the node.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub drivers: Vec<CSINodeDriver>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A driver on a node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINodeDriver {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Name of the node for the driver.
    #[serde(rename = "nodeID", deserialize_with = "null")]
    pub node_id: String,
    /// Labels that the driver knows.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub topology_keys: Vec<String>,
    /// How many volumes fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocatable: Option<VolumeNodeResources>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How many volumes fit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeNodeResources {
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a CSINode.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSINodeStatus {
    /// Health of the storage.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub storage_health: Vec<StorageHealth>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Health of a node's storage.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageHealth {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// What is wrong.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_conditions: Vec<StorageHealthCondition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A trouble of storage.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageHealthCondition {
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// Why, as one word.
    #[serde(deserialize_with = "null")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    /// How it may be mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_mode: Option<Str>,
    /// `Filesystem` or `Block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mode: Option<Str>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
}

/// `CSIDriver` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIDriver {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<CSIDriverSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a CSIDriver should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIDriverSpec {
    /// Whether volumes need attaching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach_required: Option<bool>,
    /// Whether mounting tells about the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_info_on_mount: Option<bool>,
    /// `Persistent`, `Ephemeral` or both.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_lifecycle_modes: Vec<String>,
    /// Whether the scheduler asks for free capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_capacity: Option<bool>,
    /// How the driver treats ownership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_group_policy: Option<String>,
    /// Tokens that the driver needs.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub token_requests: Vec<TokenRequest>,
    /// Whether mounting is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_republish: Option<bool>,
    /// Whether SELinux mount options work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub se_linux_mount: Option<bool>,
    /// How often the number of volumes is read anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_allocatable_update_period_seconds: Option<i64>,
    /// Whether tokens come as secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_token_in_secrets: Option<bool>,
    /// Whether nodes without the driver are out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prevent_pod_scheduling_if_missing: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A token that a driver needs.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenRequest {
    /// Whom the token is for.
    #[serde(deserialize_with = "null")]
    pub audience: String,
    /// How long the token holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// CSIStorageCapacity: its fields, shared.
pub type CSIStorageCapacity = Shared<CSIStorageCapacityFields>;

/// What a CSIStorageCapacity holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIStorageCapacityFields {
    /// Nodes that can reach it, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_topology: Option<LabelSelector>,
    /// Name of the storage class.
    #[serde(deserialize_with = "null")]
    pub storage_class_name: String,
    /// How much there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Quantity>,
    /// Size of the largest volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_volume_size: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `VolumeAttachment` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachment {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<VolumeAttachmentSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<VolumeAttachmentStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a VolumeAttachment should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachmentSpec {
    /// Name of the driver.
    #[serde(deserialize_with = "null")]
    pub attacher: String,
    /// Who says so, or where it comes from.
    #[serde(deserialize_with = "null")]
    pub source: VolumeAttachmentSource,
    /// Name of the node.
    #[serde(deserialize_with = "null")]
    pub node_name: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The volume to attach.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachmentSource {
    /// Name of the volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_name: Option<String>,
    /// The volume itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_volume_spec: Option<PersistentVolumeSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a VolumeAttachment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeAttachmentStatus {
    /// Whether it is attached.
    #[serde(deserialize_with = "null")]
    pub attached: bool,
    /// What the driver needs later on.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub attachment_metadata: BTreeMap<String, String>,
    /// What went wrong in attaching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach_error: Option<VolumeError>,
    /// What went wrong in detaching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detach_error: Option<VolumeError>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What went wrong.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeError {
    /// When.
    pub time: Option<Timestamp>,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: String,
    /// Code of the driver's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
