//! service

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ServiceSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<ServiceStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ports: Vec<ServicePort>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selector: Labels,
    #[serde(rename = "clusterIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub cluster_ip: String,
    #[serde(rename = "clusterIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub cluster_ips: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub r#type: String,
    #[serde(rename = "externalIPs", deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_ips: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub session_affinity: String,
    #[serde(rename = "loadBalancerIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub load_balancer_ip: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub load_balancer_source_ranges: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub external_traffic_policy: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub health_check_node_port: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub publish_not_ready_addresses: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_affinity_config: Option<SessionAffinityConfig>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ip_families: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_family_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocate_load_balancer_node_ports: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_traffic_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_distribution: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
    #[serde(deserialize_with = "null")]
    pub port: i32,
    #[serde(deserialize_with = "null")]
    pub target_port: IntOrString,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub node_port: i32,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionAffinityConfig {
    #[serde(rename = "clientIP", skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<ClientIPConfig>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientIPConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    #[serde(deserialize_with = "null")]
    pub load_balancer: LoadBalancerStatus,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<Condition>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerStatus {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ingress: Vec<LoadBalancerIngress>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerIngress {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ip: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hostname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_mode: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ports: Vec<PortStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PortStatus {
    #[serde(deserialize_with = "null")]
    pub port: i32,
    #[serde(deserialize_with = "null")]
    pub protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
