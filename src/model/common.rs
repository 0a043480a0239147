//! Small types that many kinds share: references, conditions, requests and limits.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// A condition as newer kinds have it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// Generation of the object that this was written for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null")]
    pub message: Str,
}

/// An object of the same namespace, by name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalObjectReference {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
}

/// An object of any kind.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Kind of the object.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub kind: Str,
    /// Namespace of the object.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub namespace: Str,
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: Str,
    /// Unique id of the object.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub uid: Str,
    /// Group and version of the object's kind.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_version: Str,
    /// Version of the object that was meant.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_version: Str,
    /// Path of the field that is meant.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub field_path: Str,
}

/// An object of any kind in the same namespace.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TypedLocalObjectReference {
    /// Group of the object's kind; empty for the core.
    pub api_group: Option<String>,
    /// Kind of the object.
    #[serde(deserialize_with = "null")]
    pub kind: String,
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
}

/// An object of any kind and namespace.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TypedObjectReference {
    /// Group of the object's kind; empty for the core.
    pub api_group: Option<String>,
    /// Kind of the object.
    #[serde(deserialize_with = "null")]
    pub kind: String,
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Namespace of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// A Secret of any namespace.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretReference {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Namespace of the object.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub namespace: String,
}

/// Requests and limits.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceRequirements {
    /// The most that may be used, by resource.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub limits: ResourceList,
    /// What is reserved, by resource.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: ResourceList,
    /// Claims of the pod that the container uses.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub claims: Vec<ContainerResourceClaim>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A claim of the pod that a container uses (ResourceClaim of the core group in the API).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerResourceClaim {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Name of the request that is meant.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub request: String,
}

/// An object that can be scaled or has metrics.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CrossVersionObjectReference {
    /// Kind of the object.
    #[serde(deserialize_with = "null")]
    pub kind: String,
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Group and version of the object's kind.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_version: String,
}
