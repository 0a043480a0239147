//! Leases: heartbeats of nodes and election of leaders.
//! Real: staging/src/k8s.io/api/coordination/v1/types.go @ v1.37.2.

use super::wire::null;
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `Lease` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lease {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<LeaseSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a Lease should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LeaseSpec {
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_identity: Option<Str>,
    /// How long it holds without renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_duration_seconds: Option<i32>,
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquire_time: Option<MicroTime>,
    /// When it was last renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_time: Option<MicroTime>,
    /// How often it changed hands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_transitions: Option<i32>,
    /// How the holder is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Str>,
    /// Who should hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_holder: Option<Str>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}
