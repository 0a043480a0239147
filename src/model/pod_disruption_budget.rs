//! pod_disruption_budget

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudget {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PodDisruptionBudgetSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<PodDisruptionBudgetStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<IntOrString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy_pod_eviction_policy: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub disrupted_pods: BTreeMap<String, Option<Timestamp>>,
    #[serde(deserialize_with = "null")]
    pub disruptions_allowed: i32,
    #[serde(deserialize_with = "null")]
    pub current_healthy: i32,
    #[serde(deserialize_with = "null")]
    pub desired_healthy: i32,
    #[serde(deserialize_with = "null")]
    pub expected_pods: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<Condition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
