//! What became of a pod. Many live at once: texts are shared and rare parts boxed.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What became of a pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// Generation of the object that this was written for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    /// Where it stands in its life.
    #[serde(deserialize_with = "null")]
    pub phase: PodPhase,
    /// Conditions, at most one per type. Many pods have equal ones.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Shared<Vec<PodCondition>>,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Node that preemption makes room on.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub nominated_node_name: Str,
    /// Address of the node.
    #[serde(rename = "hostIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ip: Str,
    /// All addresses of the node.
    #[serde(rename = "hostIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ips: Vec<HostIP>,
    /// Address of the pod.
    #[serde(rename = "podIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_ip: Str,
    /// All addresses of the pod.
    #[serde(rename = "podIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub pod_ips: Vec<PodIP>,
    /// When it was taken up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// How the init containers do.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// How the containers do.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_statuses: Vec<ContainerStatus>,
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub qos_class: Str,
    /// How a change of resources goes, by its old field.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resize: Str,
    /// Claims made for the pod.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_claim_statuses: Vec<PodResourceClaimStatus>,
    /// Claim made for extended resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_resource_claim_status: Option<Box<PodExtendedResourceClaimStatus>>,
    /// Resources set aside for it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocated_resources: Arc<ResourceList>,
    /// Resources that the running pod has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Arc<ResourceRequirements>>,
    /// Health of the volumes.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_health: Vec<PodVolumeHealth>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a Pod.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// Generation of the object that this was written for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub observed_generation: i64,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// When it was last looked at.
    pub last_probe_time: Option<Timestamp>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

/// An address of the node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostIP {
    /// IP address.
    #[serde(deserialize_with = "null")]
    pub ip: Str,
}

/// An address of the pod.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodIP {
    /// IP address.
    #[serde(deserialize_with = "null")]
    pub ip: Str,
}

/// How a container does.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: Str,
    /// What it does now.
    #[serde(deserialize_with = "null")]
    pub state: ContainerState,
    /// How its last life ended.
    #[serde(deserialize_with = "null")]
    pub last_state: ContainerState,
    /// Whether it is ready.
    #[serde(deserialize_with = "null")]
    pub ready: bool,
    /// How often it was restarted.
    #[serde(deserialize_with = "null")]
    pub restart_count: i32,
    /// Image reference.
    #[serde(deserialize_with = "null")]
    pub image: Str,
    /// Id of the image.
    #[serde(rename = "imageID", deserialize_with = "null")]
    pub image_id: Str,
    /// Id of the container.
    #[serde(rename = "containerID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_id: Str,
    /// Whether it is up: its startup probe, if any, has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<bool>,
    /// Resources set aside for it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocated_resources: Arc<ResourceList>,
    /// Resources that the running container has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Arc<ResourceRequirements>>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One of three: waiting, running or terminated.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// It waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Box<ContainerStateWaiting>>,
    /// It runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<ContainerStateRunning>,
    /// It has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminated: Option<Box<ContainerStateTerminated>>,
}

/// Why a container waits.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStateWaiting {
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

/// Since when a container runs.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStateRunning {
    /// When it started.
    pub started_at: Option<Timestamp>,
}

/// How a container ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStateTerminated {
    /// Exit code.
    #[serde(deserialize_with = "null")]
    pub exit_code: i32,
    /// Signal that ended it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub signal: i32,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Id of the container.
    #[serde(rename = "containerID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub container_id: Str,
}

/// The claim made for one of the pod's claims.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodResourceClaimStatus {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: Str,
    /// Name of the claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_claim_name: Option<Str>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The claim made for a pod's extended resources.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodExtendedResourceClaimStatus {
    /// Which requests serve which resources.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub request_mappings: Vec<ContainerExtendedResourceRequest>,
    /// Name of the claim.
    #[serde(deserialize_with = "null")]
    pub resource_claim_name: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Which request serves which extended resource.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerExtendedResourceRequest {
    /// Name of the container.
    #[serde(deserialize_with = "null")]
    pub container_name: String,
    /// Name of the resource.
    #[serde(deserialize_with = "null")]
    pub resource_name: String,
    /// Name of the request.
    #[serde(deserialize_with = "null")]
    pub request_name: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Health of a pod's volume.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodVolumeHealth {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// What is wrong.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_conditions: Vec<VolumeHealthCondition>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
