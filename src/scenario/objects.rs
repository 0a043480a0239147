//! The objects that a cluster has before anybody does anything: namespaces and nodes.
//! Real: pkg/controlplane/controller/systemnamespaces @ v1.37.2 (the four namespaces); pkg/kubelet/nodestatus/setters.go and
//! kubelet_node_status.go (what a node says of itself).

use super::cluster::Group;
use super::{Clock, Scenario, Workload};
use crate::base::Time;
use crate::model::{
    Body, Kind, Labels, Meta, Namespace, Node, NodeAddress, NodeCondition, NodeSpec, NodeStatus, NodeSystemInfo, Object, Quantity, Str,
};
use crate::workload::pods;
use std::sync::Arc;

/// The label of a node's zone.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// The label of a node's region.
pub const REGION: &str = "topology.kubernetes.io/region";
const HOSTNAME: &str = "kubernetes.io/hostname";
/// Namespaces of every cluster.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// The version that is simulated.
const VERSION: &str = "v1.37.2";

/// What exists before the start, in the order in which it is to be stored: namespaces, nodes with their status, the objects of
/// a dump. Manifests are not among them: they are applied at the start.
pub fn initial_objects(scenario: &Scenario) -> Vec<Object> {
    let cluster = &scenario.cluster;
    let dumped = |name: &str| cluster.dump.iter().any(|object| object.kind() == Kind::Namespace && &*object.meta.name == name);
    let mut all: Vec<Object> = NAMESPACES.iter().filter(|name| !dumped(name)).map(|name| namespace(name)).collect();
    all.extend(cluster.dump.iter().filter(|object| object.kind() == Kind::Namespace).cloned());
    all.extend(priority_classes(scenario));
    all.extend(cluster.nodes.iter().cloned());
    all.extend(cluster.dump.iter().filter(|object| object.kind() != Kind::Namespace).cloned());
    all
}

/// A class for each priority that a trace has: pods cannot have a priority without one.
fn priority_classes(scenario: &Scenario) -> Vec<Object> {
    let Some(Workload::Trace(schedule)) = &scenario.workload else { return Vec::new() };
    let class = |priority: &i32| {
        let meta = serde_json::json!({"name": pods::priority_class(*priority)});
        let json = serde_json::json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta, "value": priority});
        Object::from_json(json).expect("a PriorityClass")
    };
    schedule.priorities().iter().map(class).collect()
}

fn namespace(name: &str) -> Object {
    let labels = Labels::from_pairs([("kubernetes.io/metadata.name", name)]);
    Object { meta: Meta { name: name.into(), labels, ..Meta::default() }, body: Body::Namespace(Namespace::default()) }
}

/// A node of a group.
pub(super) fn node(group: &Group, name: String, index: usize, clock: Clock) -> Object {
    let meta = Meta {
        name: name.into(),
        labels: Labels::from_pairs(group.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
        annotations: group.annotations.clone(),
        ..Meta::default()
    };
    let spec = NodeSpec { taints: group.taints.clone(), ..NodeSpec::default() };
    let status = NodeStatus { capacity: group.capacity.clone(), ..NodeStatus::default() };
    let body = Body::Node(Node { spec: Arc::new(spec), status: Arc::new(status), ..Node::default() });
    let mut node = Object { meta, body };
    complete_node(&mut node, index, 110, clock);
    node
}

/// Gives a node what its kubelet would say of it, where nothing is said yet: labels, amounts, conditions, addresses, versions.
pub(super) fn complete_node(object: &mut Object, index: usize, max_pods: u64, clock: Clock) {
    let name = object.meta.name.clone();
    for (key, value) in [
        (HOSTNAME, &*name),
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/os", "linux"),
        ("beta.kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
    ] {
        if !object.meta.labels.contains(key) {
            object.meta.labels.set(key, value);
        }
    }
    let Some(node) = object.as_node_mut() else { return };
    let status = Arc::make_mut(&mut node.status);
    if status.capacity.is_empty() {
        status.capacity = status.allocatable.clone();
    }
    status.capacity.entry("pods".into()).or_insert(Quantity::from_value(max_pods as i64));
    if status.allocatable.is_empty() {
        status.allocatable = status.capacity.clone();
    }
    status.allocatable.entry("pods".into()).or_insert(Quantity::from_value(max_pods as i64));
    if status.conditions.is_empty() {
        status.conditions = conditions(clock);
    }
    if status.addresses.is_empty() {
        let address = |kind: &str, address: String| NodeAddress { r#type: kind.into(), address };
        status.addresses = vec![address("InternalIP", internal_ip(index)), address("Hostname", name.to_string())];
    }
    status.daemon_endpoints.kubelet_endpoint.port = 10250;
    if status.node_info.kubelet_version.is_empty() {
        status.node_info = NodeSystemInfo {
            kernel_version: "6.12.0".into(),
            os_image: "Linux".into(),
            container_runtime_version: "containerd://2.2.0".into(),
            kubelet_version: VERSION.into(),
            operating_system: "linux".into(),
            architecture: "amd64".into(),
            ..status.node_info.clone()
        };
    }
}

fn conditions(clock: Clock) -> Vec<NodeCondition> {
    let now = clock.timestamp(Time::ZERO);
    [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    .into_iter()
    .map(|(kind, status, reason, message)| NodeCondition {
        r#type: kind.into(),
        status: status.into(),
        last_heartbeat_time: Some(now),
        last_transition_time: Some(now),
        reason: Str::from(reason),
        message: Str::from(message),
    })
    .collect()
}

/// Addresses of the private range 172.16.0.0/12, a million of them.
fn internal_ip(index: usize) -> String {
    let number = index + 2;
    format!("172.{}.{}.{}", 16 + (number >> 16 & 15), number >> 8 & 255, number & 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_real_ones() {
        let text = "apiVersion: kubesim/v1alpha1\nkind: Scenario\ncluster:\n  nodes:\n  - {count: 2, name: 'b-#', zone: eu-1b, cpu: 4, memory: 16Gi, \
                    labels: {disk: ssd}, taints: ['dedicated=ml:NoSchedule'], resources: {nvidia.com/gpu: 2}}\n";
        let scenario = super::super::parse("x.yaml", text).unwrap();
        let all = initial_objects(&scenario);
        let names: Vec<&str> = all.iter().map(|object| &*object.meta.name).collect();
        assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system", "b-1", "b-2"]);
        let json = all[5].to_json();
        assert_eq!(json["metadata"]["labels"]["kubernetes.io/hostname"], "b-2");
        assert_eq!(json["metadata"]["labels"]["topology.kubernetes.io/zone"], "eu-1b");
        assert_eq!(json["spec"]["taints"][0], serde_json::json!({"key": "dedicated", "value": "ml", "effect": "NoSchedule"}));
        let amounts = &json["status"]["allocatable"];
        for (resource, amount) in [("cpu", "4"), ("memory", "16Gi"), ("pods", "110"), ("nvidia.com/gpu", "2")] {
            assert_eq!(amounts[resource], amount, "{resource}");
        }
        assert_eq!(json["status"]["conditions"][3]["status"], "True");
        assert_eq!(json["status"]["addresses"][0]["address"], "172.16.0.3");
    }
}
