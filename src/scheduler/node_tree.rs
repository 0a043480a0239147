//! The order in which nodes are looked at: one of each zone in turn.
//! Real: pkg/scheduler/backend/cache/node_tree.go @ v1.37.2.

use super::node_info::NodeId;
use crate::model::Labels;

/// Nodes by zone; zones in order of their first node, nodes in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct NodeTree {
    zones: Vec<(String, Vec<NodeId>)>,
}

/// What makes two nodes neighbours: region and zone. The old beta labels win over the new ones.
pub fn zone_key(labels: &Labels) -> String {
    let either = |old: &str, new: &str| labels.get(old).or_else(|| labels.get(new)).unwrap_or_default().to_owned();
    let zone = either("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone");
    let region = either("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region");
    if zone.is_empty() && region.is_empty() { String::new() } else { format!("{region}:\0:{zone}") }
}

impl NodeTree {
    /// Adds a node at the end of its zone, unless it is there already.
    pub fn add(&mut self, zone: &str, node: NodeId) {
        match self.zones.iter_mut().find(|(name, _)| name == zone) {
            Some((_, nodes)) if nodes.contains(&node) => {}
            Some((_, nodes)) => nodes.push(node),
            None => self.zones.push((zone.to_owned(), vec![node])),
        }
    }

    /// Removes a node; its zone goes with the last one.
    pub fn remove(&mut self, zone: &str, node: NodeId) {
        let Some(at) = self.zones.iter().position(|(name, _)| name == zone) else { return };
        let nodes = &mut self.zones[at].1;
        nodes.retain(|&other| other != node);
        if nodes.is_empty() {
            self.zones.remove(at);
        }
    }

    /// All nodes, one of each zone in turn.
    pub fn list(&self) -> Vec<NodeId> {
        let longest = self.zones.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(0);
        (0..longest).flat_map(|round| self.zones.iter().filter_map(move |(_, nodes)| nodes.get(round).copied())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_take_turns() {
        let mut tree = NodeTree::default();
        for (zone, node) in [("a", 0), ("b", 1), ("a", 2), ("a", 3), ("c", 4), ("b", 5), ("b", 5)] {
            tree.add(zone, node);
        }
        assert_eq!(tree.list(), [0, 1, 4, 2, 5, 3]);
        tree.remove("a", 0);
        tree.remove("c", 4);
        tree.add("c", 4);
        assert_eq!(tree.list(), [2, 1, 4, 3, 5]);
    }

    #[test]
    fn beta_labels_win() {
        let new = Labels::from_pairs([("topology.kubernetes.io/zone", "z"), ("topology.kubernetes.io/region", "r")]);
        let old = Labels::from_pairs([("topology.kubernetes.io/zone", "z"), ("failure-domain.beta.kubernetes.io/zone", "y")]);
        assert_eq!((zone_key(&new).as_str(), zone_key(&old).as_str(), zone_key(&Labels::default()).as_str()), ("r:\0:z", ":\0:y", ""));
    }
}
