//! Volumes whose files come from objects of the API: ConfigMaps, Secrets, fields of the pod, tokens and certificates.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, null_values, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Source of a volume: Secret.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolumeSource {
    /// Name of the Secret.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub secret_name: String,
    /// Which keys become which files; all if empty.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    /// Permission bits of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Owner of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Which key becomes which file.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyToPath {
    /// Key that this is about.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// Permission bits of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<i32>,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
}

/// Source of a volume: DownwardAPI.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardAPIVolumeSource {
    /// Which keys become which files; all if empty.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<DownwardAPIVolumeFile>,
    /// Permission bits of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    /// Owner of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A file with a field of the pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardAPIVolumeFile {
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// Field of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<ObjectFieldSelector>,
    /// Resource of a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_field_ref: Option<ResourceFieldSelector>,
    /// Permission bits of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<i32>,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A field of the pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectFieldSelector {
    /// Group and version of the object's kind.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_version: String,
    /// Path of the field that is meant.
    #[serde(deserialize_with = "null")]
    pub field_path: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A resource of a container.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceFieldSelector {
    /// Name of the container.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_name: String,
    /// Name of the resource.
    #[serde(deserialize_with = "null")]
    pub resource: String,
    /// Unit of the output.
    #[serde(deserialize_with = "null")]
    pub divisor: Quantity,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: ConfigMap.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapVolumeSource {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Which keys become which files; all if empty.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    /// Permission bits of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Owner of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Source of a volume: Projected.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectedVolumeSource {
    /// What is put together.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub sources: Vec<VolumeProjection>,
    /// Permission bits of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<i32>,
    /// Owner of files that set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One source of a projected volume.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeProjection {
    /// A Secret as files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretProjection>,
    /// Fields of the pod as files.
    #[serde(rename = "downwardAPI", skip_serializing_if = "Option::is_none")]
    pub downward_api: Option<DownwardAPIProjection>,
    /// A ConfigMap as files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapProjection>,
    /// Token of the service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_token: Option<ServiceAccountTokenProjection>,
    /// Trusted certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_trust_bundle: Option<ClusterTrustBundleProjection>,
    /// Key and certificate of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_certificate: Option<PodCertificateProjection>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Part of a projected volume: Secret.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretProjection {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Which keys become which files; all if empty.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Part of a projected volume: DownwardAPI.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardAPIProjection {
    /// Which keys become which files; all if empty.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<DownwardAPIVolumeFile>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Part of a projected volume: ConfigMap.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapProjection {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Which keys become which files; all if empty.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub items: Vec<KeyToPath>,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Part of a projected volume: ServiceAccountToken.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccountTokenProjection {
    /// Whom the token is for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub audience: String,
    /// How long the token holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<i64>,
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Part of a projected volume: ClusterTrustBundle.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterTrustBundleProjection {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of the signer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer_name: Option<String>,
    /// Which objects count, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Part of a projected volume: PodCertificate.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCertificateProjection {
    /// Name of the signer.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub signer_name: String,
    /// Type of the key.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub key_type: String,
    /// How long the certificate may hold at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_expiration_seconds: Option<i32>,
    /// File for key and certificates together.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub credential_bundle_path: String,
    /// File for the key.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub key_path: String,
    /// File for the certificates.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub certificate_chain_path: String,
    /// Hints to the signer.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub user_annotations: BTreeMap<String, String>,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
