//! Subresources of pods: binding.
//! Real: pkg/registry/core/pod/storage/storage.go @ v1.37.2.

use super::ApiError;
use super::request::Answer;
use super::server::{Server, present, resource_of, write};
use crate::base::Time;
use crate::model::{Body, Kind, PodCondition, Str};
use crate::store::{Key, Store};
use std::sync::Arc;

/// Where the node stands: a bound pod carries the same labels. Real: plugin/pkg/admission/podtopologylabels @ v1.37.2.
fn topology_labels(store: &Store, node: &str) -> Vec<(&'static str, Str)> {
    let Some(node) = store.now().find(Kind::Node, "", node) else { return Vec::new() };
    let label = |key| node.meta.labels.get_str(key).map(|value| (key, value.clone()));
    ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"].into_iter().filter_map(label).collect()
}

impl Server {
    /// Gives a pod to a node, once and for all, and marks it as scheduled.
    pub(super) fn bind(&mut self, store: &mut Store, at: Time, target: &Key, uid: &Str, node: Str, annotations: Vec<(Str, Str)>) -> Answer {
        let (id, before) = present(store, target)?;
        let conflict = |cause: &str| Err(ApiError::conflict("pods/binding", &target.name, cause));
        if !uid.is_empty() && *uid != before.meta.uid {
            return Err(ApiError::uid_precondition(&resource_of(target), &target.name, uid, &before.meta.uid));
        }
        if before.meta.is_deleting() {
            return conflict(&format!("pod {} is being deleted, cannot be assigned to a host", target.name));
        }
        let topology = topology_labels(store, &node);
        let mut after = (*before).clone();
        let Body::Pod(pod) = &mut after.body else { return Err(ApiError::method_not_supported(&resource_of(target), "bind")) };
        if pod.is_bound() {
            return conflict(&format!("pod {} is already assigned to node \"{}\"", target.name, pod.node_name));
        }
        if !pod.spec.scheduling_gates.is_empty() {
            return conflict(&format!("pod {} has non-empty .spec.schedulingGates", target.name));
        }
        pod.node_name = node;
        let scheduled = PodCondition {
            r#type: "PodScheduled".into(),
            status: "True".into(),
            last_transition_time: Some(self.clock.timestamp(at)),
            ..PodCondition::default()
        };
        let status = Arc::make_mut(&mut pod.status);
        status.conditions.retain(|condition| &*condition.r#type != "PodScheduled");
        status.conditions.push(scheduled);
        for (key, value) in topology {
            after.meta.labels.set(key, value);
        }
        for (key, value) in annotations {
            after.meta.annotations.set(key, value);
        }
        Ok(write(store, at, id, after))
    }
}
