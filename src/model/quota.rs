//! ResourceQuotas and LimitRanges.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `ResourceQuota` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceQuota {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceQuotaSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<ResourceQuotaStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a ResourceQuota should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceQuotaSpec {
    /// The limits, by resource.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hard: ResourceList,
    /// Which objects count.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub scopes: Vec<String>,
    /// Which objects count, by scopes and values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_selector: Option<ScopeSelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Scopes that a quota counts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScopeSelector {
    /// Demands on scopes.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_expressions: Vec<ScopedResourceSelectorRequirement>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A demand on one scope.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScopedResourceSelectorRequirement {
    /// Name of the scope.
    #[serde(deserialize_with = "null")]
    pub scope_name: String,
    /// How the values are compared.
    #[serde(deserialize_with = "null")]
    pub operator: String,
    /// Values to compare with.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub values: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a ResourceQuota.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceQuotaStatus {
    /// The limits, by resource.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hard: ResourceList,
    /// What is used, by resource.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub used: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `LimitRange` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRange {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<LimitRangeSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a LimitRange should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRangeSpec {
    /// The limits, by type of object.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub limits: Vec<LimitRangeItem>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Limits for one type of object.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRangeItem {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// The most.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub max: ResourceList,
    /// The least.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min: ResourceList,
    /// What is meant if nothing is said.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub default: ResourceList,
    /// Requests of those that set none.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub default_request: ResourceList,
    /// How many times its request a limit may be.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub max_limit_request_ratio: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
