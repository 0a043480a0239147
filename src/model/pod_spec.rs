//! pod_spec

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volumes: Vec<Volume>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub init_containers: Vec<Container>,
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub containers: Vec<Container>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub restart_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_grace_period_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_deadline_seconds: Option<i64>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub dns_policy: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub node_selector: Labels,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub service_account_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub service_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_network: bool,
    #[serde(rename = "hostPID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_pid: bool,
    #[serde(rename = "hostIPC", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ipc: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_process_namespace: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<PodSecurityContext>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hostname: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub subdomain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub scheduler_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<Toleration>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_aliases: Vec<HostAlias>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub priority_class_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_config: Option<PodDNSConfig>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub readiness_gates: Vec<PodReadinessGate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_class_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_service_links: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption_policy: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub overhead: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    #[serde(rename = "setHostnameAsFQDN", skip_serializing_if = "Option::is_none")]
    pub set_hostname_as_fqdn: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<PodOS>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_users: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub scheduling_gates: Vec<PodSchedulingGate>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_claims: Vec<PodResourceClaim>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname_override: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_group: Option<PodSchedulingGroup>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub eviction_responders: Vec<EvictionResponder>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostAlias {
    #[serde(deserialize_with = "null")]
    pub ip: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hostnames: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDNSConfig {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub nameservers: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub searches: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub options: Vec<PodDNSConfigOption>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDNSConfigOption {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodReadinessGate {
    #[serde(deserialize_with = "null")]
    pub condition_type: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodOS {
    #[serde(deserialize_with = "null")]
    pub name: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSchedulingGate {
    #[serde(deserialize_with = "null")]
    pub name: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodResourceClaim {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_claim_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_claim_template_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSchedulingGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_group_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EvictionResponder {
    #[serde(deserialize_with = "null")]
    pub name: String,
    pub priority: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
