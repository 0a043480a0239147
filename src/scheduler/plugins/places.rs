//! Sums over the values of labels of nodes, kept up to date node by node: so many pods in zone a, so many in zone b.

use crate::base::collections::Map;
use crate::model::{Labels, Str};
use crate::scheduler::node_info::NodeId;

/// No value: the node lacks the label.
const NONE: u32 = u32::MAX;

/// The sums for one label.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The label's key.
    pub key: Str,
    values: Map<Str, u32>,
    /// The value of each node, as a place in `sums`.
    of_node: Vec<u32>,
    /// The sum of each value.
    pub sums: Vec<i64>,
}

impl Places {
    /// For a label; no node is known yet.
    pub fn new(key: Str) -> Self {
        Self { key, values: Map::default(), of_node: vec![], sums: vec![] }
    }

    /// Notes a node's labels. Gives back the value's place.
    pub fn place(&mut self, node: NodeId, labels: &Labels) -> Option<usize> {
        let at = match labels.get_str(&self.key) {
            None => NONE,
            Some(value) => self.value(value),
        };
        self.put(node, at);
        (at != NONE).then_some(at as usize)
    }

    fn value(&mut self, value: &Str) -> u32 {
        if let Some(&at) = self.values.get(value) {
            return at;
        }
        let at = self.sums.len() as u32;
        self.sums.push(0);
        self.values.insert(value.clone(), at);
        at
    }

    fn put(&mut self, node: NodeId, at: u32) {
        let node = node as usize;
        if self.of_node.len() <= node {
            self.of_node.resize(node + 1, NONE);
        }
        self.of_node[node] = at;
    }

    /// The place of a node's value in `sums`; none if it lacks the label.
    pub fn of(&self, node: NodeId) -> Option<usize> {
        let at = *self.of_node.get(node as usize)?;
        (at != NONE).then_some(at as usize)
    }

    /// The nodes of each value.
    pub fn nodes_by_value(&self) -> Vec<Vec<NodeId>> {
        let mut out = vec![vec![]; self.sums.len()];
        for (node, at) in self.of_node.iter().enumerate().filter(|(_, at)| **at != NONE) {
            out[*at as usize].push(node as NodeId);
        }
        out
    }

    /// The sum at a node's value, if it has the label.
    pub fn sum(&self, node: NodeId) -> Option<i64> {
        self.of(node).map(|at| self.sums[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_one_value_share_a_sum() {
        let mut places = Places::new("zone".into());
        let labels = |zone: &str| Labels::from_pairs([("zone", zone)]);
        let at = places.place(0, &labels("a")).unwrap();
        assert_eq!(places.place(2, &labels("a")), Some(at));
        assert_eq!(places.place(1, &Labels::default()), None);
        places.sums[at] += 5;
        assert_eq!((places.sum(0), places.sum(2), places.sum(1), places.of(9)), (Some(5), Some(5), None, None));
    }
}
