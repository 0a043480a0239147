//! What a pod should be.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// What a pod should be, but for its node (`Pod::node_name`).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Volumes that containers may mount.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volumes: Vec<Volume>,
    /// Run in turn before the others; sidecars keep running.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub init_containers: Vec<Container>,
    /// The containers.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub containers: Vec<Container>,
    /// `Always`, `OnFailure` or `Never`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub restart_policy: String,
    /// How long the containers may take to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_grace_period_seconds: Option<i64>,
    /// How long it may be active before it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_deadline_seconds: Option<i64>,
    /// Where names are looked up.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub dns_policy: String,
    /// Labels that the node must have.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub node_selector: Labels,
    /// Name of the service account.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub service_account_name: String,
    /// The same, by its old name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub service_account: String,
    /// Whether the token is mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,
    /// Whether it uses the node's network.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_network: bool,
    /// Whether it sees the node's processes.
    #[serde(rename = "hostPID", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_pid: bool,
    /// Whether it shares the node's IPC.
    #[serde(rename = "hostIPC", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ipc: bool,
    /// Whether containers see each other's processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_process_namespace: Option<bool>,
    /// Rights of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<PodSecurityContext>,
    /// Secrets for pulling images.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// Host name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hostname: String,
    /// Domain below the cluster's.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub subdomain: String,
    /// Wishes about nodes and other pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// Which scheduler places it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub scheduler_name: String,
    /// Taints that are borne.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<Toleration>,
    /// Entries of the hosts file.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_aliases: Vec<HostAlias>,
    /// Name of the priority class.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub priority_class_name: String,
    /// The priority; more goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Settings of name lookup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_config: Option<PodDNSConfig>,
    /// More conditions that readiness asks for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub readiness_gates: Vec<PodReadinessGate>,
    /// Name of the runtime class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_class_name: Option<String>,
    /// Whether services appear as variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_service_links: Option<bool>,
    /// `PreemptLowerPriority` or `Never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption_policy: Option<String>,
    /// What it costs beside the containers.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub overhead: ResourceList,
    /// How its like are spread.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// Whether the host name is the full one.
    #[serde(rename = "setHostnameAsFQDN", skip_serializing_if = "Option::is_none")]
    pub set_hostname_as_fqdn: Option<bool>,
    /// Operating system that it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<PodOS>,
    /// Whether it uses the node's user ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_users: Option<bool>,
    /// Names that hold scheduling back until removed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub scheduling_gates: Vec<PodSchedulingGate>,
    /// Claims of devices.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resource_claims: Vec<PodResourceClaim>,
    /// Resources needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// Host name in place of the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname_override: Option<String>,
    /// Group that is scheduled together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_group: Option<PodSchedulingGroup>,
    /// Who answers requests to evict it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub eviction_responders: Vec<EvictionResponder>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An entry of the hosts file.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostAlias {
    /// IP address.
    #[serde(deserialize_with = "null")]
    pub ip: String,
    /// Names of the address.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hostnames: Vec<String>,
}

/// Settings of name lookup.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDNSConfig {
    /// Addresses of name servers.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub nameservers: Vec<String>,
    /// Domains to search.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub searches: Vec<String>,
    /// Options of the resolver.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub options: Vec<PodDNSConfigOption>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An option of the resolver.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDNSConfigOption {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A further condition that readiness asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodReadinessGate {
    /// Type of the condition.
    #[serde(deserialize_with = "null")]
    pub condition_type: String,
}

/// The operating system that a pod needs.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodOS {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
}

/// A name that holds scheduling back.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSchedulingGate {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
}

/// A claim of devices by a pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodResourceClaim {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Name of the claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_claim_name: Option<String>,
    /// Name of the template to make a claim from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_claim_template_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The group that a pod is scheduled with.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSchedulingGroup {
    /// Name of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_group_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Who answers requests to evict a pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EvictionResponder {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// The priority; more goes first.
    pub priority: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
