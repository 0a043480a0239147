//! The API objects: one file per kind or small group of kinds, named and shaped as in the Kubernetes API.
//!
//! Types carry the names of the Go API, fields those of the JSON in snake case. JSON goes in and out as the API server writes it.

mod affinity;
mod common;
mod config;
mod container;
mod daemon_set;
mod deployment;
mod endpoints;
pub(crate) mod event;
pub mod field_selector;
mod horizontal_pod_autoscaler;
mod int_or_string;
mod job;
mod label_selector;
mod label_syntax;
mod lease;
mod meta;
mod namespace;
mod node;
mod node_ext;
mod object;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_disruption_budget;
mod pod_spec;
mod pod_status;
mod priority_class;
mod probe;
mod quota;
pub mod quota_usage;
mod replica_set;
pub mod requests;
mod resource_claim;
mod resource_slice;
#[cfg(test)]
mod roundtrip;
pub mod schema;
mod security;
mod selector;
mod selector_text;
mod service;
mod shared;
mod stateful_set;
mod storage;
mod volume;
mod volume_inputs;
mod wire;

pub use affinity::*;
pub use common::*;
pub use config::*;
pub use container::*;
pub use daemon_set::*;
pub use deployment::*;
pub use endpoints::*;
pub use event::*;
pub use horizontal_pod_autoscaler::*;
pub use int_or_string::*;
pub use job::*;
pub use label_selector::*;
pub use label_syntax::*;
pub use lease::*;
pub use meta::*;
pub use namespace::*;
pub use node::*;
pub use node_ext::*;
pub use object::*;
pub use persistent_volume::*;
pub use persistent_volume_claim::*;
pub use pod::*;
pub use pod_disruption_budget::*;
pub use pod_spec::*;
pub use pod_status::*;
pub use priority_class::*;
pub use probe::*;
pub use quota::*;
pub use replica_set::*;
pub use resource_claim::*;
pub use resource_slice::*;
pub use security::*;
pub use selector::*;
pub use service::*;
pub use shared::*;
pub use stateful_set::*;
pub use storage::*;
pub use volume::*;
pub use volume_inputs::*;

use std::collections::BTreeMap;

/// Amounts of resources by name.
pub type ResourceList = BTreeMap<String, Quantity>;

pub use crate::base::quantity::Quantity;
