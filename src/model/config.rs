//! ConfigMaps, Secrets and ServiceAccounts.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_values, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// ConfigMap: its fields, shared.
pub type ConfigMap = Shared<ConfigMapFields>;

/// What a ConfigMap holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapFields {
    /// Whether data may no longer change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// The data.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub data: BTreeMap<String, String>,
    /// Data in base64.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub binary_data: BTreeMap<String, String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Secret: its fields, shared.
pub type Secret = Shared<SecretFields>;

/// What a Secret holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretFields {
    /// Whether data may no longer change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// The data, in base64.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub data: BTreeMap<String, String>,
    /// Data as plain text, only when writing.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub string_data: BTreeMap<String, String>,
    /// Which kind of it this is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// ServiceAccount: its fields, shared.
pub type ServiceAccount = Shared<ServiceAccountFields>;

/// What a ServiceAccount holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccountFields {
    /// Secrets that its pods may use.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub secrets: Vec<ObjectReference>,
    /// Secrets for pulling images.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// Whether the token is mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
