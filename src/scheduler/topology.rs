//! The values that nodes have for a label, numbered: worked out once for all kinds of pods that ask for the label.

use super::cache::Cache;
use super::node_info::NodeId;
use crate::base::collections::Map;
use crate::model::Str;
use std::sync::Arc;

/// No value: the node lacks the label.
const NONE: u32 = u32::MAX;

/// The values of one label.
#[derive(Debug, Default)]
pub struct NodeValues {
    of_node: Vec<u32>,
    count: usize,
}

impl NodeValues {
    fn new(cache: &Cache, key: &str) -> Self {
        let mut numbers: Map<Str, u32> = Map::default();
        let mut of_node = vec![NONE; cache.places()];
        for node in cache.nodes() {
            if let Some(value) = node.labels.get_str(key) {
                let next = numbers.len() as u32;
                of_node[node.id as usize] = *numbers.get_or_insert_with(value.clone(), || next);
            }
        }
        Self { of_node, count: numbers.len() }
    }

    /// The number of a node's value; none if it lacks the label.
    #[inline]
    pub fn of(&self, node: NodeId) -> Option<usize> {
        let at = *self.of_node.get(node as usize)?;
        (at != NONE).then_some(at as usize)
    }

    /// How many values there are; their numbers are below.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// The values of all labels that were asked for, as of one version of the nodes' labels.
#[derive(Default)]
pub struct Topology {
    labels_version: u64,
    by_key: Map<Str, Arc<NodeValues>>,
}

impl Topology {
    /// The values of a label.
    pub fn values(&mut self, cache: &Cache, key: &Str) -> Arc<NodeValues> {
        if self.labels_version != cache.labels_version() {
            self.labels_version = cache.labels_version();
            self.by_key.clear();
        }
        self.by_key.get_or_insert_with(key.clone(), || Arc::new(NodeValues::new(cache, key))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;

    #[test]
    fn values_are_numbered_anew_when_labels_change() {
        let mut cache = Cache::default();
        let node = |name: &str, labels: serde_json::Value| {
            Arc::new(Object::from_json(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}})).unwrap())
        };
        for (name, labels) in [("a", json!({"zone": "x"})), ("b", json!({})), ("c", json!({"zone": "x"})), ("d", json!({"zone": "y"}))] {
            cache.set_node(&node(name, labels));
        }
        cache.update_snapshot();
        let mut topology = Topology::default();
        let values = topology.values(&cache, &"zone".into());
        let places: Vec<_> = (0..4).map(|node| values.of(node)).collect();
        assert_eq!((places, values.count()), (vec![Some(0), None, Some(0), Some(1)], 2));
        cache.set_node(&node("d", json!({"zone": "x"})));
        assert_eq!(topology.values(&cache, &"zone".into()).count(), 1);
    }
}
