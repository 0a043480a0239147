//! HorizontalPodAutoscalers.
//! Real: staging/src/k8s.io/api/autoscaling/v2/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `HorizontalPodAutoscaler` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscaler {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<HorizontalPodAutoscalerSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<HorizontalPodAutoscalerStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a HorizontalPodAutoscaler should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscalerSpec {
    /// What is scaled.
    #[serde(deserialize_with = "null")]
    pub scale_target_ref: CrossVersionObjectReference,
    /// Fewest pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<i32>,
    /// Most pods.
    #[serde(deserialize_with = "null")]
    pub max_replicas: i32,
    /// What the number of pods depends on.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub metrics: Vec<MetricSpec>,
    /// How fast it may go up and down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<HorizontalPodAutoscalerBehavior>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One metric to scale on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricSpec {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// Metric of an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectMetricSource>,
    /// Metric of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<PodsMetricSource>,
    /// Usage of a resource by the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceMetricSource>,
    /// Usage of a resource by one container of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_resource: Option<ContainerResourceMetricSource>,
    /// Metric from outside of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalMetricSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Metric of an object, to scale on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMetricSource {
    /// Object that the metric is of.
    #[serde(deserialize_with = "null")]
    pub described_object: CrossVersionObjectReference,
    /// Value to aim at.
    #[serde(deserialize_with = "null")]
    pub target: MetricTarget,
    /// Which metric.
    #[serde(deserialize_with = "null")]
    pub metric: MetricIdentifier,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A value to aim at.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricTarget {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// Total to aim at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// Value per pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_value: Option<Quantity>,
    /// Percentage of what the pods request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_utilization: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Which metric.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricIdentifier {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Narrows the metric down, by its labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Metric of each pod, to scale on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodsMetricSource {
    /// Which metric.
    #[serde(deserialize_with = "null")]
    pub metric: MetricIdentifier,
    /// Value to aim at.
    #[serde(deserialize_with = "null")]
    pub target: MetricTarget,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Usage of a resource, to scale on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceMetricSource {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Value to aim at.
    #[serde(deserialize_with = "null")]
    pub target: MetricTarget,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Usage by one container, to scale on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerResourceMetricSource {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Value to aim at.
    #[serde(deserialize_with = "null")]
    pub target: MetricTarget,
    /// Name of the container.
    #[serde(deserialize_with = "null")]
    pub container: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Metric from outside, to scale on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalMetricSource {
    /// Which metric.
    #[serde(deserialize_with = "null")]
    pub metric: MetricIdentifier,
    /// Value to aim at.
    #[serde(deserialize_with = "null")]
    pub target: MetricTarget,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How fast to scale.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscalerBehavior {
    /// Rules upwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<HPAScalingRules>,
    /// Rules downwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<HPAScalingRules>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Rules for one direction.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HPAScalingRules {
    /// How long past recommendations count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stabilization_window_seconds: Option<i32>,
    /// Which policy counts: `Max`, `Min` or `Disabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select_policy: Option<String>,
    /// Steps that are allowed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub policies: Vec<HPAScalingPolicy>,
    /// Deviation that is borne.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A step that is allowed.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HPAScalingPolicy {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// Value.
    #[serde(deserialize_with = "null")]
    pub value: i32,
    /// Window that the policy counts in.
    #[serde(deserialize_with = "null")]
    pub period_seconds: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a HorizontalPodAutoscaler.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscalerStatus {
    /// Generation of the object that this was written for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When the number last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scale_time: Option<Timestamp>,
    /// Pods that there are.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub current_replicas: i32,
    /// How many pods there should be.
    #[serde(deserialize_with = "null")]
    pub desired_replicas: i32,
    /// Metrics as last read.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub current_metrics: Vec<MetricStatus>,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<HorizontalPodAutoscalerCondition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One metric as last read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricStatus {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// Metric of an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectMetricStatus>,
    /// Metric of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<PodsMetricStatus>,
    /// Usage of a resource by the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceMetricStatus>,
    /// Usage of a resource by one container of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_resource: Option<ContainerResourceMetricStatus>,
    /// Metric from outside of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalMetricStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Metric of an object, as last read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMetricStatus {
    /// Which metric.
    #[serde(deserialize_with = "null")]
    pub metric: MetricIdentifier,
    /// Value as last read.
    #[serde(deserialize_with = "null")]
    pub current: MetricValueStatus,
    /// Object that the metric is of.
    #[serde(deserialize_with = "null")]
    pub described_object: CrossVersionObjectReference,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A value as last read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricValueStatus {
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// Value per pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_value: Option<Quantity>,
    /// Percentage of what the pods request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_utilization: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Metric of each pod, as last read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodsMetricStatus {
    /// Which metric.
    #[serde(deserialize_with = "null")]
    pub metric: MetricIdentifier,
    /// Value as last read.
    #[serde(deserialize_with = "null")]
    pub current: MetricValueStatus,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Usage of a resource, as last read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceMetricStatus {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Value as last read.
    #[serde(deserialize_with = "null")]
    pub current: MetricValueStatus,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Usage by one container, as last read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerResourceMetricStatus {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Value as last read.
    #[serde(deserialize_with = "null")]
    pub current: MetricValueStatus,
    /// Name of the container.
    #[serde(deserialize_with = "null")]
    pub container: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Metric from outside, as last read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalMetricStatus {
    /// Which metric.
    #[serde(deserialize_with = "null")]
    pub metric: MetricIdentifier,
    /// Value as last read.
    #[serde(deserialize_with = "null")]
    pub current: MetricValueStatus,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a HorizontalPodAutoscaler.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscalerCondition {
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
    /// Generation of the object that this was written for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}
