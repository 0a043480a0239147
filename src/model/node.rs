//! node

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<NodeSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<NodeStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    #[serde(rename = "podCIDR", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_cidr: String,
    #[serde(rename = "podCIDRs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_cidrs: Vec<String>,
    #[serde(rename = "providerID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub provider_id: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub unschedulable: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub taints: Vec<Taint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_source: Option<NodeConfigSource>,
    #[serde(rename = "externalID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_preemption_policy: Option<NodePodPreemptionPolicy>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeConfigSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapNodeConfigSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapNodeConfigSource {
    #[serde(deserialize_with = "null")]
    pub namespace: String,
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub uid: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_version: String,
    #[serde(deserialize_with = "null")]
    pub kubelet_config_key: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodePodPreemptionPolicy {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub disable_resize_preemption: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocatable: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub phase: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<NodeCondition>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub addresses: Vec<NodeAddress>,
    #[serde(deserialize_with = "null")]
    pub daemon_endpoints: NodeDaemonEndpoints,
    #[serde(deserialize_with = "null")]
    pub node_info: NodeSystemInfo,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub images: Vec<ContainerImage>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volumes_in_use: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volumes_attached: Vec<AttachedVolume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<NodeConfigStatus>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub runtime_handlers: Vec<NodeRuntimeHandler>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<NodeFeatures>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub declared_features: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeCondition {
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    #[serde(deserialize_with = "null")]
    pub status: Str,
    pub last_heartbeat_time: Option<Timestamp>,
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAddress {
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    #[serde(deserialize_with = "null")]
    pub address: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeDaemonEndpoints {
    #[serde(deserialize_with = "null")]
    pub kubelet_endpoint: DaemonEndpoint,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonEndpoint {
    #[serde(rename = "Port", deserialize_with = "null")]
    pub port: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSystemInfo {
    #[serde(rename = "machineID", deserialize_with = "null")]
    pub machine_id: String,
    #[serde(rename = "systemUUID", deserialize_with = "null")]
    pub system_uuid: String,
    #[serde(rename = "bootID", deserialize_with = "null")]
    pub boot_id: String,
    #[serde(deserialize_with = "null")]
    pub kernel_version: String,
    #[serde(deserialize_with = "null")]
    pub os_image: String,
    #[serde(deserialize_with = "null")]
    pub container_runtime_version: String,
    #[serde(deserialize_with = "null")]
    pub kubelet_version: String,
    #[serde(deserialize_with = "null")]
    pub kube_proxy_version: String,
    #[serde(deserialize_with = "null")]
    pub operating_system: String,
    #[serde(deserialize_with = "null")]
    pub architecture: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<NodeSwapStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_in_user_namespace: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSwapStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerImage {
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub names: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub size_bytes: i64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachedVolume {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub device_path: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeConfigStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<NodeConfigSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<NodeConfigSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_known_good: Option<NodeConfigSource>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub error: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeRuntimeHandler {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<NodeRuntimeHandlerFeatures>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeRuntimeHandlerFeatures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive_read_only_mounts: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_namespaces: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeFeatures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplemental_groups_policy: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
