//! PersistentVolumes.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, null_values, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `PersistentVolume` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolume {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PersistentVolumeSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<PersistentVolumeStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a PersistentVolume should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeSpec {
    /// How much there is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: ResourceList,
    /// Disk of Google's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gce_persistent_disk: Option<GCEPersistentDiskVolumeSource>,
    /// Disk of Amazon's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_elastic_block_store: Option<AWSElasticBlockStoreVolumeSource>,
    /// File or folder of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<HostPathVolumeSource>,
    /// NFS export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nfs: Option<NFSVolumeSource>,
    /// Ceph block device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rbd: Option<RBDPersistentVolumeSource>,
    /// iSCSI disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iscsi: Option<ISCSIPersistentVolumeSource>,
    /// Disk of Azure's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_disk: Option<AzureDiskVolumeSource>,
    /// Disk or folder of one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalVolumeSource>,
    /// Volume of a CSI driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csi: Option<CSIPersistentVolumeSource>,
    /// How many nodes and pods may mount it, and how.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub access_modes: Vec<String>,
    /// Claim that it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_ref: Option<ObjectReference>,
    /// What becomes of it after its claim: `Retain`, `Delete` or `Recycle`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub persistent_volume_reclaim_policy: String,
    /// Name of the storage class.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub storage_class_name: String,
    /// Options of mounting.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub mount_options: Vec<String>,
    /// `Filesystem` or `Block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mode: Option<String>,
    /// Which nodes will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_affinity: Option<VolumeNodeAffinity>,
    /// Name of the class of changeable attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_attributes_class_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a persistent volume: RBD.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RBDPersistentVolumeSource {
    /// Addresses of the monitors.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub monitors: Vec<String>,
    /// Name of the image.
    #[serde(deserialize_with = "null")]
    pub image: String,
    /// File system to mount as.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    /// Name of the pool.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub pool: String,
    /// User.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub user: String,
    /// Path of the key ring.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub keyring: String,
    /// Secret with the credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a persistent volume: ISCSI.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ISCSIPersistentVolumeSource {
    /// Address of the portal.
    #[serde(deserialize_with = "null")]
    pub target_portal: String,
    /// Name of the target.
    #[serde(deserialize_with = "null")]
    pub iqn: String,
    /// Number of the unit.
    #[serde(deserialize_with = "null")]
    pub lun: i32,
    /// Interface to use.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub iscsi_interface: String,
    /// File system to mount as.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Addresses of more portals.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub portals: Vec<String>,
    /// Whether discovery uses CHAP.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub chap_auth_discovery: bool,
    /// Whether sessions use CHAP.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub chap_auth_session: bool,
    /// Secret with the credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    /// Name of the initiator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiator_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A disk or folder of one node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalVolumeSource {
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// File system to mount as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_type: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a persistent volume: CSI.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIPersistentVolumeSource {
    /// Name of the driver.
    #[serde(deserialize_with = "null")]
    pub driver: String,
    /// Id that the driver knows it by.
    #[serde(deserialize_with = "null")]
    pub volume_handle: String,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// File system to mount as.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    /// Attributes for the driver.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub volume_attributes: BTreeMap<String, String>,
    /// Secret for attaching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller_publish_secret_ref: Option<SecretReference>,
    /// Secret for staging on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_stage_secret_ref: Option<SecretReference>,
    /// Secret for mounting into the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_publish_secret_ref: Option<SecretReference>,
    /// Secret for growing by the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller_expand_secret_ref: Option<SecretReference>,
    /// Secret for growing on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_expand_secret_ref: Option<SecretReference>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Nodes that can use a volume.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeNodeAffinity {
    /// Nodes that can use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<NodeSelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a PersistentVolume.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeStatus {
    /// Where it stands in its life.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub phase: String,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: String,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: String,
    /// When the phase last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_phase_transition_time: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
