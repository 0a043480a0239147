//! Nodes and pods to be scheduled by the thousand, for the benchmark of the scheduler and the count of its work.

use kubesim::model::{Obj, Object};
use serde_json::{Value, json};
use std::sync::Arc;

/// A node of 32 CPUs in one of three zones.
pub fn node(at: usize) -> Obj {
    let name = format!("node-{at:05}");
    let amounts = json!({"cpu": "32", "memory": "256Gi", "pods": "110"});
    let labels = json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("zone-{}", at % 3)});
    read(
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": {"capacity": amounts, "allocatable": amounts}}),
    )
}

fn read(value: Value) -> Obj {
    Arc::new(Object::from_json(value).expect("the object is fine"))
}

/// A kind of pod: `plain`, or with what the name says; no two of `apart` share a node.
pub fn template(kind: &str) -> Obj {
    let mut spec = json!({"schedulerName": "default-scheduler",
        "containers": [{"name": "main", "image": "images.example/pause:1", "resources": {"requests": {"cpu": "100m", "memory": "500Mi"}}}]});
    let (mut app, selector) = ("bench", json!({"matchLabels": {"app": "bench"}}));
    match kind {
        "spread" => {
            spec["topologySpreadConstraints"] = json!([{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}]);
        }
        "affinity" => {
            let term = json!({"weight": 1, "podAffinityTerm": {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"}});
            spec["affinity"] = json!({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [term]}});
        }
        "apart" => {
            let term = json!({"labelSelector": {"matchLabels": {"app": "apart"}}, "topologyKey": "kubernetes.io/hostname"});
            spec["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
            app = "apart";
        }
        // Two of them fill a node.
        "half" | "urgent" => {
            spec["containers"][0]["resources"] = json!({"requests": {"cpu": "16", "memory": "500Mi"}});
            spec["priority"] = (if kind == "urgent" { 1000 } else { 0 }).into();
        }
        _ => {}
    }
    read(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "default", "labels": {"app": app}}, "spec": spec}))
}

/// A pod of a template, on a node if one is named.
pub fn pod(template: &Obj, at: usize, node: &str) -> Obj {
    let mut object = (**template).clone();
    let name = format!("pod-{at}");
    (object.meta.name, object.meta.uid) = (name.as_str().into(), name.as_str().into());
    object.as_pod_mut().expect("it is a pod").node_name = node.into();
    Arc::new(object)
}
