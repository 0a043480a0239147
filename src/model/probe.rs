//! Probes and hooks of containers.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// A check of a container. Its action is one of the first fields.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    /// Run a command in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecAction>,
    /// Ask over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_get: Option<HTTPGetAction>,
    /// Open a TCP connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_socket: Option<TCPSocketAction>,
    /// Ask the gRPC health service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GRPCAction>,
    /// Wait after the container's start.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub initial_delay_seconds: i32,
    /// How long an answer may take.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub timeout_seconds: i32,
    /// How often to probe.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub period_seconds: i32,
    /// Successes in a row that make it well.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub success_threshold: i32,
    /// Failures in a row that make it ill.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub failure_threshold: i32,
    /// Grace when this probe kills the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_grace_period_seconds: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Runs a command.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecAction {
    /// Command and arguments, without a shell.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub command: Vec<String>,
}

/// Asks over HTTP.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HTTPGetAction {
    /// Path.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub path: String,
    /// Port.
    #[serde(deserialize_with = "null")]
    pub port: IntOrString,
    /// Host.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host: String,
    /// `HTTP` or `HTTPS`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub scheme: String,
    /// Headers of the request.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub http_headers: Vec<HTTPHeader>,
    /// `TCP`, `UDP` or `SCTP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A header of a request.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HTTPHeader {
    /// Name.
    #[serde(deserialize_with = "null")]
    pub name: String,
    /// Value.
    #[serde(deserialize_with = "null")]
    pub value: String,
}

/// Opens a connection.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TCPSocketAction {
    /// Port.
    #[serde(deserialize_with = "null")]
    pub port: IntOrString,
    /// Host.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub host: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Asks the gRPC health service.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GRPCAction {
    /// Port.
    #[serde(deserialize_with = "null")]
    pub port: i32,
    /// Service to ask about.
    pub service: Option<String>,
    /// Whether TLS is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Hooks of a container.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lifecycle {
    /// Runs right after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_start: Option<LifecycleHandler>,
    /// Runs before the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_stop: Option<LifecycleHandler>,
    /// Signal that ends the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a hook does.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LifecycleHandler {
    /// Run a command in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecAction>,
    /// Ask over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_get: Option<HTTPGetAction>,
    /// Open a TCP connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_socket: Option<TCPSocketAction>,
    /// Wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep: Option<SleepAction>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Waits.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SleepAction {
    /// How long.
    #[serde(deserialize_with = "null")]
    pub seconds: i64,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
