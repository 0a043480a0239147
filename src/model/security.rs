//! Rights of pods and containers. They do nothing in a simulation but must come out as they went in.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// Rights of all containers of a pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSecurityContext {
    /// User id of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_user: Option<i64>,
    /// Group id of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_group: Option<i64>,
    /// Refuse to run as root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_non_root: Option<bool>,
    /// More group ids of the processes.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub supplemental_groups: Vec<i64>,
    /// Whether the image's groups are merged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplemental_groups_policy: Option<String>,
    /// Group that owns the volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_group: Option<i64>,
    /// Kernel settings of the pod.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub sysctls: Vec<Sysctl>,
    /// When the ownership of volumes is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_group_change_policy: Option<String>,
    /// Which system calls are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp_profile: Option<SeccompProfile>,
    /// AppArmor profile of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_armor_profile: Option<AppArmorProfile>,
    /// How SELinux labels get onto volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub se_linux_change_policy: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A kernel setting.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sysctl {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Value.
    #[serde(deserialize_with = "null")]
    pub value: String,
}

/// A seccomp profile.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SeccompProfile {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// Name of a profile on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localhost_profile: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// An AppArmor profile.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppArmorProfile {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// Name of a profile on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localhost_profile: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Rights of one container.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityContext {
    /// Capabilities to give and to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// Whether the container may do all that root on the host may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// User id of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_user: Option<i64>,
    /// Group id of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_group: Option<i64>,
    /// Refuse to run as root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_non_root: Option<bool>,
    /// Whether the root file system is read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_root_filesystem: Option<bool>,
    /// Whether a process may gain more rights than its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_privilege_escalation: Option<bool>,
    /// How /proc is mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proc_mount: Option<String>,
    /// Which system calls are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp_profile: Option<SeccompProfile>,
    /// AppArmor profile of the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_armor_profile: Option<AppArmorProfile>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Capabilities given and taken.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    /// What is given beside the defaults.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub add: Vec<String>,
    /// What is taken away.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub drop: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
