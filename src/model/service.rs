//! Services.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `Service` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ServiceSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<ServiceStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a Service should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// Ports.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ports: Vec<ServicePort>,
    /// Which pods belong to it, by their labels.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selector: Labels,
    /// Address inside the cluster; `None` for headless.
    #[serde(rename = "clusterIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub cluster_ip: String,
    /// All of them.
    #[serde(rename = "clusterIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub cluster_ips: Vec<String>,
    /// Which kind of it this is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    /// More addresses that lead here.
    #[serde(rename = "externalIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_ips: Vec<String>,
    /// `ClientIP` or `None`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub session_affinity: String,
    /// Address to ask of the load balancer.
    #[serde(rename = "loadBalancerIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub load_balancer_ip: String,
    /// Who may reach the load balancer.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub load_balancer_source_ranges: Vec<String>,
    /// Name that this one stands for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_name: String,
    /// Whether traffic from outside stays on the node: `Cluster` or `Local`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_traffic_policy: String,
    /// Port that says whether the node has endpoints.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_check_node_port: i32,
    /// Whether pods count that are not ready.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub publish_not_ready_addresses: bool,
    /// Settings of stickiness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_affinity_config: Option<SessionAffinityConfig>,
    /// Families of addresses.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ip_families: Vec<String>,
    /// How many families are needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_family_policy: Option<String>,
    /// Whether a load balancer needs node ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// Which load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_class: Option<String>,
    /// Whether traffic from inside stays on the node: `Cluster` or `Local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_traffic_policy: Option<String>,
    /// Which endpoints are preferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_distribution: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A port of a service.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// `TCP`, `UDP` or `SCTP`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub protocol: String,
    /// Protocol above the transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
    /// Port.
    #[serde(deserialize_with = "null")]
    pub port: i32,
    /// Port of the pods, by number or name.
    #[serde(deserialize_with = "null")]
    pub target_port: IntOrString,
    /// Port on each node.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub node_port: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Settings of stickiness.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionAffinityConfig {
    /// Stickiness by the client's address.
    #[serde(rename = "clientIP", skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<ClientIPConfig>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Stickiness by the client's address.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientIPConfig {
    /// How long a client sticks to its endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a Service.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    /// What the load balancer offers.
    #[serde(deserialize_with = "null")]
    pub load_balancer: LoadBalancerStatus,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<Condition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a load balancer offers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerStatus {
    /// Addresses that lead in.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ingress: Vec<LoadBalancerIngress>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An address of a load balancer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerIngress {
    /// IP address.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ip: String,
    /// Host name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hostname: String,
    /// How the address is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_mode: Option<String>,
    /// Ports.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ports: Vec<PortStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A port of a load balancer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PortStatus {
    /// Port.
    #[serde(deserialize_with = "null")]
    pub port: i32,
    /// `TCP`, `UDP` or `SCTP`.
    #[serde(deserialize_with = "null")]
    pub protocol: String,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
