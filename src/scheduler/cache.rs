//! The scheduler's own picture of nodes and the pods on them, including pods that are assumed to be on a node before the API says so.
//! Real: pkg/scheduler/backend/cache/cache.go @ v1.37.2.

use super::node_info::{ImageState, NodeId, NodeInfo};
use super::node_tree::{NodeTree, zone_key};
use super::pod_groups::PodGroups;
use super::pod_info::PodInfo;
use crate::base::collections::Map;
use crate::model::{Node, Obj, Str};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The log of changes holds at most so many entries for each node.
const LOG_MAX_PER_NODE: usize = 8;

#[derive(Clone, Debug)]
struct PodState {
    node: NodeId,
    assumed: bool,
}

#[derive(Clone, Debug, Default)]
struct Image {
    size: i64,
    nodes: BTreeSet<NodeId>,
}

/// Nodes and pods.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    nodes: Vec<Option<NodeInfo>>,
    free: Vec<NodeId>,
    by_name: Map<Str, NodeId>,
    tree: NodeTree,
    order: Vec<NodeId>,
    order_is_old: bool,
    pods: Map<Str, PodState>,
    images: BTreeMap<Str, Image>,
    /// Nodes changed since the last look, whose image counts are to be renewed.
    changed: Vec<NodeId>,
    /// Nodes changed, the latest last; the first entries are dropped in time.
    log: Vec<NodeId>,
    log_dropped: u64,
    order_version: u64,
    labels_version: u64,
    spec_version: u64,
    groups: PodGroups,
    generation: u64,
    with_affinity: BTreeSet<NodeId>,
    with_required_anti_affinity: BTreeSet<NodeId>,
    claim_users: Map<Str, usize>,
}

