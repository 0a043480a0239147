//! DaemonSets.
//! Real: staging/src/k8s.io/api/apps/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `DaemonSet` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSet {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<DaemonSetSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<DaemonSetStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a DaemonSet should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetSpec {
    /// Which pods belong to it, by their labels.
    pub selector: Option<LabelSelector>,
    /// What pods are made from.
    #[serde(deserialize_with = "null")]
    pub template: PodTemplateSpec,
    /// How old pods are replaced.
    #[serde(deserialize_with = "null")]
    pub update_strategy: DaemonSetUpdateStrategy,
    /// How long a pod must be ready to be available.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min_ready_seconds: i32,
    /// How many old revisions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How a daemon set replaces pods: `RollingUpdate` or `OnDelete`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetUpdateStrategy {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    /// Settings of the rolling update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling_update: Option<RollingUpdateDaemonSet>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Limits of a rolling update.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdateDaemonSet {
    /// How many pods may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// How many pods may be there beside those wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrString>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a DaemonSet.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    /// Nodes that run it and should.
    #[serde(deserialize_with = "null")]
    pub current_number_scheduled: i32,
    /// Nodes that run it and should not.
    #[serde(deserialize_with = "null")]
    pub number_misscheduled: i32,
    /// Nodes that should run it.
    #[serde(deserialize_with = "null")]
    pub desired_number_scheduled: i32,
    /// Nodes where it is ready.
    #[serde(deserialize_with = "null")]
    pub number_ready: i32,
    /// Generation of the object that this was written for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    /// Nodes that run the newest template.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub updated_number_scheduled: i32,
    /// Nodes where it has been ready for long enough.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub number_available: i32,
    /// Nodes where it is missing.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub number_unavailable: i32,
    /// How often a name's hash was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collision_count: Option<i32>,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<DaemonSetCondition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a DaemonSet.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetCondition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}
