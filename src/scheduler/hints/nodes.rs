//! Hints of the plugins that look at the node alone, and of SchedulingGates.
//! Real: pkg/scheduler/framework/plugins/{schedulinggates,nodename,nodeunschedulable,tainttoleration,nodeaffinity,nodeports,
//! nodedeclaredfeatures} @ v1.37.2.

use super::{Context, Question, Registration, always, any, on};
use crate::model::{Node, Object, Pod, Taint};
use crate::scheduler::events::{ActionType as A, Resource};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::plugins::node_declared_features::needed_features;
use crate::scheduler::plugins::taint_toleration::{has_untolerated_taint, tolerates};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::selectors::NodeTerms;
use std::sync::Arc;

pub(super) const SCHEDULING_GATES: &[Registration] = &[always(Resource::TargetPod, A::UPDATE_POD_SCHEDULING_GATES_ELIMINATED)];

pub(super) const NODE_NAME: &[Registration] = &[always(Resource::Node, A::ADD)];

pub(super) const NODE_UNSCHEDULABLE: &[Registration] = &[
    on(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_TAINT]), |_, q| {
        let now_open = q.new.and_then(|node| node.as_node()).is_some_and(|node| !node.spec.unschedulable);
        now_open && q.old.and_then(|node| node.as_node()).is_none_or(|node| node.spec.unschedulable)
    }),
    on(Resource::TargetPod, A::UPDATE_POD_TOLERATION, |_, q| {
        let taint = Taint { key: "node.kubernetes.io/unschedulable".into(), effect: "NoSchedule".into(), ..Taint::default() };
        q.new.and_then(|pod| pod.as_pod()).is_none_or(|pod| pod.spec.tolerations.iter().any(|toleration| tolerates(toleration, &taint)))
    }),
];

pub(super) const TAINT_TOLERATION: &[Registration] = &[
    on(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_TAINT]), |_, q| {
        let repels = |node: &Node| has_untolerated_taint(&node.spec, &q.pod.spec().tolerations);
        let was = q.old.and_then(|node| node.as_node()).is_none_or(repels);
        was && q.new.and_then(|node| node.as_node()).is_some_and(|node| !repels(node))
    }),
    always(Resource::TargetPod, A::UPDATE_POD_TOLERATION),
];

pub(super) const NODE_AFFINITY: &[Registration] = &[on(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_LABEL]), node_affinity)];

/// The node matches now and did not before.
fn node_affinity(context: &Context, q: &Question) -> bool {
    let Some(node) = q.new else { return true };
    let added = context.args.node_affinity.added_affinity.as_ref();
    if let Some(required) = added.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref())
        && !NodeTerms::compile(required).matches(&node.meta.name, &node.meta.labels)
    {
        return false;
    }
    let matches = |node: &Object| q.pod.traits.required_node.matches(&node.meta.name, &node.meta.labels);
    matches(node) && q.old.is_none_or(|node| !matches(node))
}

pub(super) const NODE_PORTS: &[Registration] = &[on(Resource::AssignedPod, A::DELETE, node_ports), always(Resource::Node, A::ADD)];

/// Whether a pod counts for a node, by being on it or by nomination.
pub(super) fn has_or_will_have_node(pod: &Pod) -> bool {
    !pod.node_name.is_empty() || !pod.status.nominated_node_name.is_empty()
}

/// The pod that went shared a port with the waiting one.
fn node_ports(_: &Context, q: &Question) -> bool {
    let Some(gone) = q.old else { return true };
    if !gone.as_pod().is_some_and(has_or_will_have_node) {
        return false;
    }
    let gone = PodInfo::new(gone.clone());
    if gone.traits.host_ports.is_empty() {
        return false;
    }
    let mut node = NodeInfo::new(0, "".into());
    node.add_pod(Arc::new(gone));
    q.pod.traits.host_ports.iter().any(|port| node.port_taken(port))
}

pub(super) const NODE_DECLARED_FEATURES: &[Registration] = &[
    on(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_DECLARED_FEATURE]), |_, q| {
        let features = |node: &Node| node.status.declared_features.clone();
        let old = q.old.and_then(|node| node.as_node()).map(features);
        old.is_none() || old != q.new.and_then(|node| node.as_node()).map(features)
    }),
    on(Resource::TargetPod, A::UPDATE, |_, q| {
        let needs = |pod: &Object| pod.as_pod().map(|pod| needed_features(&pod.spec));
        q.old.and_then(|pod| needs(pod)) != q.new.and_then(|pod| needs(pod))
    }),
];
