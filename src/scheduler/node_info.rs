//! A node as the scheduler sees it: the object, the pods on it and what is left of it.
//! Real: pkg/scheduler/framework/types.go (NodeInfo) @ v1.37.2.

use super::gpu_sharing::objects::{GPU_INDEX_KEY, NodeGpus};
use super::pod_info::{HostPort, PodInfo};
use crate::model::requests::Resource;
use crate::model::{Labels, NodeSpec, NodeStatus, Obj, Str};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A node's place in the scheduler's cache. Stable while the node is there.
pub type NodeId = u32;

/// How big an image is and on how many nodes it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageState {
    /// Bytes.
    pub size: i64,
    /// Nodes that have it, as of the last change of this node.
    pub nodes: usize,
}

/// A node and what is on it.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// Its place in the cache.
    pub id: NodeId,
    /// Its name.
    pub name: Str,
    /// The object; absent while only pods of the node are known.
    pub node: Option<Obj>,
    /// Its labels.
    pub labels: Labels,
    /// Its pods. One that goes is replaced by the last.
    pub pods: Vec<Arc<PodInfo>>,
    /// The lowest priority among them; the highest number if there is none.
    pub lowest_priority: i32,
    /// How many of them have pod affinity or anti-affinity.
    pub pods_with_affinity: usize,
    /// How many of them have required anti-affinity.
    pub pods_with_required_anti_affinity: usize,
    /// What the pods ask for.
    pub requested: Resource,
    /// CPU in milli that the pods count for in scores.
    pub non0_cpu: i64,
    /// Memory in bytes that the pods count for in scores.
    pub non0_memory: i64,
    /// What the node offers.
    pub allocatable: Resource,
    /// Host ports in use. As in the real one, a port taken twice is free once one of the two is gone.
    pub used_ports: Vec<HostPort>,
    /// Shared GPUs, once some pod has one.
    pub gpus: Option<Box<NodeGpus>>,
    /// Images by name.
    pub images: BTreeMap<Str, ImageState>,
    /// Grows with each change of this node or its pods.
    pub generation: u64,
}

impl NodeInfo {
    /// A node of which nothing is known yet.
    pub fn new(id: NodeId, name: Str) -> Self {
        NodeInfo {
            id,
            name,
            node: None,
            labels: Labels::default(),
            pods: vec![],
            lowest_priority: i32::MAX,
            pods_with_affinity: 0,
            pods_with_required_anti_affinity: 0,
            requested: Resource::default(),
            non0_cpu: 0,
            non0_memory: 0,
            allocatable: Resource::default(),
            used_ports: vec![],
            gpus: None,
            images: BTreeMap::new(),
            generation: 0,
        }
    }

    /// Sets or replaces the object.
    pub fn set_node(&mut self, node: Obj) {
        self.labels = node.meta.labels.clone();
        self.allocatable = Resource::from_list(&node.as_node().expect("the object is a node").status.allocatable);
        self.node = Some(node);
    }

    /// The node's spec; the node must be there.
    pub fn spec(&self) -> &NodeSpec {
        &self.node.as_ref().and_then(|node| node.as_node()).expect("the node is there").spec
    }

    /// The node's status; the node must be there.
    pub fn status(&self) -> &NodeStatus {
        &self.node.as_ref().and_then(|node| node.as_node()).expect("the node is there").status
    }

    /// Adds a pod.
    pub fn add_pod(&mut self, pod: Arc<PodInfo>) {
        self.count(&pod, 1);
        self.lowest_priority = self.lowest_priority.min(pod.priority());
        self.pods.push(pod);
    }

    /// Removes a pod by its unique id and gives it back.
    pub fn remove_pod(&mut self, uid: &str) -> Option<Arc<PodInfo>> {
        let at = self.pods.iter().position(|pod| **pod.uid() == *uid)?;
        let pod = self.pods.swap_remove(at);
        self.count(&pod, -1);
        if pod.priority() == self.lowest_priority {
            self.lowest_priority = self.pods.iter().map(|pod| pod.priority()).min().unwrap_or(i32::MAX);
        }
        Some(pod)
    }

    /// Puts a newer version of a pod in the place of one that nothing here tells from it; as when one goes and the other comes, it
    /// is the last of the list then. False: they are not alike.
    pub fn replace_equal(&mut self, pod: &Arc<PodInfo>) -> bool {
        let Some(at) = self.pods.iter().position(|old| old.uid() == pod.uid()) else { return false };
        let old = &self.pods[at];
        let alike = Arc::ptr_eq(&old.traits, &pod.traits)
            && old.labels().same(pod.labels())
            && old.object.meta.annotations == pod.object.meta.annotations
            && old.object.meta.is_deleting() == pod.object.meta.is_deleting();
        if alike {
            self.pods.swap_remove(at);
            self.pods.push(pod.clone());
        }
        alike
    }

