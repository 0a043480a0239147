//! common

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    #[serde(deserialize_with = "null")]
    pub status: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "null")]
    pub reason: Str,
    #[serde(deserialize_with = "null")]
    pub message: Str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalObjectReference {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub kind: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub namespace: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub uid: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_version: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_version: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub field_path: Str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TypedLocalObjectReference {
    pub api_group: Option<String>,
    #[serde(deserialize_with = "null")]
    pub kind: String,
    #[serde(deserialize_with = "null")]
    pub name: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TypedObjectReference {
    pub api_group: Option<String>,
    #[serde(deserialize_with = "null")]
    pub kind: String,
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretReference {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub namespace: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceRequirements {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub limits: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub claims: Vec<ContainerResourceClaim>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerResourceClaim {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub request: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CrossVersionObjectReference {
    #[serde(deserialize_with = "null")]
    pub kind: String,
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_version: String,
}
