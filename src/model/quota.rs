//! quota

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceQuota {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceQuotaSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<ResourceQuotaStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceQuotaSpec {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hard: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_selector: Option<ScopeSelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScopeSelector {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_expressions: Vec<ScopedResourceSelectorRequirement>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScopedResourceSelectorRequirement {
    #[serde(deserialize_with = "null")]
    pub scope_name: String,
    #[serde(deserialize_with = "null")]
    pub operator: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub values: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceQuotaStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hard: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub used: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRange {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<LimitRangeSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRangeSpec {
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub limits: Vec<LimitRangeItem>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRangeItem {
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub max: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub default: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub default_request: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub max_limit_request_ratio: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
