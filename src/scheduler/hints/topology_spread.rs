//! Hints of PodTopologySpread.
//! Real: pkg/scheduler/framework/plugins/podtopologyspread/plugin.go @ v1.37.2.

use super::nodes::has_or_will_have_node;
use super::{Context, Question, Registration, any, on};
use crate::model::{Labels, Obj};
use crate::scheduler::events::{ActionType as A, Resource};
use crate::scheduler::plugins::pod_topology_spread::{Constraint, hard_constraints};

pub(super) const POD_TOPOLOGY_SPREAD: &[Registration] = &[
    on(Resource::AssignedPod, any(&[A::ADD, A::UPDATE_POD_LABEL, A::DELETE]), assigned_pod),
    on(Resource::TargetPod, any(&[A::UPDATE_POD_TOLERATION, A::UPDATE_POD_LABEL]), target_pod),
    on(Resource::Node, any(&[A::ADD, A::DELETE, A::UPDATE_NODE_LABEL, A::UPDATE_NODE_TAINT]), node),
];

/// The constraints that can reject the pod; none if they cannot be read.
fn constraints(context: &Context, q: &Question) -> Option<Vec<Constraint>> {
    hard_constraints(context.world, &context.args.pod_topology_spread, q.pod).ok()
}

fn counted_by_any(constraints: &[Constraint], labels: &Labels) -> bool {
    constraints.iter().any(|constraint| constraint.selector.matches(labels))
}

/// Whether new labels change for which constraints a pod counts.
fn label_change(constraints: &[Constraint], old: &Obj, new: &Obj) -> bool {
    let (old, new) = (&old.meta.labels, &new.meta.labels);
    old != new && constraints.iter().any(|constraint| constraint.selector.matches(old) != constraint.selector.matches(new))
}

fn assigned_pod(context: &Context, q: &Question) -> bool {
    let involved = |pod: &Obj| pod.as_pod().is_some_and(has_or_will_have_node) && pod.meta.namespace == *q.pod.namespace();
    if q.new.is_some_and(|pod| !involved(pod)) || q.old.is_some_and(|pod| !involved(pod)) {
        return false;
    }
    let Some(constraints) = constraints(context, q) else { return true };
    match (q.old, q.new) {
        (Some(old), Some(new)) => label_change(&constraints, old, new),
        (None, Some(pod)) | (Some(pod), None) => counted_by_any(&constraints, &pod.meta.labels),
        (None, None) => true,
    }
}

fn target_pod(context: &Context, q: &Question) -> bool {
    let (Some(old), Some(new)) = (q.old, q.new) else { return true };
    let Some(constraints) = constraints(context, q) else { return true };
    let tolerations = |pod: &Obj| pod.as_pod().map(|pod| pod.spec.tolerations.clone());
    if tolerations(old) != tolerations(new) && constraints.iter().any(|constraint| constraint.honor_taints) {
        return true;
    }
    label_change(&constraints, old, new)
}

fn node(context: &Context, q: &Question) -> bool {
    let Some(constraints) = constraints(context, q) else { return true };
    let has_all = |node: &Obj| constraints.iter().all(|constraint| node.meta.labels.contains(&constraint.key));
    match (q.old, q.new) {
        (Some(old), Some(new)) => {
            let moved = || {
                let value = |node: &Obj, key: &str| node.meta.labels.get(key).unwrap_or_default().to_string();
                constraints.iter().any(|constraint| value(old, &constraint.key) != value(new, &constraint.key))
            };
            let taints = |node: &Obj| node.as_node().map(|node| node.spec.taints.clone());
            has_all(old) != has_all(new) || has_all(new) && (moved() || taints(old) != taints(new))
        }
        (None, Some(node)) | (Some(node), None) => has_all(node),
        (None, None) => true,
    }
}
