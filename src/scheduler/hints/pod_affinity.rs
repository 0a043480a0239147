//! Hints of InterPodAffinity.
//! Real: pkg/scheduler/framework/plugins/interpodaffinity/plugin.go @ v1.37.2.

use super::nodes::has_or_will_have_node;
use super::{Context, Question, Registration, always, any, on};
use crate::model::{Labels, Obj, Object};
use crate::scheduler::events::{ActionType as A, Resource};
use crate::scheduler::pod_info::{AffinityTerm, PodInfo};

pub(super) const INTER_POD_AFFINITY: &[Registration] = &[
    on(Resource::AssignedPod, any(&[A::ADD, A::UPDATE_POD_LABEL, A::DELETE]), assigned_pod),
    always(Resource::TargetPod, A::UPDATE_POD_LABEL),
    on(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_LABEL]), node),
];

/// The real hint does not look up the labels of the namespace: to a namespace selector it shows none.
fn means(term: &AffinityTerm, pod: &Object) -> bool {
    term.matches(&pod.meta.namespace, &pod.meta.labels, &Labels::default())
}

fn all(terms: &[AffinityTerm], pod: &Object) -> bool {
    !terms.is_empty() && terms.iter().all(|term| means(term, pod))
}

fn some(terms: &[AffinityTerm], pod: &Object) -> bool {
    terms.iter().any(|term| means(term, pod))
}

fn assigned_pod(_: &Context, q: &Question) -> bool {
    let counts = |pod: &Obj| pod.as_pod().is_some_and(has_or_will_have_node);
    if q.new.is_some_and(|pod| !counts(pod)) || q.old.is_some_and(|pod| !counts(pod)) {
        return false;
    }
    if q.pod.traits.broken_terms.is_some() {
        return true;
    }
    let (near, apart) = (&q.pod.traits.required_affinity, &q.pod.traits.required_anti_affinity);
    match (q.old, q.new) {
        (Some(old), Some(new)) => !all(near, old) && all(near, new) || some(apart, old) && !some(apart, new),
        (None, Some(new)) => all(near, new),
        (Some(old), None) => some(apart, old) || keeps_away(old, q.pod),
        (None, None) => true,
    }
}

/// Whether the pod that went kept the waiting one away.
fn keeps_away(gone: &Obj, pod: &PodInfo) -> bool {
    let has_terms = |pod: &Obj| pod.as_pod().is_some_and(|pod| pod.spec.affinity.as_ref().is_some_and(|a| a.pod_anti_affinity.is_some()));
    if !has_terms(gone) {
        return false;
    }
    let gone = PodInfo::new(gone.clone());
    gone.traits.broken_terms.is_some() || some(&gone.traits.required_anti_affinity, &pod.object)
}

/// A node that may open or change a domain of one of the terms.
fn node(_: &Context, q: &Question) -> bool {
    let Some(new) = q.new else { return true };
    if q.pod.traits.broken_terms.is_some() {
        return true;
    }
    let value = |node: &Obj, term: &AffinityTerm| node.meta.labels.get_str(&term.topology_key).cloned();
    let near = |term: &AffinityTerm| {
        let now = value(new, term);
        now.is_some() && q.old.is_none_or(|old| value(old, term) != now)
    };
    let apart = |term: &AffinityTerm| {
        let Some(old) = q.old else { return true };
        let before = value(old, term);
        before.is_some() && before != value(new, term)
    };
    q.pod.traits.required_affinity.iter().any(near) || q.pod.traits.required_anti_affinity.iter().any(apart)
}
