//! resource_slice

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceSlice {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceSliceSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceSliceSpec {
    #[serde(deserialize_with = "null")]
    pub driver: String,
    #[serde(deserialize_with = "null")]
    pub pool: ResourcePool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<NodeSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_nodes: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub devices: Vec<Device>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_device_node_selection: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub shared_counters: Vec<CounterSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_type_attribute: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub skip_node_operations: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourcePool {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub generation: i64,
    #[serde(deserialize_with = "null")]
    pub resource_slice_count: i64,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Device {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub attributes: BTreeMap<String, DeviceAttribute>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: BTreeMap<String, DeviceCapacity>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub consumes_counters: Vec<DeviceCounterConsumption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<NodeSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_nodes: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub taints: Vec<DeviceTaint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binds_to_node: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_conditions: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_failure_conditions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_multiple_allocations: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub node_allocatable_resources: BTreeMap<String, NodeAllocatableResource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAttribute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub int: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bool: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ints: Vec<i64>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub bools: Vec<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub strings: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub versions: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceCapacity {
    #[serde(deserialize_with = "null")]
    pub value: Quantity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_policy: Option<CapacityRequestPolicy>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityRequestPolicy {
    pub default: Option<Quantity>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub valid_values: Vec<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_range: Option<CapacityRequestPolicyRange>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityRequestPolicyRange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceCounterConsumption {
    #[serde(deserialize_with = "null")]
    pub counter_set: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub counters: BTreeMap<String, Counter>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub compatibility_groups: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counter {
    #[serde(deserialize_with = "null")]
    pub value: Quantity,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceTaint {
    #[serde(deserialize_with = "null")]
    pub key: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    #[serde(deserialize_with = "null")]
    pub effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_added: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAllocatableResource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<NodeAllocatableMapping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overhead: Option<NodeAllocatableOverhead>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAllocatableMapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_multiplier: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_multiplier: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAllocatableOverhead {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_pod: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_container: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CounterSet {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub counters: BTreeMap<String, Counter>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClass {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<DeviceClassSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClassSpec {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selectors: Vec<DeviceSelector>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub config: Vec<DeviceClassConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_resource_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClassConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opaque: Option<OpaqueDeviceConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
