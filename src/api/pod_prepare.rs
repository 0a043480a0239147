//! A pod as it is once the API server has created it, for those who replay pods without a server: defaults, its priority, and what
//! the registry does.
//!
//! Real: pkg/apis/core/v1/defaults.go, pkg/registry/core/pod/strategy.go (PrepareForCreate) @ v1.37.2.

use super::{admission, defaulting};
use crate::model::{Object, Pod, PriorityClass};
use std::sync::Arc;

/// Completes a new pod. `class` finds a priority class by name.
pub fn prepare_pod(object: &mut Object, class: impl Fn(&str) -> Option<PriorityClass>) {
    if object.meta.namespace.is_empty() {
        object.meta.namespace = "default".into();
    }
    if object.meta.uid.is_empty() {
        object.meta.uid = format!("{}/{}", object.meta.namespace, object.meta.name).into();
    }
    let Some(pod) = object.as_pod_mut() else { return };
    take_priority(pod, class);
    defaulting::apply(object);
    admission::prepare(object);
}

fn take_priority(pod: &mut Pod, class: impl Fn(&str) -> Option<PriorityClass>) {
    let Some(class) = class(&pod.spec.priority_class_name) else { return };
    let spec = Arc::make_mut(&mut pod.spec);
    spec.priority.get_or_insert(class.value);
    if spec.preemption_policy.is_none() {
        spec.preemption_policy = class.preemption_policy.clone();
    }
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