    fn count(&mut self, pod: &PodInfo, sign: i64) {
        let traits = &pod.traits;
        self.requested.add(&traits.request.resource, sign);
        self.non0_cpu += sign * traits.request.non0_cpu;
        self.non0_memory += sign * traits.request.non0_memory;
        let step = |count: &mut usize, yes: bool| *count = count.wrapping_add_signed(isize::from(yes) * sign as isize);
        step(&mut self.pods_with_affinity, traits.has_affinity);
        step(&mut self.pods_with_required_anti_affinity, !traits.required_anti_affinity.is_empty());
        let annotations = &pod.object.meta.annotations;
        if annotations.contains(GPU_INDEX_KEY) {
            self.gpus.get_or_insert_default().count(annotations, &traits.request.resource, sign);
        }
        for port in &traits.host_ports {
            match self.used_ports.binary_search(port) {
                Ok(at) if sign < 0 => {
                    self.used_ports.remove(at);
                }
                Err(at) if sign > 0 => self.used_ports.insert(at, port.clone()),
                _ => {}
            }
        }
    }

    /// Whether a port that a pod wants is taken. `0.0.0.0` clashes with every address.
    pub fn port_taken(&self, wanted: &HostPort) -> bool {
        self.used_ports.iter().any(|used| {
            used.port == wanted.port
                && used.protocol == wanted.protocol
                && (&*wanted.ip == "0.0.0.0" || &*used.ip == "0.0.0.0" || used.ip == wanted.ip)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;

    #[test]
    fn pods_come_and_go_with_what_they_use() {
        let pod = |name: &str, port: i32| {
            let json = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "uid": name}, "spec": {"affinity": {"podAntiAffinity": {}},
                "containers": [{"name": "c", "ports": [{"containerPort": 1, "hostPort": port, "hostIP": "10.0.0.1"}], "resources": {"requests": {"cpu": "1"}}}]}});
            Arc::new(PodInfo::new(Arc::new(Object::from_json(json).unwrap())))
        };
        let mut node = NodeInfo::new(0, "n".into());
        node.set_node(Arc::new(
            Object::from_json(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"a": "b"}}, "spec": {"unschedulable": true}, "status": {"allocatable": {"cpu": "4"}}}))
                .unwrap(),
        ));
        node.add_pod(pod("a", 80));
        node.add_pod(pod("b", 81));
        node.add_pod(pod("c", 82));
        assert_eq!((node.requested.milli_cpu, node.non0_memory, node.pods_with_affinity), (3000, (3 * 200) << 20, 3));
        let any = HostPort { ip: "0.0.0.0".into(), protocol: "TCP".into(), port: 80 };
        assert!(node.port_taken(&any));
        assert!(node.remove_pod("a").is_some() && node.remove_pod("a").is_none());
        assert!(!node.port_taken(&any));
        assert_eq!(node.pods.iter().map(|p| &**p.uid()).collect::<Vec<_>>(), ["c", "b"]);
        assert_eq!((node.pods_with_affinity, node.pods_with_required_anti_affinity), (2, 0));
        assert!(node.spec().unschedulable && node.status().images.is_empty() && node.labels.contains("a"));
    }

    #[test]
    fn only_a_pod_that_counts_the_same_takes_the_place_of_its_older_version() {
        let object = |annotations: serde_json::Value, version: &str| {
            let json = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
                "metadata": {"name": "p", "uid": "p", "resourceVersion": version, "annotations": annotations}});
            Arc::new(Object::from_json(json).unwrap())
        };
        let old = PodInfo::new(object(json!({}), "1"));
        let newer = |annotations, version| Arc::new(PodInfo { object: object(annotations, version), traits: old.traits.clone() });
        let mut node = NodeInfo::new(0, "n".into());
        node.add_pod(Arc::new(old.clone()));
        assert!(node.replace_equal(&newer(json!({}), "2")));
        assert_eq!(node.pods[0].object.meta.resource_version, 2);
        // Annotations say which GPUs a pod has.
        assert!(!node.replace_equal(&newer(json!({GPU_INDEX_KEY: "0"}), "3")));
        assert!(!node.replace_equal(&Arc::new(PodInfo::new(object(json!({}), "3")))));
    }
}
