//! Deployments.
//! Real: staging/src/k8s.io/api/apps/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `Deployment` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<DeploymentSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<DeploymentStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a Deployment should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// How many pods are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Which pods belong to it, by their labels.
    pub selector: Option<LabelSelector>,
    /// What pods are made from.
    #[serde(deserialize_with = "null")]
    pub template: PodTemplateSpec,
    /// How old pods are replaced.
    #[serde(deserialize_with = "null")]
    pub strategy: DeploymentStrategy,
    /// How long a pod must be ready to be available.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub min_ready_seconds: i32,
    /// How many old revisions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
    /// Whether changes wait.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub paused: bool,
    /// How long a rollout may stand still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_deadline_seconds: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How a deployment replaces pods: `RollingUpdate` or `Recreate`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStrategy {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    /// Settings of the rolling update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling_update: Option<RollingUpdateDeployment>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How far a rollout may go from the number wanted.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdateDeployment {
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

/// What is observed of a Deployment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// Generation of the object that this was written for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    /// Pods that there are.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub replicas: i32,
    /// Pods of the newest template.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub updated_replicas: i32,
    /// Pods that are ready.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ready_replicas: i32,
    /// Pods that have been ready for long enough.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub available_replicas: i32,
    /// Pods still missing.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub unavailable_replicas: i32,
    /// Pods that are ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminating_replicas: Option<i32>,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<DeploymentCondition>,
    /// How often a name's hash was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collision_count: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a Deployment.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentCondition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// When it was last written.
    pub last_update_time: Option<Timestamp>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}
