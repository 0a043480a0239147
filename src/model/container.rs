//! container

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub command: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub args: Vec<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub working_dir: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ports: Vec<ContainerPort>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub env_from: Vec<EnvFromSource>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub env: Vec<EnvVar>,
    #[serde(deserialize_with = "null")]
    pub resources: ResourceRequirements,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resize_policy: Vec<ContainerResizePolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub restart_policy_rules: Vec<ContainerRestartRule>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_mounts: Vec<VolumeMount>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_devices: Vec<VolumeDevice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liveness_probe: Option<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_probe: Option<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_probe: Option<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub termination_message_path: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub termination_message_policy: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image_pull_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub stdin: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub stdin_once: bool,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tty: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_port: i32,
    #[serde(deserialize_with = "null")]
    pub container_port: i32,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub protocol: String,
    #[serde(rename = "hostIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ip: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFromSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<ConfigMapEnvSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretEnvSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapEnvSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretEnvSource {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvVarSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVarSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<ObjectFieldSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_field_ref: Option<ResourceFieldSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeySelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeySelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_key_ref: Option<FileKeySelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapKeySelector {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretKeySelector {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileKeySelector {
    #[serde(deserialize_with = "null")]
    pub volume_name: String,
    #[serde(deserialize_with = "null")]
    pub path: String,
    #[serde(deserialize_with = "null")]
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerResizePolicy {
    #[serde(deserialize_with = "null")]
    pub resource_name: String,
    #[serde(deserialize_with = "null")]
    pub restart_policy: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerRestartRule {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_codes: Option<ContainerRestartRuleOnExitCodes>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerRestartRuleOnExitCodes {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub operator: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub values: Vec<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive_read_only: Option<String>,
    #[serde(deserialize_with = "null")]
    pub mount_path: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub sub_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_propagation: Option<String>,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub sub_path_expr: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub bind_mount_options: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeDevice {
    #[serde(deserialize_with = "null")]
    pub name: String,
    #[serde(deserialize_with = "null")]
    pub device_path: String,
}
