//! Pods that have been promised a node, usually after a preemption, and have not got it yet.
//! Real: pkg/scheduler/backend/queue/nominator.go @ v1.37.2.

use super::pod_info::PodInfo;
use crate::base::collections::Map;
use crate::model::Str;
use std::sync::Arc;

/// Nominated pods by node, in order of nomination.
#[derive(Clone, Debug, Default)]
pub struct Nominator {
    by_node: Map<Str, Vec<Arc<PodInfo>>>,
    node_of: Map<Str, Str>,
}

impl Nominator {
    /// Nominates a pod to a node, in place of an earlier nomination. An empty name only takes that away.
    pub fn set(&mut self, pod: Arc<PodInfo>, node: &Str) {
        self.remove(pod.uid());
        if !node.is_empty() {
            self.node_of.insert(pod.uid().clone(), node.clone());
            self.by_node.get_or_insert_with(node.clone(), Vec::new).push(pod);
        }
    }

    /// Takes a pod's nomination away.
    pub fn remove(&mut self, uid: &str) {
        let Some(node) = self.node_of.remove(uid) else { return };
        if let Some(pods) = self.by_node.get_mut(&node) {
            pods.retain(|pod| **pod.uid() != *uid);
            if pods.is_empty() {
                self.by_node.remove(&node);
            }
        }
    }

    /// The pods nominated to a node.
    pub fn on(&self, node: &str) -> &[Arc<PodInfo>] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// The node that a pod is nominated to.
    pub fn node_of(&self, uid: &str) -> Option<&Str> {
        self.node_of.get(uid)
    }

    /// Whether nobody is nominated.
    pub fn is_empty(&self) -> bool {
        self.node_of.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Meta, Object, Pod};

    #[test]
    fn a_pod_is_nominated_to_one_node() {
        let pod = |uid: &str| {
            Arc::new(PodInfo::new(Arc::new(Object {
                meta: Meta { uid: uid.into(), ..Meta::default() },
                body: crate::model::Body::Pod(Pod::default()),
            })))
        };
        let mut nominator = Nominator::default();
        nominator.set(pod("a"), &"n1".into());
        nominator.set(pod("b"), &"n1".into());
        nominator.set(pod("a"), &"n2".into());
        assert_eq!((nominator.on("n1").len(), nominator.on("n2").len()), (1, 1));
        nominator.remove("b");
        nominator.set(pod("a"), &"".into());
        assert!(nominator.is_empty() && nominator.on("n1").is_empty());
    }
}
