//! Where pods may go: affinities, spreading, taints and tolerations.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// Selects nodes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelector {
    /// Alternatives: one must match.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// One alternative; all its demands must hold. Without any it matches nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorTerm {
    /// Demands on keys and their values.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// Demands on fields of the node (only metadata.name).
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_fields: Vec<NodeSelectorRequirement>,
}

/// A demand on one label or field of a node: also `Gt` and `Lt`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorRequirement {
    /// Key that this is about.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// How the values are compared.
    #[serde(deserialize_with = "null")]
    pub operator: String,
    /// Values to compare with.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub values: Vec<String>,
}

/// Wishes about nodes and other pods.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Affinity {
    /// Which nodes will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_affinity: Option<NodeAffinity>,
    /// Which pods should be near.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_affinity: Option<PodAffinity>,
    /// Which pods should be far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_anti_affinity: Option<PodAntiAffinity>,
}

/// Which nodes will do, and which are better.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAffinity {
    /// Must hold when the pod is placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
    /// Counts for a node when the pod is placed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm>,
}

/// Nodes that are better, and how much.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PreferredSchedulingTerm {
    /// How much it counts, 1 to 100.
    #[serde(deserialize_with = "null")]
    pub weight: i32,
    /// Which nodes are preferred.
    #[serde(deserialize_with = "null")]
    pub preference: NodeSelectorTerm,
}

/// Which pods should be near.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodAffinity {
    /// Must hold when the pod is placed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
    /// Counts for a node when the pod is placed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
}

/// Pods in a domain.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodAffinityTerm {
    /// Which objects count, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Namespaces whose pods count.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub namespaces: Vec<String>,
    /// Node label whose values are the domains.
    #[serde(deserialize_with = "null")]
    pub topology_key: String,
    /// Namespaces whose pods count, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Keys whose values are taken from the pod itself and added to the selector.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_label_keys: Vec<String>,
    /// Keys whose values, taken from the pod itself, must differ.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub mismatch_label_keys: Vec<String>,
}

/// Pods in a domain, and how much they count.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WeightedPodAffinityTerm {
    /// How much it counts, 1 to 100.
    #[serde(deserialize_with = "null")]
    pub weight: i32,
    /// Which pods count, and in which domains.
    #[serde(deserialize_with = "null")]
    pub pod_affinity_term: PodAffinityTerm,
}

/// Which pods should be far.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodAntiAffinity {
    /// Must hold when the pod is placed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
    /// Counts for a node when the pod is placed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
}

/// How evenly pods are spread over domains.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopologySpreadConstraint {
    /// How much fuller than the emptiest a domain may be.
    #[serde(deserialize_with = "null")]
    pub max_skew: i32,
    /// Node label whose values are the domains.
    #[serde(deserialize_with = "null")]
    pub topology_key: String,
    /// `DoNotSchedule` or `ScheduleAnyway`.
    #[serde(deserialize_with = "null")]
    pub when_unsatisfiable: String,
    /// Which objects count, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// With fewer domains than this the emptiest counts as holding none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_domains: Option<i32>,
    /// Whether nodes that the pod's affinity excludes count: `Honor` or `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_affinity_policy: Option<String>,
    /// Whether nodes with taints that the pod does not tolerate count: `Honor` or `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_taints_policy: Option<String>,
    /// Keys whose values are taken from the pod itself and added to the selector.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_label_keys: Vec<String>,
}

/// Keeps pods away from a node that do not tolerate it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Taint {
    /// Name of the taint.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// Value.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(deserialize_with = "null")]
    pub effect: String,
    /// When the taint was put on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_added: Option<Timestamp>,
}

/// A taint or set of taints that a pod bears.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Toleration {
    /// Name of the taint; empty with `Exists` means all taints.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub key: String,
    /// `Exists`, `Equal` (also when empty), `Lt` or `Gt`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub operator: String,
    /// Value.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub effect: String,
    /// For how long `NoExecute` is borne; for ever if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
}
