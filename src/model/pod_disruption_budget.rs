//! PodDisruptionBudgets.
//! Real: staging/src/k8s.io/api/policy/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `PodDisruptionBudget` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudget {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PodDisruptionBudgetSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<PodDisruptionBudgetStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a PodDisruptionBudget should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetSpec {
    /// How many pods must stay available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<IntOrString>,
    /// Which pods belong to it, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// How many pods may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Whether pods that are not ready may always go: `IfHealthyBudget` or `AlwaysAllow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy_pod_eviction_policy: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a PodDisruptionBudget.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetStatus {
    /// Generation of the object that this was written for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    /// Pods whose eviction has been granted, and when.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub disrupted_pods: BTreeMap<String, Option<Timestamp>>,
    /// How many pods may go now.
    #[serde(deserialize_with = "null")]
    pub disruptions_allowed: i32,
    /// Pods that are healthy.
    #[serde(deserialize_with = "null")]
    pub current_healthy: i32,
    /// Pods that must be healthy.
    #[serde(deserialize_with = "null")]
    pub desired_healthy: i32,
    /// Pods that should be there.
    #[serde(deserialize_with = "null")]
    pub expected_pods: i32,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<Condition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The condition of a budget.
const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";

impl PodDisruptionBudgetStatus {
    /// The condition DisruptionAllowed.
    pub fn condition(&self) -> Option<&Condition> {
        self.conditions.iter().find(|condition| &*condition.r#type == DISRUPTION_ALLOWED)
    }

    /// Sets the condition by what the status allows.
    pub fn update_condition(&mut self, now: Timestamp) {
        let (value, reason) = if self.disruptions_allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        self.set_condition(value, reason, "", now);
    }

    /// Sets the condition; its transition time changes with its status only.
    pub fn set_condition(&mut self, value: &str, reason: &str, message: &str, now: Timestamp) {
        if self.condition().is_none() {
            self.conditions.push(Condition { r#type: DISRUPTION_ALLOWED.into(), ..Condition::default() });
        }
        let observed_generation = self.observed_generation;
        for condition in self.conditions.iter_mut().filter(|condition| &*condition.r#type == DISRUPTION_ALLOWED) {
            if &*condition.status != value {
                (condition.status, condition.last_transition_time) = (value.into(), Some(now));
            }
            condition.observed_generation = observed_generation;
            (condition.reason, condition.message) = (reason.into(), message.into());
        }
    }
}
