//! resource_claim

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaim {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceClaimSpec>,
    #[serde(deserialize_with = "null")]
    pub status: Arc<ResourceClaimStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimSpec {
    #[serde(deserialize_with = "null")]
    pub devices: DeviceClaim,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClaim {
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub requests: Vec<DeviceRequest>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub constraints: Vec<DeviceConstraint>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub config: Vec<DeviceClaimConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceRequest {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exactly: Option<ExactDeviceRequest>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub first_available: Vec<DeviceSubRequest>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExactDeviceRequest {
    #[serde(deserialize_with = "null")]
    pub device_class_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selectors: Vec<DeviceSelector>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocation_mode: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_access: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<DeviceToleration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityRequirements>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub derived_attributes: Vec<DeviceDerivedAttribute>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceSelector {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cel: Option<CELDeviceSelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CELDeviceSelector {
    #[serde(deserialize_with = "null")]
    pub expression: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceToleration {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub key: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub operator: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityRequirements {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: ResourceList,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceDerivedAttribute {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub expression: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceSubRequest {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub device_class_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub selectors: Vec<DeviceSelector>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub allocation_mode: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub count: i64,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<DeviceToleration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityRequirements>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub derived_attributes: Vec<DeviceDerivedAttribute>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceConstraint {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_attribute: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct_attribute: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceClaimConfiguration {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opaque: Option<OpaqueDeviceConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OpaqueDeviceConfiguration {
    #[serde(deserialize_with = "null")]
    pub driver: String,
    #[serde(deserialize_with = "null")]
    pub parameters: Value,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation: Option<AllocationResult>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reserved_for: Vec<ResourceClaimConsumerReference>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub devices: Vec<AllocatedDeviceStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllocationResult {
    #[serde(deserialize_with = "null")]
    pub devices: DeviceAllocationResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<NodeSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_timestamp: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAllocationResult {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub results: Vec<DeviceRequestAllocationResult>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub config: Vec<DeviceAllocationConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceRequestAllocationResult {
    #[serde(deserialize_with = "null")]
    pub request: String,
    #[serde(deserialize_with = "null")]
    pub driver: String,
    #[serde(deserialize_with = "null")]
    pub pool: String,
    #[serde(deserialize_with = "null")]
    pub device: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_access: Option<bool>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tolerations: Vec<DeviceToleration>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_conditions: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub binding_failure_conditions: Vec<String>,
    #[serde(rename = "shareID", skip_serializing_if = "Option::is_none")]
    pub share_id: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub consumed_capacity: ResourceList,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub skip_node_operations: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAllocationConfiguration {
    #[serde(deserialize_with = "null")]
    pub source: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub requests: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opaque: Option<OpaqueDeviceConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimConsumerReference {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub api_group: String,
    #[serde(deserialize_with = "null")]
    pub resource: String,
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub uid: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllocatedDeviceStatus {
    #[serde(deserialize_with = "null")]
    pub driver: String,
    #[serde(deserialize_with = "null")]
    pub pool: String,
    #[serde(deserialize_with = "null")]
    pub device: String,
    #[serde(rename = "shareID", skip_serializing_if = "Option::is_none")]
    pub share_id: Option<String>,
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub conditions: Vec<Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_data: Option<NetworkDeviceData>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkDeviceData {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub interface_name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ips: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub hardware_address: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimTemplate {
    #[serde(deserialize_with = "null")]
    pub spec: Arc<ResourceClaimTemplateSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceClaimTemplateSpec {
    #[serde(deserialize_with = "null")]
    pub metadata: Meta,
    #[serde(deserialize_with = "null")]
    pub spec: ResourceClaimSpec,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
