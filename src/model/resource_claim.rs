//! Claims of devices (dynamic resource allocation).
//! Real: staging/src/k8s.io/api/resource/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// `ResourceClaim` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaim {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceClaimSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<ResourceClaimStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a ResourceClaim should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimSpec {
    /// Devices.
    #[serde(deserialize_with = "null")]
    pub devices: DeviceClaim,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The devices asked for.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClaim {
    /// What is asked for.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub requests: Vec<DeviceRequest>,
    /// What must hold for all devices together.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub constraints: Vec<DeviceConstraint>,
    /// Configuration.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub config: Vec<DeviceClaimConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A request for devices.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceRequest {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Devices of one kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exactly: Option<ExactDeviceRequest>,
    /// Alternatives: the first that can be had.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub first_available: Vec<DeviceSubRequest>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Devices of one class.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExactDeviceRequest {
    /// Name of the device class.
    #[serde(deserialize_with = "null")]
    pub device_class_name: String,
    /// Conditions that devices must meet.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selectors: Vec<DeviceSelector>,
    /// `ExactCount` or `All`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocation_mode: String,
    /// How many.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i64,
    /// Whether devices in use can be had for administration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_access: Option<bool>,
    /// Taints that are borne.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<DeviceToleration>,
    /// How much of each device is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityRequirements>,
    /// Attributes computed from others.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub derived_attributes: Vec<DeviceDerivedAttribute>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition on devices.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceSelector {
    /// Condition as a CEL expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cel: Option<CELDeviceSelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition as a CEL expression.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CELDeviceSelector {
    /// The expression.
    #[serde(deserialize_with = "null")]
    pub expression: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A taint of devices that is borne.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceToleration {
    /// Key that this is about.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub key: String,
    /// How the values are compared.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub operator: String,
    /// Value.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub effect: String,
    /// For how long `NoExecute` is borne; for ever if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How much of a device is needed.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityRequirements {
    /// What is asked for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An attribute computed from others.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceDerivedAttribute {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// The expression.
    #[serde(deserialize_with = "null")]
    pub expression: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One alternative of a request.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceSubRequest {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Name of the device class.
    #[serde(deserialize_with = "null")]
    pub device_class_name: String,
    /// Conditions that devices must meet.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selectors: Vec<DeviceSelector>,
    /// `ExactCount` or `All`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocation_mode: String,
    /// How many.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i64,
    /// Taints that are borne.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<DeviceToleration>,
    /// How much of each device is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityRequirements>,
    /// Attributes computed from others.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub derived_attributes: Vec<DeviceDerivedAttribute>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What must hold for several devices together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceConstraint {
    /// What is asked for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: Vec<String>,
    /// Attribute that must be the same in all devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_attribute: Option<String>,
    /// Attribute that must differ in all devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct_attribute: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Configuration for some requests.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClaimConfiguration {
    /// What is asked for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: Vec<String>,
    /// Parameters that only the driver knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opaque: Option<OpaqueDeviceConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Parameters that only the driver knows.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OpaqueDeviceConfiguration {
    /// Name of the driver.
    #[serde(deserialize_with = "null")]
    pub driver: String,
    /// Parameters for the driver.
    #[serde(deserialize_with = "null")]
    pub parameters: Value,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a ResourceClaim.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimStatus {
    /// What has been allocated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation: Option<AllocationResult>,
    /// Who may use it now.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reserved_for: Vec<ResourceClaimConsumerReference>,
    /// Devices.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub devices: Vec<AllocatedDeviceStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a claim got.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllocationResult {
    /// Devices.
    #[serde(deserialize_with = "null")]
    pub devices: DeviceAllocationResult,
    /// Nodes from which the devices can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<NodeSelector>,
    /// When it was allocated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_timestamp: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The devices that a claim got.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAllocationResult {
    /// The devices.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub results: Vec<DeviceRequestAllocationResult>,
    /// Configuration.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub config: Vec<DeviceAllocationConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One device that a request got.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceRequestAllocationResult {
    /// Name of the request that is meant.
    #[serde(deserialize_with = "null")]
    pub request: String,
    /// Name of the driver.
    #[serde(deserialize_with = "null")]
    pub driver: String,
    /// Name of the pool.
    #[serde(deserialize_with = "null")]
    pub pool: String,
    /// Name of the device.
    #[serde(deserialize_with = "null")]
    pub device: String,
    /// Whether devices in use can be had for administration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_access: Option<bool>,
    /// Taints that are borne.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<DeviceToleration>,
    /// Conditions that must become true before binding.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_conditions: Vec<String>,
    /// Conditions that make binding fail.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_failure_conditions: Vec<String>,
    /// Which share of the device.
    #[serde(rename = "shareID", skip_serializing_if = "Option::is_none")]
    pub share_id: Option<String>,
    /// How much of the device is used.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub consumed_capacity: ResourceList,
    /// Whether the node has nothing to prepare.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub skip_node_operations: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Configuration that goes with the devices.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAllocationConfiguration {
    /// Who says so, or where it comes from.
    #[serde(deserialize_with = "null")]
    pub source: String,
    /// What is asked for.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: Vec<String>,
    /// Parameters that only the driver knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opaque: Option<OpaqueDeviceConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Who uses a claim.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimConsumerReference {
    /// Group of the object's kind; empty for the core.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_group: String,
    /// Plural name of the user's kind.
    #[serde(deserialize_with = "null")]
    pub resource: String,
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Unique id of the object.
    #[serde(deserialize_with = "null")]
    pub uid: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a driver says about an allocated device.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllocatedDeviceStatus {
    /// Name of the driver.
    #[serde(deserialize_with = "null")]
    pub driver: String,
    /// Name of the pool.
    #[serde(deserialize_with = "null")]
    pub pool: String,
    /// Name of the device.
    #[serde(deserialize_with = "null")]
    pub device: String,
    /// Which share of the device.
    #[serde(rename = "shareID", skip_serializing_if = "Option::is_none")]
    pub share_id: Option<String>,
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub conditions: Vec<Condition>,
    /// The data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Network settings of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_data: Option<NetworkDeviceData>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Network settings of a device.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkDeviceData {
    /// Name of the interface.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub interface_name: String,
    /// Addresses.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ips: Vec<String>,
    /// Address of the hardware.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hardware_address: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `ResourceClaimTemplate` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimTemplate {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceClaimTemplateSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What claims are made from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimTemplateSpec {
    /// Labels and annotations of what is made from it.
    #[serde(deserialize_with = "null")]
    pub metadata: Meta,
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: ResourceClaimSpec,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