impl Cache {
    /// The nodes in the order in which the search walks them.
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.order.len()
    }

    /// A node by its place.
    pub fn node(&self, id: NodeId) -> &NodeInfo {
        self.nodes[id as usize].as_ref().expect("the node is in the cache")
    }

    /// A node by its place, if there is one with an object.
    pub fn node_if_any(&self, id: NodeId) -> Option<&NodeInfo> {
        self.nodes[id as usize].as_ref().filter(|info| info.node.is_some())
    }

    /// A node by its name, if its object is known.
    pub fn node_named(&self, name: &str) -> Option<&NodeInfo> {
        let info = self.node(*self.by_name.get(name)?);
        info.node.is_some().then_some(info)
    }

    /// All nodes, in the order of the search.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        self.order.iter().map(|&id| self.node(id))
    }

    /// Nodes with a pod that has pod affinity or anti-affinity.
    pub fn nodes_with_affinity(&self) -> impl Iterator<Item = &NodeInfo> {
        self.with_affinity.iter().map(|&id| self.node(id)).filter(|node| node.node.is_some())
    }

    /// Nodes with a pod that has required anti-affinity.
    pub fn nodes_with_required_anti_affinity(&self) -> impl Iterator<Item = &NodeInfo> {
        self.with_required_anti_affinity.iter().map(|&id| self.node(id)).filter(|node| node.node.is_some())
    }

    /// How many pods on nodes use a claim (`NAMESPACE/NAME`).
    pub fn claim_users(&self, claim: &str) -> usize {
        self.claim_users.get(claim).copied().unwrap_or(0)
    }

    /// Grows with each change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Changes whenever nodes come or go.
    pub fn order_version(&self) -> u64 {
        self.order_version
    }

    /// Changes whenever a node comes or goes, or its labels change.
    pub fn labels_version(&self) -> u64 {
        self.labels_version
    }

    /// Changes whenever a node comes or goes, or its spec (taints) changes.
    pub fn spec_version(&self) -> u64 {
        self.spec_version
    }

    /// The pods on nodes, by namespace and labels.
    pub fn groups(&self) -> &PodGroups {
        &self.groups
    }

    /// How many places for nodes there are; every [`NodeId`] is below.
    pub fn places(&self) -> usize {
        self.nodes.len()
    }

    /// Where the log of changes ends.
    pub fn log_end(&self) -> u64 {
        self.log_dropped + self.log.len() as u64
    }

    /// The nodes that changed since the log ended there, the same one perhaps several times. None: the log does not reach back so far.
    pub fn changes_since(&self, end: u64) -> Option<&[NodeId]> {
        self.log.get(end.checked_sub(self.log_dropped)? as usize..)
    }

    fn slot(&mut self, name: &Str) -> NodeId {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(None);
            (self.nodes.len() - 1) as NodeId
        });
        self.nodes[id as usize] = Some(NodeInfo::new(id, name.clone()));
        self.by_name.insert(name.clone(), id);
        id
    }

    fn touch(&mut self, id: NodeId) -> &mut NodeInfo {
        self.generation += 1;
        self.changed.push(id);
        self.log_change(id);
        let info = self.nodes[id as usize].as_mut().expect("the node is in the cache");
        info.generation = self.generation;
        info
    }

    fn log_change(&mut self, id: NodeId) {
        if self.log.len() > LOG_MAX_PER_NODE * self.nodes.len() + LOG_MAX_PER_NODE {
            let half = self.log.len() / 2;
            self.log.drain(..half);
            self.log_dropped += half as u64;
        }
        self.log.push(id);
    }

    /// Adds a node or replaces it.
    pub fn set_node(&mut self, node: &Obj) {
        let id = self.slot(&node.meta.name);
        let before = self.node(id).node.clone();
        if let Some(before) = &before {
            self.drop_images(id, before.as_node().expect("the object is a node"));
        }
        let zone = zone_key(&node.meta.labels);
        match &before {
            Some(before) => {
                let old_zone = zone_key(&before.meta.labels);
                if old_zone != zone {
                    // The place in the search stays until nodes come or go.
                    self.tree.remove(&old_zone, id);
                    self.tree.add(&zone, id);
                }
            }
            None => {
                self.tree.add(&zone, id);
                self.order_is_old = true;
            }
        }
        let body = node.as_node().expect("the object is a node");
        self.labels_version += u64::from(before.as_ref().is_none_or(|before| before.meta.labels != node.meta.labels));
        self.spec_version += u64::from(before.as_ref().and_then(|before| before.as_node()).is_none_or(|before| before.spec != body.spec));
        self.add_images(id, body);
        self.touch(id).set_node(node.clone());
    }

    /// Removes a node. Its pods stay known until they are removed themselves.
    pub fn remove_node(&mut self, name: &str) {
        let Some(&id) = self.by_name.get(name) else { return };
        let Some(node) = self.node(id).node.clone() else { return };
        self.tree.remove(&zone_key(&node.meta.labels), id);
        self.order_is_old = true;
        self.labels_version += 1;
        self.spec_version += 1;
        self.drop_images(id, node.as_node().expect("the object is a node"));
        self.touch(id).node = None;
        self.release_if_empty(id);
    }

    fn release_if_empty(&mut self, id: NodeId) {
        let info = self.node(id);
        if info.node.is_none() && info.pods.is_empty() {
            let name = info.name.clone();
            self.by_name.remove(&name);
            self.nodes[id as usize] = None;
            self.changed.retain(|&other| other != id);
            self.order.retain(|&other| other != id);
            self.free.push(id);
        }
    }

    fn add_images(&mut self, id: NodeId, node: &Node) {
        let mut states = BTreeMap::new();
        for image in &node.status.images {
            for name in &image.names {
                let name: Str = name.as_str().into();
                let shared = self.images.entry(name.clone()).or_insert_with(|| Image { size: image.size_bytes, nodes: BTreeSet::new() });
                shared.nodes.insert(id);
                states.entry(name).or_insert(ImageState { size: shared.size, nodes: 0 });
            }
        }
        self.nodes[id as usize].as_mut().expect("the node is in the cache").images = states;
    }

    fn drop_images(&mut self, id: NodeId, node: &Node) {
        for name in node.status.images.iter().flat_map(|image| &image.names) {
            if let Some(shared) = self.images.get_mut(name.as_str()) {
                shared.nodes.remove(&id);
                if shared.nodes.is_empty() {
                    self.images.remove(name.as_str());
                }
            }
        }
    }

    /// What the real scheduler does at the start of each cycle: the list of nodes is renewed if nodes came or went, and so are the
    /// image counts of nodes that changed (those of all others stay as they were).
    pub fn update_snapshot(&mut self) {
        if self.order_is_old {
            self.order = self.tree.list();
            self.order_is_old = false;
            self.order_version += 1;
        }
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        for id in changed {
            let Some(info) = self.nodes[id as usize].as_mut() else { continue };
            let mut other = false;
            for (name, state) in &mut info.images {
                let nodes = self.images.get(name).map_or(0, |image| image.nodes.len());
                other |= state.nodes != nodes;
                state.nodes = nodes;
            }
            if other {
                self.log_change(id);
            }
        }
    }

    fn insert_pod(&mut self, pod: Arc<PodInfo>, assumed: bool) {
        let id = self.slot(&pod.pod().node_name);
        self.pods.insert(pod.uid().clone(), PodState { node: id, assumed });
        for claim in &pod.traits.claims {
            *self.claim_users.get_or_insert_with(claim.clone(), || 0) += 1;
        }
        self.groups.shift(&pod, id, 1);
        self.touch(id).add_pod(pod);
        self.note_affinity(id);
    }

    /// Puts a newer version of a pod in the place of one that counts the same. False: it does not, or the pod is not known there.
    fn replace_equal(&mut self, pod: &Arc<PodInfo>) -> bool {
        let Some(state) = self.pods.get_mut(&**pod.uid()) else { return false };
        let id = state.node;
        let info = self.nodes[id as usize].as_mut().expect("the node is in the cache");
        if info.name != pod.pod().node_name || !info.replace_equal(pod) {
            return false;
        }
        state.assumed = false;
        self.generation += 1;
        info.generation = self.generation;
        self.changed.push(id);
        true
    }

    fn take_pod(&mut self, uid: &str) -> Option<Arc<PodInfo>> {
        let state = self.pods.remove(uid)?;
        let pod = self.touch(state.node).remove_pod(uid).expect("the pod is on its node");
        for claim in &pod.traits.claims {
            if let Some(users) = self.claim_users.get_mut(claim) {
                *users -= 1;
            }
        }
        self.groups.shift(&pod, state.node, -1);
        self.note_affinity(state.node);
        self.release_if_empty(state.node);
        Some(pod)
    }

    fn note_affinity(&mut self, id: NodeId) {
        let info = self.nodes[id as usize].as_ref().expect("the node is in the cache");
        let (any, anti) = (info.pods_with_affinity > 0, info.pods_with_required_anti_affinity > 0);
        let note = |set: &mut BTreeSet<NodeId>, yes: bool| if yes { set.insert(id) } else { set.remove(&id) };
        note(&mut self.with_affinity, any);
        note(&mut self.with_required_anti_affinity, anti);
    }

    /// Adds a pod that has a node, or confirms one that was assumed. Says whether it was new to the cache.
    pub fn add_pod(&mut self, pod: Arc<PodInfo>) -> bool {
        if self.replace_equal(&pod) {
            return false;
        }
        let known = self.take_pod(&pod.uid().clone()).is_some();
        self.insert_pod(pod, false);
        !known
    }

    /// Adds a pod that is about to be bound.
    pub fn assume_pod(&mut self, pod: Arc<PodInfo>) {
        assert!(!self.pods.contains_key(&**pod.uid()), "a pod in the cache cannot be assumed");
        self.insert_pod(pod, true);
    }

    /// Removes a pod and gives it back.
    pub fn remove_pod(&mut self, uid: &str) -> Option<Arc<PodInfo>> {
        self.take_pod(uid)
    }

    /// Whether a pod is assumed and not confirmed yet.
    pub fn is_assumed(&self, uid: &str) -> bool {
        self.pods.get(uid).is_some_and(|state| state.assumed)
    }

    /// A pod on a node.
    pub fn pod(&self, uid: &str) -> Option<&Arc<PodInfo>> {
        let state = self.pods.get(uid)?;
        self.node(state.node).pods.iter().find(|pod| **pod.uid() == *uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;

    fn node(name: &str, zone: &str, images: serde_json::Value) -> Obj {
        let json = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}, "status": {"images": images}});
        Arc::new(Object::from_json(json).unwrap())
    }

    fn pod(name: &str, node: &str) -> Arc<PodInfo> {
        let json = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "ns", "uid": name},
            "spec": {"nodeName": node, "containers": [], "affinity": {"podAffinity": {}}, "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}});
        Arc::new(PodInfo::new(Arc::new(Object::from_json(json).unwrap())))
    }

    #[test]
    fn the_order_is_renewed_only_when_nodes_come_or_go() {
        let mut cache = Cache::default();
        for (name, zone) in [("a", "1"), ("b", "1"), ("c", "2")] {
            cache.set_node(&node(name, zone, json!([])));
        }
        let names = |cache: &Cache| cache.nodes().map(|n| n.name.to_string()).collect::<Vec<_>>().join(" ");
        cache.update_snapshot();
        assert_eq!(names(&cache), "a c b");
        cache.set_node(&node("a", "3", json!([])));
        cache.update_snapshot();
        assert_eq!(names(&cache), "a c b");
        cache.set_node(&node("d", "2", json!([])));
        cache.update_snapshot();
        assert_eq!(names(&cache), "b c a d");
        cache.remove_node("b");
        cache.update_snapshot();
        assert_eq!((names(&cache).as_str(), cache.node_count(), cache.order().len()), ("c a d", 3, 3));
        assert!(cache.node_named("b").is_none());
    }

    #[test]
    fn image_counts_are_those_of_the_nodes_last_change() {
        let mut cache = Cache::default();
        let images = json!([{"names": ["x:1"], "sizeBytes": 5}]);
        cache.set_node(&node("a", "", images.clone()));
        cache.update_snapshot();
        cache.set_node(&node("b", "", images));
        cache.update_snapshot();
        let count = |cache: &Cache, name: &str| cache.node_named(name).unwrap().images["x:1"].nodes;
        assert_eq!((count(&cache, "a"), count(&cache, "b")), (1, 2));
        cache.add_pod(pod("p", "a"));
        cache.update_snapshot();
        assert_eq!(count(&cache, "a"), 2);
    }

    #[test]
    fn pods_are_assumed_confirmed_and_removed() {
        let mut cache = Cache::default();
        let before = cache.generation();
        cache.assume_pod(pod("p", "n"));
        assert!(cache.is_assumed("p") && cache.pod("p").is_some());
        assert!(!cache.add_pod(pod("p", "n")) && !cache.is_assumed("p"));
        assert_eq!((cache.claim_users("ns/data"), cache.nodes_with_affinity().count()), (1, 0), "a node without an object is not listed");
        cache.set_node(&node("n", "", json!([])));
        assert_eq!((cache.nodes_with_affinity().count(), cache.nodes_with_required_anti_affinity().count()), (1, 0));
        cache.remove_node("n");
        assert!(cache.remove_pod("p").is_some() && cache.remove_pod("p").is_none());
        assert_eq!(cache.claim_users("ns/data"), 0);
        assert!(cache.generation() > before);
    }

    #[test]
    fn changes_are_logged() {
        let mut cache = Cache::default();
        cache.set_node(&node("a", "", json!([])));
        cache.set_node(&node("b", "", json!([])));
        let (end, version) = (cache.log_end(), cache.order_version());
        cache.add_pod(pod("p", "b"));
        cache.update_snapshot();
        assert_eq!((cache.changes_since(end), cache.places()), (Some(&[1][..]), 2));
        assert!(cache.order_version() > version);
        for _ in 0..200 {
            cache.set_node(&node("a", "", json!([])));
        }
        assert_eq!((cache.changes_since(end), cache.changes_since(cache.log_end())), (None, Some(&[][..])));
    }
}
