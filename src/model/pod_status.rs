//! pod_status

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    #[serde(deserialize_with = "null")]
    pub phase: PodPhase,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<PodCondition>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub nominated_node_name: Str,
    #[serde(rename = "hostIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ip: Str,
    #[serde(rename = "hostIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ips: Vec<HostIP>,
    #[serde(rename = "podIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_ip: Str,
    #[serde(rename = "podIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_ips: Vec<PodIP>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub qos_class: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resize: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_claim_statuses: Vec<PodResourceClaimStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_resource_claim_status: Option<PodExtendedResourceClaimStatus>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocated_resources: ResourceList,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Box<ResourceRequirements>>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_health: Vec<PodVolumeHealth>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    #[serde(deserialize_with = "null")]
    pub status: Str,
    pub last_probe_time: Option<Timestamp>,
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostIP {
    #[serde(deserialize_with = "null")]
    pub ip: Str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodIP {
    #[serde(deserialize_with = "null")]
    pub ip: Str,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    #[serde(deserialize_with = "null")]
    pub name: Str,
    #[serde(deserialize_with = "null")]
    pub state: ContainerState,
    #[serde(deserialize_with = "null")]
    pub last_state: ContainerState,
    #[serde(deserialize_with = "null")]
    pub ready: bool,
    #[serde(deserialize_with = "null")]
    pub restart_count: i32,
    #[serde(deserialize_with = "null")]
    pub image: Str,
    #[serde(rename = "imageID", deserialize_with = "null")]
    pub image_id: Str,
    #[serde(rename = "containerID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_id: Str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocated_resources: ResourceList,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Box<ResourceRequirements>>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Box<ContainerStateWaiting>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<ContainerStateRunning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminated: Option<Box<ContainerStateTerminated>>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStateWaiting {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStateRunning {
    pub started_at: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStateTerminated {
    #[serde(deserialize_with = "null")]
    pub exit_code: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub signal: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    #[serde(rename = "containerID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_id: Str,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodResourceClaimStatus {
    #[serde(deserialize_with = "null")]
    pub name: Str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_claim_name: Option<Str>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodExtendedResourceClaimStatus {
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub request_mappings: Vec<ContainerExtendedResourceRequest>,
    #[serde(deserialize_with = "null")]
    pub resource_claim_name: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerExtendedResourceRequest {
    #[serde(deserialize_with = "null")]
    pub container_name: String,
    #[serde(deserialize_with = "null")]
    pub resource_name: String,
    #[serde(deserialize_with = "null")]
    pub request_name: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodVolumeHealth {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_conditions: Vec<VolumeHealthCondition>,
    pub last_transition_time: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
