//! Nodes.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use crate::base::Span;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `Node` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<NodeSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<NodeStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a Node should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// Addresses for the node's pods.
    #[serde(rename = "podCIDR", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_cidr: String,
    /// The same, for each family of addresses.
    #[serde(rename = "podCIDRs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_cidrs: Vec<String>,
    /// Id that the cloud gives the node.
    #[serde(rename = "providerID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub provider_id: String,
    /// Whether new pods are kept away.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub unschedulable: bool,
    /// Taints.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub taints: Vec<Taint>,
    /// Not in use any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_source: Option<NodeConfigSource>,
    /// Not in use any more.
    #[serde(rename = "externalID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_id: String,
    /// Which kinds of preemption the node takes part in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_preemption_policy: Option<NodePodPreemptionPolicy>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Not in use any more.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeConfigSource {
    /// ConfigMap with the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapNodeConfigSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Not in use any more.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapNodeConfigSource {
    /// Namespace of the object.
    #[serde(deserialize_with = "null")]
    pub namespace: String,
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Unique id of the object.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub uid: String,
    /// Version of the object that was meant.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_version: String,
    /// Key with the configuration.
    #[serde(deserialize_with = "null")]
    pub kubelet_config_key: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Which kinds of preemption a node takes part in.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodePodPreemptionPolicy {
    /// Whether resizing may not preempt.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub disable_resize_preemption: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a Node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    /// How much there is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: ResourceList,
    /// How much pods may use.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocatable: ResourceList,
    /// Where it stands in its life.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub phase: String,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<NodeCondition>,
    /// Addresses.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub addresses: Vec<NodeAddress>,
    /// Ports of the node's daemons.
    #[serde(deserialize_with = "null")]
    pub daemon_endpoints: NodeDaemonEndpoints,
    /// Versions and ids.
    #[serde(deserialize_with = "null")]
    pub node_info: NodeSystemInfo,
    /// Images on the node.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub images: Vec<ContainerImage>,
    /// Volumes that are mounted.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volumes_in_use: Vec<String>,
    /// Volumes that are attached.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volumes_attached: Vec<AttachedVolume>,
    /// Configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<NodeConfigStatus>,
    /// What the runtime offers.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub runtime_handlers: Vec<NodeRuntimeHandler>,
    /// What is supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<NodeFeatures>,
    /// Features that the node says it has.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub declared_features: Vec<String>,
    /// The kubelet reports its conditions each such span, counted from their `last_heartbeat_time`, until the status is written
    /// anew. Not part of the API's JSON; ask [`NodeStatus::reported_at`] for what the API shows.
    #[serde(skip)]
    pub reported_every: Option<Span>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

impl NodeStatus {
    /// The status with the heartbeat times of the kubelet's conditions as seen at `now`.
    pub fn reported_at(&self, now: MicroTime) -> NodeStatus {
        let mut status = self.clone();
        // The network's condition is not the kubelet's.
        for condition in status.conditions.iter_mut().filter(|condition| &*condition.r#type != "NetworkUnavailable") {
            let from = condition.last_heartbeat_time.map(|time| MicroTime(time.0 * 1_000_000));
            let last = from.map(|from| last_of(from, self.reported_every, now));
            condition.last_heartbeat_time = last.map(|time| Timestamp(time.0.div_euclid(1_000_000)));
        }
        status
    }
}

/// A condition of a Node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeCondition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// When the node last said so.
    pub last_heartbeat_time: Option<Timestamp>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

/// An address of a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAddress {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// Address.
    #[serde(deserialize_with = "null")]
    pub address: String,
}

/// Ports of a node's daemons.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeDaemonEndpoints {
    /// Port of the kubelet.
    #[serde(deserialize_with = "null")]
    pub kubelet_endpoint: DaemonEndpoint,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A port of a daemon.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonEndpoint {
    /// Port number.
    #[serde(rename = "Port", deserialize_with = "null")]
    pub port: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Versions and ids of a node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSystemInfo {
    /// Id of the machine.
    #[serde(rename = "machineID", deserialize_with = "null")]
    pub machine_id: String,
    /// Id of the system.
    #[serde(rename = "systemUUID", deserialize_with = "null")]
    pub system_uuid: String,
    /// Id of the boot.
    #[serde(rename = "bootID", deserialize_with = "null")]
    pub boot_id: String,
    /// Version of the kernel.
    #[serde(deserialize_with = "null")]
    pub kernel_version: String,
    /// Name of the system.
    #[serde(deserialize_with = "null")]
    pub os_image: String,
    /// Name and version of the runtime.
    #[serde(deserialize_with = "null")]
    pub container_runtime_version: String,
    /// Version of the kubelet.
    #[serde(deserialize_with = "null")]
    pub kubelet_version: String,
    /// Not in use any more.
    #[serde(deserialize_with = "null")]
    pub kube_proxy_version: String,
    /// Operating system.
    #[serde(deserialize_with = "null")]
    pub operating_system: String,
    /// Architecture.
    #[serde(deserialize_with = "null")]
    pub architecture: String,
    /// Swap of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<NodeSwapStatus>,
    /// Whether the kubelet runs in a user namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_in_user_namespace: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Swap of a node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSwapStatus {
    /// How much there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An image on a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerImage {
    /// Names.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub names: Vec<String>,
    /// Size.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub size_bytes: i64,
}

/// A volume attached to a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachedVolume {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Path of the device.
    #[serde(deserialize_with = "null")]
    pub device_path: String,
}

/// Not in use any more.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeConfigStatus {
    /// What is meant to be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<NodeConfigSource>,
    /// What is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<NodeConfigSource>,
    /// What last worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_known_good: Option<NodeConfigSource>,
    /// What went wrong.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub error: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a runtime handler offers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeRuntimeHandler {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// What is supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<NodeRuntimeHandlerFeatures>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Features of a runtime handler.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeRuntimeHandlerFeatures {
    /// Whether read-only mounts can be recursive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive_read_only_mounts: Option<bool>,
    /// Whether user namespaces work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_namespaces: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Features of a node's runtime.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeFeatures {
    /// Whether the node can keep the image's groups out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplemental_groups_policy: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reporting_node_shows_its_last_heartbeat() {
        let condition =
            |kind: &str| NodeCondition { r#type: kind.into(), last_heartbeat_time: Some(Timestamp(100)), ..NodeCondition::default() };
        let conditions = vec![condition("Ready"), condition("NetworkUnavailable")];
        let status = NodeStatus { conditions, reported_every: Some(Span::from_s(300)), ..NodeStatus::default() };
        let shown: Vec<_> =
            status.reported_at(MicroTime(1_001_000_000)).conditions.iter().map(|c| c.last_heartbeat_time.unwrap().0).collect();
        assert_eq!(shown, [1_000, 100]);
    }
}
