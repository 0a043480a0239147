//! volume

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<HostPathVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_dir: Option<EmptyDirVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gce_persistent_disk: Option<GCEPersistentDiskVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_elastic_block_store: Option<AWSElasticBlockStoreVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nfs: Option<NFSVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iscsi: Option<ISCSIVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<PersistentVolumeClaimVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rbd: Option<RBDVolumeSource>,
    #[serde(rename = "downwardAPI", skip_serializing_if = "Option::is_none")]
    pub downward_api: Option<DownwardAPIVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_disk: Option<AzureDiskVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected: Option<ProjectedVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csi: Option<CSIVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<EphemeralVolumeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageVolumeSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostPathVolumeSource {
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmptyDirVolumeSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub medium: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_limit: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GCEPersistentDiskVolumeSource {
    #[serde(deserialize_with = "null")]
    pub pd_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub partition: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AWSElasticBlockStoreVolumeSource {
    #[serde(rename = "volumeID", deserialize_with = "null")]
    pub volume_id: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub fs_type: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub partition: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolumeSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub secret_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyToPath {
    #[serde(deserialize_with = "null")]
    pub key: String,
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NFSVolumeSource {
    #[serde(deserialize_with = "null")]
    pub server: String,
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ISCSIVolumeSource {
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
    pub secret_ref: Option<LocalObjectReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiator_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimVolumeSource {
    #[serde(deserialize_with = "null")]
    pub claim_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RBDVolumeSource {
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
    pub secret_ref: Option<LocalObjectReference>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardAPIVolumeSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<DownwardAPIVolumeFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardAPIVolumeFile {
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<ObjectFieldSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_field_ref: Option<ResourceFieldSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectFieldSelector {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_version: String,
    #[serde(deserialize_with = "null")]
    pub field_path: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceFieldSelector {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_name: String,
    #[serde(deserialize_with = "null")]
    pub resource: String,
    #[serde(deserialize_with = "null")]
    pub divisor: Quantity,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapVolumeSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AzureDiskVolumeSource {
    #[serde(deserialize_with = "null")]
    pub disk_name: String,
    #[serde(rename = "diskURI", deserialize_with = "null")]
    pub disk_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caching_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectedVolumeSource {
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub sources: Vec<VolumeProjection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeProjection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretProjection>,
    #[serde(rename = "downwardAPI", skip_serializing_if = "Option::is_none")]
    pub downward_api: Option<DownwardAPIProjection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapProjection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_token: Option<ServiceAccountTokenProjection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_trust_bundle: Option<ClusterTrustBundleProjection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_certificate: Option<PodCertificateProjection>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretProjection {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardAPIProjection {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<DownwardAPIVolumeFile>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapProjection {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccountTokenProjection {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<i64>,
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterTrustBundleProjection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCertificateProjection {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub signer_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub key_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_expiration_seconds: Option<i32>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub credential_bundle_path: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub key_path: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub certificate_chain_path: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub user_annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CSIVolumeSource {
    #[serde(deserialize_with = "null")]
    pub driver: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_type: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_publish_secret_ref: Option<LocalObjectReference>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EphemeralVolumeSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_claim_template: Option<PersistentVolumeClaimTemplate>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimTemplate {
    #[serde(deserialize_with = "null")]
    pub metadata: Meta,
    #[serde(deserialize_with = "null")]
    pub spec: PersistentVolumeClaimSpec,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageVolumeSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reference: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub pull_policy: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
