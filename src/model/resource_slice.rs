//! Devices on offer (dynamic resource allocation).
//! Real: staging/src/k8s.io/api/resource/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `ResourceSlice` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceSlice {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceSliceSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a ResourceSlice should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceSliceSpec {
    /// Name of the driver.
    #[serde(deserialize_with = "null")]
    pub driver: String,
    /// The pool that the slice is a part of.
    #[serde(deserialize_with = "null")]
    pub pool: ResourcePool,
    /// Name of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// Nodes that can use the devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<NodeSelector>,
    /// Whether all nodes can use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_nodes: Option<bool>,
    /// Devices.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub devices: Vec<Device>,
    /// Whether each device says which nodes can use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_device_node_selection: Option<bool>,
    /// Counters that devices share.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub shared_counters: Vec<CounterSet>,
    /// Attribute that names the type of a partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_type_attribute: Option<String>,
    /// Whether the node has nothing to prepare.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub skip_node_operations: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The pool that a slice is a part of.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourcePool {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Generation of the pool; only the newest counts.
    #[serde(deserialize_with = "null")]
    pub generation: i64,
    /// How many slices the pool has.
    #[serde(deserialize_with = "null")]
    pub resource_slice_count: i64,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A device of a slice.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Device {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Attributes by name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub attributes: BTreeMap<String, DeviceAttribute>,
    /// How much there is.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub capacity: BTreeMap<String, DeviceCapacity>,
    /// What it takes of shared counters.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub consumes_counters: Vec<DeviceCounterConsumption>,
    /// Name of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// Nodes that can use the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<NodeSelector>,
    /// Whether all nodes can use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_nodes: Option<bool>,
    /// Taints.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub taints: Vec<DeviceTaint>,
    /// Whether using it ties the claim to the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binds_to_node: Option<bool>,
    /// Conditions that must become true before binding.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_conditions: Vec<String>,
    /// Conditions that make binding fail.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_failure_conditions: Vec<String>,
    /// Whether several claims may share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_multiple_allocations: Option<bool>,
    /// What using it costs of the node's resources.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub node_allocatable_resources: BTreeMap<String, NodeAllocatableResource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A value of an attribute: one of these fields.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAttribute {
    /// A whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub int: Option<i64>,
    /// Yes or no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bool: Option<bool>,
    /// A text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string: Option<String>,
    /// A semantic version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whole numbers.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ints: Vec<i64>,
    /// Several of yes or no.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub bools: Vec<bool>,
    /// Texts.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub strings: Vec<String>,
    /// Semantic versions.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub versions: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A capacity of a device.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceCapacity {
    /// Value.
    #[serde(deserialize_with = "null")]
    pub value: Quantity,
    /// Which amounts may be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_policy: Option<CapacityRequestPolicy>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Which amounts of a capacity may be asked for.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityRequestPolicy {
    /// What is meant if nothing is said.
    pub default: Option<Quantity>,
    /// Amounts that may be asked for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub valid_values: Vec<Quantity>,
    /// Range that may be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_range: Option<CapacityRequestPolicyRange>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A range of amounts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityRequestPolicyRange {
    /// The least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Quantity>,
    /// The most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Quantity>,
    /// Distance between amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a device takes of a set of counters.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceCounterConsumption {
    /// Name of the set of counters.
    #[serde(deserialize_with = "null")]
    pub counter_set: String,
    /// Counters by name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub counters: BTreeMap<String, Counter>,
    /// Groups that may be used side by side.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub compatibility_groups: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A counter's amount.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counter {
    /// Value.
    #[serde(deserialize_with = "null")]
    pub value: Quantity,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Keeps claims away from a device that do not tolerate it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceTaint {
    /// Name of the taint.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// Value.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    /// `None`, `NoSchedule` or `NoExecute`.
    #[serde(deserialize_with = "null")]
    pub effect: String,
    /// When the taint was put on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_added: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What using a device costs of the node's resources.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAllocatableResource {
    /// How the amount follows from the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<NodeAllocatableMapping>,
    /// What it costs beside the containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overhead: Option<NodeAllocatableOverhead>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How such an amount follows from the device.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAllocatableMapping {
    /// Capacity that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_key: Option<String>,
    /// Amount per unit of capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_multiplier: Option<Quantity>,
    /// Amount per device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_multiplier: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What it costs beside that.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAllocatableOverhead {
    /// Amount per pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_pod: Option<Quantity>,
    /// Amount per container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_container: Option<Quantity>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Counters that devices share.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CounterSet {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Counters by name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub counters: BTreeMap<String, Counter>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `DeviceClass` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClass {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<DeviceClassSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a DeviceClass should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClassSpec {
    /// Conditions that devices must meet.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selectors: Vec<DeviceSelector>,
    /// Configuration.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub config: Vec<DeviceClassConfiguration>,
    /// Extended resource that stands for the class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_resource_name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Configuration that goes with a class.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClassConfiguration {
    /// Parameters that only the driver knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opaque: Option<OpaqueDeviceConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
