//! persistent_volume

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolume {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PersistentVolumeSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<PersistentVolumeStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeSpec {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: ResourceList,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gce_persistent_disk: Option<GCEPersistentDiskVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_elastic_block_store: Option<AWSElasticBlockStoreVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<HostPathVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nfs: Option<NFSVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rbd: Option<RBDPersistentVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iscsi: Option<ISCSIPersistentVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_disk: Option<AzureDiskVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csi: Option<CSIPersistentVolumeSource>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub access_modes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_ref: Option<ObjectReference>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub persistent_volume_reclaim_policy: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub storage_class_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub mount_options: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_affinity: Option<VolumeNodeAffinity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_attributes_class_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RBDPersistentVolumeSource {
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub monitors: Vec<String>,
    #[serde(deserialize_with = "null")]
    pub image: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub pool: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub user: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub keyring: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ISCSIPersistentVolumeSource {
    #[serde(deserialize_with = "null")]
    pub target_portal: String,
    #[serde(deserialize_with = "null")]
    pub iqn: String,
    #[serde(deserialize_with = "null")]
    pub lun: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub iscsi_interface: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub portals: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub chap_auth_discovery: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub chap_auth_session: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiator_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalVolumeSource {
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_type: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIPersistentVolumeSource {
    #[serde(deserialize_with = "null")]
    pub driver: String,
    #[serde(deserialize_with = "null")]
    pub volume_handle: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller_publish_secret_ref: Option<SecretReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_stage_secret_ref: Option<SecretReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_publish_secret_ref: Option<SecretReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller_expand_secret_ref: Option<SecretReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_expand_secret_ref: Option<SecretReference>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeNodeAffinity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<NodeSelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub phase: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_phase_transition_time: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
