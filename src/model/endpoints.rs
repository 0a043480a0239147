//! Endpoints of services, in the old and the new form.
//! Real: staging/src/k8s.io/api/discovery/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, null_values, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Endpoints: its fields, shared.
pub type Endpoints = Shared<EndpointsFields>;

/// What a Endpoints holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointsFields {
    /// Addresses and the ports that they share.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub subsets: Vec<EndpointSubset>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Addresses that share ports.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSubset {
    /// Addresses that are ready.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub addresses: Vec<EndpointAddress>,
    /// Addresses that are not ready.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub not_ready_addresses: Vec<EndpointAddress>,
    /// Ports.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ports: Vec<EndpointPort>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An address of an endpoint.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointAddress {
    /// IP address.
    #[serde(deserialize_with = "null")]
    pub ip: String,
    /// Host name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hostname: String,
    /// Name of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// Object behind the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<ObjectReference>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A port of endpoints.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointPort {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Port.
    #[serde(deserialize_with = "null")]
    pub port: i32,
    /// `TCP`, `UDP` or `SCTP`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub protocol: String,
    /// Protocol above the transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
}

/// EndpointSlice: its fields, shared.
pub type EndpointSlice = Shared<EndpointSliceFields>;

/// What a EndpointSlice holds beside its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSliceFields {
    /// `IPv4`, `IPv6` or `FQDN`.
    #[serde(deserialize_with = "null")]
    pub address_type: String,
    /// The endpoints.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub endpoints: Vec<Endpoint>,
    /// Ports.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub ports: Vec<EndpointSlicePort>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One endpoint of a slice.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// Addresses.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub addresses: Vec<String>,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null")]
    pub conditions: EndpointConditions,
    /// Host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Object behind the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<ObjectReference>,
    /// Not in use any more.
    #[serde(deserialize_with = "null_values", skip_serializing_if = "unset")]
    pub deprecated_topology: BTreeMap<String, String>,
    /// Name of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// Zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Who should use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hints: Option<EndpointHints>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// State of an endpoint.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointConditions {
    /// Whether it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// Whether it answers, ending or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving: Option<bool>,
    /// Whether it is ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminating: Option<bool>,
}

/// Who should use an endpoint.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointHints {
    /// Zones that should use it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub for_zones: Vec<ForZone>,
    /// Nodes that should use it.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub for_nodes: Vec<ForNode>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A zone that should use it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ForZone {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
}

/// A node that should use it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ForNode {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
}

/// A port of a slice (EndpointPort of discovery.k8s.io in the API).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlicePort {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `TCP`, `UDP` or `SCTP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// Protocol above the transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
}
