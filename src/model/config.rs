//! config

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// ConfigMap: its fields, shared.
pub type ConfigMap = Shared<ConfigMapFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub data: BTreeMap<String, String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binary_data: BTreeMap<String, String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Secret: its fields, shared.
pub type Secret = Shared<SecretFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub data: BTreeMap<String, String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub string_data: BTreeMap<String, String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// ServiceAccount: its fields, shared.
pub type ServiceAccount = Shared<ServiceAccountFields>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccountFields {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub secrets: Vec<ObjectReference>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
