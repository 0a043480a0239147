//! Containers of pods.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// A container of a pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Image reference.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image: String,
    /// Command, in place of the image's entry point.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub command: Vec<String>,
    /// Arguments, in place of the image's.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub args: Vec<String>,
    /// Working folder.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub working_dir: String,
    /// Ports.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub ports: Vec<ContainerPort>,
    /// Sources of whole sets of variables.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub env_from: Vec<EnvFromSource>,
    /// Environment variables.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub env: Vec<EnvVar>,
    /// Resources needed.
    #[serde(deserialize_with = "null")]
    pub resources: ResourceRequirements,
    /// Whether a change of a resource restarts the container.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub resize_policy: Vec<ContainerResizePolicy>,
    /// `Always` makes an init container a sidecar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<String>,
    /// Rules on exit codes that go before the policy.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub restart_policy_rules: Vec<ContainerRestartRule>,
    /// Where volumes are mounted.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_mounts: Vec<VolumeMount>,
    /// Where block devices appear.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub volume_devices: Vec<VolumeDevice>,
    /// Failing restarts the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liveness_probe: Option<Probe>,
    /// Failing takes the pod out of its services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_probe: Option<Probe>,
    /// Holds the other probes back until it succeeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_probe: Option<Probe>,
    /// Hooks at start and end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// File with the last words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub termination_message_path: String,
    /// Whether the log may serve as last words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub termination_message_policy: String,
    /// `Always`, `IfNotPresent` or `Never`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub image_pull_policy: String,
    /// Rights of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext>,
    /// Whether standard input is kept open.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub stdin: bool,
    /// Whether it closes after the first client.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub stdin_once: bool,
    /// Whether there is a terminal.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub tty: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A port of a container.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Port of the node; 0 if none.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_port: i32,
    /// Port of the pod.
    #[serde(deserialize_with = "null")]
    pub container_port: i32,
    /// `TCP`, `UDP` or `SCTP`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub protocol: String,
    /// Address of the node.
    #[serde(rename = "hostIP", deserialize_with = "null", skip_serializing_if = "unset")]
    pub host_ip: String,
}

/// A source of many variables.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFromSource {
    /// Put before each variable's name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub prefix: String,
    /// ConfigMap to take all variables from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<ConfigMapEnvSource>,
    /// Secret to take all variables from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretEnvSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A ConfigMap as variables.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapEnvSource {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A Secret as variables.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretEnvSource {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An environment variable.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Value.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub value: String,
    /// Where the value comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvVarSource>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Where a variable's value comes from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVarSource {
    /// Field of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<ObjectFieldSelector>,
    /// Resource of a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_field_ref: Option<ResourceFieldSelector>,
    /// Key of a ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeySelector>,
    /// Key of a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeySelector>,
    /// Key of a file in a volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_key_ref: Option<FileKeySelector>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A key of a ConfigMap.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapKeySelector {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Key that this is about.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A key of a Secret.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretKeySelector {
    /// Name.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub name: String,
    /// Key that this is about.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A key of a file in a volume.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileKeySelector {
    /// Name of the volume.
    #[serde(deserialize_with = "null")]
    pub volume_name: String,
    /// Path.
    #[serde(deserialize_with = "null")]
    pub path: String,
    /// Key that this is about.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a change of a resource does to a container.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerResizePolicy {
    /// Name of the resource.
    #[serde(deserialize_with = "null")]
    pub resource_name: String,
    /// `NotRequired` or `RestartContainer`.
    #[serde(deserialize_with = "null")]
    pub restart_policy: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Whether certain exits restart a container.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerRestartRule {
    /// What is done.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub action: String,
    /// Exit codes that the rule is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_codes: Option<ContainerRestartRuleOnExitCodes>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Exit codes of such a rule.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerRestartRuleOnExitCodes {
    /// How the values are compared.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub operator: String,
    /// Values to compare with.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub values: Vec<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A volume in a container.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Whether it is mounted read-only.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub read_only: bool,
    /// Whether mounts below are read-only, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive_read_only: Option<String>,
    /// Where in the container.
    #[serde(deserialize_with = "null")]
    pub mount_path: String,
    /// Folder of the volume to mount.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub sub_path: String,
    /// Whether mounts spread between host and container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_propagation: Option<String>,
    /// The same with variables.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub sub_path_expr: String,
    /// Options of the bind mount.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub bind_mount_options: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A block device in a container.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeDevice {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Path of the device.
    #[serde(deserialize_with = "null")]
    pub device_path: String,
}
