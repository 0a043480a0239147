//! What the API server does to a new pod before it stores it, as far as the scheduler can tell the difference: requests follow from
//! limits, host ports from container ports, label keys are merged into selectors, pod-level requests are completed.
//!
//! Real: pkg/apis/core/v1/defaults.go, pkg/registry/core/pod/strategy.go (PrepareForCreate), pkg/api/pod/util.go @ v1.37.2.

use crate::model::requests::{RequestOptions, container_limits, container_requests, is_pod_level_resource};
use crate::model::{
    Container, LabelSelector, LabelSelectorRequirement, Labels, Object, Pod, PodAffinityTerm, PodSpec, PriorityClass, ResourceList,
};
use std::sync::Arc;

/// Completes a new pod. `class` finds a priority class by name.
pub fn prepare_pod(object: &mut Object, class: impl Fn(&str) -> Option<PriorityClass>) {
    if object.meta.namespace.is_empty() {
        object.meta.namespace = "default".into();
    }
    if object.meta.uid.is_empty() {
        object.meta.uid = format!("{}/{}", object.meta.namespace, object.meta.name).into();
    }
    let labels = object.meta.labels.clone();
    let Some(pod) = object.as_pod_mut() else { return };
    take_priority(pod, class);
    let spec = Arc::make_mut(&mut pod.spec);
    default_spec(spec);
    merge_label_keys(spec, &labels);
    complete_pod_level(spec);
}

fn take_priority(pod: &mut Pod, class: impl Fn(&str) -> Option<PriorityClass>) {
    let Some(class) = class(&pod.spec.priority_class_name) else { return };
    let spec = Arc::make_mut(&mut pod.spec);
    spec.priority.get_or_insert(class.value);
    if spec.preemption_policy.is_none() {
        spec.preemption_policy = class.preemption_policy.clone();
    }
}

fn default_spec(spec: &mut PodSpec) {
    let PodSpec { containers, init_containers, host_network, .. } = spec;
    for container in containers.iter_mut().chain(init_containers.iter_mut()) {
        default_container(container, *host_network);
    }
    round_up(&mut spec.overhead);
    if let Some(resources) = &mut spec.resources {
        round_up(&mut resources.requests);
        round_up(&mut resources.limits);
    }
    if spec.scheduler_name.is_empty() {
        spec.scheduler_name = "default-scheduler".into();
    }
}

fn default_container(container: &mut Container, host_network: bool) {
    round_up(&mut container.resources.requests);
    round_up(&mut container.resources.limits);
    for (name, limit) in &container.resources.limits {
        container.resources.requests.entry(name.clone()).or_insert(*limit);
    }
    for port in &mut container.ports {
        if port.protocol.is_empty() {
            port.protocol = "TCP".into();
        }
        if host_network && port.host_port == 0 {
            port.host_port = port.container_port;
        }
    }
}

/// Amounts finer than a thousandth are rounded up.
fn round_up(list: &mut ResourceList) {
    for quantity in list.values_mut() {
        *quantity = quantity.round_up_to_milli();
    }
}

/// matchLabelKeys and mismatchLabelKeys become requirements with the pod's own values.
fn merge_label_keys(spec: &mut PodSpec, labels: &Labels) {
    for constraint in &mut spec.topology_spread_constraints {
        add_keys(constraint.label_selector.as_mut(), &constraint.match_label_keys, "In", labels);
    }
    let Some(affinity) = &mut spec.affinity else { return };
    let term = |term: &mut PodAffinityTerm| {
        add_keys(term.label_selector.as_mut(), &term.match_label_keys, "In", labels);
        add_keys(term.label_selector.as_mut(), &term.mismatch_label_keys, "NotIn", labels);
    };
    if let Some(near) = &mut affinity.pod_affinity {
        near.required_during_scheduling_ignored_during_execution.iter_mut().for_each(term);
        near.preferred_during_scheduling_ignored_during_execution.iter_mut().for_each(|weighted| term(&mut weighted.pod_affinity_term));
    }
    if let Some(apart) = &mut affinity.pod_anti_affinity {
        apart.required_during_scheduling_ignored_during_execution.iter_mut().for_each(term);
        apart.preferred_during_scheduling_ignored_during_execution.iter_mut().for_each(|weighted| term(&mut weighted.pod_affinity_term));
    }
}

fn add_keys(selector: Option<&mut LabelSelector>, keys: &[String], operator: &str, labels: &Labels) {
    let Some(selector) = selector else { return };
    for key in keys {
        if let Some(value) = labels.get(key) {
            let requirement = LabelSelectorRequirement { key: key.clone(), operator: operator.into(), values: vec![value.into()] };
            selector.match_expressions.push(requirement);
        }
    }
}

/// Once some pod-level resources are stated, the others follow from the containers.
fn complete_pod_level(spec: &mut PodSpec) {
    let Some(mut resources) = spec.resources.take() else { return };
    if resources.requests.is_empty() && resources.limits.is_empty() {
        spec.resources = Some(resources);
        return;
    }
    let limits = container_limits(spec);
    for (name, limit) in limits.iter().filter(|(name, _)| name.starts_with("hugepages-")) {
        if !resources.requests.contains_key(name) {
            resources.limits.entry(name.clone()).or_insert(*limit);
        }
    }
    let requests = container_requests(spec, &Default::default(), RequestOptions::default());
    for (name, request) in requests.iter().filter(|(name, _)| matches!(name.as_str(), "cpu" | "memory")) {
        resources.requests.entry(name.clone()).or_insert(*request);
    }
    for (name, limit) in resources.limits.iter().filter(|(name, _)| is_pod_level_resource(name)) {
        resources.requests.entry(name.clone()).or_insert(*limit);
    }
    spec.resources = Some(resources);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Quantity;
    use serde_json::json;

    #[test]
    fn a_new_pod_is_completed() {
        let mut pod = Object::from_json(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": "web"}}, "spec": {
            "priorityClassName": "high", "hostNetwork": true,
            "resources": {"limits": {"cpu": "2"}},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}, "matchLabelKeys": ["app", "none"]}],
            "containers": [{"name": "c", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "0.0001", "memory": "1Gi"}}}]}}))
        .unwrap();
        let class: PriorityClass = serde_json::from_value(json!({"value": 9, "preemptionPolicy": "Never"})).unwrap();
        prepare_pod(&mut pod, |name| (name == "high").then(|| class.clone()));
        assert_eq!((&*pod.meta.namespace, &*pod.meta.uid), ("default", "default/p"));
        let spec = &pod.as_pod().unwrap().spec;
        assert_eq!((spec.priority, spec.preemption_policy.as_deref()), (Some(9), Some("Never")));
        let container = &spec.containers[0];
        assert_eq!((container.ports[0].host_port, container.ports[0].protocol.as_str()), (80, "TCP"));
        assert_eq!(container.resources.requests["cpu"], Quantity::from_milli(1));
        let requests = &spec.resources.as_ref().unwrap().requests;
        assert_eq!((requests["cpu"], requests["memory"]), (Quantity::from_milli(1), Quantity::from_binary(1 << 30)));
        let selector = spec.topology_spread_constraints[0].label_selector.as_ref().unwrap();
        assert_eq!((selector.match_expressions.len(), selector.match_expressions[0].values[0].as_str()), (1, "web"));
    }
}
