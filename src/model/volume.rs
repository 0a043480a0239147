//! Volumes of pods.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, null_values, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A volume of a pod. Its source is one of the optional fields; rare ones are kept in `rest`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// File or folder of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<HostPathVolumeSource>,
    /// Empty folder that lives as long as the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_dir: Option<EmptyDirVolumeSource>,
    /// Disk of Google's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gce_persistent_disk: Option<GCEPersistentDiskVolumeSource>,
    /// Disk of Amazon's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_elastic_block_store: Option<AWSElasticBlockStoreVolumeSource>,
    /// A Secret as files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretVolumeSource>,
    /// NFS export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nfs: Option<NFSVolumeSource>,
    /// iSCSI disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iscsi: Option<ISCSIVolumeSource>,
    /// Claim of the same namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<PersistentVolumeClaimVolumeSource>,
    /// Ceph block device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rbd: Option<RBDVolumeSource>,
    /// Fields of the pod as files.
    #[serde(rename = "downwardAPI", skip_serializing_if = "Option::is_none")]
    pub downward_api: Option<DownwardAPIVolumeSource>,
    /// A ConfigMap as files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapVolumeSource>,
    /// Disk of Azure's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_disk: Option<AzureDiskVolumeSource>,
    /// Several sources in one folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected: Option<ProjectedVolumeSource>,
    /// Volume of a CSI driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csi: Option<CSIVolumeSource>,
    /// Claim that is made for the pod and goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<EphemeralVolumeSource>,
    /// Content of an OCI image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageVolumeSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: HostPath.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostPathVolumeSource {
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// Which kind of it this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: EmptyDir.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmptyDirVolumeSource {
    /// Empty for the node's disk, or `Memory`, `HugePages`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub medium: String,
    /// The most it may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_limit: Option<Quantity>,
    /// Permission bits of the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: GCEPersistentDisk.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GCEPersistentDiskVolumeSource {
    /// Name of the disk.
    #[serde(deserialize_with = "null")]
    pub pd_name: String,
    /// File system to mount as.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    /// Partition of the disk.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub partition: i32,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: AWSElasticBlockStore.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AWSElasticBlockStoreVolumeSource {
    /// Id of the disk.
    #[serde(rename = "volumeID", deserialize_with = "null")]
    pub volume_id: String,
    /// File system to mount as.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    /// Partition of the disk.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub partition: i32,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: NFS.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NFSVolumeSource {
    /// Host name or address of the server.
    #[serde(deserialize_with = "null")]
    pub server: String,
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: ISCSI.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ISCSIVolumeSource {
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
    pub secret_ref: Option<LocalObjectReference>,
    /// Name of the initiator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiator_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: PersistentVolumeClaim.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimVolumeSource {
    /// Name of the claim.
    #[serde(deserialize_with = "null")]
    pub claim_name: String,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: RBD.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RBDVolumeSource {
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
    pub secret_ref: Option<LocalObjectReference>,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: AzureDisk.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AzureDiskVolumeSource {
    /// Name of the disk.
    #[serde(deserialize_with = "null")]
    pub disk_name: String,
    /// Address of the disk.
    #[serde(rename = "diskURI", deserialize_with = "null")]
    pub disk_uri: String,
    /// How the host caches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caching_mode: Option<String>,
    /// File system to mount as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_type: Option<String>,
    /// Whether it is mounted read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// Kind of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: CSI.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIVolumeSource {
    /// Name of the driver.
    #[serde(deserialize_with = "null")]
    pub driver: String,
    /// Whether it is mounted read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// File system to mount as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_type: Option<String>,
    /// Attributes for the driver.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub volume_attributes: BTreeMap<String, String>,
    /// Secret for mounting into the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_publish_secret_ref: Option<LocalObjectReference>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: Ephemeral.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EphemeralVolumeSource {
    /// The claim to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_claim_template: Option<PersistentVolumeClaimTemplate>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What an ephemeral claim is made from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimTemplate {
    /// Labels and annotations of what is made from it.
    #[serde(deserialize_with = "null")]
    pub metadata: Meta,
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: PersistentVolumeClaimSpec,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: Image.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageVolumeSource {
    /// Image to mount.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reference: String,
    /// When to pull.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub pull_policy: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
